//! Answers as streams: the parts and their order, and what becomes of work for clients that go away.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::test_app::TestApp;

async fn ask(app: &TestApp, chat: &str, text: &str) -> Response {
    let response = app
        .request(Method::POST, &format!("{chat}/messages"))
        .header(ACCEPT, "text/event-stream")
        .json(&json!({ "text": text }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response
}

/// The parts of a whole stream; its end must be marked.
fn parts(text: &str) -> Vec<Value> {
    let mut frames: Vec<&str> = text.split("\n\n").filter(|f| f.starts_with("data: ")).collect();
    assert_eq!(frames.pop(), Some("data: [DONE]"));
    frames.iter().map(|f| serde_json::from_str(f.trim_start_matches("data: ")).unwrap()).collect()
}

fn types(parts: &[Value]) -> Vec<&str> {
    parts.iter().map(|p| p["type"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_its_parts_in_order() {
    let app = TestApp::start().await;
    let chat = app.chat(&app.shop().await).await;
    let response = ask(&app, &chat, "How many orders are there for each customer name?").await;
    assert_eq!(response.headers()["x-vercel-ai-ui-message-stream"], "v1");
    assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let parts = parts(&response.text().await.unwrap());
    let mut kept = types(&parts);
    kept.retain(|t| !matches!(*t, "data-status" | "data-chart" | "data-usage"));
    assert_eq!(
        kept,
        [
            "start",
            "start-step",
            "data-sql",
            "data-execution",
            "data-rows",
            "text-start",
            "text-delta",
            "text-end",
            "finish-step",
            "finish"
        ]
    );
    let message = parts[0]["messageId"].as_str().unwrap();
    let stored = app.get(&format!("{chat}/messages")).await["items"][1].clone();
    assert_eq!((&stored["id"], &stored["status"]), (&json!(message), &json!("complete")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_no_table_answers_says_so() {
    let app = TestApp::start().await;
    let chat = app.chat(&app.shop().await).await;
    let parts = parts(&ask(&app, &chat, "Which volcano erupted last?").await.text().await.unwrap());
    let types = types(&parts);
    assert_eq!(types.first(), Some(&"start"));
    assert_eq!(types[types.len() - 2..], ["data-error", "error"], "{parts:?}");
    let told = &parts[parts.len() - 2]["data"];
    assert_eq!(told["code"], "A010");
    assert!(told["hint"].is_string());

    let (status, reply) =
        app.post(&format!("{chat}/messages"), json!({ "text": "Which volcano erupted last?" })).await;
    assert_eq!(status, StatusCode::OK, "the message is stored, and says that it failed");
    assert_eq!(
        (&reply["message"]["status"], &reply["message"]["error_code"]),
        (&json!("failed"), &json!("A010"))
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_before_it_starts_is_a_problem() {
    let app = TestApp::start().await;
    let chat = app.chat(&app.shop().await).await;
    let long = "x".repeat(5000);
    for (text, status, code) in
        [("  ", StatusCode::BAD_REQUEST, "A001"), (&long, StatusCode::PAYLOAD_TOO_LARGE, "A002")]
    {
        let response = app
            .request(Method::POST, &format!("{chat}/messages"))
            .header(ACCEPT, "text/event-stream")
            .json(&json!({ "text": text }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.json::<Value>().await.unwrap()["code"], code);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_cancels_the_work() {
    // a model that takes a question and never answers
    let model = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/v1", model.local_addr().unwrap());
    let settings =
        [("model.provider", "openai"), ("model.name", "silent"), ("model.base_url", address.as_str())];
    let app = TestApp::with(&settings).await;
    let chat = app.chat(&app.shop().await).await;
    let mut response = ask(&app, &chat, "How many customers are there?").await;
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"data: {\"type\":\"start\""), "{first:?}");
    let (mut asked, _) = model.accept().await.unwrap();
    let mut buffer = vec![0; 65_536];
    assert!(asked.read(&mut buffer).await.unwrap() > 0, "the model is asked");

    drop(response);
    // the daemon hangs up on the model, and the message says why there is no answer
    while asked.read(&mut buffer).await.is_ok_and(|n| n > 0) {}
    let messages =
        app.wait(&format!("{chat}/messages"), |page| page["items"][1]["status"] != "pending").await;
    let answer = &messages["items"][1];
    assert_eq!((&answer["status"], &answer["error_code"]), (&json!("cancelled"), &json!("A004")), "{answer}");
    app.stop().await;
}
