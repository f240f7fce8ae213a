//! What the cases ask of an engine: a database of its own with tables in it, and ways to let something go wrong.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use catalog::Snapshot;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::gate::Gate;
use crate::test_app::TestApp;

/// Anything that a case waits for on a server must be there by then.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One engine's server, with an empty database for one case.
#[async_trait]
pub trait Bench: Send + Sync + 'static {
    /// The database's URL, for a login that nobody else uses.
    fn url(&self) -> String;

    /// The schema that the tables are in.
    fn schema(&self) -> String;

    /// Carries out one step as a login that may do everything. What a step is, is the engine's: SQL, or a command.
    async fn run(&self, step: &str);

    /// The steps that make `shelf_N`: a key, `title`, `room`, `placed_on`, and one row.
    fn shelf(&self, number: usize) -> Vec<String>;

    /// The step that gives `shelf_N` another column, `height`.
    fn widened(&self, number: usize) -> String;

    /// The steps that put so many rows more into a shelf.
    fn filled(&self, number: usize, rows: usize) -> Vec<String>;

    /// Steps that come and go: a table `passing`, its keys, an index, a view, a column `passing` of shelf 1. All is as before
    /// after the last.
    fn comings_and_goings(&self) -> Vec<String>;

    /// How often they come and go during one crawl, at the most.
    fn rounds(&self) -> usize {
        25
    }

    /// Columns of `passing`; it has a key, too.
    fn of_passing(&self) -> &'static [&'static str];

    /// Steps that make the view `broken`, which cannot be read.
    fn broken_view(&self) -> Vec<String>;

    /// Takes the login's rights to something away before a crawl.
    async fn deny_before(&self) {}

    /// The same while a crawl is on its way.
    async fn deny_in_the_middle(&self) {}

    /// How a crawl ends then.
    fn denied(&self) -> Denied;

    /// Gives the rights back.
    async fn allow(&self);

    /// A statement over three times `shelf_0` that takes very long and gives nothing before it ends.
    fn endless(&self) -> String {
        let shelf = format!("{}.shelf_0", self.schema());
        format!(
            "SELECT count(*) AS n FROM {shelf} AS a CROSS JOIN {shelf} AS b CROSS JOIN {shelf} AS c \
             WHERE a.room + b.room + c.room = 0"
        )
    }

    /// Makes the next crawl stand still on the server, in its middle.
    async fn hold(&self) -> Box<dyn Held>;

    /// Statements of the login in [`Bench::url`] that the server works on.
    async fn at_work(&self) -> usize;

    /// Whether the server ends a statement whose client has gone. Where it does not, the time limit that Querent gives every
    /// statement ends it.
    fn notices_lost_clients(&self) -> bool {
        true
    }

    /// Takes everything away again.
    async fn close(&self);
}

/// What becomes of a crawl that may not read something.
pub enum Denied {
    /// It fails with one of these codes; the error names this.
    Fails { codes: &'static [&'static str], named: &'static str },
    /// It leaves this table out, as every engine does with what a login may not see at all.
    LeavesOut(&'static str),
}

/// A crawl that stands still until this is released.
#[async_trait]
pub trait Held: Send {
    /// Lets it go on.
    async fn release(self: Box<Self>);
}

/// Makes so many shelves.
pub async fn shelves(bench: &dyn Bench, count: usize) {
    for number in 0..count {
        for step in bench.shelf(number) {
            bench.run(&step).await;
        }
    }
}

/// Waits until the server works, or does not work any more.
pub async fn until(bench: &dyn Bench, working: bool, bound: Duration) {
    let started = Instant::now();
    while (bench.at_work().await > 0) != working {
        assert!(started.elapsed() < bound, "the server should be at work for us: {working}");
    }
}

/// A registered database; gives the connection's key.
pub async fn registered(app: &TestApp, url: &str) -> String {
    let (status, made) = app.post("/api/v1/connections", json!({ "name": "shelves", "url": url })).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["connection"]["id"].as_str().unwrap().to_owned()
}

/// Begins a crawl; gives its path.
pub async fn begun(app: &TestApp, connection: &str) -> String {
    let (status, run) = app.post(&format!("/api/v1/connections/{connection}/crawls"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{run}");
    format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())
}

/// A crawl's record when it has ended.
pub async fn crawled(app: &TestApp, connection: &str) -> Value {
    let path = begun(app, connection).await;
    app.ended(&path).await
}

/// A crawl that must go well.
pub async fn crawled_well(app: &TestApp, connection: &str) {
    let run = crawled(app, connection).await;
    assert_eq!(run["status"], "succeeded", "{run}");
}

/// What the server says in a whole crawl. The least of several: what others change on the server meanwhile, and tables
/// that have just been made, let a crawl read some of it again.
pub async fn bytes_of_a_crawl(app: &TestApp, connection: &str, gate: &Gate) -> usize {
    let mut least = usize::MAX;
    for _ in 0..6 {
        let before = gate.bytes();
        crawled_well(app, connection).await;
        least = least.min(gate.bytes() - before);
    }
    least
}

/// A crawl that failed with one of these codes, and says what to do next.
pub fn failed(run: &Value, codes: &[&str]) {
    assert_eq!(run["status"], "failed", "{run}");
    let code = run["error_code"].as_str().unwrap();
    assert!(codes.contains(&code), "{codes:?}: {run}");
    let message = run["error_message"].as_str().unwrap().to_lowercase();
    let (_, advice) = message.split_once("; ").unwrap_or_else(|| panic!("what to do next: {run}"));
    assert!(["again", "check", "grant"].iter().any(|word| advice.contains(word)), "what to do next: {run}");
}

/// The stored versions.
pub async fn versions(app: &TestApp, connection: &str) -> Vec<Value> {
    let page = app.get(&format!("/api/v1/connections/{connection}/schemas")).await;
    page["items"].as_array().unwrap().clone()
}

/// The catalog that holds now.
pub async fn whole(app: &TestApp, connection: &str) -> (Snapshot, String) {
    let id = connection.parse().unwrap();
    let version = querent::store::catalog::latest(&app.desk().db, id).await.unwrap().unwrap();
    let snapshot = querent::store::catalog::load(&app.desk().db, &version).await.unwrap();
    (snapshot, version.number())
}

/// A name for what belongs to one case.
pub fn own_name() -> String {
    format!("faults_{}", querent::model::new_id().simple())
}

/// The steps that put rows into a shelf, for engines that speak SQL. Few enough together for each of them.
pub fn inserted(shelf: &str, rows: usize) -> Vec<String> {
    let row = |n: &usize| format!("({n}, 'title {n}', {n}, '2024-01-02')");
    let numbers: Vec<usize> = (2..rows + 2).collect();
    let insert = |part: &[usize]| {
        let rows: Vec<String> = part.iter().map(row).collect();
        format!("INSERT INTO {shelf} (id, title, room, placed_on) VALUES {}", rows.join(", "))
    };
    numbers.chunks(500).map(insert).collect()
}
