//! Schemas that change while they are read, and writers that must not wait for that.

use std::sync::Arc;
use std::time::Duration;

use super::bench::{Bench, begun, bytes_of_a_crawl, crawled, crawled_well, registered, shelves, whole};
use crate::gate::{Gate, Passage};
use crate::test_app::TestApp;

pub async fn tables_that_come_and_go_during_a_crawl_are_there_as_a_whole_or_not_at_all(
    bench: Arc<dyn Bench>,
) {
    const CRAWLS: usize = 12;
    const SHELVES: usize = 20;
    shelves(bench.as_ref(), SHELVES).await;
    let app = TestApp::start().await;
    let connection = registered(&app, &bench.url()).await;
    let (turn, mut begun) = tokio::sync::watch::channel(0);
    let changing = bench.clone();
    let changes = tokio::spawn(async move {
        let mut rounds = 0;
        while begun.changed().await.is_ok() {
            for _ in 0..changing.rounds() {
                for step in changing.comings_and_goings() {
                    changing.run(&step).await;
                }
                rounds += 1;
                if begun.has_changed().unwrap_or(true) {
                    break;
                }
            }
        }
        rounds
    });
    for crawl in 1..=CRAWLS {
        turn.send(crawl).unwrap();
        let run = crawled(&app, &connection).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let (snapshot, _) = whole(&app, &connection).await;
        if let Some(passing) = snapshot.table(&bench.schema(), "passing") {
            let names: Vec<&str> = passing.columns.iter().map(|c| c.name.as_str()).collect();
            assert_eq!(names, bench.of_passing());
            assert!(passing.primary_key.is_some(), "{passing:?}");
        }
        for n in 0..SHELVES {
            let shelf = snapshot.table(&bench.schema(), &format!("shelf_{n}")).unwrap();
            assert!(shelf.columns.len() == 4 || n == 1, "{shelf:?}");
            assert!(shelf.primary_key.is_some(), "{shelf:?}");
        }
    }
    drop(turn);
    let rounds: usize = changes.await.unwrap();
    assert!(rounds > 0, "nothing changed during the crawls");
    // when nothing changes any more, the next crawl knows
    crawled_well(&app, &connection).await;
    let (snapshot, _) = whole(&app, &connection).await;
    assert_eq!(snapshot.tables.len(), SHELVES);
    app.stop().await;
}

pub async fn a_crawl_blocks_nobody_who_writes(bench: Arc<dyn Bench>) {
    /// Points of a crawl, evenly apart.
    const POINTS: usize = 12;
    shelves(bench.as_ref(), POINTS).await;
    let gate = Gate::before(&bench.url()).await;
    let app = TestApp::start().await;
    let connection = registered(&app, &gate.url).await;
    let bytes = bytes_of_a_crawl(&app, &connection, &gate).await;
    let mut stood = 0;
    for n in 0..POINTS {
        let point = gate.bytes() + bytes * (2 * n + 1) / (2 * POINTS);
        gate.passage.send(Passage::ClosedAfter(point)).unwrap();
        let path = begun(&app, &connection).await;
        tokio::select! {
            // the crawl stands still here, with whatever it holds on the server
            () = gate.reached(point) => stood += 1,
            // it had less to read again than the one that was measured, and is over
            _ = app.ended(&path) => {}
        }
        let changes = bench.filled(n, 1).into_iter().chain([bench.widened(n)]);
        for step in changes {
            let done = tokio::time::timeout(Duration::from_secs(8), bench.run(&step)).await;
            assert!(done.is_ok(), "at {n} of {POINTS} the crawl blocks {step}");
        }
        gate.passage.send(Passage::Open).unwrap();
        let run = app.ended(&path).await;
        assert_eq!(run["status"], "succeeded", "{run}");
    }
    assert!(stood >= POINTS / 3, "{stood} crawls stood still");
    crawled_well(&app, &connection).await;
    let (snapshot, _) = whole(&app, &connection).await;
    assert!(snapshot.tables.iter().all(|table| table.columns.len() == 5), "{snapshot:?}");
    app.stop().await;
}
