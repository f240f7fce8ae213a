//! Introspection of what only SQLite has, and of files in a bad state.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use catalog::diff::across;
use catalog::{Snapshot, Table, TableKind, TypeClass};
use connector_api::{Connector, ConnectorError, CrawlOptions, ErrorKind};
use connector_sqlite::SqliteConnector;

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new(setup: &str) -> File {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(setup).unwrap();
        File { _folder: folder, path }
    }

    fn connector(&self) -> SqliteConnector {
        SqliteConnector::open(&format!("sqlite:{}?busy_timeout_ms=50", self.path.display())).unwrap()
    }

    async fn crawl(&self) -> Result<Snapshot, ConnectorError> {
        self.connector().introspect(&CrawlOptions::default(), &|_| {}).await
    }

    async fn table(&self, name: &str) -> Table {
        self.crawl().await.unwrap().table("main", name).unwrap().clone()
    }
}

#[tokio::test]
async fn references_without_columns_mean_the_primary_key() {
    let file = File::new(
        "CREATE TABLE a(x INTEGER, y INTEGER, PRIMARY KEY (y, x)); \
         CREATE TABLE b(p INTEGER, q INTEGER, r INTEGER, FOREIGN KEY (p, q) REFERENCES A ON UPDATE SET NULL, \
         CONSTRAINT own FOREIGN KEY (r) REFERENCES b(rowid_like)); ",
    );
    let keys = file.table("b").await.foreign_keys;
    assert_eq!(keys.len(), 2);
    assert_eq!(
        (keys[0].columns.clone(), keys[0].to_columns.clone()),
        (vec!["p".into(), "q".into()], vec!["y".into(), "x".into()])
    );
    assert_eq!((keys[0].on_update.as_deref(), keys[0].on_delete.as_deref()), (Some("SET NULL"), None));
    assert_eq!(keys[0].to_table, "a", "spelled as it is stored");
    assert_eq!(keys[1].name.as_deref(), Some("own"));
}

#[tokio::test]
async fn indexes_keep_expressions_and_conditions() {
    let file = File::new(
        "CREATE TABLE t(a TEXT, b INTEGER, c INTEGER UNIQUE); CREATE INDEX low ON t(lower(a), b) WHERE b > 0; \
         CREATE UNIQUE INDEX pair ON t(a, b); CREATE UNIQUE INDEX some ON t(b) WHERE b IS NOT NULL;",
    );
    let table = file.table("t").await;
    let unique: Vec<_> = table.unique_keys.iter().map(|k| k.columns.join(",")).collect();
    assert_eq!(unique, ["a,b", "c"]);
    let low = table.indexes.iter().find(|i| i.name == "low").unwrap();
    assert_eq!(low.columns[1], "b");
    assert!(low.columns[0].contains("lower"), "{:?}", low.columns);
    assert!(low.predicate.as_deref().unwrap().contains("b > 0"));
    let some = table.indexes.iter().find(|i| i.name == "some").unwrap();
    assert!(some.unique && some.predicate.is_some());
}

#[tokio::test]
async fn generated_hidden_and_key_columns_are_told_apart() {
    let file = File::new(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT PRIMARY_X, n INTEGER, twice INTEGER AS (n * 2) STORED); \
         CREATE TABLE w(k TEXT PRIMARY KEY) WITHOUT ROWID; CREATE TABLE nullable_key(k TEXT PRIMARY KEY);",
    );
    let table = file.table("t").await;
    assert!(table.column("twice").unwrap().generated.as_deref().unwrap().contains("n * 2"));
    assert!(!table.column("id").unwrap().nullable);
    assert!(!file.table("w").await.column("k").unwrap().nullable);
    assert!(file.table("nullable_key").await.column("k").unwrap().nullable, "SQLite stores NULL there");
}

#[tokio::test]
async fn virtual_tables_come_without_their_storage() {
    let file =
        File::new("CREATE VIRTUAL TABLE docs USING fts5(title, body); INSERT INTO docs VALUES ('a', 'b');");
    let snapshot = file.crawl().await.unwrap();
    let names: Vec<_> = snapshot.tables.iter().map(|t| (t.name.as_str(), t.kind)).collect();
    assert_eq!(names, [("docs", TableKind::Virtual)]);
    let columns: Vec<_> = snapshot.tables[0].columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(columns, ["title", "body"]);
}

#[tokio::test]
async fn a_broken_view_does_not_stop_the_crawl() {
    let file = File::new(
        "CREATE TABLE t(a); CREATE VIEW good AS SELECT a FROM t; CREATE VIEW bad AS SELECT a FROM gone;",
    );
    let names: Vec<_> = file.crawl().await.unwrap().tables.into_iter().map(|t| t.name).collect();
    assert_eq!(names, ["good", "t"]);
}

#[tokio::test]
async fn columns_without_a_fitting_type_are_classed_by_their_values() {
    let file = File::new(
        "CREATE TABLE t(untyped, day, amount INTEGER, made DATE, price NUMERIC); INSERT INTO t VALUES \
         (1, '2024-01-02', 'n/a', 1700000000, 1.5), (2, '2024-01-03', 'many', 1700000001, 2);",
    );
    let table = file.table("t").await;
    let classes: Vec<_> = table.columns.iter().map(|c| c.class).collect();
    use TypeClass::{Date, Decimal, Integer, Text};
    assert_eq!(classes, [Integer, Date, Text, Integer, Decimal]);
    let day = table.column("day").unwrap().statistics.clone().unwrap();
    assert_eq!((day.min.as_deref(), day.max.as_deref()), (Some("2024-01-02"), Some("2024-01-03")));
}

