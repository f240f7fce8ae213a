//! Chats: who sees them, and what may be done in them. A chat that the caller may not see is not there.

mod attachments;
mod members;
mod messages;
mod reactions;
mod search;

pub use attachments::{
    NewAttachment, add as add_attachment, content, get as get_attachment, list as attachments,
    remove as remove_attachment, room as attachment_room, send as send_attachment,
};
pub use members::{is_in_workspace, members, name_of, put_member, remove_member, set_sharing};
pub use messages::{
    MessageEnd, NewMessage, add_message, edit, finish_message, finish_waiting, get_message, last_messages,
    mark_stale, messages, versions,
};
pub use reactions::{feedback, react, unreact};
pub use search::search;

use super::db::{Conn, Row, Value, args};
use super::error::{Result, StoreError};
use super::read_page;
use crate::model::{ChatRole, ChatSession, Cursor, Id, Page, PageRequest, clock, new_id};

/// Unread messages are counted to that.
const UNREAD: u32 = 100;

// $1 workspace, $2 the caller's name, $3 the caller's key
const SESSION: &str = "s.id, s.title, s.connection_id, s.created_at, s.created_by, s.updated_at, s.deleted_at, \
     s.archived_at, s.shared_as, \
     CASE WHEN $2 IN (s.created_by, 'daemon') THEN 'owner' ELSE \
     (SELECT v.role FROM chat_members v WHERE v.session_id = s.id AND v.user_id = $3) END AS own_role";

/// Whether the caller sees the chat `s`: with `$by` their name and `$user` their key.
pub(super) fn seen(by: usize, user: usize) -> String {
    format!(
        "(${by} IN (s.created_by, 'daemon') OR s.shared_as IS NOT NULL OR EXISTS \
         (SELECT 1 FROM chat_members v WHERE v.session_id = s.id AND v.user_id = ${user}))"
    )
}

/// The key of whom the store speaks for.
pub(super) fn user(on: &impl Conn) -> Id {
    on.caller().map_or_else(Id::nil, |caller| caller.who().user)
}

fn read_session(row: &Row) -> Result<ChatSession> {
    let shared_as = row.opt_word("shared_as", ChatRole::parse)?;
    let own = row.opt_word("own_role", ChatRole::parse)?;
    Ok(ChatSession {
        id: row.id("id")?,
        title: row.text("title")?,
        connection_id: row.id("connection_id")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        deleted_at: row.opt_time("deleted_at")?,
        archived_at: row.opt_time("archived_at")?,
        shared_as,
        // the larger of both: who is a member loses nothing by the sharing
        role: own.max(shared_as).ok_or_else(|| StoreError::not_found("chat"))?,
        unread: None,
    })
}

fn read_counted(row: &Row) -> Result<ChatSession> {
    Ok(ChatSession { unread: Some(row.int("unread")?), ..read_session(row)? })
}

/// Messages of others since the caller last read the chat; `$4` is a time before all of them.
fn unread() -> String {
    format!(
        "(SELECT count(*) FROM (SELECT 1 FROM chat_messages m WHERE m.session_id = s.id AND m.created_at > \
         COALESCE((SELECT r.read_at FROM chat_reads r WHERE r.session_id = s.id AND r.user_id = $3), $4) \
         AND COALESCE(m.created_by, s.created_by, '') <> $2 LIMIT {UNREAD}) u) AS unread"
    )
}

/// Starts a chat about a connection; the maker is its owner.
///
/// # Errors
/// A broken reference when there is no such connection.
pub async fn create(on: &impl Conn, connection_id: Id, title: &str, by: Option<&str>) -> Result<ChatSession> {
    let sql = "INSERT INTO chat_sessions (id, title, connection_id, created_at, created_by, updated_at, workspace_id) \
               VALUES ($1, $2, $3, $4, $5, $4, $6)";
    let (id, by) = (new_id(), by.unwrap_or(on.by()));
    on.execute(sql, args![id, title, connection_id, clock::now(), by, on.workspace()]).await?;
    get(on, id).await
}

