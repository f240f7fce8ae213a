//! Measures a crawl and a long result: `measure URL [crawl | SQL]`, for figures beside those of other tools.

#![allow(clippy::expect_used, missing_docs)]

use std::time::{Duration, Instant};

use catalog::{Catalog, Engine};
use connector_api::{Connector, CrawlOptions, Limits};
use connector_postgres::PostgresConnector;
use futures::StreamExt;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().expect("a URL");
    let connector = PostgresConnector::new(&url).expect("the URL can be used");
    match arguments.next().as_deref() {
        None | Some("crawl") => crawl(&connector).await,
        Some(sql) => stream(&connector, sql).await,
    }
}

async fn crawl(connector: &PostgresConnector) {
    connector.test().await.expect("the server answers");
    for statistics in [false, true] {
        let options = CrawlOptions { statistics, ..CrawlOptions::default() };
        for _ in 0..5 {
            let started = Instant::now();
            let snapshot = connector.introspect(&options, &|_| {}).await.expect("the crawl works");
            println!(
                "statistics {statistics}: {} tables, {} columns in {:?}",
                snapshot.tables.len(),
                snapshot.tables.iter().map(|t| t.columns.len()).sum::<usize>(),
                started.elapsed()
            );
        }
    }
}

async fn stream(connector: &PostgresConnector, sql: &str) {
    let options = CrawlOptions { statistics: false, ..CrawlOptions::default() };
    let snapshot = connector.introspect(&options, &|_| {}).await.expect("the crawl works");
    debug_assert_eq!(snapshot.engine, Engine::Postgres);
    let statement = guard::check(sql, &Catalog::new(snapshot), &guard::Policy::default()).expect("a read");
    let limits = Limits {
        max_rows: u64::MAX,
        max_bytes: u64::MAX,
        timeout: Duration::from_secs(600),
        batch_rows: 8192,
    };
    let before = resident();
    let (started, mut rows, mut bytes, mut most) = (Instant::now(), 0, 0, before);
    let mut result = connector.query(&statement, &limits).await.expect("the statement runs");
    while let Some(batch) = result.batches.next().await {
        let batch = batch.expect("a batch");
        rows += batch.num_rows();
        bytes += connector_api::batch_bytes(&batch);
        most = most.max(resident());
    }
    println!(
        "{rows} rows, {} MB of Arrow in {:?}; resident {} kB before, {most} kB at most",
        bytes / 1_000_000,
        started.elapsed(),
        before
    );
}

/// Resident memory of this process in kilobytes (Linux; 0 elsewhere).
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
