//! The audit trail: lines are added and read, nothing here changes or deletes one.

use serde_json::Value as Json;

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{Audit, Cursor, Page, PageRequest, clock, new_id};

const COLUMNS: &str = "id, at, actor, action, subject, details";

fn read(row: &Row) -> Result<Audit> {
    Ok(Audit {
        id: row.id("id")?,
        at: row.time("at")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        details: row.json("details")?,
    })
}

/// Adds a line. Give the transaction of what it tells about, so that both hold or none.
///
/// # Errors
/// When the store fails.
pub async fn add(on: &impl Conn, actor: &str, action: &str, subject: &str, details: Json) -> Result<()> {
    let sql = format!("INSERT INTO audits ({COLUMNS}, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    on.execute(&sql, args![new_id(), clock::now(), actor, action, subject, details, on.workspace()])
        .await
        .map(drop)
}

/// Lines, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<Audit>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audits WHERE workspace_id = $4 AND (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |a| Cursor { at: a.at, id: a.id })
}
