//! Executions: runs of queries. The rows themselves lie as Arrow files in the data folder; here are path and counts.

mod kept;
mod shared;

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::db::{Conn, Dialect, Row, Value, args};
use super::error::Result;
use super::{chats, queries, read_page};
pub use kept::{answered, cached};
pub use shared::{Begun, Bounds, begin_within, cancelled_of};

use crate::model::{Cursor, Execution, Id, Page, PageRequest, RunStatus, Truncation, clock};

const COLUMNS: &str = "id, query_id, connection_id, status, row_count, byte_count, truncated, error_code, \
                       error_message, columns, result_path, query_hash, cache_hit, elapsed_ms, created_at, \
                       created_by, started_at, finished_at, policy_key";

fn read(row: &Row) -> Result<Execution> {
    Ok(Execution {
        id: row.id("id")?,
        query_id: row.id("query_id")?,
        connection_id: row.id("connection_id")?,
        status: row.word("status", RunStatus::parse)?,
        row_count: row.opt_int("row_count")?,
        byte_count: row.opt_int("byte_count")?,
        truncated: row.opt_word("truncated", Truncation::parse)?,
        error_code: row.opt_text("error_code")?,
        error_message: row.opt_text("error_message")?,
        columns: row.json("columns")?,
        result_path: row.opt_text("result_path")?,
        query_hash: row.opt_text("query_hash")?,
        cache_hit: row.bool("cache_hit")?,
        position: None,
        elapsed_ms: row.opt_int("elapsed_ms")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        started_at: row.opt_time("started_at")?,
        finished_at: row.opt_time("finished_at")?,
        policy_key: row.opt_text("policy_key")?,
    })
}

/// An execution to be stored.
#[derive(Debug, Clone)]
pub struct NewExecution {
    /// Key; a fresh one from [`crate::model::new_id`].
    pub id: Id,
    /// Query.
    pub query_id: Id,
    /// Connection.
    pub connection_id: Id,
    /// Who asked.
    pub created_by: Option<String>,
    /// Fingerprint of the policy under which it runs.
    pub policy_key: String,
    /// Until when it is not taken for abandoned, where no daemon that gives signs of life has it.
    pub lease: Duration,
    /// Hash of what runs.
    pub query_hash: Option<String>,
    /// What a later run must have, too, to be answered with this one's result.
    pub cache_key: Option<String>,
    /// The daemon that has it.
    pub owner: Option<Id>,
    /// Whether another daemon runs it when that one dies.
    pub resumable: bool,
}

/// Stores an execution that waits for its turn.
///
/// # Errors
/// A broken reference when the query is not there.
pub async fn create(on: &impl Conn, new: NewExecution) -> Result<Execution> {
    let sql = format!(
        "INSERT INTO executions ({COLUMNS}, lease_until, workspace_id, cache_key, lease_owner, resumable) \
         VALUES ($1, $2, $3, 'queued', NULL, NULL, NULL, NULL, NULL, $4, NULL, $10, FALSE, NULL, $5, $6, NULL, NULL, \
         $7, $8, $9, $11, $12, $13) RETURNING {COLUMNS}"
    );
    let lease = clock::after(new.lease);
    let args = args![
        new.id,
        new.query_id,
        new.connection_id,
        json!([]),
        clock::now(),
        new.created_by,
        new.policy_key,
        lease,
        on.workspace(),
        new.query_hash,
        new.cache_key,
        new.owner,
        new.resumable,
    ];
    read(&on.query_one("execution", &sql, args).await?)
}

/// Starts a queued one.
///
/// # Errors
/// Not found when it is not queued any more.
pub async fn begin(on: &impl Conn, id: Id, lease: Duration) -> Result<Execution> {
    let sql = format!(
        "UPDATE executions SET status = 'running', started_at = $2, lease_until = $3 \
         WHERE workspace_id = $4 AND id = $1 AND status = 'queued' RETURNING {COLUMNS}"
    );
    read(
        &on.query_one("queued execution", &sql, args![id, clock::now(), clock::after(lease), on.workspace()])
            .await?,
    )
}

/// How an execution ended.
#[derive(Debug, Clone)]
pub struct ExecutionEnd {
    /// Succeeded, failed or cancelled.
    pub status: RunStatus,
    /// Rows in the result.
    pub row_count: Option<i64>,
    /// Bytes in the result.
    pub byte_count: Option<i64>,
    /// Which cap cut it.
    pub truncated: Option<Truncation>,
    /// Code and sentence of the error that ended it.
    pub error: Option<(String, String)>,
    /// Names and types of the columns.
    pub columns: Json,
    /// Where the result lies, relative to the data folder.
    pub result_path: Option<String>,
    /// Time it took.
    pub elapsed_ms: i64,
    /// The daemon that ran it; `None` where none gives signs of life.
    pub owner: Option<Id>,
}

