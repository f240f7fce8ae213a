//! What the server sees: nothing goes on running for a reader who left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod support;

use std::time::{Duration, Instant};

use catalog::Catalog;
use connector_api::{Connector, CrawlOptions, ErrorKind, Limits};
use connector_mysql::MysqlConnector;
use futures::StreamExt;
use guard::{Policy, ReadOnly};
use support::{Database, Server};

const NUMBERS: &[&str] = &[
    "CREATE TABLE numbers (n int PRIMARY KEY)",
    "INSERT INTO numbers WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3000) SELECT n FROM r",
];

/// A login of its own, so that its sessions can be told from others on the server.
async fn reader(database: &mut Database) -> String {
    let user = database.user("r", "").await;
    database.run(&format!("GRANT SELECT ON {}.* TO {user}@'%'", database.name)).await;
    user
}

async fn checked(connector: &MysqlConnector, sql: &str) -> ReadOnly {
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    guard::check(sql, &Catalog::new(snapshot), &Policy::default()).expect("a read")
}

const ENDLESS: &str = "SELECT a.n FROM numbers AS a CROSS JOIN numbers AS b CROSS JOIN numbers AS c";
const SILENT: &str = "SELECT COUNT(*) AS c FROM numbers AS a CROSS JOIN numbers AS b CROSS JOIN numbers AS c \
     WHERE a.n * b.n * c.n = 0";

/// Asks the server until no statement of the user runs any more; gives how long that took.
async fn until_nothing_runs(database: &Database, user: &str) -> Duration {
    let started = Instant::now();
    while database.sessions_of(user).await.iter().any(|(_, command)| command != "Sleep") {
        assert!(started.elapsed() < Duration::from_secs(20), "the statement still runs");
        tokio::task::yield_now().await;
    }
    started.elapsed()
}

async fn a_statement_ends_when_its_reader_leaves(server: Server) {
    let mut database = Database::new(server, NUMBERS).await;
    let user = reader(&mut database).await;
    for mode in ["DISABLED", "REQUIRED"] {
        let connector =
            MysqlConnector::new(&database.url_as(Some(&user), &format!("ssl-mode={mode}"))).unwrap();
        let limits = Limits { max_rows: u64::MAX, max_bytes: u64::MAX, ..Limits::default() };
        let statement = checked(&connector, ENDLESS).await;
        let mut stream = connector.query(&statement, &limits).await.expect("it starts");
        assert!(stream.batches.next().await.expect("a batch").is_ok());
        drop(stream);
        assert!(until_nothing_runs(&database, &user).await < Duration::from_secs(5));
        let statement = checked(&connector, SILENT).await;
        let begun =
            tokio::time::timeout(Duration::from_millis(200), connector.query(&statement, &limits)).await;
        assert!(begun.is_err(), "no row comes");
        assert!(until_nothing_runs(&database, &user).await < Duration::from_secs(5));
    }
}

async fn a_cap_ends_the_statement_on_the_server(server: Server) {
    let mut database = Database::new(server, NUMBERS).await;
    let user = reader(&mut database).await;
    let connector = MysqlConnector::new(&database.url_as(Some(&user), "")).unwrap();
    let statement = checked(&connector, ENDLESS).await;
    let stream = connector.query(&statement, &Limits { max_rows: 5000, ..Limits::default() }).await.unwrap();
    let last = stream.batches.collect::<Vec<_>>().await.pop().expect("an item");
    assert_eq!(last.expect_err("the cap is told").kind, ErrorKind::RowCap);
    until_nothing_runs(&database, &user).await;
}

async fn a_session_that_the_server_ends_is_replaced(server: Server) {
    let mut database = Database::new(server, NUMBERS).await;
    let user = reader(&mut database).await;
    let connector = MysqlConnector::new(&database.url_as(Some(&user), "pool_size=1")).unwrap();
    let statement = checked(&connector, ENDLESS).await;
    let limits = Limits { max_rows: u64::MAX, max_bytes: u64::MAX, ..Limits::default() };
    let mut stream = connector.query(&statement, &limits).await.expect("it starts");
    assert!(stream.batches.next().await.expect("a batch").is_ok());
    // in the middle of a statement
    database.kill(&user).await;
    let mut last = None;
    while let Some(item) = stream.batches.next().await {
        last = Some(item);
    }
    assert_eq!(last.expect("an item").expect_err("it broke").kind, ErrorKind::Broken);
    assert_eq!(connector.test().await.expect("a new session").database, database.name);
    // and while it is idle
    database.kill(&user).await;
    assert_eq!(connector.test().await.expect("a new session").database, database.name);
}

on_every_server!(
    a_statement_ends_when_its_reader_leaves,
    a_cap_ends_the_statement_on_the_server,
    a_session_that_the_server_ends_is_replaced,
);
