//! What the server sees: how many statements a crawl sends, and that nothing goes on running for a reader who left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use catalog::Catalog;
use connector_api::{Connector, CrawlOptions, ErrorKind, Limits};
use connector_postgres::PostgresConnector;
use futures::StreamExt;
use guard::{Policy, ReadOnly};
use support::Database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A forwarder in front of the server that counts the statements sent through it.
struct Counter {
    address: String,
    statements: Arc<AtomicUsize>,
}

impl Counter {
    async fn start(server: String) -> Counter {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let statements = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&statements);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("the server answers");
                tokio::spawn(forward(client, server, Arc::clone(&counted)));
            }
        });
        Counter { address, statements }
    }
}

/// Counts the messages Parse and Query; the first message of a connection has no letter.
async fn forward(client: TcpStream, server: TcpStream, counted: Arc<AtomicUsize>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut first = true;
    loop {
        let letter = if first { None } else { Some(from_client.read_u8().await?) };
        let length = from_client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        from_client.read_exact(&mut body).await?;
        if let Some(letter) = letter {
            if matches!(letter, b'P' | b'Q') {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            to_server.write_u8(letter).await?;
        }
        to_server.write_u32(length).await?;
        to_server.write_all(&body).await?;
        first = false;
        if answers.is_finished() {
            return Ok(());
        }
    }
}

async fn statements_of_a_crawl(tables: usize) -> usize {
    let database = Database::new(&["CREATE TYPE mood AS ENUM ('a')"]).await;
    for n in 0..tables {
        database
            .run(&format!(
                "CREATE TABLE t{n} (id int PRIMARY KEY, m mood DEFAULT 'a', r int REFERENCES t{n}, CHECK (r > 0)); \
                 CREATE INDEX ON t{n} (r); CREATE VIEW v{n} AS SELECT * FROM t{n}; COMMENT ON TABLE t{n} IS 'x'"
            ))
            .await;
    }
    database.run("ANALYZE").await;
    let url = database.url("sslmode=disable");
    let server =
        url.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("host and port").to_owned();
    let counter = Counter::start(server.clone()).await;
    let connector = PostgresConnector::new(&url.replace(&server, &counter.address)).expect("a connector");
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    assert_eq!(snapshot.tables.len(), 2 * tables);
    // ending the session is one more, and it may be counted after the crawl is over
    counter.statements.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_sends_the_same_statements_for_few_and_many_tables() {
    let (few, many) = (statements_of_a_crawl(2).await, statements_of_a_crawl(60).await);
    assert_eq!(few, many);
    assert!(few <= 20, "{few}");
}

async fn endless(connector: &PostgresConnector) -> ReadOnly {
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    let sql = "SELECT a.n FROM numbers AS a CROSS JOIN numbers AS b CROSS JOIN numbers AS c";
    guard::check(sql, &Catalog::new(snapshot), &Policy::default()).expect("a read")
}

/// Asks the server until no statement of the application runs any more; gives how long that took.
async fn until_nothing_runs(database: &Database, application: &str) -> Duration {
    let running = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}' AND state <> 'idle'"
    );
    let started = Instant::now();
    while database.value(&running).await != "0" {
        assert!(started.elapsed() < Duration::from_secs(20), "the statement still runs");
        tokio::task::yield_now().await;
    }
    started.elapsed()
}

const NUMBERS: &[&str] = &["CREATE TABLE numbers AS SELECT generate_series(1, 3000) AS n"];

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_ends_when_its_reader_leaves() {
    for mode in ["disable", "require"] {
        let database = Database::new(NUMBERS).await;
        let application = format!("leaving_{}_{mode}", database.name);
        let url = database.url(&format!("sslmode={mode}&application_name={application}"));
        let connector = PostgresConnector::new(&url).expect("a connector");
        let statement = endless(&connector).await;
        let limits = Limits { max_rows: u64::MAX, max_bytes: u64::MAX, ..Limits::default() };
        let mut stream = connector.query(&statement, &limits).await.expect("it starts");
        assert!(stream.batches.next().await.expect("a batch").is_ok());
        drop(stream);
        assert!(until_nothing_runs(&database, &application).await < Duration::from_secs(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_ends_the_statement_on_the_server() {
    let database = Database::new(NUMBERS).await;
    let application = format!("capped_{}", database.name);
    let connector = PostgresConnector::new(&database.url(&format!("application_name={application}")))
        .expect("a connector");
    let statement = endless(&connector).await;
    let limits = Limits { max_rows: 5000, ..Limits::default() };
    let stream = connector.query(&statement, &limits).await.expect("it starts");
    let last = stream.batches.collect::<Vec<_>>().await.pop().expect("an item");
    assert_eq!(last.expect_err("the cap is told").kind, ErrorKind::RowCap);
    until_nothing_runs(&database, &application).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_server_ends_is_replaced() {
    let database = Database::new(NUMBERS).await;
    let application = format!("ended_{}", database.name);
    let url = database.url(&format!("pool_size=1&application_name={application}"));
    let connector = PostgresConnector::new(&url).expect("a connector");
    let statement = endless(&connector).await;
    let limits = Limits { max_rows: u64::MAX, max_bytes: u64::MAX, ..Limits::default() };
    let mut stream = connector.query(&statement, &limits).await.expect("it starts");
    assert!(stream.batches.next().await.expect("a batch").is_ok());
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{application}'"
    );
    assert_eq!(database.value(&end).await, "1");
    let mut last = None;
    while let Some(item) = stream.batches.next().await {
        last = Some(item);
    }
    assert_eq!(last.expect("an item").expect_err("it broke").kind, ErrorKind::Broken);
    assert_eq!(connector.test().await.expect("a new session").database, database.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_in_between_is_given_each_session_once() {
    let database = Database::new(NUMBERS).await;
    let application = format!("pooled_{}", database.name);
    let url = database.url(&format!("pgbouncer=true&application_name={application}"));
    let connector = PostgresConnector::new(&url).expect("a connector");
    connector.test().await.expect("it works");
    until_nothing_runs(&database, &application).await;
    let left = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}'");
    let started = Instant::now();
    while database.value(&left).await != "0" {
        assert!(started.elapsed() < Duration::from_secs(20), "the session was kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_nobody_waits_for_leaves_a_clean_session() {
    let database = Database::new(NUMBERS).await;
    let application = format!("dropped_{}", database.name);
    let url = database.url(&format!("pool_size=1&application_name={application}"));
    let connector = PostgresConnector::new(&url).expect("a connector");
    // as long as it takes the catalog to be locked, the crawl waits
    let mut locker = support::admin(Some(&database.name)).await;
    let lock = locker.transaction().await.expect("a transaction");
    lock.batch_execute("LOCK TABLE pg_catalog.pg_constraint IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let options = CrawlOptions::default();
    let crawl = connector.introspect(&options, &|_| {});
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}' AND wait_event_type = 'Lock'"
    );
    let seen = async {
        let admin = support::admin(None).await;
        let mut count = 0;
        while count == 0 {
            let row = admin.query_one(&waiting, &[]).await.expect("the server answers");
            count = row.get::<_, i64>(0);
        }
    };
    tokio::select! {
        _ = crawl => panic!("the crawl is locked out"),
        () = seen => {}
    }
    // the session is cancelled while the lock is still held
    until_nothing_runs(&database, &application).await;
    lock.rollback().await.expect("unlocked");
    let snapshot = connector.introspect(&options, &|_| {}).await.expect("the session is free and clean");
    assert_eq!(snapshot.tables.len(), 1);
}
