//! Tests of the session alone, on the test server: what is not one query is refused before it runs, and nothing that a
//! text does outlives it. How SQL Server itself meets attacks has not been measured.

use std::sync::Arc;

use connector_api::{ConnectorError, ErrorKind, Limits};
use futures::TryStreamExt;

use crate::config::Settings;
use crate::pool::Sessions;
use crate::query;
use support::Database;

#[path = "../tests/support/mod.rs"]
mod support;

const SETUP: &[&str] =
    &["CREATE TABLE t (id int PRIMARY KEY, note nvarchar(40) NULL)", "INSERT INTO t VALUES (1, N'one')"];

async fn run(sessions: &Arc<Sessions>, sql: &str) -> Result<usize, ConnectorError> {
    let stream = query::run(Arc::clone(sessions), sql.to_owned(), &Limits::default()).await?;
    let batches: Vec<_> = stream.batches.try_collect().await?;
    Ok(batches.iter().map(arrow::record_batch::RecordBatch::num_rows).sum())
}

#[tokio::test]
async fn what_is_not_one_query_changes_nothing() {
    let database = Database::new(SETUP).await;
    let sessions = Arc::new(Sessions::new(Settings::parse(&database.url("pool_size=1")).unwrap()).unwrap());
    for sql in [
        "INSERT INTO dbo.t VALUES (2, N'two')",
        "UPDATE dbo.t SET note = N'x'",
        "DELETE FROM dbo.t",
        "SELECT 1 AS one; DELETE FROM dbo.t",
        "SELECT 1 AS one; SELECT 2 AS two",
        "SET XACT_ABORT OFF",
        "WAITFOR DELAY '00:00:00'",
    ] {
        let outcome = run(&sessions, sql).await;
        if sql.starts_with("SELECT 1 AS one; SELECT") || !sql.starts_with("SELECT") {
            assert!(
                outcome.as_ref().is_err_and(|e| e.kind == ErrorKind::Statement),
                "{sql} gave {outcome:?}"
            );
        }
        // the one session's place is free again, and what ran was rolled back
        assert_eq!(run(&sessions, "SELECT id FROM dbo.t WHERE note = N'one'").await, Ok(1), "after {sql}");
        assert_eq!(database.number("SELECT COUNT(*) FROM dbo.t").await, 1, "after {sql}");
    }
}
