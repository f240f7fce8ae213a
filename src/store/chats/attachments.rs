//! Files in chats. Content is kept once in a workspace, under its hash, as long as an attachment refers to it: the
//! count is lowered by a trigger, whatever way an attachment goes.

use crate::model::{Attachment, Id, clock};
use crate::store::db::{Conn, Row, args};
use crate::store::error::Result;

const COLUMNS: &str = "id, session_id, message_id, hash, name, media_type, size, created_at, created_by";
/// Attachments of a chat shown at the most.
const SHOWN: u32 = 500;

fn read(row: &Row) -> Result<Attachment> {
    Ok(Attachment {
        id: row.id("id")?,
        session_id: row.id("session_id")?,
        message_id: row.opt_id("message_id")?,
        hash: row.text("hash")?,
        name: row.text("name")?,
        media_type: row.text("media_type")?,
        size: row.int("size")?,
        created_at: row.time("created_at")?,
        created_by: row.text("created_by")?,
    })
}

/// A file to be kept.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// Key; a fresh one from [`crate::model::new_id`].
    pub id: Id,
    /// Chat.
    pub session_id: Id,
    /// blake3 of the content.
    pub hash: String,
    /// Name of the file.
    pub name: String,
    /// Found out from its content.
    pub media_type: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
}

/// Keeps a file. Give a transaction.
///
/// # Errors
/// A broken reference when there is no such chat.
pub async fn add(on: &impl Conn, new: NewAttachment) -> Result<Attachment> {
    let size = new.content.len() as i64;
    let keep = "INSERT INTO attachment_contents (workspace_id, hash, size, content, refs) VALUES ($1, $2, $3, $4, 1) \
                ON CONFLICT (workspace_id, hash) DO UPDATE SET refs = attachment_contents.refs + 1";
    on.execute(keep, args![on.workspace(), &new.hash, size, new.content]).await?;
    let sql = format!(
        "INSERT INTO attachments ({COLUMNS}, workspace_id) VALUES ($1, $2, NULL, $3, $4, $5, $6, $7, $8, $9) \
         RETURNING {COLUMNS}"
    );
    let (now, by) = (clock::now(), on.by());
    let args =
        args![new.id, new.session_id, new.hash, new.name, new.media_type, size, now, by, on.workspace()];
    read(&on.query_one("attachment", &sql, args).await?)
}

/// How many attachments a chat has, and how many bytes they are together.
///
/// # Errors
/// When the store fails.
pub async fn room(on: &impl Conn, session_id: Id) -> Result<(i64, i64)> {
    let sql = "SELECT count(*) AS n, CAST(COALESCE(sum(size), 0) AS BIGINT) AS bytes FROM attachments \
               WHERE workspace_id = $2 AND session_id = $1";
    let row = on.query_one("chat", sql, args![session_id, on.workspace()]).await?;
    Ok((row.int("n")?, row.int("bytes")?))
}

/// An attachment of a chat: one that was sent, or one that the caller has not sent yet.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, session_id: Id, id: Id) -> Result<Attachment> {
    let sql = format!(
        "SELECT {COLUMNS} FROM attachments WHERE workspace_id = $3 AND id = $1 AND session_id = $2 \
         AND (message_id IS NOT NULL OR created_by = $4)"
    );
    read(&on.query_one("attachment", &sql, args![id, session_id, on.workspace(), on.by()]).await?)
}

/// Attachments of a chat that were sent, oldest first, 500 at the most.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, session_id: Id) -> Result<Vec<Attachment>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM attachments WHERE workspace_id = $2 AND session_id = $1 AND message_id IS NOT NULL \
         ORDER BY created_at, id LIMIT {SHOWN}"
    );
    on.query(&sql, args![session_id, on.workspace()]).await?.iter().map(read).collect()
}

/// What is in an attachment.
///
/// # Errors
/// Not found.
pub async fn content(on: &impl Conn, attachment: &Attachment) -> Result<Vec<u8>> {
    let sql = "SELECT content FROM attachment_contents WHERE workspace_id = $1 AND hash = $2";
    on.query_one("attachment", sql, args![on.workspace(), &attachment.hash]).await?.bytes("content")
}

/// Sends an attachment of the caller's with a message.
///
/// # Errors
/// Not found: there is none in that chat, it is somebody else's, or it was sent before.
pub async fn send(on: &impl Conn, session_id: Id, id: Id, message: Id) -> Result<()> {
    let sql = "UPDATE attachments SET message_id = $3 WHERE workspace_id = $4 AND id = $1 AND session_id = $2 \
               AND created_by = $5 AND message_id IS NULL";
    let args = args![id, session_id, message, on.workspace(), on.by()];
    on.execute_one("attachment that is not sent yet", sql, args).await
}

/// Takes back an attachment of the caller's that was not sent.
///
/// # Errors
/// As [`send`].
pub async fn remove(on: &impl Conn, session_id: Id, id: Id) -> Result<()> {
    let sql = "DELETE FROM attachments WHERE workspace_id = $3 AND id = $1 AND session_id = $2 AND created_by = $4 \
               AND message_id IS NULL";
    let args = args![id, session_id, on.workspace(), on.by()];
    on.execute_one("attachment that is not sent yet", sql, args).await
}
