//! Grants, seen by a client: what is denied, masked and filtered shows nowhere to whoever is held to it, and does to
//! another; on both stores, over SQLite and PostgreSQL.

use std::sync::{Arc, Mutex};

use querent::access::{Caller, Kind, SystemRole, Who, WorkspaceRole};
use querent::app::Desk;
use querent::model::ids::{DEFAULT_WORKSPACE, OWNER};
use querent::model::{Id, clock, new_id};
use querent::store::{Conn, Db};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{on_postgres, on_sqlite, postgres_store, postgres_url};
use crate::test_app::{TestApp, expect};

/// A clinic. `bounty` is to be denied, addresses masked, patients of other doctors filtered out.
const CLINIC: &str = "
    CREATE TABLE patients (id INTEGER PRIMARY KEY, nick TEXT NOT NULL, address TEXT NOT NULL, doctor TEXT NOT NULL);
    CREATE TABLE bounty (id INTEGER PRIMARY KEY, purse INTEGER NOT NULL, patients_id INTEGER REFERENCES patients (id));
    INSERT INTO patients VALUES
        (1, 'Ada Quill', 'quillway 9', '01900000-0000-7000-8000-000000000002'),
        (2, 'Ben Marl', 'marlstreet 4', 'd2'), (3, 'Cleo Reed', 'reedlane 7', 'd2');
    INSERT INTO bounty VALUES (1, 83211, 1), (2, 94322, 2);
";
/// What must not show: names, words on them, masked values, values of filtered rows.
const HIDDEN: [&str; 8] =
    ["bounty", "purse", "83211", "quillway", "marlstreet", "reedlane", "Ben Marl", "Cleo"];
const FORMATS: [&str; 6] = ["csv", "ndjson", "json", "arrow", "parquet", "xlsx"];

