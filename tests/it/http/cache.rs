//! A result that is kept answers the same statement again, for whoever may see the same, and only then.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::test_app::{TestApp, expect};

const COUNT: &str = "SELECT count(*) AS n FROM customers";

/// Runs a query to its end; gives the execution with its rows.
async fn run(app: &TestApp, query: &str) -> (Value, Value) {
    let (status, execution) = app.post(&format!("{query}/executions"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{execution}");
    let path = format!("/api/v1/executions/{}", execution["id"].as_str().unwrap());
    let ended = app.ended(&path).await;
    assert_eq!(ended["status"], "succeeded", "{ended}");
    let rows = app.get(&format!("{path}/rows")).await;
    (ended, rows["rows"].clone())
}

async fn patch(app: &TestApp, connection: &str, change: Value) {
    let request = app.request(Method::PATCH, &format!("/api/v1/connections/{connection}")).json(&change);
    expect(request.send().await.unwrap(), StatusCode::OK).await;
}

fn add_customer(app: &TestApp, number: i64) {
    let db = rusqlite::Connection::open(app.folder.path().join("shop.db")).unwrap();
    db.execute("INSERT INTO customers VALUES (?1, 'Dora', 'Chile')", [number]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_answers_again_until_something_changes() {
    let app = TestApp::start().await;
    let shop = app.shop().await;
    let query = app.query(&shop, COUNT).await;
    let (first, rows) = run(&app, &query).await;
    assert_eq!((&first["cache_hit"], &rows), (&json!(false), &json!([[3]])));
    assert_eq!(first["query_hash"].as_str().unwrap().len(), 64);
    add_customer(&app, 4);
    assert_eq!(run(&app, &query).await.1, json!([[4]]), "nothing is kept unless somebody says so");

    patch(&app, &shop, json!({ "options": { "cache_seconds": 3600 } })).await;
    let (miss, _) = run(&app, &query).await;
    assert_eq!(miss["cache_hit"], false, "what ran before was not kept for that");
    add_customer(&app, 5);
    let (hit, rows) = run(&app, &query).await;
    assert_eq!((&hit["cache_hit"], &rows), (&json!(true), &json!([[4]])), "{hit}");
    assert_eq!((&hit["row_count"], &hit["query_hash"]), (&json!(1), &first["query_hash"]));
    let same = app.query(&shop, "select COUNT(*) as n from CUSTOMERS").await;
    assert_eq!(run(&app, &same).await.0["cache_hit"], true, "the canonical text counts");
    let other = app.query(&shop, "SELECT count(*) AS m FROM customers").await;
    assert_eq!(run(&app, &other).await.0["cache_hit"], false);

    patch(
        &app,
        &shop,
        json!({ "policy": { "row_filters": [{ "table": "customers", "predicate": "country = 'Norway'" }] } }),
    )
    .await;
    let (filtered, rows) = run(&app, &query).await;
    assert_eq!((&filtered["cache_hit"], &rows), (&json!(false), &json!([[2]])));
    patch(&app, &shop, json!({ "policy": {} })).await;
    assert_eq!(run(&app, &query).await.1, json!([[5]]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_schema_version_leaves_kept_results_behind() {
    let app = TestApp::with(&[("limits.cache_seconds", "3600")]).await;
    let shop = app.shop().await;
    let query = app.query(&shop, COUNT).await;
    run(&app, &query).await;
    assert_eq!(run(&app, &query).await.0["cache_hit"], true);
    let db = rusqlite::Connection::open(app.folder.path().join("shop.db")).unwrap();
    db.execute_batch("ALTER TABLE customers ADD COLUMN phone TEXT").unwrap();
    let (_, crawl) = app.post(&format!("/api/v1/connections/{shop}/crawls"), json!({})).await;
    app.ended(&format!("/api/v1/crawls/{}", crawl["id"].as_str().unwrap())).await;
    assert_eq!(run(&app, &query).await.0["cache_hit"], false);
    app.stop().await;
}
