//! Messages of chats. Who calls has looked the chat up, which says whether the caller may see it.

use std::time::Duration;

use serde_json::Value as Json;

use super::user;
use crate::model::{
    ChatMessage, Cursor, Id, MessageStatus, MessageVersion, Page, PageRequest, Reactions, Role, Thumb, clock,
    text_of,
};
use crate::store::db::{Conn, Row, args};
use crate::store::error::Result;
use crate::store::read_page;

const MESSAGE: &str = "id, session_id, role, parts, reply_to, status, query_id, error_code, error_message, \
                       created_at, updated_at, created_by, edited_at, stale_at";
/// Earlier texts of a message that are kept.
const VERSIONS: i64 = 100;

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
        created_by: row.opt_text("created_by")?,
        edited_at: row.opt_time("edited_at")?,
        stale_at: row.opt_time("stale_at")?,
        reactions: None,
    })
}

fn read_listed(row: &Row) -> Result<ChatMessage> {
    let reactions = Reactions {
        up: row.int("thumbs_up")?,
        down: row.int("thumbs_down")?,
        mine: row.opt_word("mine", Thumb::parse)?,
    };
    Ok(ChatMessage { reactions: Some(reactions), ..read_message(row)? })
}

/// What search looks through.
fn words(parts: &Json) -> Option<String> {
    text_of(parts).map(|text| text.to_lowercase())
}

/// A message to be stored.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Key; a fresh one from [`crate::model::new_id`].
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
        "INSERT INTO chat_messages ({MESSAGE}, lease_until, workspace_id, words) \
         VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, NULL, $7, $7, $8, NULL, NULL, $9, $10, $11) RETURNING {MESSAGE}"
    );
    let words = words(&new.parts);
    let args = args![
        new.id,
        new.session_id,
        new.role.as_str(),
        new.parts,
        new.reply_to,
        new.status.as_str(),
        now,
        on.by(),
        lease,
        on.workspace(),
        words,
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
    finish_from(on, MessageStatus::Pending, id, end).await
}

/// Ends a message whose statement waited for approval.
///
/// # Errors
/// Not found when it does not wait any more.
pub async fn finish_waiting(on: &impl Conn, id: Id, end: MessageEnd) -> Result<ChatMessage> {
    finish_from(on, MessageStatus::Waiting, id, end).await
}

async fn finish_from(on: &impl Conn, from: MessageStatus, id: Id, end: MessageEnd) -> Result<ChatMessage> {
    let sql = format!(
        "UPDATE chat_messages SET status = $2, parts = $3, query_id = $4, error_code = $5, error_message = $6, \
         updated_at = $7, words = $9, lease_until = NULL WHERE workspace_id = $8 AND id = $1 AND status = $10 \
         RETURNING {MESSAGE}"
    );
    let (code, message) = end.error.unzip();
    let (now, words) = (clock::now(), words(&end.parts));
    let args = args![
        id,
        end.status.as_str(),
        end.parts,
        end.query_id,
        code,
        message,
        now,
        on.workspace(),
        words,
        from.as_str()
    ];
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

/// Messages of a chat with what people think of them, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn messages(on: &impl Conn, session_id: Id, page: PageRequest) -> Result<Page<ChatMessage>> {
    let count = |value: &str| {
        format!(
            "(SELECT count(*) FROM chat_reactions r WHERE r.message_id = chat_messages.id AND r.value = '{value}')"
        )
    };
    let sql = format!(
        "SELECT {MESSAGE}, {} AS thumbs_up, {} AS thumbs_down, \
         (SELECT r.value FROM chat_reactions r WHERE r.message_id = chat_messages.id AND r.user_id = $6) AS mine \
         FROM chat_messages WHERE workspace_id = $5 AND session_id = $1 AND (created_at, id) > ($2, $3) \
         ORDER BY created_at, id LIMIT $4",
        count("up"),
        count("down")
    );
    let after = page.after.unwrap_or_else(Cursor::oldest);
    let args = args![session_id, after.at, after.id, page.limit() + 1, on.workspace(), user(on)];
    let rows = on.query(&sql, args).await?;
    read_page(&rows, page.limit(), read_listed, |m| Cursor { at: m.created_at, id: m.id })
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

/// Gives a message other parts, if it still has those that the caller saw, and keeps the earlier ones (the last 100).
///
/// # Errors
/// Not found when it is gone or was edited in between.
pub async fn edit(on: &impl Conn, seen: &ChatMessage, parts: Json) -> Result<ChatMessage> {
    let now = clock::now();
    let keep = "INSERT INTO chat_message_versions (message_id, ordinal, workspace_id, parts, replaced_at) \
                SELECT $1, COALESCE(max(ordinal), 0) + 1, $2, $3, $4 FROM chat_message_versions WHERE message_id = $1";
    on.execute(keep, args![seen.id, on.workspace(), &seen.parts, now]).await?;
    let forget = "DELETE FROM chat_message_versions WHERE message_id = $1 AND workspace_id = $3 AND ordinal <= \
                  (SELECT max(ordinal) FROM chat_message_versions WHERE message_id = $1) - $2";
    on.execute(forget, args![seen.id, VERSIONS, on.workspace()]).await?;
    let sql = format!(
        "UPDATE chat_messages SET parts = $2, words = $3, edited_at = $4, updated_at = $4 \
         WHERE workspace_id = $5 AND id = $1 AND updated_at = $6 RETURNING {MESSAGE}"
    );
    let words = words(&parts);
    let args = args![seen.id, parts, words, now, on.workspace(), seen.updated_at];
    read_message(&on.query_one("message with that text", &sql, args).await?)
}

/// Marks the answers to a question as older than its text.
///
/// # Errors
/// When the store fails.
pub async fn mark_stale(on: &impl Conn, question: Id) -> Result<u64> {
    let sql = "UPDATE chat_messages SET stale_at = $2 WHERE workspace_id = $3 AND reply_to = $1 \
               AND role = 'assistant' AND stale_at IS NULL";
    on.execute(sql, args![question, clock::now(), on.workspace()]).await
}

/// Earlier texts of a message, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn versions(on: &impl Conn, message: Id) -> Result<Vec<MessageVersion>> {
    let sql = "SELECT ordinal, parts, replaced_at FROM chat_message_versions \
               WHERE workspace_id = $2 AND message_id = $1 ORDER BY ordinal LIMIT $3";
    let read = |row: &Row| {
        Ok(MessageVersion {
            ordinal: row.int("ordinal")?,
            parts: row.json("parts")?,
            replaced_at: row.time("replaced_at")?,
        })
    };
    on.query(sql, args![message, on.workspace(), VERSIONS]).await?.iter().map(read).collect()
}
