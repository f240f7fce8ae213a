//! Clients that ask and run without pause, and go to another daemon when theirs is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use querent::model::Id;
use reqwest::header::ACCEPT;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::daemon::{Fleet, QUESTION, id};

/// A stream that was gone on with must have ended by then.
const PATIENCE: Duration = Duration::from_secs(60);
/// Before a client asks again whom it could not reach.
const BREATH: Duration = Duration::from_millis(50);

/// What clients were told.
#[derive(Default)]
pub struct Tally {
    /// Answers whose beginning was heard.
    pub messages: Vec<Id>,
    /// Executions that were accepted.
    pub executions: Vec<Id>,
    /// Questions of which nothing was heard.
    pub unheard: usize,
    /// Streams that broke and were gone on with.
    pub resumed: usize,
}

impl Tally {
    /// Adds another's.
    pub fn add(&mut self, other: Tally) {
        self.messages.extend(other.messages);
        self.executions.extend(other.executions);
        self.unheard += other.unheard;
        self.resumed += other.resumed;
    }
}

/// A client; it begins with the daemon of its number.
pub struct Client {
    fleet: Arc<Fleet>,
    at: usize,
    stop: Arc<AtomicBool>,
}

/// What was heard of a stream.
#[derive(Default)]
struct Heard {
    message: Option<Id>,
    last: i64,
    done: bool,
    rest: String,
}

impl Heard {
    /// Takes bytes in; numbers must grow, also from one daemon to the next.
    fn take(&mut self, bytes: &[u8]) {
        self.rest.push_str(&String::from_utf8_lossy(bytes));
        while let Some(end) = self.rest.find("\n\n") {
            let frame: String = self.rest.drain(..end + 2).collect();
            if let Some(number) = frame.trim().strip_prefix("id: ") {
                let number: i64 = number.parse().unwrap();
                assert!(number > self.last, "event {number} came after {}", self.last);
                self.last = number;
            } else if frame.trim() == "data: [DONE]" {
                self.done = true;
            } else if let Some(part) = frame.trim().strip_prefix("data: ") {
                let part: Value = serde_json::from_str(part).unwrap();
                assert_ne!(part["type"], "error", "{part}");
                if part["type"] == "start" {
                    self.message = Some(id(&part["messageId"]));
                }
            }
        }
    }

    /// Reads until the stream ends or breaks.
    async fn read(&mut self, mut response: Response) {
        self.rest.clear();
        while let Ok(Some(bytes)) = response.chunk().await {
            self.take(&bytes);
        }
    }
}

impl Client {
    /// A client.
    pub fn new(fleet: Arc<Fleet>, at: usize, stop: Arc<AtomicBool>) -> Client {
        Client { fleet, at, stop }
    }

    /// A chat of its own; gives its path.
    pub async fn chat(&self, connection: Id) -> String {
        let chat = self.fleet.post("/api/v1/chats", json!({ "connection_id": connection })).await;
        format!("/api/v1/chats/{}", id(&chat["id"]))
    }

    async fn next(&mut self) {
        self.at += 1;
        tokio::time::sleep(BREATH).await;
    }

    /// Asks one question after the other.
    pub async fn ask_on(mut self, chat: String) -> Tally {
        let mut tally = Tally::default();
        while !self.stop.load(Ordering::Relaxed) {
            let request = self.fleet.request(self.at, Method::POST, &format!("{chat}/messages"));
            let asked =
                request.header(ACCEPT, "text/event-stream").json(&json!({ "text": QUESTION })).send().await;
            let mut heard = Heard::default();
            match asked {
                Ok(response) if response.status() == StatusCode::OK => heard.read(response).await,
                Ok(response) => assert!(response.status().is_server_error() || response.status() == 429),
                Err(_) => {}
            }
            match heard.message {
                None => {
                    tally.unheard += 1;
                    self.next().await;
                }
                Some(message) => {
                    tally.messages.push(message);
                    tally.resumed += usize::from(!heard.done);
                    self.go_on(&chat, message, &mut heard).await;
                }
            }
        }
        tally
    }

    /// Goes on with a stream that broke, with one daemon after the other.
    async fn go_on(&mut self, chat: &str, message: Id, heard: &mut Heard) {
        let start = Instant::now();
        while !heard.done {
            assert!(start.elapsed() < PATIENCE, "the stream of {message} never ended");
            self.next().await;
            let path = format!("{chat}/messages/{message}/stream");
            let request = self.fleet.request(self.at, Method::GET, &path);
            let request = request.header("last-event-id", heard.last.to_string());
            if let Ok(response) = request.send().await
                && response.status() == StatusCode::OK
            {
                heard.read(response).await;
            }
        }
    }

    /// Starts one execution after the other.
    pub async fn run_on(mut self, query: Id) -> Tally {
        let mut tally = Tally::default();
        while !self.stop.load(Ordering::Relaxed) {
            let path = format!("/api/v1/queries/{query}/executions");
            let started = self.fleet.request(self.at, Method::POST, &path).json(&json!({})).send().await;
            if let Ok(response) = started
                && response.status() == StatusCode::ACCEPTED
                && let Ok(execution) = response.json::<Value>().await
            {
                tally.executions.push(id(&execution["id"]));
            }
            self.next().await;
            tokio::time::sleep(BREATH * 6).await;
        }
        tally
    }
}
