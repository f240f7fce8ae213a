//! The daemons: real processes, each with a data folder of its own, the same store and the same keys.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use querent::model::Id;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::cli::Desk;

/// A question whose answer takes a moment, so that kills come while it is given.
pub const QUESTION: &str = "Count for a while";
/// Its statement.
pub const COUNTING: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 300000) SELECT max(x) AS n FROM n";
/// Seconds without a sign of life after which a daemon counts as dead.
const LEASE: &str = "4";

/// Three daemons, some of them dead for a moment.
pub struct Fleet {
    members: Vec<Mutex<Member>>,
    token: String,
    client: reqwest::Client,
}

struct Member {
    command: Command,
    child: Child,
    address: String,
}

impl Member {
    fn start(mut command: Command) -> Member {
        let (child, address) = started(&mut command);
        Member { command, child, address }
    }
}

/// Starts a daemon and waits for its address.
fn started(command: &mut Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| line.unwrap().split_once("http://").map(|(_, rest)| rest.to_owned()));
    let address = line.expect("the daemon did not start").split(['/', ' ']).next().unwrap().to_owned();
    (child, address)
}

fn command(desk: &Desk, folder: &str, database_url: &str) -> Command {
    let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0", "--data-dir", folder]);
    command
        .env("DATABASE_URL", database_url)
        .env("QUERENT_JOBS_LEASE", LEASE)
        .env("QUERENT_MODEL_PROVIDER", "recorded")
        .env("QUERENT_MODEL_FILE", "recorded.jsonl")
        .env("QUERENT_LOG_LEVEL", "error")
        .stdout(Stdio::piped());
    command
}

impl Fleet {
    /// Starts them one after the other: the first makes keys, token and schema.
    pub async fn start(desk: &Desk, database_url: &str) -> Fleet {
        let recorded = json!({ "question": QUESTION, "predicted_sql": COUNTING }).to_string();
        desk.file("recorded.jsonl", &recorded);
        let mut members = vec![Mutex::new(Member::start(command(desk, "one", database_url)))];
        for folder in ["two", "three"] {
            std::fs::create_dir(desk.path(folder)).unwrap();
            std::fs::copy(desk.path("one/secret.key"), desk.path(folder).join("secret.key")).unwrap();
            members.push(Mutex::new(Member::start(command(desk, folder, database_url))));
        }
        let token = std::fs::read_to_string(desk.path("one/owner.token")).unwrap().trim().to_owned();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(90)).build().unwrap();
        Fleet { members, token, client }
    }

    /// Registers and crawls the library, and stores a query; gives both keys.
    pub async fn prepare(&self, desk: &Desk) -> (Id, Id) {
        let url = format!("sqlite:{}", desk.path("library.db").display());
        let made = self.post("/api/v1/connections", json!({ "name": "library", "url": url })).await;
        let connection = id(&made["connection"]["id"]);
        let crawl = self.post(&format!("/api/v1/connections/{connection}/crawls"), json!({})).await;
        let path = format!("/api/v1/crawls/{}", id(&crawl["id"]));
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        loop {
            let response = self.request(0, Method::GET, &path).send().await.unwrap();
            let run: Value = response.json().await.unwrap();
            match run["status"].as_str() {
                Some("queued" | "running") => looks.tick().await,
                status => {
                    assert_eq!(status, Some("succeeded"), "{run}");
                    break;
                }
            };
        }
        let query = json!({ "connection_id": connection, "sql": COUNTING });
        (connection, id(&self.post("/api/v1/queries", query).await["id"]))
    }

    /// Posts to the first, which must accept it.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let response = self.request(0, Method::POST, path).json(&body).send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// A request to one of them, wherever it listens now.
    pub fn request(&self, member: usize, method: Method, path: &str) -> RequestBuilder {
        let member = self.members[member % self.members.len()].lock().unwrap_or_else(PoisonError::into_inner);
        self.client.request(method, format!("http://{}{path}", member.address)).bearer_auth(&self.token)
    }

    /// SIGKILL, and a new start with the same folder.
    pub async fn kill_and_start(&self, member: usize) {
        let kill = |member: &Mutex<Member>| {
            let mut member = member.lock().unwrap_or_else(PoisonError::into_inner);
            member.child.kill().unwrap();
            assert!(!member.child.wait().unwrap().success());
        };
        kill(&self.members[member]);
        tokio::task::block_in_place(|| {
            let mut member = self.members[member].lock().unwrap_or_else(PoisonError::into_inner);
            let (child, address) = started(&mut member.command);
            (member.child, member.address) = (child, address);
        });
    }

    /// SIGTERM; all must end well.
    pub async fn stop(&self) {
        for member in &self.members {
            let mut member = member.lock().unwrap_or_else(PoisonError::into_inner);
            let id = member.child.id().to_string();
            assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
            assert!(member.child.wait().unwrap().success());
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // it is dead already where the case went well
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key in a document.
pub fn id(value: &Value) -> Id {
    Id::parse_str(value.as_str().unwrap()).unwrap()
}