impl ExecutionEnd {
    /// The end of one that gave no result.
    pub fn failed(status: RunStatus, error: (String, String)) -> ExecutionEnd {
        ExecutionEnd {
            status,
            row_count: None,
            byte_count: None,
            truncated: None,
            error: Some(error),
            columns: Json::Array(Vec::new()),
            result_path: None,
            elapsed_ms: 0,
            owner: None,
        }
    }
}

/// Ends one that has not ended.
///
/// # Errors
/// Not found when it has, or another daemon has it: it was cancelled, or taken for abandoned.
pub async fn finish(on: &impl Conn, id: Id, end: ExecutionEnd) -> Result<Execution> {
    let uuid = match on.dialect() {
        Dialect::Postgres => "uuid",
        Dialect::Sqlite => "text",
    };
    let sql = format!(
        "UPDATE executions SET status = $2, row_count = $3, byte_count = $4, truncated = $5, error_code = $6, \
         error_message = $7, columns = $8, result_path = $9, elapsed_ms = $10, finished_at = $11, \
         lease_until = NULL WHERE workspace_id = $12 AND id = $1 AND status IN ('queued', 'running') \
         AND (CAST($13 AS {uuid}) IS NULL OR lease_owner = $13) RETURNING {COLUMNS}"
    );
    let (code, message) = end.error.unzip();
    let args = args![
        id,
        end.status.as_str(),
        end.row_count,
        end.byte_count,
        end.truncated.map(Truncation::as_str),
        code,
        message,
        end.columns,
        end.result_path,
        end.elapsed_ms,
        clock::now(),
        on.workspace(),
        end.owner,
    ];
    read(&on.query_one("active execution", &sql, args).await?)
}

/// Cancels one that has not ended.
///
/// # Errors
/// Not found when it has.
pub async fn cancel(on: &impl Conn, id: Id) -> Result<Execution> {
    let sql = format!(
        "UPDATE executions SET status = 'cancelled', finished_at = $2, lease_until = NULL \
         WHERE workspace_id = $3 AND id = $1 AND status IN ('queued', 'running') RETURNING {COLUMNS}"
    );
    read(&on.query_one("active execution", &sql, args![id, clock::now(), on.workspace()]).await?)
}

/// The execution of that key: the caller's own, or one of a query that the caller sees.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Execution> {
    let sql = format!(
        "SELECT {COLUMNS} FROM executions WHERE workspace_id = $2 AND id = $1 AND (created_by = $3 OR EXISTS \
         (SELECT 1 FROM queries WHERE queries.id = executions.query_id AND {}))",
        queries::seen(3, 4)
    );
    read(&on.query_one("execution", &sql, args![id, on.workspace(), on.by(), chats::user(on)]).await?)
}

/// Executions of a query, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, query_id: Id, page: PageRequest) -> Result<Page<Execution>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM executions WHERE workspace_id = $5 AND query_id = $1 AND (created_at, id) < ($2, $3) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![query_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |e| Cursor { at: e.created_at, id: e.id })
}

/// The place of a queued one among those that wait for its connection, from 1.
///
/// # Errors
/// When the store fails.
pub async fn position(on: &impl Conn, waiting: &Execution) -> Result<i64> {
    let sql = "SELECT count(*) AS n FROM executions WHERE workspace_id = $1 AND connection_id = $2 \
               AND status = 'queued' AND (created_at, id) <= ($3, $4)";
    let args = args![on.workspace(), waiting.connection_id, waiting.created_at, waiting.id];
    on.query_one("execution", sql, args).await?.int("n")
}

/// Fingerprints of the policies under which executions ran; those that are not there are left out.
///
/// # Errors
/// When the store fails.
pub async fn policy_keys(on: &impl Conn, ids: &[Id]) -> Result<HashMap<Id, Option<String>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let marks: Vec<String> = (2..ids.len() + 2).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT id, policy_key FROM executions WHERE workspace_id = $1 AND id IN ({})",
        marks.join(", ")
    );
    let mut args = vec![Value::from(on.workspace())];
    args.extend(ids.iter().map(Value::from));
    let rows = on.query(&sql, &args).await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.opt_text("policy_key")?))).collect()
}

/// Results of executions that ended before a moment: their files may go. At most `limit`, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn results_before(
    on: &impl Conn,
    moment: jiff::Timestamp,
    limit: u32,
) -> Result<Vec<(Id, String)>> {
    let sql = "SELECT id, result_path FROM executions WHERE result_path IS NOT NULL AND finished_at < $1 \
               ORDER BY finished_at, id LIMIT $2";
    let rows = on.query(sql, args![moment, limit]).await?;
    rows.iter().map(|row| Ok((row.id("id")?, row.text("result_path")?))).collect()
}

/// Notes that the file of a result is gone.
///
/// # Errors
/// Not found.
pub async fn forget_result(on: &impl Conn, id: Id) -> Result<()> {
    on.execute_one("execution", "UPDATE executions SET result_path = NULL WHERE id = $1", args![id]).await
}
