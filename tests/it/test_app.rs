//! A daemon of its own for a test: a data folder, the HTTP server on a free port, a client with the token, a small shop.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use querent::access::Caller;
use querent::app::{App, Desk, Setup};
use querent::{config, http};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Anything that a test waits for must be there by then; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running daemon.
pub struct TestApp {
    /// Its parts.
    pub app: Arc<App>,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// The owner's token.
    pub token: String,
    /// Sends without a token.
    pub client: Client,
    /// The data folder and the databases.
    pub folder: TempDir,
    stop: oneshot::Sender<()>,
    server: JoinHandle<querent::error::Result<()>>,
    leave: CancellationToken,
    worker: JoinHandle<()>,
}

impl TestApp {
    /// Starts one with the default settings.
    pub async fn start() -> TestApp {
        TestApp::with(&[]).await
    }

    /// Starts one with settings as `path`, `value`.
    pub async fn with(settings: &[(&str, &str)]) -> TestApp {
        TestApp::configured("", settings).await
    }

    /// Starts one with a configuration file and settings over it.
    pub async fn configured(file: &str, settings: &[(&str, &str)]) -> TestApp {
        // the first test of the binary installs it, the others find it there
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data").display().to_string();
        let mut flags =
            vec![("data_dir".to_owned(), data), ("server.listen".to_owned(), "127.0.0.1:0".to_owned())];
        flags.extend(settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())));
        let written = folder.path().join("querent.toml");
        std::fs::write(&written, file).unwrap();
        let sources = config::Sources { file: Some(written), flags, ..config::Sources::default() };
        let config = config::load(&sources).unwrap();
        let listen = config.server.listen;
        let app = Setup::new(config).app().await.unwrap().clone();
        let token = app.token.link.as_ref().unwrap().expose().to_owned();
        let (stop, stopped) = oneshot::channel();
        let (tell, address) = oneshot::channel();
        let serving = app.clone();
        let server = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or(()) };
            http::serve_until(serving, listen, |address| tell.send(address).unwrap(), stopped).await
        });
        let leave = CancellationToken::new();
        app.keeper.join().await.unwrap();
        let (keeper, told) = (app.keeper.clone(), leave.clone());
        tokio::spawn(async move { keeper.run(told).await });
        let (worker, told) = (app.worker.clone(), leave.clone());
        let worker = tokio::spawn(async move { worker.run(told).await });
        let base = format!("http://{}", address.await.unwrap());
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        TestApp { app, base, token, client, folder, stop, server, leave, worker }
    }

    /// Its parts for the owner, in the first workspace.
    pub fn desk(&self) -> Desk {
        self.app.desk(Arc::new(Caller::owner()))
    }

    /// Stops the server; it must end well.
    pub async fn stop(self) {
        drop(self.client);
        self.stop.send(()).unwrap();
        self.server.await.unwrap().unwrap();
        self.leave.cancel();
        self.worker.await.unwrap();
        self.app.keeper.leave().await;
        self.app.db.close().await;
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Gets a document.
    pub async fn get(&self, path: &str) -> Value {
        expect(self.request(Method::GET, path).send().await.unwrap(), StatusCode::OK).await
    }

    /// Posts a document and gives the answer with its status.
    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let response = self.request(Method::POST, path).json(&body).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap())
    }

    /// Gets a document again and again until it satisfies a condition.
    pub async fn wait(&self, path: &str, ready: impl Fn(&Value) -> bool) -> Value {
        let poll = async {
            loop {
                let value = self.get(path).await;
                if ready(&value) {
                    return value;
                }
            }
        };
        tokio::time::timeout(PATIENCE, poll).await.expect("it never came to that")
    }

    /// Waits for the end of a crawl or an execution.
    pub async fn ended(&self, path: &str) -> Value {
        self.wait(path, |run| !matches!(run["status"].as_str(), Some("queued" | "running"))).await
    }

    /// A registered and crawled shop; gives the connection's key.
    pub async fn shop(&self) -> String {
        let url = shop(self.folder.path());
        let (status, made) = self.post("/api/v1/connections", json!({ "name": "shop", "url": url })).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let id = made["connection"]["id"].as_str().unwrap().to_owned();
        let (status, run) = self.post(&format!("/api/v1/connections/{id}/crawls"), json!({})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{run}");
        let run = self.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        id
    }

    /// A chat about a connection; gives its path.
    pub async fn chat(&self, connection: &str) -> String {
        let (status, chat) = self.post("/api/v1/chats", json!({ "connection_id": connection })).await;
        assert_eq!(status, StatusCode::CREATED, "{chat}");
        format!("/api/v1/chats/{}", chat["id"].as_str().unwrap())
    }

    /// A stored query; gives its path.
    pub async fn query(&self, connection: &str, sql: &str) -> String {
        let (status, query) =
            self.post("/api/v1/queries", json!({ "connection_id": connection, "sql": sql })).await;
        assert_eq!(status, StatusCode::CREATED, "{query}");
        format!("/api/v1/queries/{}", query["id"].as_str().unwrap())
    }
}

/// The body of a response that must have a status.
pub async fn expect(response: Response, status: StatusCode) -> Value {
    let found = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A small shop in a SQLite file; gives its URL.
pub fn shop(folder: &Path) -> String {
    let path = folder.join("shop.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL);
         CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
                              placed_on TEXT NOT NULL, total NUMERIC NOT NULL);
         CREATE TABLE counters (n INTEGER PRIMARY KEY);
         INSERT INTO customers VALUES (1, 'Ada', 'Norway'), (2, 'Ben', 'Norway'), (3, 'Cleo', 'Peru');
         INSERT INTO orders VALUES (1, 1, '2024-01-02', 10), (2, 1, '2024-02-03', 20.5), (3, 3, '2024-02-04', 7);
         WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3000)
         INSERT INTO counters SELECT n FROM c;",
    )
    .unwrap();
    format!("sqlite:{}", path.display())
}
