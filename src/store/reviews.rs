//! Review: queries on their way from draft to approved, their texts, and what people say of them.

use super::chats;
use super::db::{Conn, Row, args};
use super::error::Result;
use crate::access::{SystemRole, WorkspaceRole};
use crate::model::{Id, Query, QueryComment, QueryState, QueryVersion, Usage, clock, new_id};

/// Texts of a query that are kept.
const VERSIONS: i64 = 200;
/// Comments of a query that are shown.
const COMMENTS: u32 = 1_000;

/// Marks a query as proposed, if it is in the state that the caller saw.
///
/// # Errors
/// Not found when somebody moved it in between.
pub async fn propose(on: &impl Conn, seen: &Query, to: QueryState) -> Result<()> {
    let sql = "UPDATE queries SET state = $3, proposed_by = $4, updated_at = $5, updated_by = $4, reviewed_by = NULL, \
               reviewed_at = NULL, review_reason = NULL \
               WHERE workspace_id = $6 AND id = $1 AND state = $2 AND deleted_at IS NULL";
    let args = args![seen.id, seen.state.as_str(), to.as_str(), on.by(), clock::now(), on.workspace()];
    on.execute_one("query in that state", sql, args).await
}

/// Keeps a reviewer's word on the text that the reviewer saw.
///
/// # Errors
/// Not found when state or text changed in between.
pub async fn judge(on: &impl Conn, seen: &Query, to: QueryState, reason: Option<&str>) -> Result<()> {
    let sql = "UPDATE queries SET state = $3, reviewed_by = $4, reviewed_at = $5, review_reason = $6, updated_at = $5, \
               updated_by = $4 WHERE workspace_id = $7 AND id = $1 AND state = $2 AND ordinal = $8 AND deleted_at IS NULL";
    let (now, by) = (clock::now(), on.by());
    let args =
        args![seen.id, seen.state.as_str(), to.as_str(), by, now, reason, on.workspace(), seen.ordinal];
    on.execute_one("query in that state", sql, args).await
}

/// Says who should look at a query; `None`: anybody.
///
/// # Errors
/// Not found.
pub async fn assign(on: &impl Conn, id: Id, user: Option<Id>) -> Result<()> {
    let sql = "UPDATE queries SET assigned_to = $2, updated_at = $3, updated_by = $4 \
               WHERE workspace_id = $5 AND id = $1 AND deleted_at IS NULL";
    on.execute_one("query", sql, args![id, user, clock::now(), on.by(), on.workspace()]).await
}

/// Keeps the text that a query has, before it gets another. Give the transaction of the change.
///
/// # Errors
/// A conflict when somebody changed it in between.
pub async fn keep_text(on: &impl Conn, seen: &Query) -> Result<()> {
    let sql = "INSERT INTO query_versions (query_id, ordinal, workspace_id, sql, asked, written_by, written_why, \
               replaced_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let by = seen.written_by.as_ref().or(seen.created_by.as_ref());
    let (asked, why) = (seen.asked(), seen.written_why.as_ref());
    let args = args![seen.id, seen.ordinal, on.workspace(), &seen.sql, asked, by, why, clock::now()];
    on.execute(sql, args).await?;
    let forget = "DELETE FROM query_versions WHERE query_id = $1 AND workspace_id = $3 AND ordinal <= $2";
    on.execute(forget, args![seen.id, seen.ordinal - VERSIONS, on.workspace()]).await.map(drop)
}

/// Says who wrote the text that a query has now, and why.
///
/// # Errors
/// Not found.
pub async fn signed(on: &impl Conn, seen: &Query, to: QueryState, why: Option<&str>) -> Result<()> {
    let sql = "UPDATE queries SET ordinal = $2, written_by = $3, written_why = $4, state = $5 \
               WHERE workspace_id = $6 AND id = $1 AND ordinal = $2 - 1";
    let args = args![seen.id, seen.ordinal + 1, on.by(), why, to.as_str(), on.workspace()];
    on.execute_one("query with that text", sql, args).await
}

