//! What the server sees: how many statements a crawl sends, that nothing goes on running for a reader who left, and that
//! a session that does not keep its settings is not used. All on the test server, which can be told what to do wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use catalog::Catalog;
use connector_api::{Connector, CrawlOptions, ErrorKind, Limits};
use connector_mssql::MssqlConnector;
use futures::StreamExt;
use guard::{Policy, ReadOnly};
use support::Database;
use test_tds::{Fault, Options, SqlError, Tls};

const NUMBERS: &[&str] = &[
    "CREATE TABLE numbers (n int PRIMARY KEY)",
    "WITH r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3000) INSERT INTO numbers SELECT n FROM r \
     OPTION (MAXRECURSION 0)",
];

const ENDLESS: &str =
    "SELECT a.n FROM numbers AS a CROSS JOIN numbers AS b CROSS JOIN numbers AS c WHERE a.n + b.n + c.n > 0";
const SILENT: &str = "SELECT COUNT_BIG(*) AS c FROM numbers AS a CROSS JOIN numbers AS b CROSS JOIN numbers AS c \
     WHERE a.n + b.n + c.n = 0";

async fn checked(connector: &MssqlConnector, sql: &str) -> ReadOnly {
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    guard::check(sql, &Catalog::new(snapshot), &Policy::default()).expect("a read")
}

fn unlimited() -> Limits {
    Limits { max_rows: u64::MAX, max_bytes: u64::MAX, ..Limits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_ends_when_its_reader_leaves() {
    let database = Database::ours(Options::default(), NUMBERS).await;
    let server = database.server();
    let authority = format!("encrypt=yes&ca={}", server.authority().display());
    for params in ["encrypt=no", authority.as_str()] {
        let connector = MssqlConnector::new(&database.url(params)).unwrap();
        let before = server.interrupted();
        let statement = checked(&connector, ENDLESS).await;
        let mut stream = connector.query(&statement, &unlimited()).await.expect("it starts");
        assert!(stream.batches.next().await.expect("a batch").is_ok());
        drop(stream);
        server.wait_for(|counts| counts.running == 0 && counts.interrupted == before + 1).await;
        let statement = checked(&connector, SILENT).await;
        let limits = unlimited();
        let begun =
            tokio::time::timeout(Duration::from_millis(300), connector.query(&statement, &limits)).await;
        assert!(begun.is_err(), "no row comes");
        server.wait_for(|counts| counts.running == 0 && counts.interrupted == before + 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_ends_the_statement_on_the_server() {
    let database = Database::ours(Options::default(), NUMBERS).await;
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let statement = checked(&connector, ENDLESS).await;
    let stream = connector.query(&statement, &Limits { max_rows: 5000, ..Limits::default() }).await.unwrap();
    let last = stream.batches.collect::<Vec<_>>().await.pop().expect("an item");
    assert_eq!(last.expect_err("the cap is told").kind, ErrorKind::RowCap);
    database.server().wait_for(|counts| counts.running == 0 && counts.interrupted == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_told_and_replaced() {
    let database = Database::ours(Options::default(), NUMBERS).await;
    let connector = MssqlConnector::new(&database.url("pool_size=1")).unwrap();
    let statement = checked(&connector, "SELECT n FROM numbers").await;
    database.server().fail_next("[numbers]", Fault::CutAfter(100));
    let stream = connector.query(&statement, &unlimited()).await;
    let last = match stream {
        Ok(stream) => stream.batches.collect::<Vec<_>>().await.pop().expect("an item").expect_err("it broke"),
        Err(error) => error,
    };
    assert_eq!(last.kind, ErrorKind::Broken);
    assert_eq!(connector.test().await.expect("a new session").database, "querent");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_after_some_rows_ends_the_result() {
    let database = Database::ours(Options::default(), NUMBERS).await;
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let statement = checked(&connector, "SELECT n FROM numbers").await;
    let late = SqlError::new(8115, "Arithmetic overflow error converting 4711.".to_owned());
    database.server().fail_next("[numbers]", Fault::ErrorAfter(1500, late));
    let limits = Limits { batch_rows: 1000, ..Limits::default() };
    let mut items =
        connector.query(&statement, &limits).await.expect("it starts").batches.collect::<Vec<_>>().await;
    let error = items.pop().expect("an item").expect_err("it failed");
    assert_eq!((error.kind, error.engine_code.as_deref()), (ErrorKind::Statement, Some("8115")));
    assert!(!error.message.contains("4711"));
    assert!(items.iter().all(Result::is_ok) && !items.is_empty());
}

#[tokio::test]
async fn a_session_that_does_not_keep_its_settings_is_refused() {
    // those that a login does not begin with: the others would be kept all the same
    for setting in ["XACT_ABORT", "ARITHABORT", "LOCK_TIMEOUT", "TEXTSIZE"] {
        let ignored = BTreeSet::from([setting.to_owned()]);
        let database = Database::ours(Options { ignored, ..Options::default() }, &[]).await;
        let error = MssqlConnector::new(&database.url(""))
            .unwrap()
            .test()
            .await
            .map(|_| setting)
            .expect_err("it is refused");
        assert_eq!(error.kind, ErrorKind::NotReadOnly, "{setting}");
        assert!(error.hint.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_waits_too_long_is_given_up() {
    let database = Database::ours(Options { tls: Tls::Off, ..Options::default() }, NUMBERS).await;
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let hold = database.server().hold("sys.computed_columns", 0);
    let options = CrawlOptions { statement_timeout: Duration::from_millis(300), ..CrawlOptions::default() };
    let error = connector.introspect(&options, &|_| {}).await.expect_err("it takes too long");
    assert_eq!(error.kind, ErrorKind::Timeout);
    database.server().wait_for(|counts| counts.running == 0 && counts.interrupted == 1).await;
    drop(hold);
}

async fn requests_of_a_crawl(tables: usize) -> u64 {
    let database = Database::ours(Options::default(), &[]).await;
    for n in 0..tables {
        let table = format!("CREATE TABLE t{n} (id int PRIMARY KEY, r int NULL, CHECK (r > 0))");
        database.run(&table).await;
        database.run(&format!("CREATE INDEX i{n} ON t{n} (r)")).await;
        database.run(&format!("CREATE VIEW v{n} AS SELECT id FROM t{n}")).await;
    }
    let connector = MssqlConnector::new(&database.url("")).expect("a connector");
    // a look at values takes one statement a table, and can be switched off
    let options = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let before = database.server().counts().started;
    let snapshot = connector.introspect(&options, &|_| {}).await.expect("the crawl works");
    assert_eq!(snapshot.tables.len(), 2 * tables);
    database.server().counts().started - before
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_sends_the_same_statements_for_few_and_many_tables() {
    let (few, many) = (requests_of_a_crawl(2).await, requests_of_a_crawl(40).await);
    assert_eq!(few, many);
    assert!(few <= 20, "{few}");
}
