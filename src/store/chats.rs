//! Chats and their messages.

use std::time::Duration;

use serde_json::Value as Json;

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{
    ChatMessage, ChatSession, Cursor, Id, MessageStatus, Page, PageRequest, Role, clock, new_id,
};

const SESSION: &str = "id, title, connection_id, created_at, created_by, updated_at, deleted_at";
const MESSAGE: &str = "id, session_id, role, parts, reply_to, status, query_id, error_code, error_message, \
                       created_at, updated_at";

fn read_session(row: &Row) -> Result<ChatSession> {
    Ok(ChatSession {
        id: row.id("id")?,
        title: row.text("title")?,
        connection_id: row.id("connection_id")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        deleted_at: row.opt_time("deleted_at")?,
    })
}

fn read_message(row: &Row) -> Result<ChatMessage> {
    Ok(ChatMessage {
        id: row.id("id")?,
        session_id: row.id("session_id")?,
        role: row.word("role", Role::parse)?,
        parts: row.json("parts")?,
        reply_to: row.opt_id("reply_to")?,
        status: row.word("status", MessageStatus::parse)?,
        query_id: row.opt_id("query_id")?,
        error_code: row.opt_text("error_code")?,
        error_message: row.opt_text("error_message")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

/// Starts a chat about a connection.
///
/// # Errors
/// A broken reference when there is no such connection.
pub async fn create(on: &impl Conn, connection_id: Id, title: &str, by: Option<&str>) -> Result<ChatSession> {
    let sql = format!(
        "INSERT INTO chat_sessions ({SESSION}, workspace_id) VALUES ($1, $2, $3, $4, $5, $4, NULL, $6) RETURNING {SESSION}"
    );
    let args = args![new_id(), title, connection_id, clock::now(), by, on.workspace()];
    read_session(&on.query_one("chat", &sql, args).await?)
}

/// The chat of that key, unless it is deleted.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<ChatSession> {
    let sql = format!(
        "SELECT {SESSION} FROM chat_sessions WHERE workspace_id = $2 AND id = $1 AND deleted_at IS NULL"
    );
    read_session(&on.query_one("chat", &sql, args![id, on.workspace()]).await?)
}

/// Chats that are not deleted, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<ChatSession>> {
    let sql = format!(
        "SELECT {SESSION} FROM chat_sessions WHERE workspace_id = $4 AND deleted_at IS NULL AND (created_at, id) < ($1, $2) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read_session, |c| Cursor { at: c.created_at, id: c.id })
}

/// Gives a chat another title.
///
/// # Errors
/// Not found.
pub async fn rename(on: &impl Conn, id: Id, title: &str) -> Result<ChatSession> {
    let sql = format!(
        "UPDATE chat_sessions SET title = $2, updated_at = $3 WHERE workspace_id = $4 AND id = $1 AND deleted_at IS NULL \
         RETURNING {SESSION}"
    );
    read_session(&on.query_one("chat", &sql, args![id, title, clock::now(), on.workspace()]).await?)
}

/// Deletes a chat in a way that [`restore`] can undo.
///
/// # Errors
/// Not found.
pub async fn delete(on: &impl Conn, id: Id) -> Result<()> {
    let sql = "UPDATE chat_sessions SET deleted_at = $2, updated_at = $2 WHERE workspace_id = $3 AND id = $1 AND deleted_at IS NULL";
    on.execute_one("chat", sql, args![id, clock::now(), on.workspace()]).await
}

/// Undoes [`delete`].
///
/// # Errors
/// Not found, or not deleted.
pub async fn restore(on: &impl Conn, id: Id) -> Result<ChatSession> {
    let sql = format!(
        "UPDATE chat_sessions SET deleted_at = NULL, updated_at = $2 WHERE workspace_id = $3 AND id = $1 AND deleted_at IS NOT NULL \
         RETURNING {SESSION}"
    );
    read_session(&on.query_one("deleted chat", &sql, args![id, clock::now(), on.workspace()]).await?)
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Key; a fresh one from [`new_id`].
    pub id: Id,
    /// Chat.
    pub session_id: Id,
    /// Who speaks.
    pub role: Role,
    /// Parts in the form of the UI message stream.
    pub parts: Json,
    /// The message that it answers.
    pub reply_to: Option<Id>,
    /// How far it is: a person's is complete at once, an answer is pending first.
    pub status: MessageStatus,
    /// Until when a pending one is not taken for abandoned.
    pub lease: Duration,
}

/// Stores a message and moves its chat's date.
///
/// # Errors
/// Not found when there is no such chat.
pub async fn add_message(on: &impl Conn, new: NewMessage) -> Result<ChatMessage> {
    let now = clock::now();
    let touch =
        "UPDATE chat_sessions SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL AND workspace_id = $3";
    on.execute_one("chat", touch, args![new.session_id, now, on.workspace()]).await?;
    let lease = (new.status == MessageStatus::Pending).then(|| clock::after(new.lease));
    let sql = format!(
        "INSERT INTO chat_messages ({MESSAGE}, lease_until, workspace_id) \
         VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, NULL, $7, $7, $8, $9) RETURNING {MESSAGE}"
    );
    let args = args![
        new.id,
        new.session_id,
        new.role.as_str(),
        new.parts,
        new.reply_to,
        new.status.as_str(),
        now,
        lease,
        on.workspace(),
    ];
    read_message(&on.query_one("message", &sql, args).await?)
}

/// How an answer ended.
#[derive(Debug, Clone)]
pub struct MessageEnd {
    /// Complete, failed or cancelled.
    pub status: MessageStatus,
    /// Parts in the form of the UI message stream.
    pub parts: Json,
    /// The query that the answer stands on.
    pub query_id: Option<Id>,
    /// Code and sentence of the error that ended it.
    pub error: Option<(String, String)>,
}

/// Ends a pending message.
///
/// # Errors
/// Not found when it is not pending any more.
pub async fn finish_message(on: &impl Conn, id: Id, end: MessageEnd) -> Result<ChatMessage> {
    let sql = format!(
        "UPDATE chat_messages SET status = $2, parts = $3, query_id = $4, error_code = $5, error_message = $6, \
         updated_at = $7, lease_until = NULL WHERE workspace_id = $8 AND id = $1 AND status = 'pending' RETURNING {MESSAGE}"
    );
    let (code, message) = end.error.unzip();
    let args =
        args![id, end.status.as_str(), end.parts, end.query_id, code, message, clock::now(), on.workspace()];
    read_message(&on.query_one("pending message", &sql, args).await?)
}

/// The message of that key.
///
/// # Errors
/// Not found.
pub async fn get_message(on: &impl Conn, id: Id) -> Result<ChatMessage> {
    let sql = format!("SELECT {MESSAGE} FROM chat_messages WHERE workspace_id = $2 AND id = $1");
    read_message(&on.query_one("message", &sql, args![id, on.workspace()]).await?)
}

/// Messages of a chat, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn messages(on: &impl Conn, session_id: Id, page: PageRequest) -> Result<Page<ChatMessage>> {
    let sql = format!(
        "SELECT {MESSAGE} FROM chat_messages WHERE workspace_id = $5 AND session_id = $1 AND (created_at, id) > ($2, $3) \
         ORDER BY created_at, id LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::oldest);
    let rows =
        on.query(&sql, args![session_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read_message, |m| Cursor { at: m.created_at, id: m.id })
}

/// The last messages of a chat, oldest first: the context of the next question.
///
/// # Errors
/// When the store fails.
pub async fn last_messages(on: &impl Conn, session_id: Id, limit: u32) -> Result<Vec<ChatMessage>> {
    let sql = format!(
        "SELECT {MESSAGE} FROM chat_messages WHERE workspace_id = $3 AND session_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"
    );
    let rows = on.query(&sql, args![session_id, limit, on.workspace()]).await?;
    rows.iter().rev().map(read_message).collect()
}
