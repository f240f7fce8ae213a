//! Schedules: when a kind of job runs for a connection. What an expression means is not known here.

use jiff::Timestamp;
use serde_json::json;

use super::audits;
use super::db::{Conn, Row, Tx, args};
use super::error::{Result, StoreError};
use super::jobs::{self, Failure, NewJob};
use super::notifications::{self, NewNotification};
use super::read_page;
use crate::model::{Cursor, Id, Job, JobKind, Level, Page, PageRequest, Schedule, clock, new_id};

const COLUMNS: &str = "id, connection_id, kind, cron, time_zone, enabled, paused_reason, consecutive_failures, \
                       max_failures, skipped, last_run_at, next_run_at, created_at, created_by, updated_at, \
                       updated_by, workspace_id";

fn read(row: &Row) -> Result<Schedule> {
    Ok(Schedule {
        id: row.id("id")?,
        workspace_id: row.id("workspace_id")?,
        connection_id: row.id("connection_id")?,
        kind: row.text("kind")?,
        cron: row.text("cron")?,
        time_zone: row.text("time_zone")?,
        enabled: row.bool("enabled")?,
        paused_reason: row.opt_text("paused_reason")?,
        consecutive_failures: row.int("consecutive_failures")?,
        max_failures: row.int("max_failures")?,
        skipped: row.int("skipped")?,
        last_run_at: row.opt_time("last_run_at")?,
        next_run_at: row.opt_time("next_run_at")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
    })
}

/// What a person says of a schedule.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Connection.
    pub connection_id: Id,
    /// Kind of its jobs.
    pub kind: JobKind,
    /// The expression, checked.
    pub cron: String,
    /// The time zone, checked.
    pub time_zone: String,
    /// At so many failed jobs in a row it is paused.
    pub max_failures: i64,
    /// Its next moment.
    pub next_run_at: Option<Timestamp>,
}

/// Makes the schedule of a connection and kind, or changes it. It is enabled then, with no failures behind it.
///
/// # Errors
/// A broken reference when there is no such connection.
pub async fn put(on: &impl Conn, wanted: Wanted, by: &str) -> Result<Schedule> {
    let sql = format!(
        "INSERT INTO schedules ({COLUMNS}) \
         VALUES ($1, $2, $3, $4, $5, $6, NULL, 0, $7, 0, NULL, $8, $9, $10, $9, $10, $11) \
         ON CONFLICT (connection_id, kind) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone, \
         enabled = excluded.enabled, paused_reason = NULL, consecutive_failures = 0, \
         max_failures = excluded.max_failures, next_run_at = excluded.next_run_at, \
         updated_at = excluded.updated_at, updated_by = excluded.updated_by RETURNING {COLUMNS}"
    );
    let args = args![
        new_id(),
        wanted.connection_id,
        wanted.kind.as_str(),
        wanted.cron,
        wanted.time_zone,
        true,
        wanted.max_failures,
        wanted.next_run_at,
        clock::now(),
        by,
        on.workspace(),
    ];
    read(&on.query_one("schedule", &sql, args).await?)
}

/// The schedule of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Schedule> {
    let sql = format!("SELECT {COLUMNS} FROM schedules WHERE workspace_id = $2 AND id = $1");
    read(&on.query_one("schedule", &sql, args![id, on.workspace()]).await?)
}

/// The schedule of a connection for a kind of job.
///
/// # Errors
/// Not found.
pub async fn of_connection(on: &impl Conn, connection_id: Id, kind: JobKind) -> Result<Schedule> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedules WHERE workspace_id = $3 AND connection_id = $1 AND kind = $2"
    );
    let row = on.query_opt(&sql, args![connection_id, kind.as_str(), on.workspace()]).await?;
    let none = || {
        StoreError::not_found("schedule: the connection has none")
            .hint("Make one with PUT /api/v1/connections/{id}/schedule or `querent schedule set`.")
    };
    read(&row.ok_or_else(none)?)
}

/// Schedules of connections that are not deleted, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<Schedule>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedules WHERE workspace_id = $4 AND (created_at, id) < ($1, $2) AND {LIVE} \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |s| Cursor { at: s.created_at, id: s.id })
}

/// A deleted connection's schedule rests until it is restored.
const LIVE: &str = "EXISTS (SELECT 1 FROM connections WHERE connections.id = schedules.connection_id \
                    AND connections.deleted_at IS NULL)";

/// Takes a schedule away; its jobs stay.
///
/// # Errors
/// Not found.
pub async fn remove(on: &impl Conn, id: Id) -> Result<()> {
    on.execute_one(
        "schedule",
        "DELETE FROM schedules WHERE workspace_id = $2 AND id = $1",
        args![id, on.workspace()],
    )
    .await
}

/// Stops a schedule until it is resumed.
///
/// # Errors
/// Not found.
pub async fn pause(on: &impl Conn, id: Id, reason: &str, by: &str) -> Result<Schedule> {
    let sql = format!(
        "UPDATE schedules SET enabled = $2, paused_reason = $3, next_run_at = NULL, updated_at = $4, \
         updated_by = $5 WHERE workspace_id = $6 AND id = $1 RETURNING {COLUMNS}"
    );
    read(&on.query_one("schedule", &sql, args![id, false, reason, clock::now(), by, on.workspace()]).await?)
}

