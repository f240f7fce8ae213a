//! What people think of answers.

use super::user;
use crate::model::{Cursor, Feedback, Id, Page, PageRequest, Thumb, clock};
use crate::store::db::{Conn, Row, args};
use crate::store::error::Result;
use crate::store::read_page;

/// Keeps what the caller thinks of a message, in the place of what they thought before.
///
/// # Errors
/// A broken reference when the message or the user is not there.
pub async fn react(on: &impl Conn, message: Id, value: Thumb, reason: Option<&str>) -> Result<()> {
    let sql = "INSERT INTO chat_reactions (message_id, user_id, workspace_id, value, reason, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (message_id, user_id) \
               DO UPDATE SET value = excluded.value, reason = excluded.reason, created_at = excluded.created_at";
    let args = args![message, user(on), on.workspace(), value.as_str(), reason, clock::now()];
    on.execute(sql, args).await.map(drop)
}

/// Takes back what the caller thought of a message.
///
/// # Errors
/// Not found.
pub async fn unreact(on: &impl Conn, message: Id) -> Result<()> {
    let sql = "DELETE FROM chat_reactions WHERE workspace_id = $3 AND message_id = $1 AND user_id = $2";
    on.execute_one("reaction", sql, args![message, user(on), on.workspace()]).await
}

fn read(row: &Row) -> Result<Feedback> {
    // what a policy put into the statement is not for others
    let asked = row.opt_json("report")?.and_then(|report| report.get("asked")?.as_str().map(str::to_owned));
    Ok(Feedback {
        message_id: row.id("message_id")?,
        user_id: row.id("user_id")?,
        value: row.word("value", Thumb::parse)?,
        reason: row.opt_text("reason")?,
        created_at: row.time("created_at")?,
        query_id: row.opt_id("query_id")?,
        question: row.opt_text("question")?,
        sql: asked.or(row.opt_text("canonical_sql")?),
        connection_id: row.opt_id("connection_id")?,
    })
}

/// What people in the workspace think of answers, newest first; of one query's answers alone where it is named.
///
/// # Errors
/// When the store fails.
pub async fn feedback(on: &impl Conn, query: Option<Id>, page: PageRequest) -> Result<Page<Feedback>> {
    // a parameter stands in both forms, so that both are prepared with five
    let filter = if query.is_some() { "q.id = $5" } else { "m.id <> $5" };
    let sql = format!(
        "SELECT r.message_id, r.user_id, r.value, r.reason, r.created_at, q.id AS query_id, q.question, q.canonical_sql, \
         q.report, q.connection_id FROM chat_reactions r JOIN chat_messages m ON m.id = r.message_id \
         LEFT JOIN queries q ON q.id = m.query_id AND q.deleted_at IS NULL \
         WHERE r.workspace_id = $4 AND m.role = 'assistant' AND {filter} AND (r.created_at, r.message_id) < ($1, $2) \
         ORDER BY r.created_at DESC, r.message_id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let query = query.unwrap_or_else(Id::nil);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace(), query]).await?;
    read_page(&rows, page.limit(), read, |f| Cursor { at: f.created_at, id: f.message_id })
}
