//! Notifications: what people should know. The same thing is told once.

use serde_json::Value as Json;

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{Cursor, Id, Level, Notification, Page, PageRequest, clock, new_id};

const COLUMNS: &str = "id, kind, severity, connection_id, subject_type, subject_id, title, details, \
                       created_at, read_at, read_by";

/// Something to be told.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// What it is about (`impact` ...).
    pub kind: &'static str,
    /// How urgent it is.
    pub severity: Level,
    /// Connection, where it is about one.
    pub connection_id: Option<Id>,
    /// What sort of thing it points at.
    pub subject_type: &'static str,
    /// Key of that thing.
    pub subject_id: String,
    /// One line.
    pub title: String,
    /// Facts, without secrets and row values.
    pub details: Json,
    /// What makes it the same as another.
    pub dedup_key: String,
}

fn read(row: &Row) -> Result<Notification> {
    Ok(Notification {
        id: row.id("id")?,
        kind: row.text("kind")?,
        severity: row.word("severity", Level::parse)?,
        connection_id: row.opt_id("connection_id")?,
        subject_type: row.text("subject_type")?,
        subject_id: row.text("subject_id")?,
        title: row.text("title")?,
        details: row.json("details")?,
        created_at: row.time("created_at")?,
        read_at: row.opt_time("read_at")?,
        read_by: row.opt_text("read_by")?,
    })
}

/// Stores a notification; false when the same was told before. Give the transaction of what it tells about.
///
/// # Errors
/// When the store fails.
pub async fn add(on: &impl Conn, new: NewNotification) -> Result<bool> {
    let sql = "INSERT INTO notifications (id, kind, severity, connection_id, subject_type, subject_id, title, \
               details, dedup_key, created_at, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
               ON CONFLICT (dedup_key) DO NOTHING";
    let args = args![
        new_id(),
        new.kind,
        new.severity.as_str(),
        new.connection_id,
        new.subject_type,
        new.subject_id,
        new.title,
        new.details,
        new.dedup_key,
        clock::now(),
        on.workspace(),
    ];
    Ok(on.execute(sql, args).await? > 0)
}

/// Notifications, newest first; all or only those that nobody has read.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, unread: bool, page: PageRequest) -> Result<Page<Notification>> {
    let filter = if unread { "read_at IS NULL AND" } else { "" };
    let sql = format!(
        "SELECT {COLUMNS} FROM notifications WHERE workspace_id = $4 AND {filter} (created_at, id) < ($1, $2) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |n| Cursor { at: n.created_at, id: n.id })
}

/// The notification of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Notification> {
    let sql = format!("SELECT {COLUMNS} FROM notifications WHERE workspace_id = $2 AND id = $1");
    read(&on.query_one("notification", &sql, args![id, on.workspace()]).await?)
}

/// Marks one as read; the first reader stays on it.
///
/// # Errors
/// Not found.
pub async fn mark_read(on: &impl Conn, id: Id, by: &str) -> Result<Notification> {
    let sql = format!(
        "UPDATE notifications SET read_at = COALESCE(read_at, $2), read_by = COALESCE(read_by, $3) \
         WHERE workspace_id = $4 AND id = $1 RETURNING {COLUMNS}"
    );
    read(&on.query_one("notification", &sql, args![id, clock::now(), by, on.workspace()]).await?)
}
