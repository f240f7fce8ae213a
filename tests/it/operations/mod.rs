//! What those who run a daemon rely on: metrics, logs, TLS, a proxy in front, its end. Daemons here are processes of the
//! binary.

mod certificates;
mod deploy;
mod doctor;
mod drain;
mod logs;
mod metrics;
mod proxy;
mod tls;
mod traces;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::cli::Desk;

/// Anything that a test waits for must be there by then; far more than it takes.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what another process does.
const LOOK: Duration = Duration::from_millis(10);

/// A daemon of the binary; killed at the end, whatever the end is.
pub struct Process {
    child: Child,
    /// `http://127.0.0.1:PORT`, or with https.
    pub base: String,
    /// The owner's token.
    pub token: String,
    log: PathBuf,
}

impl Process {
    /// Starts one over the desk's data folder, with settings as variables of the environment.
    pub fn start(desk: &Desk, settings: &[(&str, &str)]) -> Process {
        let log = desk.path("serve.log");
        let mut child = desk
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let told = line.split_once("Open ").and_then(|(_, link)| link.trim().split_once("/docs#token="));
        let Some((base, token)) = told else {
            panic!("{line:?}, {}", std::fs::read_to_string(&log).unwrap());
        };
        Process { base: base.to_owned(), token: token.to_owned(), child, log }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.base.split_once("://").unwrap().1
    }

    /// Everything that it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until its log satisfies a condition, and gives the log.
    pub async fn logged(&self, there: impl Fn(&str) -> bool) -> String {
        wait(|| Some(self.log()).filter(|log| there(log))).await
    }

    /// Sends a signal.
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        wait(|| self.child.try_wait().unwrap()).await
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a request with the token and gives the document; it must have that status.
    pub async fn expect(&self, request: RequestBuilder, status: StatusCode) -> Value {
        let response = request.bearer_auth(&self.token).send().await.unwrap();
        crate::test_app::expect(response, status).await
    }

    /// A question about the desk's library in a new chat: its path.
    pub async fn chat(&self, client: &Client) -> String {
        let list = client.get(format!("{}/api/v1/connections", self.base));
        let list = self.expect(list, StatusCode::OK).await;
        let id = &list["items"][0]["id"];
        let chat = client.post(format!("{}/api/v1/chats", self.base)).json(&json!({ "connection_id": id }));
        let chat = self.expect(chat, StatusCode::CREATED).await;
        format!("{}/api/v1/chats/{}/messages", self.base, chat["id"].as_str().unwrap())
    }

    /// Starts a stored statement over the desk's library; gives the execution's address.
    pub async fn execute(&self, client: &Client, sql: &str) -> String {
        let list = client.get(format!("{}/api/v1/connections", self.base));
        let list = self.expect(list, StatusCode::OK).await;
        let query = json!({ "connection_id": list["items"][0]["id"], "sql": sql });
        let query = client.post(format!("{}/api/v1/queries", self.base)).json(&query);
        let query = self.expect(query, StatusCode::CREATED).await;
        let run = format!("{}/api/v1/queries/{}/executions", self.base, query["id"].as_str().unwrap());
        let run = self.expect(client.post(run), StatusCode::ACCEPTED).await;
        format!("{}/api/v1/executions/{}", self.base, run["id"].as_str().unwrap())
    }

    /// Waits until an execution satisfies a condition.
    pub async fn execution(&self, client: &Client, path: &str, ready: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let run = self.expect(client.get(path), StatusCode::OK).await;
            if ready(&run) {
                return run;
            }
            assert!(started.elapsed() < PATIENCE, "it never came to that: {run}");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where a case has stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something that another process brings about.
pub async fn wait<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "it never came to that");
        tokio::time::sleep(LOOK).await;
    }
}

/// A client without proxies.
pub fn client() -> Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder().timeout(PATIENCE).no_proxy().build().unwrap()
}

/// Where a program is that the tests need beside servers; installed or unpacked when it is missing.
pub fn program(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/program.sh");
    let found = Command::new(script).arg(name).stderr(Stdio::inherit()).output().unwrap();
    assert!(found.status.success(), "{name} cannot be had");
    PathBuf::from(String::from_utf8(found.stdout).unwrap().trim())
}

/// A response's text; it must have that status.
pub async fn text(response: Response, status: StatusCode) -> String {
    let found = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    text
}
