//! Impact over HTTP: terms and cases are kept, a new version breaks them, the impact and a notification say so.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::test_app::{TestApp, expect};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_tells_what_it_broke() {
    let app = TestApp::start().await;
    let id = app.shop().await;
    let at = |path: &str| format!("/api/v1/connections/{id}/{path}");

    let term = json!({ "term": "revenue", "definition": "What was sold", "table": "orders", "expression": "sum(total)" });
    let (status, kept) = app.post(&at("glossary"), term.clone()).await;
    assert_eq!((status, &kept["term"]), (StatusCode::CREATED, &json!("revenue")), "{kept}");
    let (status, again) = app.post(&at("glossary"), term).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("S011")), "{again}");
    let bad = json!({ "question": "All?", "gold_sql": "SELECT nosuch FROM orders" });
    let (status, refused) = app.post(&at("evaluation-cases"), bad).await;
    assert_eq!(
        (status, &refused["findings"][0]["code"]),
        (StatusCode::BAD_REQUEST, &json!("G101")),
        "{refused}"
    );
    let good = json!({ "question": "The largest?", "gold_sql": "SELECT max(total) FROM orders" });
    let (status, case) = app.post(&at("evaluation-cases"), good).await;
    assert_eq!(status, StatusCode::CREATED, "{case}");
    let query =
        json!({ "connection_id": id, "sql": "SELECT total FROM orders", "question": "Which totals?" });
    let (_, query) = app.post("/api/v1/queries", query).await;
    let query = format!("/api/v1/queries/{}", query["id"].as_str().unwrap());
    let (status, verified) = app.post(&format!("{query}/verify"), json!({})).await;
    assert_eq!((status, &verified["state"]), (StatusCode::OK, &json!("approved")), "{verified}");
    let (status, _) = app.post(&format!("{query}/verify"), json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let (_, silent) =
        app.post("/api/v1/queries", json!({ "connection_id": id, "sql": "SELECT id FROM orders" })).await;
    let path = format!("/api/v1/queries/{}/verify", silent["id"].as_str().unwrap());
    assert_eq!(app.post(&path, json!({})).await.1["code"], "A031", "a verified query has its question");

    rusqlite::Connection::open(app.folder.path().join("shop.db"))
        .unwrap()
        .execute_batch("ALTER TABLE orders RENAME COLUMN total TO amount")
        .unwrap();
    let (_, run) = app.post(&at("crawls"), json!({})).await;
    app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
    let told = app.wait("/api/v1/notifications?unread=true", |page| page["items"] != json!([])).await;
    let told = &told["items"][0];
    assert_eq!(told["title"], "shop 2.0: 3 of 4 statements broken, 0 changed", "{told}");
    assert_eq!(told["details"]["repairs"], 3, "{told}");

    let impact = app.get(&at("impact")).await;
    assert_eq!(
        (&impact["from"], &impact["to"], &impact["checked"]),
        (&json!("1.0"), &json!("2.0"), &json!(4))
    );
    let same = app.get(&at("impact?from=1.0&to=2.0")).await;
    assert_eq!(same, impact);
    let causes = &impact["statements"][0]["causes"];
    assert!(causes[0].as_str().unwrap().contains("orders.total: renamed to amount"), "{impact}");
    assert_eq!(app.get(&query).await["state"], "broken");
    let stored = app.get(&at("impacts")).await;
    assert_eq!(stored["items"].as_array().unwrap().len(), 3, "{stored}");
    let repaired: Vec<_> =
        stored["items"].as_array().unwrap().iter().map(|i| i["repair"].as_str().unwrap()).collect();
    assert!(repaired.iter().all(|sql| sql.contains("amount")), "{repaired:?}");

    let read = format!("/api/v1/notifications/{}/read", told["id"].as_str().unwrap());
    let (status, read) = app.post(&read, json!({})).await;
    assert_eq!((status, &read["read_by"]), (StatusCode::OK, &json!("owner")));
    assert_eq!(app.get("/api/v1/notifications?unread=true").await["items"], json!([]));

    let case = format!("/api/v1/evaluation-cases/{}", case["id"].as_str().unwrap());
    let gone = app.request(Method::DELETE, &case).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let gone = app.request(Method::DELETE, &case).send().await.unwrap();
    assert_eq!(expect(gone, StatusCode::NOT_FOUND).await["code"], "S010");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposed_repair_is_accepted_by_a_person() {
    let app = TestApp::start().await;
    let id = app.shop().await;
    let at = |path: &str| format!("/api/v1/connections/{id}/{path}");
    let term = json!({ "term": "revenue", "definition": "What was sold", "table": "orders", "expression": "sum(total)",
        "filter": "total > 0" });
    let (_, term) = app.post(&at("glossary"), term).await;
    let case = json!({ "question": "The largest?", "gold_sql": "SELECT max(total) FROM orders" });
    let (_, case) = app.post(&at("evaluation-cases"), case).await;
    let new = json!({ "connection_id": id, "sql": "SELECT total FROM orders", "question": "Which totals?" });
    let (_, query) = app.post("/api/v1/queries", new).await;
    let query = format!("/api/v1/queries/{}", query["id"].as_str().unwrap());
    app.post(&format!("{query}/verify"), json!({})).await;
    let change = |ddl: &str| {
        rusqlite::Connection::open(app.folder.path().join("shop.db")).unwrap().execute_batch(ddl).unwrap();
    };
    let crawled = async || {
        let (_, run) = app.post(&at("crawls"), json!({})).await;
        app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
    };
    change("ALTER TABLE orders RENAME COLUMN total TO amount");
    crawled().await;
    app.wait("/api/v1/notifications?unread=true", |page| page["items"] != json!([])).await;
    assert_eq!(app.get(&query).await["state"], "broken");

    let stored = app.get(&at("impacts")).await;
    let of = |kind: &str| {
        let all = stored["items"].as_array().unwrap();
        let one = all.iter().find(|i| i["subject_type"] == kind).unwrap();
        format!("/api/v1/impacts/{}", one["id"].as_str().unwrap())
    };
    for kind in ["query", "evaluation_case", "glossary_term"] {
        let (status, over) = app.post(&format!("{}/repair", of(kind)), json!({})).await;
        assert_eq!((status, &over["state"]), (StatusCode::OK, &json!("repaired")), "{over}");
        assert_eq!(app.get(&of(kind)).await, over);
    }
    let repaired = app.get(&query).await;
    assert_eq!((&repaired["state"], &repaired["updated_by"]), (&json!("approved"), &json!("owner")));
    assert!(repaired["sql"].as_str().unwrap().contains("amount"), "{repaired}");
    let (status, run) = app.post(&format!("{query}/executions"), json!({})).await;
    assert!(status.is_success(), "{run}");
    let cases = app.get(&at("evaluation-cases")).await;
    assert_eq!(cases["items"][0]["id"], case["id"]);
    assert!(cases["items"][0]["gold_sql"].as_str().unwrap().contains("amount"), "{cases}");
    let terms = app.get(&at("glossary")).await;
    assert_eq!(terms["items"][0]["id"], term["id"]);
    assert!(terms["items"][0]["expression"].as_str().unwrap().contains("amount"), "{terms}");
    assert!(terms["items"][0]["row_filter"].as_str().unwrap().contains("amount"), "{terms}");
    let audits = app.get("/api/v1/audits").await;
    let lines = audits["items"].as_array().unwrap().iter().filter(|a| a["action"] == "impact.repair");
    assert_eq!(lines.count(), 3, "{audits}");
    // once is enough
    let (status, again) = app.post(&format!("{}/repair", of("query")), json!({})).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("A034")), "{again}");

    // what was repaired is as good as new: the next change breaks it, and a repair that a policy refuses is not taken
    change("ALTER TABLE orders RENAME COLUMN amount TO sum_paid");
    crawled().await;
    let open = app
        .wait(&at("impacts"), |page| {
            page["items"].as_array().unwrap().iter().filter(|i| i["state"] == "broken").count() == 3
        })
        .await;
    let broken = open["items"].as_array().unwrap().iter().find(|i| i["subject_type"] == "query");
    let broken = broken.unwrap();
    assert!(broken["repair"].as_str().unwrap().contains("sum_paid"), "{broken}");
    let held_to = async |policy: Value| {
        let patch = app.request(Method::PATCH, &format!("/api/v1/connections/{id}"));
        let patched = patch.json(&json!({ "policy": policy })).send().await;
        expect(patched.unwrap(), StatusCode::OK).await;
    };
    held_to(json!({ "hidden_columns": ["orders.sum_paid"] })).await;
    let path = format!("/api/v1/impacts/{}/repair", broken["id"].as_str().unwrap());
    let (status, refused) = app.post(&path, json!({})).await;
    // it names what is hidden: it is not there
    assert_eq!((status, &refused["code"]), (StatusCode::NOT_FOUND, &json!("S010")), "{refused}");
    held_to(json!({})).await;
    assert_eq!(app.get(&query).await["state"], "broken");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_two_versions_are_compared_by_key_or_number() {
    let app = TestApp::start().await;
    let id = app.shop().await;
    for ddl in ["CREATE TABLE more (id INTEGER PRIMARY KEY)", "ALTER TABLE more ADD COLUMN note TEXT"] {
        rusqlite::Connection::open(app.folder.path().join("shop.db")).unwrap().execute_batch(ddl).unwrap();
        let (_, run) = app.post(&format!("/api/v1/connections/{id}/crawls"), json!({})).await;
        app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
    }
    let versions = app.get(&format!("/api/v1/connections/{id}/schemas")).await;
    let key = |place: usize| versions["items"][place]["id"].as_str().unwrap().to_owned();
    let diff = app.get(&format!("/api/v1/schemas/{}/diff", key(0))).await;
    assert_eq!(diff["changes"][0]["kind"], "column_added", "{diff}");
    let wide = app.get(&format!("/api/v1/schemas/{}/diff?from=1.0", key(0))).await;
    assert_eq!(wide["changes"][0]["kind"], "table_added", "{wide}");
    assert!(wide["markdown"].as_str().unwrap().starts_with("### compatible (1)"), "{wide}");
    let back = app.get(&format!("/api/v1/schemas/{}/diff?from={}", key(2), key(0))).await;
    assert_eq!(back["changes"][0]["kind"], "table_removed", "{back}");
    let none =
        app.request(Method::GET, &format!("/api/v1/schemas/{}/diff?from=7.7", key(0))).send().await.unwrap();
    assert_eq!(expect(none, StatusCode::NOT_FOUND).await["code"], "H026");
    app.stop().await;
}