/// Lets a schedule go on, with no failures behind it.
///
/// # Errors
/// Not found.
pub async fn resume(on: &impl Conn, id: Id, next: Option<Timestamp>, by: &str) -> Result<Schedule> {
    let sql = format!(
        "UPDATE schedules SET enabled = $2, paused_reason = NULL, consecutive_failures = 0, next_run_at = $3, \
         updated_at = $4, updated_by = $5 WHERE workspace_id = $6 AND id = $1 RETURNING {COLUMNS}"
    );
    read(&on.query_one("schedule", &sql, args![id, true, next, clock::now(), by, on.workspace()]).await?)
}

/// Schedules whose moment has come, the longest waiting first.
///
/// # Errors
/// When the store fails.
pub async fn due(on: &impl Conn, limit: u32) -> Result<Vec<Schedule>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedules WHERE enabled AND next_run_at <= $1 AND {LIVE} \
         ORDER BY next_run_at LIMIT $2"
    );
    on.query(&sql, args![clock::now(), limit]).await?.iter().map(read).collect()
}

/// When the next moment of any schedule comes.
///
/// # Errors
/// When the store fails.
pub async fn next_due(on: &impl Conn) -> Result<Option<Timestamp>> {
    let sql = format!("SELECT min(next_run_at) AS due FROM schedules WHERE enabled AND {LIVE}");
    match on.query_opt(&sql, &[]).await? {
        Some(row) => row.opt_time("due"),
        None => Ok(None),
    }
}

/// What became of a schedule's moment.
#[derive(Debug, Clone, PartialEq)]
pub enum Tick {
    /// A job was asked for.
    Asked(Box<Job>),
    /// The job before is unfinished: the moment is left out, and counted.
    Skipped,
    /// Another daemon saw to it, or the schedule was changed.
    Gone,
}

/// Sees to a moment that has come: asks for one job and moves to `next`, both or none. Only who still finds the schedule
/// at the moment it read does, so that a moment leads to one job whatever number of daemons sees it.
///
/// # Errors
/// When the store fails.
pub async fn tick(tx: &Tx, seen: &Schedule, kind: JobKind, next: Option<Timestamp>) -> Result<Tick> {
    let sql = "UPDATE schedules SET next_run_at = $3 WHERE id = $1 AND enabled AND next_run_at = $2";
    if tx.execute(sql, args![seen.id, seen.next_run_at, next]).await? == 0 {
        return Ok(Tick::Gone);
    }
    if let Some(job) = ask(tx, seen, kind, "schedule").await? {
        return Ok(Tick::Asked(Box::new(job)));
    }
    tx.execute("UPDATE schedules SET skipped = skipped + 1 WHERE id = $1", args![seen.id]).await?;
    Ok(Tick::Skipped)
}

/// Asks for a schedule's job now; `None` when the one before is unfinished.
///
/// # Errors
/// When the store fails.
pub async fn ask(tx: &Tx, schedule: &Schedule, kind: JobKind, by: &str) -> Result<Option<Job>> {
    let new = NewJob {
        connection_id: Some(schedule.connection_id),
        schedule_id: Some(schedule.id),
        dedup_key: Some(key(schedule.id)),
        created_by: Some(by.to_owned()),
        ..NewJob::of(kind)
    };
    let job = jobs::enqueue(tx, new).await?;
    if job.is_some() {
        let sql = "UPDATE schedules SET last_run_at = $2 WHERE id = $1";
        tx.execute(sql, args![schedule.id, clock::now()]).await?;
    }
    Ok(job)
}

/// The key that only one unfinished job of a schedule has: they never overlap.
pub fn key(schedule: Id) -> String {
    format!("schedule:{schedule}")
}

/// A job of it succeeded.
pub(super) async fn note_success(tx: &Tx, id: Id) -> Result<()> {
    let sql = "UPDATE schedules SET consecutive_failures = 0 WHERE id = $1";
    tx.execute(sql, args![id]).await.map(drop)
}

/// A job of it failed for good. Gives the schedule when that was one too many and paused it.
pub(super) async fn note_failure(tx: &Tx, id: Id, failure: &Failure) -> Result<Option<Schedule>> {
    let sql = format!(
        "UPDATE schedules SET consecutive_failures = consecutive_failures + 1 WHERE id = $1 RETURNING {COLUMNS}"
    );
    let Some(row) = tx.query_opt(&sql, args![id]).await? else { return Ok(None) };
    let schedule = read(&row)?;
    if !schedule.enabled || schedule.consecutive_failures < schedule.max_failures {
        return Ok(None);
    }
    let count = schedule.consecutive_failures;
    let reason = format!("{count} runs in a row failed, the last with {}: {}", failure.code, failure.message);
    let paused = pause(tx, id, &reason, "schedule").await?;
    let details = json!({ "connection": paused.connection_id, "failures": count, "code": failure.code });
    audits::add(tx, "schedule", "schedule.pause", &id.to_string(), details.clone()).await?;
    let told = NewNotification {
        kind: "schedule",
        severity: Level::Warning,
        connection_id: Some(paused.connection_id),
        subject_type: "schedule",
        subject_id: id.to_string(),
        title: format!("the {} schedule is paused: {reason}", paused.kind),
        details,
        // each pause is told
        dedup_key: format!("schedule.pause:{id}:{}", paused.updated_at),
    };
    notifications::add(tx, told).await?;
    Ok(Some(paused))
}
