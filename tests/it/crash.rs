//! kill -9 of the real binary: what was running is called interrupted, nothing is there by half, and the next start works.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use querent::model::PageRequest;
use querent::store::{Db, catalog, connections};
use serde_json::{Value, json};

use crate::cli::Desk;
use crate::harness::as_owner;

/// Rows without end, so that a result file is being written when the kill comes. Texts: their type needs no second look.
const STREAMING: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000000000) SELECT 'row ' || x AS label FROM n";
/// The question whose recorded answer is that statement.
const QUESTION: &str = "Count for ever";
/// Longest wait for something that takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running daemon; killed at the end, whatever the end is.
struct Daemon {
    child: Child,
    address: String,
    token: String,
    client: reqwest::Client,
}

impl Daemon {
    fn start(desk: &Desk) -> Daemon {
        let recorded = json!({ "question": QUESTION, "predicted_sql": STREAMING }).to_string();
        std::fs::write(desk.path("recorded.jsonl"), recorded).unwrap();
        let mut child = desk
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .env("QUERENT_MODEL_PROVIDER", "recorded")
            .env("QUERENT_MODEL_FILE", "recorded.jsonl")
            .env("QUERENT_LIMITS_ROWS", "1000000000")
            .env("QUERENT_LIMITS_BYTES", "100000000000")
            .env("QUERENT_LOG_LEVEL", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.find_map(|line| line.unwrap().split_once("http://").map(|(_, rest)| rest.to_owned()));
        let address = line.unwrap().split(['/', ' ']).next().unwrap().to_owned();
        let token = std::fs::read_to_string(desk.path("data/owner.token")).unwrap().trim().to_owned();
        Daemon { child, address, token, client: reqwest::Client::new() }
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.address)).bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.request(reqwest::Method::GET, path).send().await.unwrap();
        let status = answer.status();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.request(reqwest::Method::POST, path).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// Asks a path until its answer fulfils a condition.
    async fn until(&self, path: &str, what: &str, met: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let answer = self.get(path).await;
            if met(&answer) {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{what} never came: {answer}");
        }
    }

