//! Attacks on the session alone, without the guard before it: text goes straight to the thread that runs statements.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use connector_api::{ConnectorError, ErrorKind, Limits};
use futures::TryStreamExt;

use crate::config::Config;
use crate::pool::Pool;
use crate::query::run;

/// A database with a table, a full-text table and a view, and the folder it lives in.
struct Victim {
    folder: tempfile::TempDir,
    path: PathBuf,
    before: Vec<u8>,
    pool: Arc<Pool>,
}

impl Victim {
    fn new() -> Victim {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("victim.db");
        let writer = rusqlite::Connection::open(&path).unwrap();
        writer
            .execute_batch(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b'); \
                 CREATE VIEW v AS SELECT name FROM t; CREATE VIRTUAL TABLE docs USING fts5(body); \
                 INSERT INTO docs VALUES ('a red fox'), ('a blue hen'); \
                 CREATE VIRTUAL TABLE boxes USING rtree(id, x1, x2); INSERT INTO boxes VALUES (1, 0, 5);",
            )
            .unwrap();
        drop(writer);
        let before = std::fs::read(&path).unwrap();
        let pool = pool(&path, "");
        Victim { folder, path, before, pool }
    }

    async fn send(&self, sql: &str) -> Result<Vec<RecordBatch>, ConnectorError> {
        let limits = Limits { timeout: Duration::from_secs(10), ..Limits::default() };
        run(&self.pool, sql.to_owned(), &limits).await?.batches.try_collect().await
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn pool(path: &Path, params: &str) -> Arc<Pool> {
    Pool::new(Config::parse(&format!("sqlite:{}{params}", path.display())).unwrap())
}

#[tokio::test]
async fn nothing_but_one_read_is_run() {
    let victim = Victim::new();
    let out = victim.folder.path().join("out.db");
    let out = out.display();
    let attacks = [
        format!("ATTACH '{out}' AS o"),
        format!("ATTACH 'file:{out}?mode=rwc' AS o"),
        "ATTACH ':memory:' AS m".to_owned(),
        "DETACH main".to_owned(),
        format!("VACUUM INTO '{out}'"),
        "VACUUM".to_owned(),
        "PRAGMA query_only = OFF".to_owned(),
        "PRAGMA query_only(0)".to_owned(),
        "PRAGMA writable_schema = ON".to_owned(),
        "PRAGMA trusted_schema = ON".to_owned(),
        "PRAGMA journal_mode = DELETE".to_owned(),
        "PRAGMA journal_mode".to_owned(),
        "PRAGMA user_version = 7".to_owned(),
        "PRAGMA database_list".to_owned(),
        "PRAGMA hard_heap_limit = 0".to_owned(),
        "PRAGMA temp_store_directory = '/'".to_owned(),
        "PRAGMA data_version = 3".to_owned(),
        "SELECT * FROM pragma_table_info('t')".to_owned(),
        "SELECT * FROM pragma_query_only(0)".to_owned(),
        "SELECT * FROM pragma_database_list".to_owned(),
        "SELECT name, sql FROM sqlite_schema".to_owned(),
        "SELECT * FROM sqlite_master".to_owned(),
        "SELECT * FROM sqlite_temp_schema".to_owned(),
        "SELECT * FROM dbstat".to_owned(),
        "SELECT * FROM sqlite_dbpage".to_owned(),
        "SELECT * FROM bytecode('SELECT 1')".to_owned(),
        "CREATE TABLE x(a)".to_owned(),
        "CREATE TEMP TABLE t(id, name)".to_owned(),
        "CREATE TEMP VIEW t AS SELECT 1".to_owned(),
        "CREATE TEMP TRIGGER tr BEFORE INSERT ON t BEGIN SELECT 1; END".to_owned(),
        "CREATE VIRTUAL TABLE temp.x USING fts5(a)".to_owned(),
        "CREATE INDEX i ON t(name)".to_owned(),
        "ALTER TABLE t RENAME TO u".to_owned(),
        "DROP TABLE t".to_owned(),
        "INSERT INTO t VALUES (3, 'c') RETURNING id".to_owned(),
        "UPDATE t SET name = 'x' RETURNING id".to_owned(),
        "DELETE FROM t RETURNING id".to_owned(),
        "WITH d AS (SELECT 1) DELETE FROM t".to_owned(),
        "REPLACE INTO t VALUES (1, 'z')".to_owned(),
        "INSERT INTO docs(docs) VALUES ('rebuild')".to_owned(),
        "UPDATE sqlite_master SET sql = ''".to_owned(),
        "INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 0, 'CREATE TABLE x(a)')".to_owned(),
        "REINDEX".to_owned(),
        "ANALYZE".to_owned(),
        "BEGIN IMMEDIATE".to_owned(),
        "COMMIT".to_owned(),
        "ROLLBACK".to_owned(),
        "SAVEPOINT s".to_owned(),
        "SELECT load_extension('libm')".to_owned(),
        "SELECT writefile('x', 'y')".to_owned(),
        "SELECT readfile('/etc/passwd')".to_owned(),
        "SELECT edit('x')".to_owned(),
        "SELECT * FROM fsdir('/')".to_owned(),
        "SELECT fts3_tokenizer('simple')".to_owned(),
        "SELECT fts3_tokenizer('simple', x'0000000000000000')".to_owned(),
        "SELECT sqlite_compileoption_get(1)".to_owned(),
        "SELECT last_insert_rowid()".to_owned(),
        "SELECT 1; DELETE FROM t".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        "".to_owned(),
        "-- nothing".to_owned(),
    ];
    let files = victim.files();
    for attack in &attacks {
        let error = victim.send(attack).await.expect_err(attack);
        assert!(
            matches!(error.kind, ErrorKind::Denied | ErrorKind::Statement | ErrorKind::NotReadOnly),
            "{attack}: {error:?}"
        );
        assert!(!error.message.contains("root:"), "{attack}");
    }
    assert_eq!(victim.files(), files, "no file appeared");
    assert_eq!(std::fs::read(&victim.path).unwrap(), victim.before, "the file is as it was");
    // the one session that all of this went through still reads what it read before
    assert_eq!(victim.send("SELECT name FROM t").await.unwrap()[0].num_rows(), 2);
}

#[tokio::test]
async fn work_without_a_bound_is_bounded() {
    let victim = Victim::new();
    let too_large = [
        "SELECT randomblob(1000000000)",
        "SELECT zeroblob(1000000000)",
        "SELECT printf('%.*c', 1000000000, 'x')",
        "SELECT hex(zeroblob(9000000))",
        "SELECT replace(hex(zeroblob(4000000)), '0', 'xxxxxxxxxx')",
        "WITH RECURSIVE s(x) AS (SELECT 'ab' UNION ALL SELECT x || x FROM s) SELECT max(length(x)) FROM s",
    ];
    for attack in too_large {
        let error = victim.send(attack).await.expect_err(attack);
        assert_eq!(error.kind, ErrorKind::Statement, "{attack}");
        assert!(error.hint.is_some());
    }
    let limits = Limits { timeout: Duration::from_millis(200), ..Limits::default() };
    let endless = [
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT max(n) FROM s",
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s) SELECT count(*) FROM s, t, v WHERE n < 0",
    ];
    for attack in endless {
        let result = run(&victim.pool, attack.to_owned(), &limits).await.map(|_| ());
        assert_eq!(result.expect_err(attack).kind, ErrorKind::Timeout, "{attack}");
    }
    assert_eq!(victim.send("SELECT name FROM t").await.unwrap()[0].num_rows(), 2);
}

#[tokio::test]
async fn reads_of_every_kind_are_run() {
    let victim = Victim::new();
    for sql in [
        "SELECT count(*) FROM t",
        "SELECT count(*) AS n FROM main.v",
        "SELECT upper(name) FROM t WHERE name LIKE 'a%' OR name GLOB 'b*'",
        "SELECT value FROM json_each('[1, 2]')",
        "SELECT json_extract('{\"a\": 1}', '$.a'), '{\"a\": 1}' ->> 'a'",
        "SELECT body FROM docs WHERE docs MATCH 'red' ORDER BY bm25(docs)",
        "SELECT highlight(docs, 0, '<', '>') FROM docs('fox')",
        "SELECT id FROM boxes WHERE x1 >= 0",
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 5) SELECT n FROM s",
        "SELECT name, row_number() OVER (ORDER BY id) FROM t",
        "SELECT date('2024-01-31', '+1 month'), strftime('%Y', 'now')",
        "SELECT a.id FROM t a JOIN t b USING (id) UNION SELECT 9 ORDER BY 1",
        "VALUES (1, 'x')",
    ] {
        let rows = victim.send(sql).await;
        assert!(rows.as_ref().is_ok_and(|batches| !batches.is_empty()), "{sql}: {rows:?}");
    }
}

#[tokio::test]
async fn a_name_like_a_uri_is_a_file_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file:odd?mode=rwc");
    drop(rusqlite::Connection::open(folder.path().join("real.db")).unwrap());
    std::fs::rename(folder.path().join("real.db"), &path).unwrap();
    let url = format!("sqlite:{}/file:odd%3Fmode=rwc", folder.path().display());
    let config = Config::parse(&url).unwrap();
    assert!(crate::session::Session::open(&config).is_ok());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
