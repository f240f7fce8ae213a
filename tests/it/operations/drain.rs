//! The end of a daemon: it says that it is not ready, what runs may end, and what does not is given back.

use std::time::{Duration, Instant};

use reqwest::header::ACCEPT;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::{Process, client, text};
use crate::cli::{Desk, ENDLESS};

const QUESTION: &str = "Which number is the last?";

/// A desk whose daemon answers one question with a statement that runs for hours.
pub fn desk() -> Desk {
    let desk = Desk::new();
    desk.registered();
    desk.file("answers.jsonl", &json!({ "question": QUESTION, "predicted_sql": ENDLESS }).to_string());
    desk
}

fn start(desk: &Desk, drain: &str) -> Process {
    Process::start(
        desk,
        &[
            ("QUERENT_MODEL_PROVIDER", "recorded"),
            ("QUERENT_MODEL_FILE", "answers.jsonl"),
            ("QUERENT_LIMITS_SECONDS", "3600"),
            ("QUERENT_SERVER_DRAIN_SECONDS", drain),
        ],
    )
}

/// Asks the question; gives the stream once its statement runs, and the execution's key.
pub async fn ask(daemon: &Process, client: &Client) -> (Response, String) {
    let chat = daemon.chat(client).await;
    let ask = client.post(chat).header(ACCEPT, "text/event-stream").bearer_auth(&daemon.token);
    let mut stream = ask.json(&json!({ "text": QUESTION })).send().await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let mut seen = String::new();
    loop {
        let chunk = stream.chunk().await.unwrap().unwrap_or_else(|| panic!("it ended: {seen}"));
        seen.push_str(std::str::from_utf8(&chunk).unwrap());
        if let Some((_, rest)) = seen.split_once("\"type\":\"data-execution\"") {
            let id = rest.split_once("\"id\":\"").unwrap().1.split('"').next().unwrap();
            return (stream, id.to_owned());
        }
    }
}

async fn not_ready(daemon: &Process, client: &Client) {
    let started = Instant::now();
    loop {
        let answer = client.get(format!("{}/readyz", daemon.base)).send().await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(answer.headers()["connection"], "close");
            assert_eq!(answer.json::<Value>().await.unwrap()["code"], "H017");
            return;
        }
        assert!(started.elapsed() < super::PATIENCE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_may_end_before_the_daemon_does() {
    let desk = desk();
    let mut daemon = start(&desk, "3600");
    let client = client();
    let (stream, id) = ask(&daemon, &client).await;
    daemon.signal("-TERM");
    not_ready(&daemon, &client).await;
    text(client.get(format!("{}/healthz", daemon.base)).send().await.unwrap(), StatusCode::OK).await;
    assert!(daemon.runs());
    // it ends because somebody cancels it, and the stream tells so to its end
    let cancel = client.post(format!("{}/api/v1/executions/{id}/cancel", daemon.base));
    daemon.expect(cancel, StatusCode::ACCEPTED).await;
    let rest = stream.text().await.unwrap();
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
    assert!(daemon.ended().await.success(), "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_cut_off_and_left_to_the_next() {
    let desk = desk();
    let mut daemon = start(&desk, "2");
    let client = client();
    let (stream, id) = ask(&daemon, &client).await;
    let told = Instant::now();
    daemon.signal("-TERM");
    assert!(daemon.ended().await.success(), "{}", daemon.log());
    let took = told.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(20), "{took:?}");
    assert!(!stream.text().await.unwrap_or_default().contains("[DONE]"), "its end was not told");
    // the next daemon finds nothing that still looks alive
    let next = start(&desk, "2");
    let run = format!("{}/api/v1/executions/{id}", next.base);
    next.execution(&client, &run, |run| run["status"] != "running").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_without_a_client_gets_its_time_too() {
    let desk = desk();
    let mut daemon = start(&desk, "3600");
    let client = client();
    let run = daemon.execute(&client, ENDLESS).await;
    daemon.execution(&client, &run, |run| run["status"] == "running").await;
    daemon.signal("-TERM");
    not_ready(&daemon, &client).await;
    assert!(daemon.runs());
    daemon.expect(client.post(format!("{run}/cancel")), StatusCode::ACCEPTED).await;
    assert!(daemon.ended().await.success(), "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_twice_does_not_wait() {
    let desk = desk();
    let mut daemon = start(&desk, "3600");
    let client = client();
    let (_stream, _) = ask(&daemon, &client).await;
    daemon.signal("-TERM");
    not_ready(&daemon, &client).await;
    daemon.signal("-TERM");
    assert_eq!(daemon.ended().await.code(), Some(130), "{}", daemon.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_nobody_waits_for_ends_at_once() {
    let desk = desk();
    let mut daemon = start(&desk, "3600");
    let client = client();
    text(client.get(format!("{}/healthz", daemon.base)).send().await.unwrap(), StatusCode::OK).await;
    // the client's connection is still open, and idle
    daemon.signal("-TERM");
    assert!(daemon.ended().await.success(), "{}", daemon.log());
}