/// The chat of that key, unless it is deleted or the caller may not see it.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<ChatSession> {
    find(on, id, "s.deleted_at IS NULL").await
}

/// A deleted chat that the caller could see.
///
/// # Errors
/// Not found, or not deleted.
pub async fn get_deleted(on: &impl Conn, id: Id) -> Result<ChatSession> {
    find(on, id, "s.deleted_at IS NOT NULL").await
}

async fn find(on: &impl Conn, id: Id, condition: &str) -> Result<ChatSession> {
    let sql = format!(
        "SELECT {SESSION} FROM chat_sessions s WHERE s.workspace_id = $1 AND s.id = $4 AND {condition}"
    );
    read_session(&on.query_one("chat", &sql, args![on.workspace(), on.by(), user(on), id]).await?)
}

/// As [`get`], with the number of messages that the caller has not read.
///
/// # Errors
/// Not found.
pub async fn get_counted(on: &impl Conn, id: Id) -> Result<ChatSession> {
    let sql = format!(
        "SELECT {SESSION}, {} FROM chat_sessions s WHERE s.workspace_id = $1 AND s.id = $5 AND s.deleted_at IS NULL",
        unread()
    );
    let args = args![on.workspace(), on.by(), user(on), Cursor::oldest().at, id];
    read_counted(&on.query_one("chat", &sql, args).await?)
}

/// Chats that the caller sees and that are not deleted, newest first: those in use, or those that were archived.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, archived: bool, page: PageRequest) -> Result<Page<ChatSession>> {
    let filter = if archived { "s.archived_at IS NOT NULL" } else { "s.archived_at IS NULL" };
    let sql = format!(
        "SELECT {SESSION}, {} FROM chat_sessions s WHERE s.workspace_id = $1 AND s.deleted_at IS NULL AND {filter} \
         AND {} AND (s.created_at, s.id) < ($5, $6) ORDER BY s.created_at DESC, s.id DESC LIMIT $7",
        unread(),
        seen(2, 3)
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let oldest = Cursor::oldest().at;
    let args = args![on.workspace(), on.by(), user(on), oldest, after.at, after.id, page.limit() + 1];
    let rows = on.query(&sql, args).await?;
    read_page(&rows, page.limit(), read_counted, |c| Cursor { at: c.created_at, id: c.id })
}

/// Sets columns of a chat that is not deleted; `$3` and on are the values.
async fn set(on: &impl Conn, id: Id, columns: &str, values: &[Value]) -> Result<ChatSession> {
    let place = values.len() + 3;
    let sql = format!(
        "UPDATE chat_sessions SET {columns}, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL \
         AND workspace_id = ${place}"
    );
    let args = [args![id, clock::now()], values, args![on.workspace()]].concat();
    on.execute_one("chat", &sql, &args).await?;
    get(on, id).await
}

/// Gives a chat another title.
///
/// # Errors
/// Not found.
pub async fn rename(on: &impl Conn, id: Id, title: &str) -> Result<ChatSession> {
    set(on, id, "title = $3", args![title]).await
}

/// Puts a chat away, or takes it out again.
///
/// # Errors
/// Not found.
pub async fn archive(on: &impl Conn, id: Id, archived: bool) -> Result<ChatSession> {
    set(on, id, "archived_at = $3", args![archived.then(clock::now)]).await
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
    let sql = "UPDATE chat_sessions SET deleted_at = NULL, updated_at = $2 WHERE workspace_id = $3 AND id = $1 \
               AND deleted_at IS NOT NULL";
    on.execute_one("deleted chat", sql, args![id, clock::now(), on.workspace()]).await?;
    get(on, id).await
}

/// Notes that the caller has read everything that there is in a chat now.
///
/// # Errors
/// When the store fails.
pub async fn mark_read(on: &impl Conn, id: Id) -> Result<()> {
    let sql = "INSERT INTO chat_reads (session_id, user_id, workspace_id, read_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (session_id, user_id) DO UPDATE SET read_at = excluded.read_at";
    on.execute(sql, args![id, user(on), on.workspace(), clock::now()]).await.map(drop)
}