    /// The id of the connection of that name.
    async fn connection(&self, name: &str) -> String {
        let listed = self.get("/api/v1/connections").await;
        let found = listed["items"].as_array().unwrap().iter().find(|c| c["name"] == name).unwrap().clone();
        found["id"].as_str().unwrap().to_owned()
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.child.kill().unwrap();
        assert!(!self.child.wait().unwrap().success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It is dead already where a case has killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn results(desk: &Desk) -> Vec<PathBuf> {
    std::fs::read_dir(desk.path("data/results")).unwrap().map(|e| e.unwrap().path()).collect()
}

fn is_partial(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "partial") && path.metadata().is_ok_and(|m| m.len() > 100_000)
}

/// Waits until a result file is being written.
async fn until_writing(desk: &Desk) {
    let start = Instant::now();
    while !results(desk).iter().any(|path| is_partial(path)) {
        assert!(start.elapsed() < PATIENCE, "no result was written");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_that_a_kill_cut_off_is_interrupted() {
    let desk = Desk::new();
    desk.registered();
    let daemon = Daemon::start(&desk);
    let connection = daemon.connection("library").await;
    let query =
        daemon.post("/api/v1/queries", json!({ "connection_id": connection, "sql": STREAMING })).await;
    let path = format!("/api/v1/queries/{}/executions", query["id"].as_str().unwrap());
    let execution = daemon.post(&path, json!({})).await;
    let record = format!("/api/v1/executions/{}", execution["id"].as_str().unwrap());
    daemon.until(&record, "the running execution", |e| e["status"] == "running").await;
    until_writing(&desk).await;
    daemon.kill();

    let daemon = Daemon::start(&desk);
    let execution = daemon.get(&record).await;
    assert_eq!(execution["status"], "interrupted");
    assert_eq!(execution["error_code"], "S030");
    assert_eq!(results(&desk), Vec::<PathBuf>::new(), "a piece of a result was left");
    let sql = "SELECT count(*) AS n FROM books";
    let query = daemon.post("/api/v1/queries", json!({ "connection_id": connection, "sql": sql })).await;
    let path = format!("/api/v1/queries/{}/executions", query["id"].as_str().unwrap());
    let again = daemon.post(&path, json!({})).await;
    let record = format!("/api/v1/executions/{}", again["id"].as_str().unwrap());
    daemon.until(&record, "the result", |e| e["status"] == "succeeded").await;
    assert_eq!(daemon.get(&format!("{record}/rows")).await["rows"], json!([[3]]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_a_kill_cut_off_is_interrupted() {
    let desk = Desk::new();
    desk.registered();
    let daemon = Daemon::start(&desk);
    let connection = daemon.connection("library").await;
    let chat = daemon.post("/api/v1/chats", json!({ "connection_id": connection })).await;
    let messages = format!("/api/v1/chats/{}/messages", chat["id"].as_str().unwrap());
    let asked = daemon.request(reqwest::Method::POST, &messages).header("content-type", "application/json");
    let asked = tokio::spawn(asked.body(json!({ "text": QUESTION }).to_string()).send());
    let pending = |page: &Value| page["items"].as_array().unwrap().iter().any(|m| m["status"] == "pending");
    daemon.until(&messages, "the pending answer", pending).await;
    until_writing(&desk).await;
    daemon.kill();
    assert!(asked.await.unwrap().is_err(), "the client is told by the closed connection");

    let daemon = Daemon::start(&desk);
    let page = daemon.get(&messages).await;
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{page}");
    assert_eq!((&items[0]["role"], &items[1]["status"]), (&json!("user"), &json!("interrupted")), "{page}");
    assert_eq!(results(&desk), Vec::<PathBuf>::new());
    assert!(!page.to_string().contains("\"pending\""), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crawl_that_a_kill_cut_off_is_interrupted() {
    let desk = Desk::new();
    // The lock below keeps the crawl waiting, so that the kill comes in its middle.
    desk.run(&["connection", "add", "library", "sqlite:library.db?busy_timeout_ms=60000"]).ends(0);
    let lock = rusqlite::Connection::open(desk.path("library.db")).unwrap();
    lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let daemon = Daemon::start(&desk);
    let connection = daemon.connection("library").await;
    let crawls = format!("/api/v1/connections/{connection}/crawls");
    let crawl = daemon.post(&crawls, json!({})).await;
    let record = format!("/api/v1/crawls/{}", crawl["id"].as_str().unwrap());
    daemon.until(&record, "the running crawl", |c| c["status"] == "running").await;
    daemon.kill();
    lock.execute_batch("ROLLBACK").unwrap();

    let daemon = Daemon::start(&desk);
    assert_eq!(daemon.get(&record).await["status"], "interrupted");
    let schemas = format!("/api/v1/connections/{connection}/schemas");
    assert_eq!(daemon.get(&schemas).await["items"], json!([]), "no version of half a crawl");
    let crawl = daemon.post(&crawls, json!({})).await;
    let record = format!("/api/v1/crawls/{}", crawl["id"].as_str().unwrap());
    daemon.until(&record, "the crawl's end", |c| c["status"] == "succeeded").await;
    assert_eq!(daemon.get(&schemas).await["items"][0]["table_count"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_spread_over_whole_runs_leave_a_store_that_works() {
    const KILLS: u32 = 20;
    let desk = Desk::new();
    desk.registered();
    let commands: [&[&str]; 2] =
        [&["crawl", "--on", "library"], &["ask", "Show the titles of all books", "--on", "library"]];
    let whole = Instant::now();
    desk.run(commands[1]).ends(0);
    let whole = whole.elapsed();
    let mut killed = 0;
    for kill in 0..KILLS {
        desk.database(
            "library.db",
            &format!("CREATE TABLE extra_{kill} (id INTEGER PRIMARY KEY, note TEXT)"),
        );
        let command = commands[kill as usize % commands.len()];
        let mut child = desk.command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Each kill a little later in the run than the one before.
        let (start, moment) = (Instant::now(), whole * kill / KILLS);
        while start.elapsed() < moment && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        killed += i32::from(child.wait().unwrap().code().is_none());
    }
    assert!(killed >= 5, "most runs had ended before their kill: {killed} of {KILLS}");

    desk.run(&["doctor"]).ends(0);
    let crawled = desk.run(&["crawl", "--on", "library"]).ends(0);
    assert!(crawled.out.contains("23 tables"), "{crawled:?}");
    desk.run(commands[1]).ends(0);
    assert!(!results(&desk).iter().any(|path| path.extension().is_some_and(|e| e == "partial")));

    let db = as_owner(&Db::open_sqlite(&desk.path("data/querent.db")).await.unwrap());
    let library = connections::find_by_name(&db, "library").await.unwrap().unwrap();
    let versions = catalog::list(&db, library.id, PageRequest::first().with_limit(200)).await.unwrap().items;
    assert!(versions.len() >= 2, "{versions:?}");
    for version in versions {
        let loaded = catalog::load(&db, &version).await.unwrap();
        assert_eq!(
            loaded.tables.len() as i64,
            version.table_count,
            "version {} lacks tables",
            version.number()
        );
        let columns: usize = loaded.tables.iter().map(|t| t.columns.len()).sum();
        assert_eq!(columns as i64, version.column_count, "version {} lacks columns", version.number());
    }
    db.close().await;
}
