//! Tests of the read-only session alone: statements that the guard would never let through are run without it, as a
//! login that may do everything, and must change nothing.

use std::sync::Arc;

use connector_api::{ConnectorError, ErrorKind, Limits};
use futures::TryStreamExt;

use crate::config::Settings;
use crate::pool::Sessions;
use crate::query;
use support::{Database, Server};

#[macro_use]
#[path = "../tests/support/mod.rs"]
mod support;

const SETUP: &[&str] = &[
    "CREATE TABLE t (id int PRIMARY KEY, note varchar(40))",
    "INSERT INTO t VALUES (1, 'one')",
    "CREATE TABLE untransacted (id int) ENGINE = MyISAM",
    "CREATE FUNCTION touch() RETURNS int BEGIN INSERT INTO untransacted VALUES (99); RETURN 1; END",
    "CREATE PROCEDURE clear() BEGIN DELETE FROM t; END",
];

async fn made(server: Server) -> Database {
    let database = Database::new(server, SETUP).await;
    if server == Server::Mariadb {
        database.run("CREATE SEQUENCE s").await;
    }
    database
}

async fn run(sessions: &Arc<Sessions>, sql: &str) -> Result<usize, ConnectorError> {
    let stream = query::run(Arc::clone(sessions), sql.to_owned(), None, &Limits::default()).await?;
    let batches: Vec<_> = stream.batches.try_collect().await?;
    Ok(batches.iter().map(arrow::record_batch::RecordBatch::num_rows).sum())
}

fn sessions(database: &Database) -> Arc<Sessions> {
    let settings = Settings::parse(&database.url("pool_size=1")).unwrap();
    Arc::new(Sessions::new(settings).unwrap())
}

/// What must not change.
async fn state(database: &Database) -> String {
    let d = &database.name;
    let sequence = database.server.pick(format!("(SELECT next_not_cached_value FROM {d}.s)"), "0".to_owned());
    database
        .value(&format!(
            "SELECT CONCAT_WS('|', (SELECT GROUP_CONCAT(CONCAT(id, note) ORDER BY id) FROM {d}.t), \
             (SELECT COUNT(*) FROM {d}.untransacted), {sequence}, \
             (SELECT GROUP_CONCAT(CONCAT(table_name, table_type) ORDER BY table_name) \
              FROM information_schema.tables WHERE table_schema = '{d}'), \
             (SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '{d}'), \
             (SELECT COUNT(*) FROM information_schema.routines WHERE routine_schema = '{d}'), \
             (SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'layer_two%'), \
             (SELECT COUNT(*) FROM mysql.user WHERE user LIKE 'layer_two%'))"
        ))
        .await
}

async fn refuses_writes_of_every_kind(server: Server) {
    let database = made(server).await;
    let sessions = sessions(&database);
    let before = state(&database).await;
    let d = &database.name;
    for sql in [
        "INSERT INTO @.t VALUES (2, 'two')",
        "REPLACE INTO @.t VALUES (1, 'two')",
        "UPDATE @.t SET note = 'x'",
        "DELETE FROM @.t",
        "DELETE FROM @.t RETURNING id",
        "TRUNCATE @.t",
        "CREATE TABLE @.x (id int)",
        "CREATE TABLE @.x AS SELECT 1 AS a",
        "CREATE DATABASE layer_two_database",
        "CREATE VIEW @.v AS SELECT 1 AS a",
        "CREATE USER layer_two_user",
        "CREATE SEQUENCE @.s2",
        "DROP TABLE @.t",
        "ALTER TABLE @.t ADD COLUMN c int",
        "RENAME TABLE @.t TO @.u",
        "GRANT SELECT ON @.* TO layer_two_user",
        "CALL @.clear()",
        "SELECT @.touch()",
        "SELECT NEXTVAL(@.s)",
        "SELECT SETVAL(@.s, 50)",
        "SELECT 1; DELETE FROM @.t",
        "COMMIT; DELETE FROM @.t",
        "BEGIN NOT ATOMIC COMMIT; DELETE FROM @.t; END",
        "EXECUTE IMMEDIATE 'DELETE FROM @.t'",
        "ANALYZE FORMAT=JSON DELETE FROM @.t",
        "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE @.t",
        "OPTIMIZE TABLE @.t",
        // commands that a read-only session would run
        "SET STATEMENT max_statement_time = 0 FOR SELECT SLEEP(0)",
        "SELECT 1 INTO OUTFILE 'layer_two'",
        "SELECT 1 INTO @mine",
        "WITH w AS (SELECT 1 AS a) SELECT a FROM w INTO OUTFILE 'layer_two'",
        "SHOW GRANTS",
        "ANALYZE TABLE @.t",
        "FLUSH TABLES",
        "HANDLER @.t OPEN",
        "LOCK TABLES @.t READ",
        "DO SLEEP(0)",
        "EXPLAIN SELECT 1",
        "TABLE @.t INTO OUTFILE 'layer_two'",
        "WITH w AS (SELECT 1 AS a) DELETE FROM @.t",
        "EXPLAIN ANALYZE SELECT 1",
        "SET PERSIST max_connections = 90",
        "RESTART",
        "SELECT 1) ; DELETE FROM @.t ; (SELECT 2",
    ] {
        let sql = sql.replace('@', d);
        let outcome = run(&sessions, &sql).await;
        assert_eq!(state(&database).await, before, "{sql}");
        // it is refused for what it is, by the server or after it told what it would give
        let refused = outcome.as_ref().is_err_and(|e| e.kind == ErrorKind::Statement);
        assert!(refused, "{sql} gave {outcome:?}");
    }
}

