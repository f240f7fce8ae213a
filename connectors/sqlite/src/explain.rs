//! The plan of a checked statement. SQLite states neither cost nor rows, so only its text is given.

use std::sync::Arc;

use connector_api::{ConnectorError, Estimate};
use guard::ReadOnly;

use crate::error::{When, from_sqlite, internal};
use crate::pool::Pool;
use crate::query::{CancelOnDrop, ours};
use crate::session::{Run, Session};

/// Most lines of a plan that are kept.
const LINES: usize = 500;

/// `EXPLAIN QUERY PLAN`, indented as the shell of SQLite prints it.
pub(crate) async fn explain(pool: &Arc<Pool>, statement: &ReadOnly) -> Result<Estimate, ConnectorError> {
    let sql = format!("EXPLAIN QUERY PLAN {}", ours(statement)?);
    let mut lease = pool.take().await?;
    let run = Run::lasting(pool.statement_timeout());
    let _cancels_when_dropped = CancelOnDrop(Arc::clone(&run));
    let work = move || {
        let session = lease.open()?;
        session.begin(&run)?;
        let plan = plan(session, &sql);
        if session.finish() {
            lease.reuse();
        }
        plan
    };
    let plan = tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| internal("the thread of the statement ended early"))??;
    Ok(Estimate { cost: None, rows: None, plan })
}

fn plan(session: &Session, sql: &str) -> Result<String, ConnectorError> {
    let mut statement = session.prepare(sql)?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(3)?)))
        .map_err(|error| from_sqlite(&error, When::Running))?;
    let mut depths = std::collections::HashMap::new();
    let mut lines = Vec::new();
    for row in rows.take(LINES) {
        let (id, parent, detail) = row.map_err(|error| from_sqlite(&error, When::Running))?;
        let depth = depths.get(&parent).map_or(0, |depth| depth + 1);
        depths.insert(id, depth);
        lines.push(format!("{}{detail}", "  ".repeat(depth)));
    }
    Ok(lines.join("\n"))
}
