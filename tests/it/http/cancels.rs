//! What is cancelled is over, whatever the database does, and leaves a line.

use std::sync::Arc;

use querent::store::Conn;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::harness::on_postgres;
use crate::test_app::{TestApp, expect};

/// A database server that can be made to fall silent: what it says passes a gate.
struct Gate {
    port: u16,
    open: watch::Sender<bool>,
    /// Told of each time that something waits at the closed gate.
    held: Arc<Notify>,
}

impl Gate {
    async fn before(server: String) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (open, gate) = watch::channel(true);
        let held = Arc::new(Notify::new());
        let told = held.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, gate.clone(), told.clone()));
            }
        });
        Gate { port, open, held }
    }
}

async fn pass(client: TcpStream, server: TcpStream, mut gate: watch::Receiver<bool>, held: Arc<Notify>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asked = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let answered = async {
        let mut buffer = vec![0; 65_536];
        loop {
            let read = from_server.read(&mut buffer).await?;
            if read > 0 && !*gate.borrow() {
                held.notify_one();
            }
            if read == 0 || gate.wait_for(|open| *open).await.is_err() {
                return Ok(());
            }
            to_client.write_all(&buffer[..read]).await?;
        }
    };
    tokio::select! {
        ended = asked => drop::<std::io::Result<()>>(ended),
        ended = answered => drop::<std::io::Result<()>>(ended),
    }
}

fn actions(audits: &Value, of: &str) -> Vec<String> {
    let lines = audits["items"].as_array().unwrap().iter();
    lines.filter(|l| l["subject"] == of).map(|l| l["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_of_a_silent_database_is_cancelled() {
    on_postgres(|store| async move {
        store.db.execute("CREATE TABLE shelf (id bigint PRIMARY KEY)", &[]).await.unwrap();
        let mut url = url::Url::parse(&store.place).unwrap();
        let gate = Gate::before(format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())).await;
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(gate.port)).unwrap();
        let app = TestApp::start().await;
        let (status, made) =
            app.post("/api/v1/connections", json!({ "name": "silent", "url": url.as_str() })).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let crawls = format!("/api/v1/connections/{}/crawls", made["connection"]["id"].as_str().unwrap());

        gate.open.send(false).unwrap();
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
        gate.open.send(true).unwrap();
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
