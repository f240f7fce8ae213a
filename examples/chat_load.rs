//! Sends chat messages at a fixed rate and prints how long the answers took, counted from the moment at which each was due:
//! a server that falls behind cannot hide it by answering less. `benches/figures/chat.py` runs it against the daemon and
//! against a service of the same shape.
//!
//! `cargo run --release --example chat_load -- BASE TOKEN CONNECTION RATE SECONDS CHATS STREAMS`

#![allow(clippy::unwrap_used, clippy::expect_used)] // a program that measures stops at what it did not expect

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::StreamExt;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// What is sent and where to.
#[derive(Clone)]
struct Target {
    client: Client,
    base: String,
    token: String,
}

/// What came back.
#[derive(Default)]
struct Seen {
    /// Microseconds from due to answered.
    latencies: Vec<u64>,
    /// Answers that were not as they should be, by what they were.
    errors: BTreeMap<String, u64>,
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [base, token, connection, rate, seconds, chats, streams] = &args[..] else {
        eprintln!("usage: chat_load BASE TOKEN CONNECTION RATE SECONDS CHATS STREAMS");
        std::process::exit(2);
    };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let client = Client::builder().no_proxy().pool_max_idle_per_host(4_096).build().unwrap();
    let target = Target { client, base: base.clone(), token: token.clone() };
    let made = make_chats(&target, connection, number(chats) + number(streams)).await;
    let (chats, quiet) = made.split_at(number(chats) as usize);
    let open: Vec<_> = quiet.iter().map(|chat| tokio::spawn(stream(target.clone(), chat.clone()))).collect();
    // a short run first: connections are made, statements prepared
    load(&target, chats, number(rate) / 5, 5).await;
    let seen = load(&target, chats, number(rate), number(seconds)).await;
    let mut whole = 0;
    for stream in open {
        whole += u64::from(stream.await.unwrap());
    }
    report(seen, whole, number(streams));
}

async fn make_chats(target: &Target, connection: &str, count: u64) -> Vec<String> {
    let body = json!({ "connection_id": connection });
    let make = |_| async {
        let answer = post(target, "/api/v1/chats", &body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    };
    futures::stream::iter(0..count).map(make).buffered(8).collect().await
}

fn post(target: &Target, path: &str, body: &Value) -> reqwest::RequestBuilder {
    target.client.post(format!("{}{path}", target.base)).bearer_auth(&target.token).json(body)
}

async fn load(target: &Target, chats: &[String], rate: u64, seconds: u64) -> Seen {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let start = Instant::now();
    let mut sent = Vec::new();
    for number in 0..rate * seconds {
        let due = start + Duration::from_micros(number * 1_000_000 / rate);
        tokio::time::sleep_until(due.into()).await;
        let chat = chats[number as usize % chats.len()].clone();
        sent.push(tokio::spawn(ask(target.clone(), chat, number, due, seen.clone())));
    }
    for one in sent {
        one.await.unwrap();
    }
    let took = start.elapsed().as_secs_f64();
    println!("  {} messages in {took:.1} s", rate * seconds);
    Arc::into_inner(seen).unwrap().into_inner().unwrap()
}

async fn ask(target: Target, chat: String, number: u64, due: Instant, seen: Arc<Mutex<Seen>>) {
    let body = json!({ "text": format!("How many orders does customer {} have?", number % 500) });
    let outcome = async {
        let answer = post(&target, &format!("/api/v1/chats/{chat}/messages"), &body).send().await?;
        let status = answer.status();
        Ok::<_, reqwest::Error>((status, answer.json::<Value>().await?))
    };
    let fault = match outcome.await {
        Ok((StatusCode::OK, answer)) if answer["message"]["status"] == "complete" => None,
        Ok((StatusCode::OK, answer)) => Some(format!("answer: {}", answer["message"]["error_code"])),
        Ok((status, answer)) => Some(format!("{status}: {}", answer["code"])),
        Err(error) => Some(format!("client: {error}")),
    };
    let took = due.elapsed().as_micros() as u64;
    let mut seen = seen.lock().unwrap();
    seen.latencies.push(took);
    if let Some(fault) = fault {
        *seen.errors.entry(fault).or_default() += 1;
    }
}

/// Holds a stream open for as long as the model takes; true when it came to its proper end.
async fn stream(target: Target, chat: String) -> bool {
    let body = json!({ "text": "How many orders are there? Take your time: slowly." });
    let request = post(&target, &format!("/api/v1/chats/{chat}/messages"), &body);
    let answer = request.header("accept", "text/event-stream").send().await.unwrap();
    let mut pieces = answer.bytes_stream();
    let mut tail = Vec::new();
    while let Some(Ok(piece)) = pieces.next().await {
        tail.extend_from_slice(&piece);
        let excess = tail.len().saturating_sub(64);
        tail.drain(..excess);
    }
    String::from_utf8_lossy(&tail).contains("[DONE]")
}

fn report(mut seen: Seen, whole: u64, streams: u64) {
    seen.latencies.sort_unstable();
    let at = |share: f64| {
        let place = ((seen.latencies.len() as f64 * share) as usize).min(seen.latencies.len() - 1);
        seen.latencies[place] as f64 / 1_000.0
    };
    println!(
        "  ms from due to answered: p50 {:.1}, p90 {:.1}, p99 {:.1}, p99.9 {:.1}, most {:.1}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0)
    );
    let errors: u64 = seen.errors.values().sum();
    println!("  errors: {errors} {:?}; streams that ended well: {whole} of {streams}", seen.errors);
}
