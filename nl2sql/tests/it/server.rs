//! A scripted HTTP server: each connection gets the next answer, byte for byte.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nl2sql::model::{ModelConfig, Prices, Retry, Secret, Timeouts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub enum Step {
    Send(String),
    /// Keep the connection open and say nothing more.
    Hang,
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers one connection after the other; afterwards connections are refused.
    pub async fn start(answers: Vec<Vec<Step>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            let mut held = Vec::new();
            for steps in answers {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let request = read_request(&mut stream).await;
                seen.lock().expect("lock").push(request);
                if write(&mut stream, steps).await {
                    held.push(stream);
                }
            }
            drop(listener);
            // streams that hang stay open as long as the test runs
            std::future::pending::<()>().await;
        });
        Server { url, requests }
    }

    /// Head and body of what was sent, in order.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("lock").clone()
    }

    /// Short time-outs and waits of a millisecond.
    pub fn config(&self) -> ModelConfig {
        let mut config = ModelConfig::new(self.url.clone(), "test-model");
        config.key = Secret::new("sk-very-secret");
        config.timeouts = Timeouts {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            total: Duration::from_secs(20),
        };
        config.retry = Retry { tries: 3, base: Duration::from_millis(1), cap: Duration::from_millis(2) };
        config.prices = Some(Prices { input: 1.0, output: 10.0 });
        config
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if count == 0 {
                return text;
            }
            continue;
        };
        let length = head
            .lines()
            .filter_map(|l| {
                l.to_ascii_lowercase().strip_prefix("content-length:").map(str::trim).map(str::to_owned)
            })
            .find_map(|l| l.parse::<usize>().ok())
            .unwrap_or(0);
        if body.len() >= length || count == 0 {
            return text;
        }
    }
}

/// Whether the stream is to be held open.
async fn write(stream: &mut TcpStream, steps: Vec<Step>) -> bool {
    stream.set_nodelay(true).expect("nodelay");
    for step in steps {
        match step {
            Step::Hang => return true,
            Step::Send(text) => {
                stream.write_all(text.as_bytes()).await.expect("write");
                stream.flush().await.expect("flush");
                tokio::task::yield_now().await;
            }
        }
    }
    stream.shutdown().await.ok();
    false
}

fn send(text: impl Into<String>) -> Step {
    Step::Send(text.into())
}

/// A whole reply of a status with headers and a body.
pub fn status(line: &str, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    vec![send(format!(
        "HTTP/1.1 {line}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))]
}

/// A stream of events, cut into the given pieces.
pub fn stream(pieces: &[&str]) -> Vec<Step> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    std::iter::once(head).chain(pieces.iter().copied()).map(send).collect()
}

/// An OpenAI stream that says `text` and ends well.
pub fn openai(text: &str) -> Vec<Step> {
    let delta = serde_json::json!({"model": "test-model-0613", "choices": [{"index": 0, "delta": {"content": text}}]});
    let stop = serde_json::json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let usage = serde_json::json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20}});
    stream(&[&format!("data: {delta}\n\ndata: {stop}\n\n"), &format!("data: {usage}\n\ndata: [DONE]\n\n")])
}
