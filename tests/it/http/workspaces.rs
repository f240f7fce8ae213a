//! Nothing of one workspace is there for another: every route of the table is tried with every key of the one, by a member
//! of the other, on both stores. A route that joins the table is tried too.

use std::collections::BTreeSet;

use querent::http::routes::ROUTES;
use querent::model::{clock, ids, new_id};
use querent::store::Conn;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{on_postgres, on_sqlite};
use crate::test_app::{TestApp, expect};

/// A word that the first workspace alone uses: in names, questions, values, texts.
const MARK: &str = "aurora";
/// A key that nothing has.
const NOBODY: &str = "00000000-0000-7000-8000-00000000dead";

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_finds_nothing_on_sqlite() {
    // its own data folder holds the store
    on_sqlite(|_| async { nothing_is_found(TestApp::start().await).await }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_finds_nothing_on_postgres() {
    on_postgres(|store| async move {
        nothing_is_found(TestApp::with(&[("database_url", &store.place)]).await).await;
    })
    .await;
}

async fn nothing_is_found(app: TestApp) {
    let keys = fill(&app).await;
    assert!(keys.len() > 12, "{keys:?}");
    let before = whole(&app).await;
    assert!(before.contains(MARK));
    other_workspace(&app).await;

    let mut tried = 0;
    for (method, path, action) in ROUTES {
        // after the close of the other workspace nothing would be tried any more
        if action.is_none() || (*method, *path) == ("delete", "/api/v1/workspace") {
            continue;
        }
        if !path.contains("{id}") {
            lists_nothing(&app, method, path, &keys).await;
            continue;
        }
        for key in &keys {
            let mut target = path.replace("{id}", key).replace("{table}", "main.aurora_orders");
            for part in ["{message}", "{attachment}", "{user}"] {
                target = target.replace(part, key);
            }
            // parts of a path that are no keys of records
            if target.contains('{') {
                continue;
            }
            let foreign = ask(&app, method, path, &target).await;
            let nobody = ask(&app, method, path, &target.replace(key, NOBODY)).await;
            assert!(foreign.0.is_client_error(), "{method} {target}: {foreign:?}");
            assert_eq!(
                told(&foreign, key),
                told(&nobody, NOBODY),
                "{method} {target}: a key of others shows"
            );
            assert!(!foreign.1.contains(MARK), "{method} {target}: {}", foreign.1);
            tried += 1;
        }
    }
    assert!(tried > 500, "{tried}");
    assert_eq!(whole(&app).await, before, "something of the first workspace was changed");
    app.stop().await;
}

/// Fills the first workspace; gives the keys of everything in it.
async fn fill(app: &TestApp) -> BTreeSet<String> {
    let url = shop(app);
    let (status, made) = app.post("/api/v1/connections", json!({ "name": "aurora", "url": url })).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let connection = made["connection"]["id"].as_str().unwrap().to_owned();
    let base = format!("/api/v1/connections/{connection}");
    let (_, run) = app.post(&format!("{base}/crawls"), json!({})).await;
    app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
    let chat = app.chat(&connection).await;
    let (status, reply) =
        app.post(&format!("{chat}/messages"), json!({ "text": "how many aurora orders are there" })).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let query = app.query(&connection, "SELECT name FROM aurora_orders").await;
    let (status, run) = app.post(&format!("{query}/executions"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    app.ended(&format!("/api/v1/executions/{}", run["id"].as_str().unwrap())).await;
    let term = json!({ "term": "aurora", "definition": "aurora orders", "table": "main.aurora_orders",
                       "filter": "name = 'aurora'" });
    assert_eq!(app.post(&format!("{base}/glossary"), term).await.0, StatusCode::CREATED);
    let case = json!({ "question": "aurora?", "gold_sql": "SELECT count(*) FROM aurora_orders" });
    assert_eq!(app.post(&format!("{base}/evaluation-cases"), case).await.0, StatusCode::CREATED);
    let schedule =
        app.request(Method::PUT, &format!("{base}/schedule")).json(&json!({ "cron": "0 4 * * *" }));
    expect(schedule.send().await.unwrap(), StatusCode::OK).await;
    let (status, job) = app.post(&format!("{base}/schedule/run"), json!({})).await;
    assert!(status.is_success(), "{job}");
    app.wait(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()), |job| {
        !job["job"]["finished_at"].is_null()
    })
    .await;

    let mut keys = BTreeSet::from([connection]);
    for list in lists(app).await {
        collect(&list, &mut keys);
    }
    keys
}

/// A database whose names and values carry the mark, with a reference that nobody declared.
fn shop(app: &TestApp) -> String {
    let path = app.folder.path().join("aurora.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "CREATE TABLE aurora_customers (id INTEGER PRIMARY KEY, name TEXT);
             CREATE TABLE aurora_orders (id INTEGER PRIMARY KEY, name TEXT, aurora_customer_id INTEGER);
             INSERT INTO aurora_customers VALUES (1, 'aurora'), (2, 'borealis'), (3, 'corona');
             INSERT INTO aurora_orders VALUES (1, 'aurora', 1), (2, 'aurora two', 1), (3, 'third', 3);",
        )
        .unwrap();
    format!("sqlite:{}", path.display())
}

/// What the lists of the first workspace hold.
async fn lists(app: &TestApp) -> Vec<Value> {
    let mut found = Vec::new();
    let mut paths: Vec<String> = Vec::new();
    let connections = app.get("/api/v1/connections").await;
    for connection in connections["items"].as_array().unwrap() {
        let base = format!("/api/v1/connections/{}", connection["id"].as_str().unwrap());
        let below = [
            "crawls",
            "schemas",
            "impacts",
            "glossary",
            "evaluation-cases",
            "schema/relationships",
            "schedule",
        ];
        paths.extend(below.map(|name| format!("{base}/{name}")));
    }
    for list in ["chats", "queries", "jobs", "notifications", "llm-calls"] {
        let value = app.get(&format!("/api/v1/{list}")).await;
        for item in value["items"].as_array().unwrap() {
            let id = item["id"].as_str().unwrap();
            match list {
                "chats" => paths.push(format!("/api/v1/chats/{id}/messages")),
                "queries" => paths.push(format!("/api/v1/queries/{id}/executions")),
                _ => {}
            }
        }
        found.push(value);
    }
    for path in paths {
        found.push(app.get(&path).await);
    }
    found.push(connections);
    found
}

fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
        Value::Object(fields) => {
            if let Some(id) = fields.get("id").and_then(Value::as_str) {
                keys.insert(id.to_owned());
            }
            fields.values().for_each(|field| collect(field, keys));
        }
        _ => {}
    }
}

/// All that the first workspace shows, as one text.
async fn whole(app: &TestApp) -> String {
    serde_json::to_string(&lists(app).await).unwrap()
}

async fn other_workspace(app: &TestApp) {
    let (db, id, now) = (app.desk().db.everywhere(), new_id(), clock::now());
    let sql = "INSERT INTO workspaces (id, name, slug, created_at, updated_at) VALUES ($1, 'Other', 'other', $2, $2)";
    db.execute(sql, &[id.into(), now.into()]).await.unwrap();
    let sql =
        "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES ($1, $2, 'owner', $3)";
    db.execute(sql, &[id.into(), ids::OWNER.into(), now.into()]).await.unwrap();
}

/// A body that the route takes, so that the key is what it is refused for.
fn body(method: &str, path: &str) -> Value {
    match (method, path) {
        ("patch", "/api/v1/chats/{id}") => json!({ "title": "theirs" }),
        ("patch", "/api/v1/connections/{id}") => json!({ "name": "theirs" }),
        ("patch", "/api/v1/chats/{id}/messages/{message}") => json!({ "text": "theirs" }),
        ("put", "/api/v1/chats/{id}/messages/{message}/reaction") => json!({ "value": "up" }),
        ("put", "/api/v1/chats/{id}/members/{user}") => json!({ "role": "reader" }),
        ("put", "/api/v1/chats/{id}/sharing") => json!({ "role": "reader" }),
        ("patch", "/api/v1/queries/{id}") => json!({ "sql": "SELECT 1" }),
        ("post", "/api/v1/queries/{id}/reject") => json!({ "reason": "r" }),
        ("post", "/api/v1/queries/{id}/comments") => json!({ "text": "t" }),
        ("put", "/api/v1/queries/{id}/assignee") => json!({ "user_id": null }),
        ("post", "/api/v1/chats/{id}/messages") => json!({ "text": "how many orders are there" }),
        ("put", "/api/v1/connections/{id}/schedule") => json!({ "cron": "0 5 * * *" }),
        ("post", "/api/v1/connections/{id}/glossary") => json!({ "term": "t", "definition": "d" }),
        ("post", "/api/v1/connections/{id}/evaluation-cases") => {
            json!({ "question": "q", "gold_sql": "SELECT 1" })
        }
        ("patch", "/api/v1/connections/{id}/schema/annotations") => {
            json!({ "schema": "main", "table": "aurora_orders", "description": "d" })
        }
        _ => json!({}),
    }
}

/// Parameters that the route wants.
fn parameters(path: &str) -> &'static str {
    match path {
        "/api/v1/connections/{id}/search" => "?q=aurora",
        "/api/v1/executions/{id}/export" => "?format=csv",
        "/api/v1/chats/{id}/export" => "?format=json",
        "/api/v1/chats/{id}/attachments" => "?name=a.txt",
        "/api/v1/chats/search" => "?q=aurora",
        _ => "",
    }
}

/// Status and text of an answer to a member of the other workspace.
async fn ask(app: &TestApp, method: &str, path: &str, target: &str) -> (StatusCode, String) {
    let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let mut request = app
        .client
        .request(name, format!("{}{target}{}", app.base, parameters(path)))
        .bearer_auth(&app.token)
        .header("querent-workspace", "other");
    if matches!(method, "post" | "put" | "patch") {
        request = request.json(&body(method, path));
    }
    let response = request.send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

/// What an answer tells, but for the key that was asked for and the request's own id.
fn told((status, text): &(StatusCode, String), key: &str) -> (StatusCode, Value) {
    let mut value: Value = serde_json::from_str(&text.replace(key, "KEY")).unwrap_or(Value::Null);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("request_id");
    }
    (*status, value)
}

/// A route without a key shows nothing of the first workspace.
async fn lists_nothing(app: &TestApp, method: &str, path: &str, keys: &BTreeSet<String>) {
    let (_, text) = ask(app, method, path, path).await;
    assert!(!text.contains(MARK), "{method} {path}: {text}");
    let shown = keys.iter().find(|key| text.contains(key.as_str()));
    assert_eq!(shown, None, "{method} {path}: {text}");
}
