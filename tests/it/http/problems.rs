//! Bad input: each gets a problem with a code and a hint. The bodies are held by snapshots.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::harness::{on_postgres, open, postgres_url};
use crate::test_app::TestApp;
use querent::store::Conn;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// The problem that answers a request, without what differs from run to run.
async fn problem(app: &TestApp, request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{status}");
    let text = response.text().await.unwrap().replace(&app.folder.path().display().to_string(), "[folder]");
    let mut body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["status"], status.as_u16());
    let id = body["request_id"].take();
    assert_eq!(id.as_str().map(str::len), Some(36), "{id}");
    body["request_id"] = "[id]".into();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cannot_be_read() {
    let app = TestApp::with(&[("server.max_body", "1000")]).await;
    let post = |body: &str| {
        app.request(Method::POST, "/api/v1/chats")
            .header("content-type", "application/json")
            .body(body.to_owned())
    };
    let get = |path: &str| app.request(Method::GET, path);
    let large = format!("{{\"connection_id\":\"{NOBODY}\",\"title\":\"{}\"}}", "x".repeat(2000));
    let cases = [
        ("bad_json", post("{\"connection_id\": ")),
        ("unknown_field", post(&format!("{{\"connection_id\":\"{NOBODY}\",\"colour\":1}}"))),
        ("missing_field", post("{}")),
        ("too_large", post(&large)),
        ("no_json", app.request(Method::POST, "/api/v1/chats").body("hello")),
        ("bad_key", get("/api/v1/chats/17")),
        ("unknown_parameter", get("/api/v1/chats?page=2")),
        ("bad_cursor", get("/api/v1/chats?cursor=abc")),
        ("unknown_route", get("/api/v1/tables")),
        ("wrong_method", app.request(Method::PUT, "/api/v1/chats")),
        ("not_found", get(&format!("/api/v1/chats/{NOBODY}"))),
        ("bad_format", get(&format!("/api/v1/executions/{NOBODY}/export?format=doc"))),
        ("no_token", app.client.get(format!("{}/api/v1/chats", app.base))),
    ];
    for (name, request) in cases {
        insta::assert_json_snapshot!(name, problem(&app, request).await);
    }
    let wrong = app.request(Method::PUT, "/api/v1/chats").send().await.unwrap();
    assert_eq!(wrong.headers()["allow"], "GET, POST");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_are_refused() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let post = |sql: &str| {
        let body = json!({ "connection_id": connection, "sql": sql });
        app.request(Method::POST, "/api/v1/queries").json(&body)
    };
    for (name, sql) in [
        ("not_a_read", "DELETE FROM customers"),
        ("unknown_column", "SELECT nam FROM customers"),
        ("two_statements", "SELECT 1; SELECT 2"),
    ] {
        insta::assert_json_snapshot!(name, problem(&app, post(sql)).await);
    }
    assert_eq!(app.get("/api/v1/queries").await["items"], json!([]), "nothing was stored");

    let check = json!({ "connection_id": connection, "sql": "SELECT nam FROM customers" });
    let (status, verdict) = app.post("/api/v1/queries/check", check).await;
    assert_eq!((status, &verdict["verdict"]), (StatusCode::OK, &json!("reject")));
    assert_eq!(verdict["findings"][0]["nearest"][0], "name", "{verdict}");
    let check = json!({ "connection_id": connection, "sql": "SELECT name FROM customers" });
    let (_, verdict) = app.post("/api/v1/queries/check", check).await;
    assert_eq!(
        (&verdict["verdict"], &verdict["tables"]),
        (&json!("allow"), &json!(["main.customers"])),
        "{verdict}"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_checked_again_before_it_runs() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let query = app.query(&connection, "SELECT upper(name) FROM customers").await;
    let policy = json!({ "policy": { "forbidden_functions": ["upper"] } });
    let path = format!("/api/v1/connections/{connection}");
    app.request(Method::PATCH, &path).json(&policy).send().await.unwrap().error_for_status().unwrap();
    let body = problem(&app, app.request(Method::POST, &format!("{query}/executions"))).await;
    assert_eq!((&body["code"], &body["findings"][0]["subject"]), (&json!("A011"), &json!("upper")), "{body}");
    assert_eq!(app.get(&format!("{query}/executions")).await["items"], json!([]));
    // one that names what is hidden now is not there
    let policy = json!({ "policy": { "hidden_tables": ["customers"] } });
    app.request(Method::PATCH, &path).json(&policy).send().await.unwrap().error_for_status().unwrap();
    let gone = app.request(Method::POST, &format!("{query}/executions")).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_cannot_be_used() {
    let app = TestApp::start().await;
    // a port that was free a moment ago: nobody listens there
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let missing = format!("sqlite:{}/missing.db", app.folder.path().display());
    let text = app.folder.path().join("text.db");
    std::fs::write(&text, "not a database at all, but long enough to have a header of its own".repeat(20))
        .unwrap();
    let post = |body: Value| app.request(Method::POST, "/api/v1/connections").json(&body);
    let cases = [
        ("missing_file", post(json!({ "name": "a", "url": missing }))),
        ("no_database", post(json!({ "name": "a", "url": format!("sqlite:{}", text.display()) }))),
        ("unknown_scheme", post(json!({ "name": "a", "url": "oracle://db.example/x" }))),
        ("no_scheme", post(json!({ "name": "a", "url": "shop.db" }))),
        ("bad_name", post(json!({ "name": "a b", "url": missing }))),
    ];
    for (name, request) in cases {
        insta::assert_json_snapshot!(name, problem(&app, request).await);
    }
    let url = format!("postgres://reader:geheim@127.0.0.1:{port}/shop");
    let body = problem(&app, post(json!({ "name": "a", "url": url }))).await;
    assert_eq!((&body["code"], &body["status"]), (&json!("C002"), &json!(502)), "{body}");
    assert!(body["hint"].is_string() && !body.to_string().contains("geheim"), "{body}");
    assert_eq!(app.get("/api/v1/connections").await["items"], json!([]), "nothing was stored");

    let connection = app.shop().await;
    let url = format!("sqlite:{}/shop.db", app.folder.path().display());
    insta::assert_json_snapshot!(
        "name_taken",
        problem(&app, post(json!({ "name": "Shop", "url": url }))).await
    );
    app.chat(&connection).await;
    let (_, made) = app.post("/api/v1/connections", json!({ "name": "fresh", "url": url })).await;
    let fresh = made["connection"]["id"].as_str().unwrap();
    let query = json!({ "connection_id": fresh, "sql": "SELECT 1" });
    let body = problem(&app, app.request(Method::POST, "/api/v1/queries").json(&query)).await;
    assert_eq!((&body["code"], &body["status"]), (&json!("X001"), &json!(409)), "not crawled yet: {body}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_without_it() {
    on_postgres(|store| async move {
        let role = format!("http_{}", querent::model::new_id().simple());
        let admin = open(&postgres_url()).await;
        for sql in [
            format!("CREATE ROLE {role} LOGIN PASSWORD 'right'"),
            format!("GRANT querent_password TO {role}"),
        ] {
            admin.execute(&sql, &[]).await.unwrap();
        }
        let mut url = url::Url::parse(&store.place).unwrap();
        url.set_username(&role).unwrap();
        url.set_password(Some("geheim")).unwrap();
        let app = TestApp::start().await;
        let request =
            app.request(Method::POST, "/api/v1/connections/test").json(&json!({ "url": url.as_str() }));
        let body = problem(&app, request).await;
        assert_eq!((&body["code"], &body["status"]), (&json!("C003"), &json!(502)), "{body}");
        assert!(!body.to_string().contains("geheim"), "{body}");
        app.stop().await;
        admin.execute(&format!("DROP ROLE {role}"), &[]).await.unwrap();
    })
    .await;
}