#[tokio::test(flavor = "multi_thread")]
async fn grants_hold_everywhere_on_sqlite() {
    on_sqlite(|_| async {
        let app = TestApp::start().await;
        let path = app.folder.path().join("clinic.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(CLINIC).unwrap();
        let change = {
            let path = path.clone();
            async move |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap()
        };
        holds(app, &format!("sqlite:{}", path.display()), change).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_hold_everywhere_on_postgres() {
    on_postgres(|store| async move {
        let admin = Db::open_postgres(&postgres_url(), 2).await.unwrap();
        let name = format!("querent_clinic_{}", new_id().simple());
        let url = postgres_store(&admin, &name).await;
        let clinic = Db::open_postgres(&url, 1).await.unwrap();
        let run = async |sql: &str| {
            for statement in sql.split(';').filter(|s| !s.trim().is_empty()) {
                clinic.execute(statement, &[]).await.unwrap();
            }
        };
        run(CLINIC).await;
        let app = TestApp::with(&[("database_url", &store.place)]).await;
        holds(app, &url, run).await;
        clinic.close().await;
        admin.execute(&format!("DROP DATABASE {name} WITH (FORCE)"), &[]).await.unwrap();
        admin.close().await;
    })
    .await;
}

struct Clinic {
    app: TestApp,
    connection: String,
    chat: String,
    open: String,
    denied: String,
    denied_run: String,
    run: String,
}

/// A text of everything that a client can read of a clinic, each piece with its path.
async fn surfaces(clinic: &Clinic) -> Vec<(String, String)> {
    let app = &clinic.app;
    let base = format!("/api/v1/connections/{}", clinic.connection);
    let mut paths = vec!["/api/v1/queries".to_owned(), "/api/v1/notifications".to_owned()];
    let below =
        ["schemas", "search?q=bounty", "search?q=purse", "impact", "impacts", "glossary", "evaluation-cases"];
    paths.extend(below.map(|rest| format!("{base}/{rest}")));
    paths.extend(["annotations", "relationships", "coverage"].map(|rest| format!("{base}/schema/{rest}")));
    paths.extend([
        clinic.open.clone(),
        clinic.denied.clone(),
        clinic.run.clone(),
        format!("{}/messages", clinic.chat),
    ]);
    paths.extend([&clinic.open, &clinic.denied].map(|query| format!("{query}/executions")));
    paths.extend([&clinic.run, &clinic.denied_run].map(|run| format!("{run}/rows")));
    paths.extend(FORMATS.map(|format| format!("{}/export?format={format}", clinic.run)));
    let versions = app.get(&format!("{base}/schemas")).await;
    for version in versions["items"].as_array().unwrap() {
        let id = version["id"].as_str().unwrap();
        paths.push(format!("/api/v1/schemas/{id}"));
        let schema = version["schema"].as_str().unwrap_or("main");
        paths.push(format!("/api/v1/schemas/{id}/tables/{schema}.bounty"));
        paths.push(format!("/api/v1/schemas/{id}/tables/public.bounty"));
    }
    let latest = versions["items"][0]["id"].as_str().unwrap();
    paths.push(format!("/api/v1/schemas/{latest}/diff"));
    let mut found = Vec::new();
    for path in paths {
        let response = app.request(Method::GET, &path).send().await.unwrap();
        assert!(response.status().as_u16() < 500, "{path}: {}", response.status());
        found.push((path, String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned()));
    }
    for sql in
        ["SELECT purse FROM bounty", "SELECT * FROM bountyy", "SELECT addres FROM patients WHERE 1 = 0"]
    {
        let body = json!({ "connection_id": clinic.connection, "sql": sql });
        let (_, said) = app.post("/api/v1/queries/check", body).await;
        // what the caller wrote is the caller's
        let written = sql.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let said = written.fold(said.to_string(), |said, word| said.replace(word, ""));
        found.push((format!("check {sql}"), said));
    }
    found
}

async fn made(app: &TestApp, path: &str, body: Value) -> Value {
    let (status, made) = app.post(path, body).await;
    assert!(status.is_success(), "{path}: {made}");
    made
}

async fn crawl(app: &TestApp, connection: &str) {
    let run = made(app, &format!("/api/v1/connections/{connection}/crawls"), json!({})).await;
    let run = app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
    assert_eq!(run["status"], "succeeded", "{run}");
}

async fn run(app: &TestApp, query: &str) -> String {
    let run = made(app, &format!("{query}/executions"), json!({})).await;
    let path = format!("/api/v1/executions/{}", run["id"].as_str().unwrap());
    assert_eq!(app.ended(&path).await["status"], "succeeded");
    path
}

/// The clinic with everything that tells of what is to be hidden.
async fn filled(app: TestApp, url: &str, change: impl AsyncFn(&str)) -> Clinic {
    let body = json!({ "name": "clinic", "url": url, "privacy": "values" });
    let registered = made(&app, "/api/v1/connections", body).await;
    let connection = registered["connection"]["id"].as_str().unwrap().to_owned();
    crawl(&app, &connection).await;
    let open = app.query(&connection, "SELECT nick, address FROM patients ORDER BY id").await;
    let denied = app.query(&connection, "SELECT purse FROM bounty ORDER BY id").await;
    let denied_run = run(&app, &denied).await;
    let run = run(&app, &open).await;
    let base = format!("/api/v1/connections/{connection}");
    let schema = if url.starts_with("sqlite") { "main" } else { "public" };
    let term =
        json!({ "term": "loot", "definition": "all of it", "table": "bounty", "expression": "sum(purse)" });
    made(&app, &format!("{base}/glossary"), term).await;
    let case = json!({ "question": "loot?", "gold_sql": "SELECT sum(purse) FROM bounty" });
    made(&app, &format!("{base}/evaluation-cases"), case).await;
    let said = json!({ "schema": schema, "table": "bounty", "column": "purse", "description": "in pence" });
    let patched = app.request(Method::PATCH, &format!("{base}/schema/annotations")).json(&said);
    expect(patched.send().await.unwrap(), StatusCode::OK).await;
    let chat = app.chat(&connection).await;
    made(&app, &format!("{chat}/messages"), json!({ "text": "list the nick and address of all patients" }))
        .await;
    change("ALTER TABLE bounty RENAME COLUMN purse TO purse_pence; CREATE TABLE wards (id INTEGER)").await;
    crawl(&app, &connection).await;
    Clinic { app, connection, chat, open, denied, denied_run, run }
}

async fn grant(clinic: &Clinic, terms: Value) -> String {
    let path = format!("/api/v1/connections/{}/permissions", clinic.connection);
    made(&clinic.app, &path, terms).await["id"].as_str().unwrap().to_owned()
}

/// The desk of a member whom no grant restricts.
async fn somebody_else(app: &TestApp) -> Desk {
    let user = new_id();
    let now = clock::now();
    let sql = "INSERT INTO users (id, kind, name, system_role, created_at, updated_at) \
               VALUES ($1, 'person', 'Eve', 'analyst', $2, $2)";
    app.app.db.execute(sql, &[user.into(), now.into()]).await.unwrap();
    let sql =
        "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES ($1, $2, 'editor', $3)";
    app.desk().db.execute(sql, &[DEFAULT_WORKSPACE.into(), user.into(), now.into()]).await.unwrap();
    let who = Who { user, kind: Kind::Person, system_role: SystemRole::Analyst };
    app.app.desk(Arc::new(Caller::new(who, DEFAULT_WORKSPACE, Some(WorkspaceRole::Editor))))
}

fn execution(path: &str) -> Id {
    Id::parse_str(path.rsplit('/').next().unwrap()).unwrap()
}

async fn holds(app: TestApp, url: &str, change: impl AsyncFn(&str)) {
    let clinic = filled(app, url, change).await;
    let app = &clinic.app;
    let before = surfaces(&clinic).await;
    for word in HIDDEN {
        assert!(before.iter().any(|(_, text)| text.contains(word)), "{word} shows nowhere without grants");
    }

    let other = somebody_else(app).await;
    grant(&clinic, json!({ "user_id": OWNER, "table": "bounty", "effect": "deny" })).await;
    grant(&clinic, json!({ "user_id": OWNER, "table": "patients", "column": "address", "effect": "mask", "mask": "null" }))
        .await;
    let predicate = "doctor = :user_id";
    let filter = grant(
        &clinic,
        json!({ "user_id": OWNER, "table": "patients", "effect": "filter", "predicate": predicate }),
    )
    .await;
    for (path, text) in surfaces(&clinic).await {
        for word in HIDDEN {
            assert!(!text.contains(word), "{path} tells of {word}: {text}");
        }
        assert!(!text.contains("doctor\" = '"), "{path} shows the filter: {text}");
    }
    let refused = app.request(Method::GET, &format!("{}/rows", clinic.run)).send().await.unwrap();
    assert_eq!(expect(refused, StatusCode::FORBIDDEN).await["code"], "E030");
    // what one has nothing to do with is as it was for another
    let page = other.exec.rows(execution(&clinic.run), 0, 10).await.unwrap();
    assert_eq!((page.rows.len(), page.rows[2][1].as_str()), (3, Some("reedlane 7")));

    // the same statement, under the caller's own permissions
    let own = run(app, &clinic.open).await;
    let rows = app.get(&format!("{own}/rows")).await;
    assert_eq!(rows["rows"], json!([["Ada Quill", null]]));
    for format in FORMATS {
        let path = format!("{own}/export?format={format}");
        let file = app.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(file.status(), StatusCode::OK);
        let text = String::from_utf8_lossy(&file.bytes().await.unwrap()).into_owned();
        assert!(HIDDEN.iter().all(|word| !text.contains(word)), "{format}");
    }
    let refused = other.exec.rows(execution(&own), 0, 10).await.unwrap_err();
    assert_eq!(refused.code, "E030");
    let reply = made(
        app,
        &format!("{}/messages", clinic.chat),
        json!({ "text": "list the nick and address of all patients" }),
    )
    .await;
    assert_eq!(reply["rows"]["rows"].as_array().map(Vec::len), Some(1), "{reply}");
    assert!(HIDDEN.iter().all(|word| !reply.to_string().contains(word)), "{reply}");

    explained(&clinic, &filter).await;
    ends(&clinic).await;
    clinic.app.stop().await;
}

/// The explanation names the grants; the trail has what was granted.
async fn explained(clinic: &Clinic, filter: &str) {
    let app = &clinic.app;
    let base = format!("/api/v1/connections/{}/permissions", clinic.connection);
    let told = app.get(&format!("{base}/explain?table=*t*")).await;
    let of = |name: &str| {
        told["tables"].as_array().unwrap().iter().find(|t| t["table"] == name).unwrap_or(&Value::Null).clone()
    };
    assert_eq!(of("bounty")["exists"], false, "{told}");
    assert!(of("bounty")["why"].as_str().unwrap().starts_with("deny "), "{told}");
    assert_eq!(of("patients")["columns"][0]["seen"], "null", "{told}");
    assert_eq!(of("patients")["filters"], json!(["doctor = :user_id"]), "{told}");
    let lines = app.get("/api/v1/audits?limit=200").await;
    let line = lines["items"].as_array().unwrap().iter().find(|line| line["subject"] == filter).unwrap();
    assert_eq!((&line["action"], &line["details"]["before"]), (&json!("permission.grant"), &Value::Null));
    assert_eq!(line["details"]["after"]["predicate"], "doctor = :user_id", "{line}");
}

/// An expired grant holds no more, and one that is taken away neither.
async fn ends(clinic: &Clinic) {
    let (app, db) = (&clinic.app, clinic.app.desk().db);
    let base = format!("/api/v1/connections/{}/permissions", clinic.connection);
    let past = clock::before(std::time::Duration::from_secs(1));
    let sql = "UPDATE resource_permissions SET expires_at = $1 WHERE effect = 'deny'";
    db.execute(sql, &[past.into()]).await.unwrap();
    let terms = app.get(&format!("/api/v1/connections/{}/glossary", clinic.connection)).await;
    assert!(terms.to_string().contains("bounty") || terms["items"] == json!([]), "{terms}");
    let found = app.get(&format!("/api/v1/connections/{}/search?q=bounty", clinic.connection)).await;
    assert!(found.to_string().contains("bounty"), "{found}");
    let grants = app.get(&base).await;
    for grant in grants["items"].as_array().unwrap() {
        let path = format!("{base}/{}", grant["id"].as_str().unwrap());
        let gone = app.request(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    }
    let rows = app.get(&format!("{}/rows", clinic.run)).await;
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(3), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_connection_shows_what_is_granted() {
    let app = TestApp::start().await;
    let id = app.shop().await;
    let close = app.request(Method::PATCH, &format!("/api/v1/connections/{id}"));
    expect(close.json(&json!({ "options": { "closed": true } })).send().await.unwrap(), StatusCode::OK).await;
    let check = async |sql: &str| {
        let body = json!({ "connection_id": id, "sql": sql });
        made(&app, "/api/v1/queries/check", body).await["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(check("SELECT count(*) FROM customers").await, "reject");
    let path = format!("/api/v1/connections/{id}/permissions");
    let terms = json!({ "role": "owner", "table": "customers", "column": "name", "effect": "allow" });
    made(&app, &path, terms).await;
    assert_eq!(check("SELECT name FROM customers").await, "allow");
    assert_eq!(check("SELECT country FROM customers").await, "reject");
    assert_eq!(check("SELECT count(*) FROM orders").await, "reject");
    for wrong in [
        json!({ "effect": "mask" }),
        json!({ "effect": "filter", "predicate": "1 = 1" }),
        json!({ "effect": "allow", "role": "owner", "user_id": OWNER }),
        json!({ "effect": "deny", "table": "" }),
        json!({ "effect": "deny", "expires_at": "2020-01-01T00:00:00Z" }),
    ] {
        let (status, said) = app.post(&path, wrong.clone()).await;
        assert_eq!((status, &said["code"]), (StatusCode::BAD_REQUEST, &json!("P001")), "{wrong}: {said}");
    }
    let (status, said) = app.post(&path, json!({ "effect": "deny", "user_id": new_id() })).await;
    assert_eq!((status, &said["code"]), (StatusCode::NOT_FOUND, &json!("P002")), "{said}");
    let filter = json!({ "effect": "filter", "table": "customers", "predicate": "shoe_size = 4" });
    let (status, said) = app.post(&path, filter).await;
    assert_eq!((status, &said["code"]), (StatusCode::BAD_REQUEST, &json!("P003")), "{said}");
    app.stop().await;
}

/// A model that keeps what it is asked and always answers alike.
async fn model(answer: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = Vec::new();
            loop {
                let mut buffer = [0; 8_192];
                let count = stream.read(&mut buffer).await.unwrap_or(0);
                bytes.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                let length = text.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
                let length: usize = length.and_then(|n| n.trim().parse().ok()).unwrap_or(0);
                let body = text.find("\r\n\r\n").map_or(0, |at| bytes.len() - at - 4);
                if count == 0 || text.contains("\r\n\r\n") && body >= length {
                    break;
                }
            }
            kept.lock().unwrap().push(String::from_utf8_lossy(&bytes).into_owned());
            let choice = json!({ "message": { "content": answer }, "finish_reason": "stop" });
            let body = json!({ "model": "m", "choices": [choice] }).to_string();
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            let reply = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(reply.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_told_nothing_of_what_is_hidden() {
    let (url, asked) = model("SELECT count(*) FROM patients").await;
    let settings = [
        ("model.provider", "openai"),
        ("model.name", "scripted"),
        ("model.base_url", url.as_str()),
        ("model.privacy", "values"),
    ];
    let app = TestApp::with(&settings).await;
    let path = app.folder.path().join("clinic.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(CLINIC).unwrap();
    let body = json!({ "name": "clinic", "url": format!("sqlite:{}", path.display()), "privacy": "values" });
    let registered = made(&app, "/api/v1/connections", body).await;
    let connection = registered["connection"]["id"].as_str().unwrap().to_owned();
    crawl(&app, &connection).await;
    let chat = app.chat(&connection).await;
    let question = json!({ "text": "how many patients are there" });
    made(&app, &format!("{chat}/messages"), question.clone()).await;
    let before = std::mem::take(&mut *asked.lock().unwrap()).concat();
    assert!(["bounty", "purse", "Ada Quill"].iter().all(|word| before.contains(word)), "{before}");

    let path = format!("/api/v1/connections/{connection}/permissions");
    made(&app, &path, json!({ "role": "owner", "table": "bounty", "effect": "deny" })).await;
    made(
        &app,
        &path,
        json!({ "column": "nick", "effect": "mask", "mask": { "partial": { "keep_last": 1 } } }),
    )
    .await;
    let reply = made(&app, &format!("{chat}/messages"), question).await;
    assert_eq!(reply["rows"]["rows"], json!([[3]]), "{reply}");
    let after = asked.lock().unwrap().concat();
    assert!(after.contains("patients"));
    let told = ["bounty", "purse", "Ada Quill", "Ben Marl"].iter().find(|word| after.contains(**word));
    assert_eq!(told, None, "{after}");
    app.stop().await;
}
