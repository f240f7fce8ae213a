//! Sessions over time: the schema changes, the file is replaced, statements wait for each other.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use arrow::util::display::array_value_to_string;
use catalog::Catalog;
use connector_api::{Connector, ConnectorError, CrawlOptions, ErrorKind, Limits};
use connector_sqlite::SqliteConnector;
use futures::TryStreamExt;
use guard::Policy;

fn create(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

async fn first(connector: &SqliteConnector, sql: &str) -> Result<String, ConnectorError> {
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await?;
    let statement = guard::check(sql, &Catalog::new(snapshot), &Policy::default()).unwrap();
    let stream = connector.query(&statement, &Limits::default()).await?;
    let batches: Vec<_> = stream.batches.try_collect().await?;
    Ok(array_value_to_string(batches[0].column(0), 0).unwrap())
}

#[tokio::test]
async fn a_session_in_the_pool_sees_new_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    create(&path, "CREATE TABLE t(a); INSERT INTO t VALUES ('old')");
    let connector = SqliteConnector::open(&format!("sqlite:{}?max_connections=1", path.display())).unwrap();
    assert_eq!(first(&connector, "SELECT a FROM t").await.as_deref(), Ok("old"));
    create(&path, "CREATE TABLE u(b); INSERT INTO u VALUES ('new')");
    assert_eq!(first(&connector, "SELECT b FROM u").await.as_deref(), Ok("new"));
}

#[tokio::test]
async fn a_replaced_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a.db"), folder.path().join("b.db"));
    create(&path, "CREATE TABLE t(a); INSERT INTO t VALUES ('first')");
    let connector = SqliteConnector::open(&format!("sqlite:{}?max_connections=1", path.display())).unwrap();
    assert_eq!(first(&connector, "SELECT a FROM t").await.as_deref(), Ok("first"));
    create(&other, "CREATE TABLE t(a); INSERT INTO t VALUES ('second')");
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(first(&connector, "SELECT a FROM t").await.as_deref(), Ok("second"));
}

#[tokio::test]
async fn the_connection_bounds_the_time_of_any_statement() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    create(&path, "CREATE TABLE t(a)");
    let url = format!("sqlite:{}?statement_timeout_ms=100", path.display());
    let connector = SqliteConnector::open(&url).unwrap();
    let sql = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000000000000) SELECT max(n) AS m FROM s";
    assert_eq!(first(&connector, sql).await.unwrap_err().kind, ErrorKind::Timeout);
}

#[tokio::test]
async fn the_test_names_what_the_process_may_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    create(
        &path,
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t; CREATE VIRTUAL TABLE d USING fts5(x)",
    );
    let info = SqliteConnector::open(&format!("sqlite:{}", path.display())).unwrap().test().await.unwrap();
    assert_eq!(info.database, "shop");
    assert_eq!(info.privileges.readable_tables, 3, "the storage of virtual tables does not count");
    assert!(info.privileges.can_write[0].contains("opens it read-only"));
    assert!(info.privileges.fixes[0].starts_with("chmod"));
}
