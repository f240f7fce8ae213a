//! kill -9 at random points of a process that writes to a SQLite store: it opens again, what was acknowledged is there, nothing
//! is there by half, and the audit chain holds. `QUERENT_TEST_KILLS=200` makes as many rounds, and prints figures.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use querent::audit::verify;
use querent::store::{Conn, Db, audit_chain, audits, catalog, connections, migrate, settings};
use serde_json::json;

use super::snapshots::snapshot;
use crate::harness::{as_owner, new_connection, open, sqlite_file};

/// Tells the victim where the store is; without it this is no victim.
const PLACE: &str = "QUERENT_TEST_KILLS_PLACE";
/// How many rounds; a few without it.
const ROUNDS: &str = "QUERENT_TEST_KILLS";
/// Word before the number of what was committed.
const DONE: &str = "committed ";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_points_leave_a_whole_store() {
    let rounds: u32 = std::env::var(ROUNDS).map_or(6, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let place = sqlite_file(folder.path()).display().to_string();
    let (start, mut acknowledged, mut written, mut in_the_middle) = (Instant::now(), 0, 0, 0);
    for round in 0..rounds {
        let told = round_of(&place, round).await;
        acknowledged = acknowledged.max(told);
        let (whole, cut) = look(&place).await;
        assert!(whole >= acknowledged, "round {round}: {acknowledged} were acknowledged, {whole} are there");
        written = whole;
        in_the_middle += u32::from(cut);
    }
    assert!(written > 0, "no victim came to work");
    eprintln!(
        "{rounds} kills in {:.0} s: {written} transactions kept, {acknowledged} of them acknowledged, {in_the_middle} \
         kills with lines that waited for their seal; nothing half-written, chain whole after each",
        start.elapsed().as_secs_f64()
    );
}

/// One victim's life; gives the last number that it said was committed.
async fn round_of(place: &str, round: u32) -> u64 {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::kills::victim", "--nocapture"])
        .env(PLACE, place)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let (first, began) = tokio::sync::oneshot::channel();
    let reading = tokio::task::spawn_blocking(move || {
        let (mut first, mut last) = (Some(first), 0);
        for line in lines.map_while(Result::ok) {
            let Some(number) = line.split_once(DONE).and_then(|(_, n)| n.parse().ok()) else { continue };
            last = number;
            if let Some(first) = first.take() {
                let _ = first.send(());
            }
        }
        last
    });
    // every third is killed while it starts, or makes the store; the others while they write
    if !round.is_multiple_of(3) {
        began.await.unwrap();
    }
    tokio::time::sleep(Duration::from_micros(rand::random::<u64>() % 120_000)).await;
    victim.kill().unwrap();
    assert!(!victim.wait().unwrap().success());
    reading.await.unwrap()
}

/// Looks at what a kill left: how many transactions, and whether lines waited for their seals.
async fn look(place: &str) -> (u64, bool) {
    let db = open(place).await;
    migrate::up(&db).await.unwrap();
    let text = async |sql: &str, column: &str| db.query(sql, &[]).await.unwrap()[0].text(column).unwrap();
    assert_eq!(text("SELECT integrity_check AS verdict FROM pragma_integrity_check", "verdict").await, "ok");
    assert_eq!(count(&db, "pragma_foreign_key_check", "1 = 1").await, 0);
    let kept = count(&db, "settings", "key LIKE 'load/%'").await;
    assert_eq!(count(&db, "connections", "name LIKE 'load %'").await, kept);
    assert_eq!(count(&db, "audits", "action = 'load'").await, kept);
    assert_eq!(count(&db, "schema_versions", "table_count = 2").await, kept);
    assert_eq!(count(&db, "tables", "to_version IS NULL").await, 2 * kept);
    if kept > 0 {
        assert_eq!(count(&db, "settings", &format!("key = 'load/{kept:08}'")).await, 1, "there is a gap");
    }
    let waiting = audit_chain::waiting(&db).await.unwrap();
    assert_eq!(verify(&db, &[]).await.unwrap().count, 0);
    audit_chain::seal_all(&db).await.unwrap();
    let report = verify(&db, &[]).await.unwrap();
    assert_eq!((report.count, report.waiting), (0, 0), "{report:?}");
    assert_eq!(report.lines as i64, count(&db, "audits", "1 = 1").await);
    db.close().await;
    (kept as u64, waiting > 0)
}

async fn count(db: &Db, table: &str, condition: &str) -> i64 {
    let sql = format!("SELECT count(*) AS n FROM {table} WHERE {condition}");
    db.query(&sql, &[]).await.unwrap()[0].int("n").unwrap()
}

/// Not a case of its own: the process that the case above starts and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn victim() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let own = open(&place).await;
    migrate::up(&own).await.unwrap();
    let db = as_owner(&own);
    let sealing = own.clone();
    tokio::spawn(async move {
        loop {
            audit_chain::seal(&sealing).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let prepared = catalog::prepare(Arc::new(snapshot(2))).await.unwrap();
    let mut number = count(&own, "settings", "key LIKE 'load/%'").await;
    loop {
        number += 1;
        let tx = db.begin().await.unwrap();
        settings::put(&tx, &format!("load/{number:08}"), json!(number), None).await.unwrap();
        let made = connections::create(&tx, new_connection(&format!("load {number:08}"))).await.unwrap();
        catalog::publish(&tx, made.id, &prepared, None).await.unwrap();
        audits::add(&tx, "owner", "load", &number.to_string(), json!({})).await.unwrap();
        tx.commit().await.unwrap();
        println!("{DONE}{number}");
    }
}
