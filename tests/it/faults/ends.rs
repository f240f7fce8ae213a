//! Crawls that are cancelled, and processes that are interrupted or killed: the server does not go on for them.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use querent::store::{Conn, Db};
use reqwest::StatusCode;
use serde_json::json;

use super::bench::{Bench, PATIENCE, begun, crawled_well, registered, shelves, until, versions};
use crate::cli::Desk;
use crate::test_app::TestApp;

pub async fn a_cancelled_crawl_ends_on_the_server(bench: Arc<dyn Bench>) {
    shelves(bench.as_ref(), 3).await;
    let app = TestApp::start().await;
    let connection = registered(&app, &bench.url()).await;
    until(bench.as_ref(), false, PATIENCE).await;
    let held = bench.hold().await;
    let path = begun(&app, &connection).await;
    until(bench.as_ref(), true, PATIENCE).await;
    let (status, run) = app.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!((status, run["status"].as_str()), (StatusCode::OK, Some("cancelled")), "{run}");
    // what it waited for is still not there: only the cancel can have ended it
    until(bench.as_ref(), false, PATIENCE).await;
    assert!(versions(&app, &connection).await.is_empty());
    held.release().await;
    crawled_well(&app, &connection).await;
    app.stop().await;
}

/// Sends a signal and gives the time until the server has nothing of ours to do.
async fn stopped(bench: &dyn Bench, child: &Child, signal: &str, bound: Duration) -> Duration {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    let started = Instant::now();
    until(bench, false, bound).await;
    started.elapsed()
}

pub async fn a_killed_crawl_ends_on_the_server_and_gives_way(bench: Arc<dyn Bench>) {
    shelves(bench.as_ref(), 3).await;
    let desk = Desk::new();
    desk.run(&["connection", "add", "shelves", &bench.url(), "--statement-timeout", "10"]).ends(0);
    until(bench.as_ref(), false, PATIENCE).await;
    let held = bench.hold().await;
    let mut child = desk.command(&["crawl", "--on", "shelves"]);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until(bench.as_ref(), true, PATIENCE).await;
    stopped(bench.as_ref(), &child, "-KILL", PATIENCE).await;
    child.wait().unwrap();
    held.release().await;

    let store = Db::open_sqlite(&desk.path("data/querent.db")).await.unwrap();
    let kept = store.query("SELECT count(*) AS n FROM schema_versions", &[]).await.unwrap();
    assert_eq!(kept[0].int("n").unwrap(), 0, "nothing is stored by half");
    // as after the minute for which the killed process still counts as alive
    store.execute("UPDATE crawls SET lease_until = started_at", &[]).await.unwrap();
    store.close().await;
    desk.run(&["crawl", "--on", "shelves"]).ends(0);
}

pub async fn an_interrupted_or_killed_command_leaves_no_work_on_the_server(bench: Arc<dyn Bench>) {
    shelves(bench.as_ref(), 1).await;
    for step in bench.filled(0, 3000) {
        bench.run(&step).await;
    }
    for (signal, code) in [("-INT", Some(130)), ("-TERM", Some(130)), ("-KILL", None)] {
        // where a server does not see that its client has gone, its own time limit is what ends the statement
        let by_itself = signal == "-KILL" && !bench.notices_lost_clients();
        let seconds = if by_itself { "8" } else { "600" };
        let desk = Desk::new();
        let mut child = desk
            .command(&["query", "--on", &bench.url(), &bench.endless()])
            .env("QUERENT_LIMITS_SECONDS", seconds)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        endless_began(bench.as_ref(), &mut child).await;
        stopped(bench.as_ref(), &child, signal, PATIENCE).await;
        assert_eq!(child.wait().unwrap().code(), code);
    }
}

/// The command crawls first: what has been at work for so long is the statement.
async fn endless_began(bench: &dyn Bench, child: &mut Child) {
    const LONG: Duration = Duration::from_secs(2);
    let (started, mut since) = (Instant::now(), None);
    while since.is_none_or(|since: Instant| since.elapsed() < LONG) {
        assert!(child.try_wait().unwrap().is_none(), "the command ended by itself");
        assert!(started.elapsed() < PATIENCE, "the statement never began");
        let working = bench.at_work().await > 0;
        since = since.filter(|_| working).or_else(|| working.then(Instant::now));
    }
}