/// Texts that a query had before, oldest first, 200 at the most.
///
/// # Errors
/// When the store fails.
pub async fn versions(on: &impl Conn, query: Id) -> Result<Vec<QueryVersion>> {
    let sql = "SELECT ordinal, sql, asked, written_by, written_why, replaced_at FROM query_versions \
               WHERE workspace_id = $2 AND query_id = $1 ORDER BY ordinal LIMIT $3";
    let read = |row: &Row| {
        Ok(QueryVersion {
            ordinal: row.int("ordinal")?,
            sql: row.text("sql")?,
            asked: row.text("asked")?,
            written_by: row.opt_text("written_by")?,
            written_why: row.opt_text("written_why")?,
            replaced_at: row.opt_time("replaced_at")?,
            diff: Vec::new(),
        })
    };
    on.query(sql, args![query, on.workspace(), VERSIONS]).await?.iter().map(read).collect()
}

const COMMENT: &str = "id, query_id, parent_id, ordinal, text, created_at, created_by";

fn read_comment(row: &Row) -> Result<QueryComment> {
    Ok(QueryComment {
        id: row.id("id")?,
        query_id: row.id("query_id")?,
        parent_id: row.opt_id("parent_id")?,
        ordinal: row.int("ordinal")?,
        text: row.text("text")?,
        created_at: row.time("created_at")?,
        created_by: row.text("created_by")?,
    })
}

/// Keeps a comment on a query's text.
///
/// # Errors
/// A broken reference when the query is not there.
pub async fn comment(
    on: &impl Conn,
    query: Id,
    ordinal: i64,
    parent: Option<Id>,
    text: &str,
) -> Result<QueryComment> {
    let sql = format!(
        "INSERT INTO query_comments ({COMMENT}, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {COMMENT}"
    );
    let args = args![new_id(), query, parent, ordinal, text, clock::now(), on.by(), on.workspace()];
    read_comment(&on.query_one("comment", &sql, args).await?)
}

/// Comments on a query, oldest first, 1,000 at the most.
///
/// # Errors
/// When the store fails.
pub async fn comments(on: &impl Conn, query: Id) -> Result<Vec<QueryComment>> {
    let sql = format!(
        "SELECT {COMMENT} FROM query_comments WHERE workspace_id = $2 AND query_id = $1 ORDER BY created_at, id LIMIT $3"
    );
    on.query(&sql, args![query, on.workspace(), COMMENTS]).await?.iter().map(read_comment).collect()
}

/// How often a query ran, and how long that took.
///
/// # Errors
/// When the store fails.
pub async fn usage(on: &impl Conn, query: Id) -> Result<Usage> {
    let sql = "SELECT count(*) AS runs, count(CASE WHEN status = 'succeeded' THEN 1 END) AS succeeded, \
               CAST(avg(CASE WHEN status = 'succeeded' THEN elapsed_ms END) AS DOUBLE PRECISION) AS mean_ms, \
               max(created_at) AS last_at FROM executions WHERE workspace_id = $2 AND query_id = $1";
    let row = on.query_one("query", sql, args![query, on.workspace()]).await?;
    Ok(Usage {
        runs: row.int("runs")?,
        succeeded: row.int("succeeded")?,
        mean_ms: row.opt_float("mean_ms")?,
        last_at: row.opt_time("last_at")?,
    })
}

/// The answer that waits for a query's approval.
///
/// # Errors
/// When the store fails.
pub async fn waiting(on: &impl Conn, query: &Query) -> Result<Option<Id>> {
    let Some(message) = query.chat_message_id else { return Ok(None) };
    let sql = "SELECT id FROM chat_messages WHERE workspace_id = $3 AND id = $1 AND query_id = $2 AND status = 'waiting'";
    on.query_opt(sql, args![message, query.id, on.workspace()]).await?.map(|row| row.id("id")).transpose()
}

/// The roles of a member of the workspace who may still act; for work in their name.
///
/// # Errors
/// When the store fails.
pub async fn roles_of(on: &impl Conn, user: Id) -> Result<Option<(SystemRole, WorkspaceRole)>> {
    let sql = "SELECT u.system_role, m.role FROM users u JOIN memberships m ON m.user_id = u.id \
               WHERE m.workspace_id = $1 AND u.id = $2 AND u.disabled_at IS NULL AND u.deleted_at IS NULL";
    let row = on.query_opt(sql, args![on.workspace(), user]).await?;
    row.map(|row| Ok((row.word("system_role", SystemRole::parse)?, row.word("role", WorkspaceRole::parse)?)))
        .transpose()
}

/// Whether somebody is in the workspace.
///
/// # Errors
/// When the store fails.
pub async fn is_member(on: &impl Conn, user: Id) -> Result<bool> {
    chats::is_in_workspace(on, user).await
}
