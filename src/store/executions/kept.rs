//! Results that are kept to answer the same again.

use jiff::Timestamp;

use super::{COLUMNS, NewExecution, read};
use crate::model::{Execution, clock};
use crate::store::db::{Conn, args};
use crate::store::error::Result;

/// The newest run that ended well after a moment and shares the key. Runs that were answered from another do not count,
/// so that a result does not grow younger by being used.
///
/// # Errors
/// When the store fails.
pub async fn cached(on: &impl Conn, cache_key: &str, since: Timestamp) -> Result<Option<Execution>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM executions WHERE workspace_id = $1 AND cache_key = $2 AND finished_at > $3 \
         AND status = 'succeeded' AND NOT cache_hit AND result_path IS NOT NULL \
         ORDER BY finished_at DESC LIMIT 1"
    );
    on.query_opt(&sql, args![on.workspace(), cache_key, since]).await?.as_ref().map(read).transpose()
}

/// Stores an execution that another one's result answers.
///
/// # Errors
/// A broken reference when the query is not there.
pub async fn answered(on: &impl Conn, new: NewExecution, by: &Execution) -> Result<Execution> {
    let sql = format!(
        "INSERT INTO executions ({COLUMNS}, workspace_id, cache_key) \
         VALUES ($1, $2, $3, 'succeeded', $4, $5, $6, NULL, NULL, $7, $8, $9, TRUE, 0, $10, $11, $10, $10, $14, $12, $13) \
         RETURNING {COLUMNS}"
    );
    let args = args![
        new.id,
        new.query_id,
        new.connection_id,
        by.row_count,
        by.byte_count,
        by.truncated.map(|t| t.as_str()),
        &by.columns,
        by.result_path.as_deref(),
        new.query_hash,
        clock::now(),
        new.created_by,
        on.workspace(),
        new.cache_key,
        new.policy_key,
    ];
    read(&on.query_one("execution", &sql, args).await?)
}
