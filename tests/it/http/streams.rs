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

/// Goes on with a stream; gives its parts and the numbers of its events.
async fn go_on(app: &TestApp, path: &str, last: Option<&str>) -> (Vec<Value>, Vec<i64>) {
    let mut request = app.request(Method::GET, path);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-vercel-ai-ui-message-stream"], "v1");
    let text = response.text().await.unwrap();
    let numbers = text.split("\n\n").filter_map(|f| f.strip_prefix("id: ")).map(|n| n.parse().unwrap());
    (parts(&text), numbers.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_delivered_is_told_again_from_its_message() {
    let app = TestApp::start().await;
    let chat = app.chat(&app.shop().await).await;
    let text = ask(&app, &chat, "How many customers are there?").await.text().await.unwrap();
    let numbers: Vec<i64> =
        text.split("\n\n").filter_map(|f| f.strip_prefix("id: ")).map(|n| n.parse().unwrap()).collect();
    assert!(numbers.len() > 3 && numbers.iter().zip(1..).all(|(n, place)| *n == place), "{numbers:?}");
    let first = parts(&text);
    let stream = format!("{chat}/messages/{}/stream", first[0]["messageId"].as_str().unwrap());
    let (again, _) = go_on(&app, &stream, None).await;
    let of = |parts: &[Value], kind: &str| parts.iter().find(|p| p["type"] == kind).cloned();
    for kind in ["start", "data-sql", "data-rows", "text-delta", "finish"] {
        assert_eq!(of(&again, kind), of(&first, kind), "{kind}");
    }

    let other = app.chat(app.get("/api/v1/connections").await["items"][0]["id"].as_str().unwrap()).await;
    let wrong = stream.replace(&chat, &other);
    assert_eq!(app.request(Method::GET, &wrong).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let bad = app.request(Method::GET, &stream).header("last-event-id", "x").send().await.unwrap();
    assert_eq!(bad.json::<Value>().await.unwrap()["code"], "H018");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_answer_outlives_its_client_and_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.jsonl");
    // long enough that its client is gone before it ends
    let slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000) SELECT max(x) AS n FROM n";
    std::fs::write(&file, json!({ "question": "Count for a while", "predicted_sql": slow }).to_string())
        .unwrap();
    let path = file.display().to_string();
    let app = TestApp::with(&[("model.provider", "recorded"), ("model.file", path.as_str())]).await;
    let chat = app.chat(&app.shop().await).await;
    let response = app
        .request(Method::POST, &format!("{chat}/messages?detached=true"))
        .header(ACCEPT, "text/event-stream")
        .json(&json!({ "text": "Count for a while" }))
        .send();
    let mut response = response.await.unwrap();
    let first = String::from_utf8(response.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    let start: Value =
        serde_json::from_str(first.split("\n\n").next().unwrap().trim_start_matches("data: ")).unwrap();
    drop(response);
    let stream = format!("{chat}/messages/{}/stream", start["messageId"].as_str().unwrap());
    let (rest, numbers) = go_on(&app, &stream, Some("1")).await;
    assert_eq!(types(&rest).last(), Some(&"finish"), "{rest:?}");
    let rows = rest.iter().find(|p| p["type"] == "data-rows").unwrap();
    assert_eq!(rows["data"]["rows"], json!([[1_000_000]]), "rows are read from the result: {rows}");
    assert!(numbers.first() == Some(&2) && numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    app.stop().await;
}
