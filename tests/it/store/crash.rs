//! kill -9: a process dies in the middle of a transaction; what it was told is kept, the rest never was.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use querent::model::RunStatus;
use querent::store::recover::{self, Abandoned};
use querent::store::{catalog, connections, crawls};

use super::snapshots::snapshot;
use super::store_suite;
use crate::harness::{self, TestStore, new_connection};

store_suite!(a_killed_process_leaves_nothing_half);

/// Tells the victim where the store is; without it this is no victim.
const PLACE: &str = "QUERENT_TEST_CRASH_PLACE";
/// What the victim says when it stands in the middle.
const READY: &str = "in the middle of a transaction";

async fn a_killed_process_leaves_nothing_half(store: TestStore) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::crash::victim", "--nocapture"])
        .env(PLACE, &store.place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let ready = lines.any(|line| line.unwrap().contains(READY));
    victim.kill().unwrap();
    assert!(!victim.wait().unwrap().success());
    assert!(ready, "the victim ended before it got there");

    let kept = connections::find_by_name(&store.db, "kept").await.unwrap().unwrap();
    assert_eq!(connections::find_by_name(&store.db, "lost").await.unwrap(), None);
    assert_eq!(catalog::latest(&store.db, kept.id).await.unwrap(), None);
    assert_eq!(store.count("tables", "1 = 1").await, 0);
    let tx = store.db.begin().await.unwrap();
    let marked = recover::mark_interrupted(&tx, Abandoned::All).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(marked.crawls, 1);
    let page = crawls::list(&store.db, kept.id, querent::model::PageRequest::first()).await.unwrap();
    assert_eq!(page.items[0].status, RunStatus::Interrupted);
}

/// Not a case of its own: the process that the case above starts and kills.
#[tokio::test]
async fn victim() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let db = harness::as_owner(&harness::open(&place).await);
    let kept = connections::create(&db, new_connection("kept")).await.unwrap();
    let crawl = crawls::create(&db, kept.id, None, Duration::from_secs(60)).await.unwrap();
    crawls::begin(&db, crawl.id, Duration::from_secs(60)).await.unwrap();
    let prepared = catalog::prepare(Arc::new(snapshot(50))).await.unwrap();
    let tx = db.begin().await.unwrap();
    connections::create(&tx, new_connection("lost")).await.unwrap();
    catalog::publish(&tx, kept.id, &prepared, Some(crawl.id)).await.unwrap();
    println!("{READY}");
    // until it is killed
    std::future::pending::<()>().await;
}