async fn nothing_outlives_a_statement(server: Server) {
    let database = made(server).await;
    let sessions = sessions(&database);
    for sql in [
        "SELECT GET_LOCK('layer two', 1)",
        "SET SESSION TRANSACTION READ WRITE",
        "SET SESSION sql_mode = 'ORACLE'",
        server.pick("SET SESSION max_statement_time = 0", "SET SESSION max_execution_time = 0"),
        "SET @mine = 1",
        "COMMIT",
        "ROLLBACK",
        "CREATE TEMPORARY TABLE @.mine (id int)",
        "PREPARE later FROM 'SELECT 1'",
    ] {
        let sql = sql.replace('@', if sql.starts_with("SET @") { "@" } else { &database.name });
        let _ = run(&sessions, &sql).await;
        assert_eq!(run(&sessions, "SELECT 1 AS one").await, Ok(1), "after {sql}");
    }
    // the one session is the same one, as clean as at its beginning
    let (read_only, limit) =
        server.pick(("tx_read_only", "max_statement_time"), ("transaction_read_only", "max_execution_time"));
    let left = format!(
        "SELECT 1 FROM DUAL WHERE @mine IS NOT NULL UNION ALL SELECT 1 FROM DUAL WHERE IS_USED_LOCK('layer two') \
         UNION ALL SELECT 1 FROM DUAL WHERE @@SESSION.{read_only} = 0 \
         UNION ALL SELECT 1 FROM DUAL WHERE @@SESSION.{limit} = 0"
    );
    assert_eq!(run(&sessions, &left).await, Ok(0));
    assert!(run(&sessions, &format!("SELECT id FROM {}.mine", database.name)).await.is_err());
    assert!(run(&sessions, "EXECUTE later").await.is_err());
}

async fn a_query_in_brackets_keeps_its_order_and_its_forms(server: Server) {
    let database = made(server).await;
    let sessions = sessions(&database);
    for (sql, rows) in [
        ("SELECT 1 AS a, 2 AS a", 1),
        ("SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a DESC", 2),
        ("(SELECT 1 AS a) UNION ALL (SELECT 2) ORDER BY a DESC LIMIT 1", 1),
        ("WITH w AS (SELECT 1 AS a) SELECT a FROM w -- the end", 1),
        (server.pick("VALUES (1), (2)", "VALUES ROW(1), ROW(2)"), 2),
        ("SELECT 1 AS a -- the end", 1),
    ] {
        assert_eq!(run(&sessions, sql).await, Ok(rows), "{sql}");
    }
    let sql =
        "SELECT n FROM (WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 500) \
               SELECT n FROM r) AS numbers ORDER BY n DESC"
            .to_owned();
    let stream = query::run(sessions, sql, None, &Limits::default()).await.unwrap();
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    let shown = |row| arrow::util::display::array_value_to_string(batches[0].column(0), row).unwrap();
    assert_eq!((batches[0].num_rows(), shown(0), shown(499)), (500, "500".to_owned(), "1".to_owned()));
}

async fn unqualified_names_never_reach_users_objects(server: Server) {
    let database = made(server).await;
    let sessions = sessions(&database);
    for sql in ["SELECT id FROM t", "SELECT touch()", "SELECT NEXTVAL(s)"] {
        assert!(run(&sessions, sql).await.is_err(), "{sql}");
    }
}

async fn text_is_lexed_as_standard_sql(server: Server) {
    let database = made(server).await;
    let sessions = sessions(&database);
    // a backslash that escaped the quote would make one text of this and leave the rest open
    assert_eq!(run(&sessions, r"SELECT '\' AS a, 'x' AS b").await, Ok(1));
    // quoted names are names
    assert_eq!(run(&sessions, &format!("SELECT \"id\" FROM \"{}\".\"t\"", database.name)).await, Ok(1));
}

async fn cuts_that_the_server_makes_silently_are_told(server: Server) {
    let database = made(server).await;
    let sessions = sessions(&database);
    let recursion = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT COUNT(*) FROM r";
    let limits = Limits { timeout: std::time::Duration::from_secs(120), ..Limits::default() };
    let ended = query::run(Arc::clone(&sessions), recursion.to_owned(), None, &limits).await;
    let error = match ended {
        Ok(stream) => stream.batches.try_collect::<Vec<_>>().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.engine_code.as_deref(), Some(server.pick("1931", "3636")), "{error:?}");
    let long = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 1000) \
                SELECT GROUP_CONCAT(REPEAT('x', 10000)) FROM r";
    let error = run(&sessions, long).await.unwrap_err();
    assert_eq!((error.kind, error.engine_code.as_deref()), (ErrorKind::Statement, Some("1260")));
    // not even among a thousand other warnings
    let noisy =
        long.replace("SELECT GROUP_CONCAT", "SELECT SUM(CAST(CONCAT('a', n) AS SIGNED)), GROUP_CONCAT");
    assert_eq!(run(&sessions, &noisy).await.unwrap_err().engine_code.as_deref(), Some("1260"));
    assert_eq!(run(&sessions, "SELECT 1 AS one").await, Ok(1));
}

on_every_server!(
    refuses_writes_of_every_kind,
    nothing_outlives_a_statement,
    a_query_in_brackets_keeps_its_order_and_its_forms,
    unqualified_names_never_reach_users_objects,
    text_is_lexed_as_standard_sql,
    cuts_that_the_server_makes_silently_are_told,
);
