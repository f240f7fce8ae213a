//! Queries: stored SQL with its review state.

use serde_json::Value as Json;

use super::chats;
use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{Cursor, Id, Page, PageRequest, Query, QueryState, clock};

const COLUMNS: &str = "id, connection_id, chat_message_id, question, sql, canonical_sql, schema_version_id, \
                       state, reading, report, source, confidence, created_at, created_by, updated_at, \
                       updated_by, deleted_at, ordinal, written_by, written_why, proposed_by, assigned_to, \
                       reviewed_by, reviewed_at, review_reason";

fn read(row: &Row) -> Result<Query> {
    Ok(Query {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        chat_message_id: row.opt_id("chat_message_id")?,
        question: row.opt_text("question")?,
        sql: row.text("sql")?,
        canonical_sql: row.text("canonical_sql")?,
        schema_version_id: row.opt_id("schema_version_id")?,
        state: row.word("state", QueryState::parse)?,
        reading: row.text("reading")?,
        report: row.json("report")?,
        source: row.text("source")?,
        confidence: row.opt_float("confidence")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
        deleted_at: row.opt_time("deleted_at")?,
        ordinal: row.int("ordinal")?,
        written_by: row.opt_text("written_by")?,
        written_why: row.opt_text("written_why")?,
        proposed_by: row.opt_text("proposed_by")?,
        assigned_to: row.opt_id("assigned_to")?,
        reviewed_by: row.opt_text("reviewed_by")?,
        reviewed_at: row.opt_time("reviewed_at")?,
        review_reason: row.opt_text("review_reason")?,
    })
}

/// A query to be stored, as a draft.
#[derive(Debug, Clone)]
pub struct NewQuery {
    /// Key; a fresh one from [`crate::model::new_id`].
    pub id: Id,
    /// Connection.
    pub connection_id: Id,
    /// The message that it answers.
    pub chat_message_id: Option<Id>,
    /// The question.
    pub question: Option<String>,
    /// The SQL as proposed.
    pub sql: String,
    /// The SQL as the guard rendered it.
    pub canonical_sql: String,
    /// The schema version it was checked against.
    pub schema_version_id: Option<Id>,
    /// The statement in plain sentences.
    pub reading: String,
    /// The guard's report.
    pub report: Json,
    /// Who proposed it.
    pub source: String,
    /// 0 to 1.
    pub confidence: Option<f64>,
    /// Who asked.
    pub created_by: Option<String>,
}

/// Stores a query as a draft.
///
/// # Errors
/// A broken reference when connection or message are not there.
pub async fn create(on: &impl Conn, new: NewQuery) -> Result<Query> {
    let sql = format!(
        "INSERT INTO queries ({COLUMNS}, workspace_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, $9, $10, $11, $12, $13, $12, $13, NULL, 1, NULL, NULL, NULL, \
         NULL, NULL, NULL, NULL, $14) \
         RETURNING {COLUMNS}"
    );
    let args = args![
        new.id,
        new.connection_id,
        new.chat_message_id,
        new.question,
        new.sql,
        new.canonical_sql,
        new.schema_version_id,
        new.reading,
        new.report,
        new.source,
        new.confidence,
        clock::now(),
        new.created_by,
        on.workspace(),
    ];
    read(&on.query_one("query", &sql, args).await?)
}

/// Whether the caller sees a query: what only answered in a chat, and nobody proposed, is for those in the chat.
pub(super) fn seen(by: usize, user: usize) -> String {
    format!(
        "(queries.chat_message_id IS NULL OR queries.state <> 'draft' OR EXISTS (SELECT 1 FROM chat_messages m \
         JOIN chat_sessions s ON s.id = m.session_id WHERE m.id = queries.chat_message_id AND {}))",
        chats::seen(by, user)
    )
}

/// The query of that key, unless it is deleted or the caller may not see it.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Query> {
    let sql = format!(
        "SELECT {COLUMNS} FROM queries WHERE workspace_id = $2 AND id = $1 AND deleted_at IS NULL AND {}",
        seen(3, 4)
    );
    read(&on.query_one("query", &sql, args![id, on.workspace(), on.by(), chats::user(on)]).await?)
}

/// Approved queries of a connection that have a question, the newest first.
///
/// # Errors
/// When the store fails.
pub async fn approved(on: &impl Conn, connection_id: Id, limit: u32) -> Result<Vec<Query>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM queries WHERE workspace_id = $3 AND connection_id = $1 AND state = 'approved' \
         AND question IS NOT NULL AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    on.query(&sql, args![connection_id, limit, on.workspace()]).await?.iter().map(read).collect()
}

/// Queries that are not deleted, of one connection or all, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, connection_id: Option<Id>, page: PageRequest) -> Result<Page<Query>> {
    list_in(on, connection_id, None, page).await
}

