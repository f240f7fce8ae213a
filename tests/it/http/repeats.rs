//! Requests that are sent again: an `Idempotency-Key` makes one record of them.

use querent::store::Conn;
use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::test_app::{TestApp, expect, shop};

const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";

async fn send(app: &TestApp, path: &str, key: &str, body: &Value) -> Response {
    app.request(Method::POST, path).header(KEY, key).json(body).send().await.unwrap()
}

/// Sends a request twice; both answers must be the same, and the second must say that it is one.
async fn twice(app: &TestApp, path: &str, body: Value, status: StatusCode) -> Value {
    let first = send(app, path, "once", &body).await;
    assert!(!first.headers().contains_key(REPLAYED), "{path}");
    let location = first.headers().get(LOCATION).cloned();
    let made = expect(first, status).await;
    let second = send(app, path, "once", &body).await;
    assert_eq!(second.headers()[REPLAYED], "true", "{path}");
    assert_eq!(second.headers().get(LOCATION).cloned(), location, "{path}");
    assert_eq!(second.headers()["content-type"], "application/json", "{path}");
    assert_eq!(expect(second, status).await, made, "{path}");
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn every_creating_request_can_be_repeated() {
    let app = TestApp::start().await;
    let url = shop(app.folder.path());
    let made =
        twice(&app, "/api/v1/connections", json!({ "name": "shop", "url": url }), StatusCode::CREATED).await;
    let connection = made["connection"]["id"].as_str().unwrap();
    let crawls = format!("/api/v1/connections/{connection}/crawls");
    let run = twice(&app, &crawls, json!({}), StatusCode::ACCEPTED).await;
    app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
    let chat =
        twice(&app, "/api/v1/chats", json!({ "connection_id": connection }), StatusCode::CREATED).await;
    let messages = format!("/api/v1/chats/{}/messages", chat["id"].as_str().unwrap());
    let reply =
        twice(&app, &messages, json!({ "text": "How many customers are there?" }), StatusCode::OK).await;
    assert_eq!(reply["rows"]["rows"], json!([[3]]), "{reply}");
    let sql = "SELECT name FROM customers";
    let query = twice(
        &app,
        "/api/v1/queries",
        json!({ "connection_id": connection, "sql": sql }),
        StatusCode::CREATED,
    )
    .await;
    let executions = format!("/api/v1/queries/{}/executions", query["id"].as_str().unwrap());
    twice(&app, &executions, json!({}), StatusCode::ACCEPTED).await;

    for (list, count) in [
        ("/api/v1/connections", 1),
        (&crawls, 1),
        ("/api/v1/chats", 1),
        (&messages, 2),
        ("/api/v1/queries", 2),
        (&executions, 1),
    ] {
        assert_eq!(app.get(list).await["items"].as_array().unwrap().len(), count, "{list}");
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_its_body_and_its_route() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let body = |title: &str| json!({ "connection_id": connection, "title": title });
    expect(send(&app, "/api/v1/chats", "k", &body("Orders")).await, StatusCode::CREATED).await;
    let other = send(&app, "/api/v1/chats", "k", &body("Returns")).await;
    let problem = expect(other, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(problem["code"], "H013");
    assert!(problem["hint"].is_string(), "{problem}");
    expect(send(&app, "/api/v1/chats", "k2", &body("Returns")).await, StatusCode::CREATED).await;
    let query = json!({ "connection_id": connection, "sql": "SELECT name FROM customers" });
    expect(send(&app, "/api/v1/queries", "k", &query).await, StatusCode::CREATED).await;
    assert_eq!(app.get("/api/v1/chats").await["items"].as_array().unwrap().len(), 2);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_used() {
    let app = TestApp::start().await;
    let connection = app.shop().await;
    let body = json!({ "connection_id": connection });
    let longest = "k".repeat(200);
    for key in ["", "caf\u{e9}", "a\tb", &format!("{longest}k")] {
        let problem = expect(send(&app, "/api/v1/chats", key, &body).await, StatusCode::BAD_REQUEST).await;
        assert_eq!(problem["code"], "H012", "{key:?}");
    }
    let two = app.request(Method::POST, "/api/v1/chats").header(KEY, "a").header(KEY, "b").json(&body);
    assert_eq!(expect(two.send().await.unwrap(), StatusCode::BAD_REQUEST).await["code"], "H012");
    let chat = expect(send(&app, "/api/v1/chats", &longest, &body).await, StatusCode::CREATED).await;

    let messages = format!("/api/v1/chats/{}/messages", chat["id"].as_str().unwrap());
    let stream = app.request(Method::POST, &messages).header(KEY, "s").header(ACCEPT, "text/event-stream");
    let stream = stream.json(&json!({ "text": "How many customers are there?" })).send().await.unwrap();
    assert_eq!(expect(stream, StatusCode::BAD_REQUEST).await["code"], "H015");
    assert_eq!(app.get(&messages).await["items"], json!([]), "it was not asked");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_tried_again() {
    let app = TestApp::start().await;
    let url = format!("sqlite:{}/shop.db", app.folder.path().display());
    let body = json!({ "name": "shop", "url": url });
    let missing = send(&app, "/api/v1/connections", "k", &body).await;
    assert!(!missing.status().is_success());
    shop(app.folder.path());
    let response = send(&app, "/api/v1/connections", "k", &body).await;
    assert!(!response.headers().contains_key(REPLAYED));
    expect(response, StatusCode::CREATED).await;
    let kept = app.desk().db.query("SELECT key, body_hash FROM idempotency", &[]).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_ne!(kept[0].text("key").unwrap(), "k", "what the client chose is not kept");
    let bare = blake3::hash(body.to_string().as_bytes()).to_hex().to_string();
    assert_ne!(kept[0].text("body_hash").unwrap(), bare, "a body cannot be guessed by its hash");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_under_a_key_outlives_its_client() {
    // a model that is asked, and hangs up when the test says so
    let model = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1", model.local_addr().unwrap());
    let settings =
        [("model.provider", "openai"), ("model.name", "silent"), ("model.base_url", address.as_str())];
    let app = TestApp::with(&settings).await;
    let messages = format!("{}/messages", app.chat(&app.shop().await).await);
    let body = json!({ "text": "How many customers are there?" });
    let request = app.request(Method::POST, &messages).header(KEY, "k").json(&body);
    let client = tokio::spawn(request.send());
    let (mut asked, _) = model.accept().await.unwrap();
    assert!(asked.read(&mut [0; 1024]).await.unwrap() > 0, "the model is asked");
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());

    let problem = expect(send(&app, &messages, "k", &body).await, StatusCode::CONFLICT).await;
    assert_eq!(problem["code"], "H014");
    assert!(problem["hint"].is_string(), "{problem}");
    // nobody is there any more for this try and the next ones
    drop((asked, model));
    let page = app.wait(&messages, |page| page["items"][1]["status"] != "pending").await;
    assert_ne!(page["items"][1]["status"], "cancelled", "{page}");
    app.stop().await;
}
