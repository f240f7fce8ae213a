//! Crawls: asked for, running, ended. One per connection at a time.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::db::{Conn, Row, args};
use super::error::{Result, StoreError};
use super::read_page;
use crate::model::{CrawlRun, Cursor, Id, Page, PageRequest, RunStatus, clock, new_id};

const COLUMNS: &str = "id, connection_id, status, created_at, created_by, started_at, finished_at, \
                       error_code, error_message, progress, version_id";

fn read(row: &Row) -> Result<CrawlRun> {
    Ok(CrawlRun {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        status: row.word("status", RunStatus::parse)?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        started_at: row.opt_time("started_at")?,
        finished_at: row.opt_time("finished_at")?,
        error_code: row.opt_text("error_code")?,
        error_message: row.opt_text("error_message")?,
        progress: row.json("progress")?,
        version_id: row.opt_id("version_id")?,
    })
}

/// Asks for a crawl. Until it is begun, `lease` tells how long it is not taken for abandoned. A crawl whose daemon gave
/// no sign within its lease gives way.
///
/// # Errors
/// Conflict when one is queued or running for the connection.
pub async fn create(
    on: &impl Conn,
    connection_id: Id,
    by: Option<&str>,
    lease: Duration,
) -> Result<CrawlRun> {
    let lapsed = "lease_until < $3";
    on.execute(&give_way(lapsed), args![connection_id, INTERRUPTED, clock::now()]).await?;
    insert(on, connection_id, by, lease, None).await
}

/// As [`create`], for a job: a crawl of an earlier attempt at the same job gives way, too, because the caller alone holds
/// the job now.
///
/// # Errors
/// As [`create`].
pub async fn create_for_job(
    on: &impl Conn,
    connection_id: Id,
    by: Option<&str>,
    lease: Duration,
    job: Id,
) -> Result<CrawlRun> {
    let lapsed = "(lease_until < $3 OR job_id = $4)";
    on.execute(&give_way(lapsed), args![connection_id, INTERRUPTED, clock::now(), job]).await?;
    insert(on, connection_id, by, lease, Some(job)).await
}

/// What the record of a crawl says whose daemon died.
const INTERRUPTED: &str = "another crawl took its place: its daemon gave no sign";

fn give_way(which: &str) -> String {
    format!(
        "UPDATE crawls SET status = 'interrupted', finished_at = $3, lease_until = NULL, error_code = 'S030', \
         error_message = $2 WHERE connection_id = $1 AND status IN ('queued', 'running') AND {which}"
    )
}

async fn insert(
    on: &impl Conn,
    connection_id: Id,
    by: Option<&str>,
    lease: Duration,
    job: Option<Id>,
) -> Result<CrawlRun> {
    let sql = format!(
        "INSERT INTO crawls ({COLUMNS}, lease_until, job_id, workspace_id) \
         VALUES ($1, $2, 'queued', $3, $4, NULL, NULL, NULL, NULL, $5, NULL, $6, $7, $8) RETURNING {COLUMNS}"
    );
    let args =
        args![new_id(), connection_id, clock::now(), by, json!({}), clock::after(lease), job, on.workspace()];
    let row = on.query_one("crawl", &sql, args).await.map_err(|error: StoreError| {
        error.on_conflict(
            "a crawl of this connection is queued or running already",
            "Wait for it, or cancel it first.",
        )
    })?;
    read(&row)
}

/// Starts a queued crawl.
///
/// # Errors
/// Not found when it is not queued any more.
pub async fn begin(on: &impl Conn, id: Id, lease: Duration) -> Result<CrawlRun> {
    let sql = format!(
        "UPDATE crawls SET status = 'running', started_at = $2, lease_until = $3 \
         WHERE id = $1 AND status = 'queued' RETURNING {COLUMNS}"
    );
    read(&on.query_one("queued crawl", &sql, args![id, clock::now(), clock::after(lease)]).await?)
}

/// Notes how far it is, and that somebody still works on it.
///
/// # Errors
/// Not found when it is not running any more: it was cancelled, or taken for abandoned.
pub async fn progress(on: &impl Conn, id: Id, progress: &Json, lease: Duration) -> Result<()> {
    let sql = "UPDATE crawls SET progress = $2, lease_until = $3 WHERE id = $1 AND status = 'running'";
    on.execute_one("running crawl", sql, args![id, progress, clock::after(lease)]).await
}

/// Says that somebody still works on it.
///
/// # Errors
/// Not found when it is not running any more: it was cancelled, or taken for abandoned.
pub async fn renew(on: &impl Conn, id: Id, lease: Duration) -> Result<()> {
    let sql = "UPDATE crawls SET lease_until = $2 WHERE id = $1 AND status = 'running'";
    on.execute_one("running crawl", sql, args![id, clock::after(lease)]).await
}

/// Marks a crawl that its daemon does not go on with.
///
/// # Errors
/// Not found when it has ended.
pub async fn interrupt(on: &impl Conn, id: Id) -> Result<CrawlRun> {
    let sql = format!(
        "UPDATE crawls SET status = 'interrupted', finished_at = $2, lease_until = NULL \
         WHERE id = $1 AND status IN ('queued', 'running') RETURNING {COLUMNS}"
    );
    read(&on.query_one("active crawl", &sql, args![id, clock::now()]).await?)
}

/// How a crawl ended.
#[derive(Debug, Clone)]
pub enum CrawlEnd {
    /// Well, with the schema version that holds now.
    Succeeded(Id),
    /// With an error's code and sentence.
    Failed(String, String),
}

/// Ends a running crawl.
///
/// # Errors
/// Not found when it is not running any more.
pub async fn finish(on: &impl Conn, id: Id, end: CrawlEnd) -> Result<CrawlRun> {
    let (status, version, code, message) = match end {
        CrawlEnd::Succeeded(version) => (RunStatus::Succeeded, Some(version), None, None),
        CrawlEnd::Failed(code, message) => (RunStatus::Failed, None, Some(code), Some(message)),
    };
    let sql = format!(
        "UPDATE crawls SET status = $2, version_id = $3, error_code = $4, error_message = $5, \
         finished_at = $6, lease_until = NULL WHERE id = $1 AND status = 'running' RETURNING {COLUMNS}"
    );
    let args = args![id, status.as_str(), version, code, message, clock::now()];
    read(&on.query_one("running crawl", &sql, args).await?)
}

/// Cancels a crawl that has not ended.
///
/// # Errors
/// Not found when it has.
pub async fn cancel(on: &impl Conn, id: Id) -> Result<CrawlRun> {
    let sql = format!(
        "UPDATE crawls SET status = 'cancelled', finished_at = $2, lease_until = NULL \
         WHERE workspace_id = $3 AND id = $1 AND status IN ('queued', 'running') RETURNING {COLUMNS}"
    );
    read(&on.query_one("active crawl", &sql, args![id, clock::now(), on.workspace()]).await?)
}

/// The crawl of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<CrawlRun> {
    let sql = format!("SELECT {COLUMNS} FROM crawls WHERE workspace_id = $2 AND id = $1");
    read(&on.query_one("crawl", &sql, args![id, on.workspace()]).await?)
}

/// Crawls of a connection, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, connection_id: Id, page: PageRequest) -> Result<Page<CrawlRun>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM crawls WHERE workspace_id = $5 AND connection_id = $1 AND (created_at, id) < ($2, $3) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows =
        on.query(&sql, args![connection_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |c| Cursor { at: c.created_at, id: c.id })
}