/// As [`list`], of those in one state.
///
/// # Errors
/// When the store fails.
pub async fn list_in(
    on: &impl Conn,
    connection_id: Option<Id>,
    state: Option<QueryState>,
    page: PageRequest,
) -> Result<Page<Query>> {
    // a parameter stands in both forms, so that both are prepared with four
    let filter = if connection_id.is_some() { "connection_id = $4" } else { "id <> $4" };
    let sql = format!(
        "SELECT {COLUMNS} FROM queries WHERE workspace_id = $5 AND deleted_at IS NULL AND {filter} AND {} \
         AND COALESCE($8, state) = state AND (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3",
        seen(6, 7)
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let filter = connection_id.unwrap_or_else(Id::nil);
    let (by, user) = (on.by(), chats::user(on));
    let args = args![
        after.at,
        after.id,
        page.limit() + 1,
        filter,
        on.workspace(),
        by,
        user,
        state.map(QueryState::as_str)
    ];
    let rows = on.query(&sql, args).await?;
    read_page(&rows, page.limit(), read, |q| Cursor { at: q.created_at, id: q.id })
}

/// Moves a query to another state, if it still is in the one that the caller saw.
///
/// # Errors
/// Not found when it is gone or somebody moved it in between.
pub async fn set_state(
    on: &impl Conn,
    id: Id,
    from: QueryState,
    to: QueryState,
    by: Option<&str>,
) -> Result<Query> {
    let sql = format!(
        "UPDATE queries SET state = $3, updated_at = $4, updated_by = $5 \
         WHERE workspace_id = $6 AND id = $1 AND state = $2 AND deleted_at IS NULL RETURNING {COLUMNS}"
    );
    let args = args![id, from.as_str(), to.as_str(), clock::now(), by, on.workspace()];
    read(&on.query_one("query in that state", &sql, args).await?)
}

/// Another text of a query, as the guard accepted it.
#[derive(Debug, Clone)]
pub struct NewText {
    /// The SQL as proposed.
    pub sql: String,
    /// The SQL as the guard rendered it.
    pub canonical_sql: String,
    /// The statement in plain sentences.
    pub reading: String,
    /// The guard's report.
    pub report: Json,
    /// The schema version it was checked against.
    pub schema_version_id: Id,
}

/// Gives a query another text, if it still has the one that the caller saw.
///
/// # Errors
/// Not found when it is gone or somebody changed it in between.
pub async fn set_text(on: &impl Conn, seen: &Query, new: NewText, by: &str) -> Result<Query> {
    let sql = format!(
        "UPDATE queries SET sql = $3, canonical_sql = $4, reading = $5, report = $6, schema_version_id = $7, \
         updated_at = $8, updated_by = $9 WHERE workspace_id = $10 AND id = $1 AND canonical_sql = $2 AND deleted_at IS NULL \
         RETURNING {COLUMNS}"
    );
    let NewText { sql: text, canonical_sql, reading, report, schema_version_id } = new;
    let args = args![
        seen.id,
        &seen.canonical_sql,
        text,
        canonical_sql,
        reading,
        report,
        schema_version_id,
        clock::now(),
        by,
        on.workspace(),
    ];
    read(&on.query_one("query with that text", &sql, args).await?)
}

/// Deletes a query in a way that [`restore`] can undo.
///
/// # Errors
/// Not found.
pub async fn delete(on: &impl Conn, id: Id, by: Option<&str>) -> Result<()> {
    let sql = "UPDATE queries SET deleted_at = $2, updated_at = $2, updated_by = $3 \
               WHERE workspace_id = $4 AND id = $1 AND deleted_at IS NULL";
    on.execute_one("query", sql, args![id, clock::now(), by, on.workspace()]).await
}

/// Undoes [`delete`].
///
/// # Errors
/// Not found, or not deleted.
pub async fn restore(on: &impl Conn, id: Id, by: Option<&str>) -> Result<Query> {
    let sql = format!(
        "UPDATE queries SET deleted_at = NULL, updated_at = $2, updated_by = $3 \
         WHERE workspace_id = $4 AND id = $1 AND deleted_at IS NOT NULL RETURNING {COLUMNS}"
    );
    read(&on.query_one("deleted query", &sql, args![id, clock::now(), by, on.workspace()]).await?)
}

/// Queries that somebody keeps, of one connection: all but rejected ones and drafts that only answered in a chat. Oldest
/// first, from a place on; to be called until a page is not full.
///
/// # Errors
/// When the store fails.
pub async fn kept(on: &impl Conn, connection_id: Id, after: Cursor, limit: u32) -> Result<Vec<Query>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM queries WHERE workspace_id = $5 AND connection_id = $1 AND deleted_at IS NULL AND state NOT IN ('rejected', 'archived') \
         AND (chat_message_id IS NULL OR state <> 'draft') AND (created_at, id) > ($2, $3) \
         ORDER BY created_at, id LIMIT $4"
    );
    let rows = on.query(&sql, args![connection_id, after.at, after.id, limit, on.workspace()]).await?;
    rows.iter().map(read).collect()
}

/// Says against which schema version a query was found right.
///
/// # Errors
/// When the store fails.
pub async fn set_version(on: &impl Conn, id: Id, version: Id) -> Result<()> {
    let sql = "UPDATE queries SET schema_version_id = $2 WHERE workspace_id = $3 AND id = $1";
    on.execute(sql, args![id, version, on.workspace()]).await.map(drop)
}