#[tokio::test]
async fn samples_are_bounded_and_spread_over_the_table() {
    let file = File::new(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, kind TEXT, long TEXT); INSERT INTO t \
         WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 8000) \
         SELECT n, CASE WHEN n <= 4000 THEN 'old' ELSE 'new' END, printf('%.*c', 500, 'x') FROM s;",
    );
    let options = CrawlOptions { sample_rows: Some(160), ..CrawlOptions::default() };
    let snapshot = file.connector().introspect(&options, &|_| {}).await.unwrap();
    let table = snapshot.table("main", "t").unwrap();
    let kind = table.column("kind").unwrap().statistics.clone().unwrap();
    let values: Vec<_> = kind.common.iter().map(|v| (v.value.as_str(), v.share.unwrap())).collect();
    assert_eq!(values, [("new", 0.5), ("old", 0.5)]);
    assert!(
        table.column("long").unwrap().statistics.clone().unwrap().common.is_empty(),
        "long values are left out"
    );
    assert_eq!(table.row_estimate, Some(8000));
    let none = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let snapshot = file.connector().introspect(&none, &|_| {}).await.unwrap();
    assert!(snapshot.tables[0].columns.iter().all(|c| c.statistics.is_none()));
}

#[tokio::test]
async fn figures_of_analyze_are_used() {
    let file = File::new(
        "CREATE TABLE t(a INTEGER, b TEXT); CREATE INDEX i ON t(a); \
         INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'y'); ANALYZE; INSERT INTO t VALUES (4, 'z');",
    );
    let snapshot = file.crawl().await.unwrap();
    assert_eq!(snapshot.tables.len(), 1, "the figures' own tables are left out");
    assert_eq!(snapshot.tables[0].row_estimate, Some(3));
}

#[tokio::test]
async fn distinct_values_of_large_tables_come_from_analyze() {
    let file = File::new(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT); CREATE INDEX by_code ON t(code); INSERT INTO t \
         WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 6000) \
         SELECT n, 'code ' || (n / 2) FROM s; ANALYZE;",
    );
    let options = CrawlOptions { sample_rows: Some(100), ..CrawlOptions::default() };
    let snapshot = file.connector().introspect(&options, &|_| {}).await.unwrap();
    let code = snapshot.tables[0].column("code").unwrap().statistics.clone().unwrap();
    assert!((2_000.0..=6_000.0).contains(&code.distinct.unwrap()), "{:?}", code.distinct);
}

#[tokio::test]
async fn a_wal_database_with_a_live_writer_is_read() {
    let file = File::new("PRAGMA journal_mode = WAL; CREATE TABLE t(a INTEGER); INSERT INTO t VALUES (1);");
    let writer = rusqlite::Connection::open(&file.path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (2); INSERT INTO t VALUES (3);").unwrap();
    assert_eq!(file.table("t").await.row_estimate, Some(1), "what is not committed is not seen");
    writer.execute_batch("COMMIT; CREATE TABLE u(b)").unwrap();
    assert_eq!(file.table("t").await.row_estimate, Some(3));
    assert_eq!(file.crawl().await.unwrap().tables.len(), 2);
}

#[tokio::test]
async fn files_in_a_bad_state_are_told_apart() {
    let file = File::new("CREATE TABLE t(a)");
    let lock = rusqlite::Connection::open(&file.path).unwrap();
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").unwrap();
    assert_eq!(file.crawl().await.unwrap_err().kind, ErrorKind::Busy);
    drop(lock);
    std::fs::write(
        &file.path,
        b"this is no database, only some text that is long enough to be read as a header",
    )
    .unwrap();
    assert_eq!(file.crawl().await.unwrap_err().kind, ErrorKind::NoDatabase);
    std::fs::remove_file(&file.path).unwrap();
    assert_eq!(file.crawl().await.unwrap_err().kind, ErrorKind::NoDatabase);
    assert!(!file.path.exists(), "nothing is created");
}

#[tokio::test]
async fn an_empty_database_has_no_tables() {
    let file = File::new("PRAGMA user_version = 1");
    assert_eq!(file.crawl().await.unwrap().tables, []);
    assert_eq!(file.connector().test().await.unwrap().privileges.readable_tables, 0);
}

#[tokio::test]
async fn odd_names_are_no_trouble() {
    let file = File::new(
        "CREATE TABLE \"a \"\"b'c\"(\"x \"\"y'\" INTEGER, rowid TEXT); INSERT INTO \"a \"\"b'c\" VALUES (7, 'r');",
    );
    let table = file.table("a \"b'c").await;
    assert_eq!(table.columns[0].name, "x \"y'");
    assert_eq!(table.columns[0].statistics.clone().unwrap().common[0].value, "7");
    assert_eq!(table.row_estimate, Some(1));
}

/// What a crawl finds is what the database's own DDL says.
#[tokio::test]
async fn a_crawl_agrees_with_the_ddl() {
    let ddl = include_str!("../../../catalog/tests/suite/library/sqlite.sql");
    let crawled = File::new(ddl).crawl().await.unwrap();
    let read = catalog::ddl::read(ddl, catalog::Engine::Sqlite).snapshot;
    let differences: Vec<String> = across(&read, &crawled).changes.iter().map(|c| c.line()).collect();
    assert_eq!((crawled.tables.len(), differences), (6, Vec::<String>::new()));
}
