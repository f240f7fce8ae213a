//! The whole walk of a client: register, crawl, ask, read rows, export, cancel, clean up.

use reqwest::header::{CONTENT_DISPOSITION, ETAG, IF_NONE_MATCH, LOCATION};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::test_app::{TestApp, expect, shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_from_the_first_request_to_the_rows() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;

    let (status, reply) =
        app.post(&format!("{chat}/messages"), json!({ "text": "How many customers are there?" })).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    assert_eq!(reply["message"]["status"], "complete", "{reply}");
    assert_eq!(reply["rows"]["rows"], json!([[3]]), "{reply}");
    assert_eq!(reply["query"]["source"], "builtin");
    let text = reply["message"]["parts"].as_array().unwrap().iter().find(|p| p["type"] == "text").unwrap();
    assert!(text["text"].as_str().unwrap().contains('3'), "{text}");

    let messages = app.get(&format!("{chat}/messages")).await;
    let roles: Vec<&str> =
        messages["items"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["user", "assistant"]);

    // the rows of the answer, and the same statement once more
    let first = reply["rows"]["execution_id"].as_str().unwrap();
    let rows = app.get(&format!("/api/v1/executions/{first}/rows")).await;
    assert_eq!((&rows["rows"], &rows["total"]), (&json!([[3]]), &json!(1)));
    let query = reply["query"]["id"].as_str().unwrap();
    let (status, _) = app.post(&format!("/api/v1/queries/{query}/executions"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let runs = app.get(&format!("/api/v1/queries/{query}/executions")).await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 2);

    // everything leaves a line
    let audits = app.get("/api/v1/audits").await;
    let actions: Vec<&str> =
        audits["items"].as_array().unwrap().iter().map(|a| a["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["execution.start", "chat.answer", "chat.create", "connection.crawl", "connection.create"],
        "newest first"
    );
    assert_eq!(
        app.get("/api/v1/llm-calls").await["items"],
        json!([]),
        "the built-in translator calls no model"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_comes_by_page_and_in_every_format() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let query = app.query(&connection, "SELECT n, n * 2 AS twice FROM counters ORDER BY n").await;
    let response = app.request(Method::POST, &format!("{query}/executions")).send().await.unwrap();
    let path = response.headers()[LOCATION].to_str().unwrap().to_owned();
    let run = app.ended(&path).await;
    assert_eq!((&run["status"], &run["row_count"]), (&json!("succeeded"), &json!(3000)), "{run}");
    assert_eq!(run.get("result_path"), None, "where files lie is not told");

    let page = app.get(&format!("{path}/rows?offset=2998&limit=10")).await;
    assert_eq!(page["rows"], json!([[2999, 5998], [3000, 6000]]));
    assert_eq!((&page["offset"], &page["total"]), (&json!(2998), &json!(3000)));
    assert_eq!(app.get(&format!("{path}/rows")).await["rows"].as_array().unwrap().len(), 100);

    for (format, begins) in [
        ("csv", &b"n,twice"[..]),
        ("ndjson", b"{\"n\":1,"),
        ("json", b"["),
        ("arrow", b"\xff\xff\xff\xff"),
        ("parquet", b"PAR1"),
        ("xlsx", b"PK\x03\x04"),
    ] {
        let response =
            app.request(Method::GET, &format!("{path}/export?format={format}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{format}");
        let name = response.headers()[CONTENT_DISPOSITION].to_str().unwrap().to_owned();
        assert!(
            name.starts_with("attachment; filename=\"querent-") && name.ends_with(&format!(".{format}\"")),
            "{name}"
        );
        let bytes = response.bytes().await.unwrap();
        assert!(bytes.starts_with(begins), "{format}: {:?}", &bytes[..bytes.len().min(20)]);
    }
    let csv = app
        .request(Method::GET, &format!("{path}/export?format=csv"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(csv.lines().count(), 3001);
    assert_eq!(csv.lines().last(), Some("3000,6000"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_execution_is_cancelled() {
    let app = TestApp::with(&[("limits.seconds", "3600")]).await;
    let connection = app.shop().await;
    // 27 thousand million combinations: nobody waits for that
    let slow = "SELECT count(*) FROM counters AS a CROSS JOIN counters AS b CROSS JOIN counters AS c";
    let query = app.query(&connection, slow).await;
    let (_, run) = app.post(&format!("{query}/executions"), json!({})).await;
    let path = format!("/api/v1/executions/{}", run["id"].as_str().unwrap());
    app.wait(&path, |run| run["status"] == "running").await;

    let (status, rows) =
        (StatusCode::CONFLICT, app.request(Method::GET, &format!("{path}/rows")).send().await.unwrap());
    assert_eq!(expect(rows, status).await["code"], "E004", "no rows while it runs");
    let (status, _) = app.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let run = app.ended(&path).await;
    assert_eq!((&run["status"], &run["error_code"]), (&json!("cancelled"), &json!("E002")), "{run}");
    let line = app.get("/api/v1/audits").await["items"][0].clone();
    assert_eq!((&line["action"], &line["subject"]), (&json!("execution.cancel"), &run["id"]), "{line}");
    let (status, problem) = app.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("E006")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_versions_are_read_compared_and_searched() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let path = format!("/api/v1/connections/{connection}");
    let first = app.get(&format!("{path}/schemas")).await["items"][0].clone();
    assert_eq!((&first["table_count"], &first["major"]), (&json!(3), &json!(1)));
    let version = format!("/api/v1/schemas/{}", first["id"].as_str().unwrap());

    let response = app.request(Method::GET, &version).send().await.unwrap();
    let etag = response.headers()[ETAG].clone();
    let snapshot = expect(response, StatusCode::OK).await["snapshot"].clone();
    assert_eq!(snapshot["tables"].as_array().unwrap().len(), 3);
    let again = app.request(Method::GET, &version).header(IF_NONE_MATCH, etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.bytes().await.unwrap().len(), 0);
    let other = app.request(Method::GET, &version).header(IF_NONE_MATCH, "\"other\"").send().await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);

    let table = app.get(&format!("{version}/tables/main.orders")).await;
    assert_eq!(table["foreign_keys"][0]["to_table"], "customers", "{table}");
    assert_eq!(table, snapshot["tables"][2], "with the figures of the last crawl");
    let missing = app.request(Method::GET, &format!("{version}/tables/main.order")).send().await.unwrap();
    assert_eq!(expect(missing, StatusCode::NOT_FOUND).await["code"], "H023");

    rusqlite::Connection::open(app.folder.path().join("shop.db"))
        .unwrap()
        .execute_batch("ALTER TABLE orders ADD COLUMN note TEXT")
        .unwrap();
    let (_, run) = app.post(&format!("{path}/crawls"), json!({})).await;
    let run = app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
    let second = run["version_id"].as_str().unwrap();
    let diff = app.get(&format!("/api/v1/schemas/{second}/diff")).await;
    assert_eq!(diff["from"]["id"], first["id"]);
    assert_eq!(diff["changes"].as_array().unwrap().len(), 1, "{diff}");
    assert!(diff["text"].as_str().unwrap().contains("note"), "{diff}");
    assert_eq!(app.get(&format!("{path}/crawls")).await["items"].as_array().unwrap().len(), 2);

    let found = app.get(&format!("{path}/search?q=countr")).await;
    assert_eq!(
        (&found["hits"][0]["table"], &found["hits"][0]["column"]),
        (&json!("customers"), &json!("country"))
    );
    let found = app.get(&format!("{path}/search?q=orders%20total")).await;
    assert_eq!(found["tables"][0]["table"], "orders", "{found}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_can_be_restored() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let chat = app.chat(&connection).await;
    let query = app.query(&connection, "SELECT name FROM customers").await;
    for path in [&query, &chat, &format!("/api/v1/connections/{connection}")] {
        let deleted = app.request(Method::DELETE, path).send().await.unwrap();
        assert_eq!(deleted.status(), StatusCode::NO_CONTENT, "{path}");
        let gone = app.request(Method::GET, path).send().await.unwrap();
        assert_eq!(gone.status(), StatusCode::NOT_FOUND, "{path}");
        let (status, restored) = app.post(&format!("{path}/restore"), json!({})).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(app.get(path).await["id"], restored["id"]);
    }
    let renamed =
        app.request(Method::PATCH, &chat).json(&json!({ "title": " Norway " })).send().await.unwrap();
    assert_eq!(expect(renamed, StatusCode::OK).await["title"], "Norway");
    let path = format!("/api/v1/connections/{connection}");
    let changed =
        app.request(Method::PATCH, &path).json(&json!({ "privacy": "names" })).send().await.unwrap();
    assert_eq!(expect(changed, StatusCode::OK).await["privacy"], "names");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_come_by_page() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    for n in 0..3 {
        app.query(&connection, &format!("SELECT {n} AS n FROM customers")).await;
    }
    let first = app.get("/api/v1/queries?limit=2").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let rest = app.get(&format!("/api/v1/queries?limit=2&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], json!(null));
    let other = app.get("/api/v1/queries?connection_id=00000000-0000-7000-8000-000000000000").await;
    assert_eq!(other["items"], json!([]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_and_secrets_stay_inside() {
    let app = TestApp::start().await;
    let url = shop(app.folder.path());
    let (_, server) = app.post("/api/v1/connections/test", json!({ "url": url })).await;
    assert_eq!((&server["engine"], &server["readable_tables"]), (&json!("sqlite"), &json!(3)), "{server}");
    let (_, made) = app.post("/api/v1/connections", json!({ "name": "shop", "url": url })).await;
    assert_eq!(made["connection"].get("sealed_uri"), None);
    let id = made["connection"]["id"].as_str().unwrap();
    let (status, _) = app.post(&format!("/api/v1/connections/{id}/test"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    app.stop().await;
}
