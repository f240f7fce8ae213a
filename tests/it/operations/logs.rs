//! Logs: every line of a request tells its id, in both forms, and slow statements are told without what they hold.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Process, client};
use crate::cli::Desk;

fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// The id of the request that a line belongs to.
fn request(line: &Value) -> Option<&str> {
    line["spans"].as_array()?.iter().find(|span| span["name"] == "request")?["request"].as_str()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_a_request_tell_its_id() {
    let desk = Desk::new();
    desk.registered();
    let daemon =
        Process::start(&desk, &[("QUERENT_LOG_FORMAT", "json"), ("QUERENT_LOG_LEVEL", "querent=debug")]);
    let client = client();
    let list =
        client.get(format!("{}/api/v1/connections", daemon.base)).header("x-request-id", "of-this-test");
    daemon.expect(list, StatusCode::OK).await;
    let log = daemon.logged(|log| log.contains("of-this-test")).await;
    let told: Vec<Value> = lines(&log).into_iter().filter(|l| request(l) == Some("of-this-test")).collect();
    let answered = told.iter().find(|l| l["fields"]["message"] == "answered").unwrap();
    assert_eq!(answered["fields"]["path"], "/api/v1/connections");
    assert_eq!(answered["fields"]["status"], 200);
    assert_eq!(answered["fields"]["client"], "127.0.0.1");
    assert!(!log.contains(&daemon.token));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_not_in_the_log() {
    let desk = Desk::new();
    desk.registered();
    let settings = [("QUERENT_LOG_LEVEL", "querent=trace"), ("QUERENT_LOG_SLOW_QUERY_MS", "1")];
    let daemon = Process::start(&desk, &settings);
    let client = client();
    let chat = daemon.chat(&client).await;
    let answer = client.post(&chat).json(&json!({ "text": "How many authors are in Norway?" }));
    daemon.expect(answer, StatusCode::OK).await;
    let log = daemon.logged(|log| log.contains("/messages")).await;
    assert!(!log.contains("How many") && !log.contains("Norway"), "{log}");
}
