//! Three daemons on one PostgreSQL, one killed with -9 every few seconds under load: what was accepted is neither lost nor
//! doubled, and streams that broke are gone on with elsewhere.
//!
//! Half a minute as a rule; `QUERENT_FLEET_SECONDS=300` for as long as a claim about it should rest on:
//! `QUERENT_FLEET_SECONDS=300 tests/servers/with.sh cargo test -p querent --test it fleet:: -- --nocapture`

mod client;
mod daemon;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use querent::model::{Id, JobKind, RunStatus};
use querent::store::jobs::{self, NewJob};
use querent::store::{Conn, Db, executions};

use self::client::{Client, Tally};
use self::daemon::Fleet;
use crate::cli::Desk;
use crate::harness::{TestStore, on_postgres};

/// Everything that was accepted must have ended by then.
const PATIENCE: Duration = Duration::from_secs(120);
/// Clients that ask, and clients that run queries.
const ASKING: usize = 4;
const RUNNING: usize = 2;
/// Between two kills.
const KILLS: Duration = Duration::from_secs(4);
/// Between two jobs.
const JOBS: Duration = Duration::from_secs(1);

fn seconds() -> u64 {
    std::env::var("QUERENT_FLEET_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(30)
}

async fn count(db: &Db, sql: &str) -> i64 {
    db.query(sql, &[]).await.unwrap()[0].int("n").unwrap()
}

/// Waits until a count of unfinished work is 0.
async fn until_none(db: &Db, what: &str, sql: &str) {
    let start = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    while count(db, sql).await > 0 {
        assert!(start.elapsed() < PATIENCE, "{what} did not end");
        looks.tick().await;
    }
}

/// Asks for a job again and again; gives their keys.
async fn ask_for_jobs(db: Db, connection: Id, stop: Arc<AtomicBool>) -> Vec<Id> {
    let (mut asked, mut ticks) = (Vec::new(), tokio::time::interval(JOBS));
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        let new = NewJob { connection_id: Some(connection), max_attempts: 50, ..NewJob::of(JobKind::Crawl) };
        asked.push(jobs::enqueue(&db, new).await.unwrap().unwrap().id);
    }
    asked
}

async fn nothing_is_lost_or_doubled(store: TestStore) {
    let desk = Desk::new();
    let fleet = Arc::new(Fleet::start(&desk, &store.place).await);
    let (connection, query) = fleet.prepare(&desk).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut asking = Vec::new();
    for number in 0..ASKING {
        let client = Client::new(fleet.clone(), number, stop.clone());
        let chat = client.chat(connection).await;
        asking.push(tokio::spawn(client.ask_on(chat)));
    }
    let running = (0..RUNNING)
        .map(|number| tokio::spawn(Client::new(fleet.clone(), number, stop.clone()).run_on(query)));
    let running: Vec<_> = running.collect();
    let jobs = tokio::spawn(ask_for_jobs(store.db.clone(), connection, stop.clone()));

    let (start, mut kills, mut ticks) = (Instant::now(), 0, tokio::time::interval(KILLS));
    ticks.tick().await;
    while start.elapsed().as_secs() < seconds() {
        ticks.tick().await;
        fleet.kill_and_start(kills % 3).await;
        kills += 1;
    }
    stop.store(true, Ordering::Relaxed);

    let mut tally = Tally::default();
    for client in asking {
        tally.add(client.await.unwrap());
    }
    for client in running {
        tally.add(client.await.unwrap());
    }
    let jobs = jobs.await.unwrap();
    let db = &store.db;
    until_none(db, "answers", "SELECT count(*) AS n FROM chat_messages WHERE status = 'pending'").await;
    let active = "SELECT count(*) AS n FROM executions WHERE status IN ('queued', 'running')";
    until_none(db, "executions", active).await;
    until_none(db, "jobs", "SELECT count(*) AS n FROM jobs WHERE finished_at IS NULL").await;
    check(db, &tally, &jobs).await;
    let again = "SELECT count(*) AS n FROM chat_messages WHERE attempts > 0";
    let rerun = "SELECT count(*) AS n FROM executions WHERE attempts > 0";
    println!(
        "{} s, three daemons, {kills} killed with -9: {} answers, {} of them given anew by another daemon; {} streams \
         broke and were gone on with; {} executions, {} of them run again by another daemon; {} jobs. Nothing lost, \
         nothing doubled.",
        seconds(),
        tally.messages.len(),
        count(db, again).await,
        tally.resumed,
        tally.executions.len(),
        count(db, rerun).await,
        jobs.len(),
    );
    fleet.stop().await;
}

async fn check(db: &Db, tally: &Tally, jobs: &[Id]) {
    assert!(!tally.messages.is_empty() && !tally.executions.is_empty() && !jobs.is_empty());
    for message in &tally.messages {
        let row =
            &db.query("SELECT status FROM chat_messages WHERE id = $1", &[message.into()]).await.unwrap();
        assert_eq!(row[0].text("status").unwrap(), "complete", "answer {message}");
        let audits = "SELECT count(*) AS n FROM audits WHERE action = 'chat.answer' AND subject = $1";
        let lines = db.query(audits, &[message.to_string().into()]).await.unwrap()[0].int("n").unwrap();
        assert_eq!(lines, 1, "answer {message} is stored once");
    }
    // what nobody was told of may be there or not: at most one for each request whose client heard nothing
    let answers = count(db, "SELECT count(*) AS n FROM chat_messages WHERE role = 'assistant'").await;
    let known = i64::try_from(tally.messages.len()).unwrap();
    let unheard = i64::try_from(tally.unheard).unwrap();
    assert!(
        (known..=known + unheard).contains(&answers),
        "{answers} answers, {known} known, {unheard} unheard"
    );
    for execution in &tally.executions {
        let record = executions::get(db, *execution).await.unwrap();
        assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
    }
    for job in jobs {
        let job = jobs::get(db, *job).await.unwrap();
        let ended = jobs::runs(db, job.id, 50).await.unwrap();
        let well = ended.iter().filter(|r| r.outcome == Some(querent::model::JobOutcome::Succeeded)).count();
        assert_eq!(well, 1, "{job:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_daemons_under_load() {
    on_postgres(nothing_is_lost_or_doubled).await;
}
