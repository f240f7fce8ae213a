//! What is cancelled is over, whatever the database does, and leaves a line.

use querent::store::Conn;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::gate::{Gate, Passage};
use crate::harness::on_postgres;
use crate::test_app::{TestApp, expect};

fn actions(audits: &Value, of: &str) -> Vec<String> {
    let lines = audits["items"].as_array().unwrap().iter();
    lines.filter(|l| l["subject"] == of).map(|l| l["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_of_a_silent_database_is_cancelled() {
    on_postgres(|store| async move {
        store.db.execute("CREATE TABLE shelf (id bigint PRIMARY KEY)", &[]).await.unwrap();
        let gate = Gate::before(&store.place).await;
        let app = TestApp::start().await;
        let (status, made) =
            app.post("/api/v1/connections", json!({ "name": "silent", "url": gate.url })).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let crawls = format!("/api/v1/connections/{}/crawls", made["connection"]["id"].as_str().unwrap());

        gate.passage.send(Passage::Closed).unwrap();
        let (_, run) = app.post(&crawls, json!({})).await;
        let id = run["id"].as_str().unwrap();
        let path = format!("/api/v1/crawls/{id}");
        gate.held.notified().await;
        app.wait(&path, |run| run["status"] == "running").await;
        let (status, run) = app.post(&format!("{path}/cancel"), json!({})).await;
        assert_eq!((status, &run["status"]), (StatusCode::OK, &json!("cancelled")), "{run}");
        assert_eq!(app.get(&path).await["status"], "cancelled");
        assert_eq!(actions(&app.get("/api/v1/audits").await, id), ["crawl.cancel"]);
        let (status, problem) = app.post(&format!("{path}/cancel"), json!({})).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("X012")));

        // the way is free at once
        gate.passage.send(Passage::Open).unwrap();
        let (status, run) = app.post(&crawls, json!({})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{run}");
        let run = app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        assert_eq!(app.get(&path).await["status"], "cancelled");
        app.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_chats_leave_a_line() {
    let app = TestApp::start().await;
    let chat = app.chat(&app.shop().await).await;
    let rename = app.request(reqwest::Method::PATCH, &chat).json(&json!({ "title": "Norway" }));
    expect(rename.send().await.unwrap(), StatusCode::OK).await;
    let deleted = app.request(reqwest::Method::DELETE, &chat).send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let gone = app.request(reqwest::Method::DELETE, &chat).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NOT_FOUND, "and no line");
    app.post(&format!("{chat}/restore"), json!({})).await;
    let audits = app.get("/api/v1/audits").await;
    let id = chat.rsplit('/').next().unwrap();
    assert_eq!(actions(&audits, id), ["chat.restore", "chat.delete", "chat.rename", "chat.create"]);
    assert!(!audits.to_string().contains("Norway"), "titles are a person's words");
    app.stop().await;
}
