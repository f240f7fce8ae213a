//! Tests of the read-only session alone: statements that the guard would never let through are run without it, as a
//! superuser, and must change nothing.

use std::sync::Arc;

use connector_api::{ConnectorError, Limits};
use futures::TryStreamExt;

use crate::config::Settings;
use crate::pool::Sessions;
use crate::query;
use support::Database;

#[path = "../tests/support/mod.rs"]
mod support;

const SETUP: &[&str] = &[
    "CREATE TABLE t (id int PRIMARY KEY, note text)",
    "INSERT INTO t VALUES (1, 'one')",
    "CREATE SEQUENCE s",
    "CREATE FUNCTION touch() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO t VALUES (99, ''x''); SELECT 1'",
    "CREATE FUNCTION sneaky() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS \
     'BEGIN DELETE FROM public.t; RETURN 1; END'",
];

/// What must not change.
const STATE: &str = "concat((SELECT string_agg(t::text, ',' ORDER BY id) FROM t), \
     (SELECT count(*) FROM pg_class WHERE oid >= 16384), (SELECT count(*) FROM pg_proc WHERE oid >= 16384), \
     (SELECT last_value || is_called::text FROM s), (SELECT count(*) FROM pg_largeobject_metadata), \
     (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'layer_two%'))";

async fn run(sessions: &Arc<Sessions>, sql: &str) -> Result<usize, ConnectorError> {
    let stream = query::run(Arc::clone(sessions), sql.to_owned(), &Limits::default()).await?;
    let batches: Vec<_> = stream.batches.try_collect().await?;
    Ok(batches.iter().map(arrow::record_batch::RecordBatch::num_rows).sum())
}

fn sessions(database: &Database) -> Arc<Sessions> {
    let settings = Settings::parse(&database.url("pool_size=1&sslmode=disable")).unwrap();
    Arc::new(Sessions::new(settings).unwrap())
}

#[tokio::test]
async fn refuses_writes_of_every_kind() {
    let database = Database::new(SETUP).await;
    let sessions = sessions(&database);
    let before = database.value(STATE).await;
    for sql in [
        "INSERT INTO public.t VALUES (2, 'two')",
        "UPDATE public.t SET note = 'x' RETURNING id",
        "DELETE FROM public.t",
        "TRUNCATE public.t",
        "MERGE INTO public.t USING (SELECT 1 AS id) AS n ON t.id = n.id WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM public.t RETURNING id) SELECT id FROM gone",
        "SELECT id INTO public.copy FROM public.t",
        "CREATE TABLE public.x (id int)",
        "CREATE TABLE public.x AS SELECT 1 AS a",
        "DROP TABLE public.t",
        "ALTER TABLE public.t ADD COLUMN c int",
        "GRANT SELECT ON public.t TO PUBLIC",
        "COMMENT ON TABLE public.t IS 'x'",
        "CREATE ROLE layer_two_role",
        "COPY public.t FROM STDIN",
        "DO 'BEGIN DELETE FROM public.t; END'",
        "SELECT public.touch()",
        "SELECT public.sneaky()",
        "SELECT nextval('public.s')",
        "SELECT setval('public.s', 50)",
        "SELECT id FROM public.t FOR UPDATE",
        "SELECT 1; DELETE FROM public.t",
        "COMMIT; DELETE FROM public.t",
        "EXPLAIN ANALYZE DELETE FROM public.t",
        "VACUUM public.t",
        // commands that a read-only transaction would run
        "LOAD 'plpgsql'",
        "LISTEN channel",
        "SHOW data_directory",
        "EXPLAIN ANALYZE SELECT 1",
        "PREPARE later AS SELECT 1",
        "LOCK TABLE public.t IN ACCESS SHARE MODE",
        "SET SESSION AUTHORIZATION DEFAULT",
        "CHECKPOINT",
        "COPY public.t TO STDOUT",
        // what only a superuser may call
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "SELECT pg_stat_reset()",
        "SELECT pg_create_physical_replication_slot('layer_two')",
        "SELECT lo_import('/dev/null')",
    ] {
        let outcome = run(&sessions, sql).await;
        assert!(outcome.is_err(), "{sql} gave {outcome:?}");
        assert_eq!(database.value(STATE).await, before, "{sql}");
    }
}

#[tokio::test]
async fn rolls_back_what_a_read_only_transaction_lets_through() {
    let database = Database::new(SETUP).await;
    let sessions = sessions(&database);
    let before = database.value(STATE).await;
    for sql in [
        "EXPLAIN ANALYZE CREATE TABLE public.x AS SELECT 1 AS a",
        "SELECT lo_create(0)",
        "CREATE TEMPORARY TABLE x (id int)",
        "NOTIFY x",
        "COMMIT",
        "ROLLBACK",
    ] {
        let _ = run(&sessions, sql).await;
        assert_eq!(database.value(STATE).await, before, "{sql}");
    }
}

#[tokio::test]
async fn nothing_outlives_a_statement() {
    let database = Database::new(SETUP).await;
    let sessions = sessions(&database);
    for sql in [
        "SELECT pg_advisory_lock(42)",
        "SELECT set_config('statement_timeout', '0', false)",
        "SELECT set_config('search_path', 'public', false)",
        "SELECT set_config('application_name', 'somebody else', false)",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
        "PREPARE later AS SELECT 1",
        "LISTEN channel",
    ] {
        let _ = run(&sessions, sql).await;
        assert_eq!(run(&sessions, "SELECT 1 AS one").await, Ok(1), "after {sql}");
    }
    // the one session is the same one, as clean as at its beginning
    let left = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' UNION ALL SELECT 1 FROM pg_listening_channels() \
                UNION ALL SELECT 1 WHERE current_setting('application_name') <> 'querent' \
                UNION ALL SELECT 1 WHERE current_setting('search_path') <> 'pg_catalog, pg_temp'";
    assert_eq!(run(&sessions, left).await, Ok(0));
}

#[tokio::test]
async fn a_superuser_reads_what_it_may_read() {
    let database = Database::new(SETUP).await;
    let sessions = sessions(&database);
    assert_eq!(run(&sessions, "SELECT id, note FROM public.t").await, Ok(1));
    // with row security in the database, a reader's rights would not show the same rows
    database.run("ALTER TABLE t ENABLE ROW LEVEL SECURITY").await;
    assert_eq!(run(&sessions, "SELECT id, note FROM public.t").await, Ok(1));
}

#[tokio::test]
async fn rows_keep_the_order_that_the_statement_asks_for() {
    let database = Database::new(&["CREATE TABLE n AS SELECT generate_series(1, 3000) AS i"]).await;
    let sessions = sessions(&database);
    let sql = "SELECT i, i AS i FROM public.n ORDER BY i DESC".to_owned();
    let stream = query::run(sessions, sql, &Limits::default()).await.unwrap();
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    let column = batches[0].column(0);
    let values: &arrow::array::Int32Array = column.as_any().downcast_ref().unwrap();
    assert!(values.values().windows(2).all(|pair| pair[0] > pair[1]));
}

#[tokio::test]
async fn unqualified_names_never_reach_users_objects() {
    let database = Database::new(&[
        "CREATE TABLE t (id int, word text)",
        "INSERT INTO t VALUES (1, 'a')",
        "CREATE FUNCTION upper(t) RETURNS text LANGUAGE sql AS 'SELECT ''user code''::text'",
    ])
    .await;
    let sessions = sessions(&database);
    assert!(run(&sessions, "SELECT id FROM t").await.is_err());
    assert!(run(&sessions, "SELECT upper(t) FROM public.t").await.is_err());
}
