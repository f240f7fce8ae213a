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

const SQL: &str = "SELECT count(*) AS n FROM authors WHERE country = 'Norway'";

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_statement_is_told_without_its_text() {
    for (text, shown) in [("false", false), ("true", true)] {
        let desk = Desk::new();
        desk.registered();
        let daemon = Process::start(
            &desk,
            &[
                ("QUERENT_LOG_FORMAT", "json"),
                ("QUERENT_LOG_LEVEL", "warn"),
                ("QUERENT_LOG_SLOW_QUERY_MS", "1"),
                ("QUERENT_LOG_SLOW_QUERY_TEXT", text),
            ],
        );
        let client = client();
        let run = daemon.execute(&client, SQL).await;
        let run = daemon.execution(&client, &run, |run| run["status"] == "succeeded").await;
        let log = daemon.logged(|log| log.contains("a slow statement")).await;
        let line = lines(&log).into_iter().find(|l| l["fields"]["message"] == "a slow statement").unwrap();
        assert!(request(&line).is_some(), "the request that began it: {line}");
        let fields = &line["fields"];
        assert_eq!((&fields["execution"], &fields["rows"]), (&run["id"], &json!(1)), "{line}");
        assert_eq!((&fields["engine"], &fields["connection"]), (&json!("sqlite"), &run["connection_id"]));
        assert!(fields["ms"].as_u64().unwrap() >= 1 && fields["statement"].as_str().unwrap().len() == 16);
        assert_eq!(fields["sql"].as_str().is_some_and(|sql| sql.contains("SELECT")), shown, "{line}");
        assert_eq!(log.contains("Norway"), shown, "{log}");
    }
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
