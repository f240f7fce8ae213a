//! Jobs: asked for in the transaction that makes them needed, claimed by one daemon at a time under a lease.
//!
//! Every claim raises the job's fence. A daemon shows the number it was given with everything it writes about the job,
//! so one that slept over its lease cannot end what another took over.

mod claim;
mod end;

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::db::{Conn, Dialect, Row, Value, args};
use super::error::Result;
use super::read_page;
use crate::model::{
    Cursor, Id, Job, JobKind, JobOutcome, JobRun, JobState, Page, PageRequest, clock, new_id,
};

pub use claim::{Hold, claim, next_due, renew};
pub use end::{Ended, Failure, cancel, done, fail, finish, give_back};

/// A job that ended is kept for that long, with its attempts.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Old ones that a new one clears away at the most.
const CLEARED: u32 = 50;
/// Attempts when nothing else is said.
const ATTEMPTS: i64 = 4;

const COLUMNS: &str = "id, kind, connection_id, schedule_id, payload, state, run_at, priority, attempts, \
                       max_attempts, lease_owner, lease_until, fence, dedup_key, created_at, created_by, \
                       started_at, finished_at, error_code, error_message, \
                       workspace_id";
const RUN: &str = "job_id, attempt, daemon, started_at, finished_at, outcome, error_code, error_message, log, \
                   figures";

fn read(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.id("id")?,
        workspace_id: row.id("workspace_id")?,
        kind: row.text("kind")?,
        connection_id: row.opt_id("connection_id")?,
        schedule_id: row.opt_id("schedule_id")?,
        payload: row.json("payload")?,
        state: row.word("state", JobState::parse)?,
        run_at: row.time("run_at")?,
        priority: row.int("priority")?,
        attempts: row.int("attempts")?,
        max_attempts: row.int("max_attempts")?,
        lease_owner: row.opt_text("lease_owner")?,
        lease_until: row.opt_time("lease_until")?,
        fence: row.int("fence")?,
        dedup_key: row.opt_text("dedup_key")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        started_at: row.opt_time("started_at")?,
        finished_at: row.opt_time("finished_at")?,
        error_code: row.opt_text("error_code")?,
        error_message: row.opt_text("error_message")?,
    })
}

fn read_run(row: &Row) -> Result<JobRun> {
    Ok(JobRun {
        job_id: row.id("job_id")?,
        attempt: row.int("attempt")?,
        daemon: row.text("daemon")?,
        started_at: row.time("started_at")?,
        finished_at: row.opt_time("finished_at")?,
        outcome: row.opt_word("outcome", JobOutcome::parse)?,
        error_code: row.opt_text("error_code")?,
        error_message: row.opt_text("error_message")?,
        log: row.json("log")?,
        figures: row.json("figures")?,
    })
}

/// A job to be asked for.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What it does.
    pub kind: JobKind,
    /// The connection it is about.
    pub connection_id: Option<Id>,
    /// The schedule that asks.
    pub schedule_id: Option<Id>,
    /// What its kind needs to know; no secrets.
    pub payload: Json,
    /// How long it is not begun from now.
    pub delay: Duration,
    /// Higher ones are begun first; 0 as a rule.
    pub priority: i64,
    /// Attempts after which it fails, at least 1.
    pub max_attempts: i64,
    /// While an unfinished job has this key, another one with it is not made.
    pub dedup_key: Option<String>,
    /// Who asks.
    pub created_by: Option<String>,
}

impl NewJob {
    /// A job of that kind, to be begun at once, with the usual number of attempts.
    pub fn of(kind: JobKind) -> NewJob {
        NewJob {
            kind,
            connection_id: None,
            schedule_id: None,
            payload: json!({}),
            delay: Duration::ZERO,
            priority: 0,
            max_attempts: ATTEMPTS,
            dedup_key: None,
            created_by: None,
        }
    }
}

/// A claimed job, as far as a write about it must name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Job.
    pub id: Id,
    /// The number that the claim gave.
    pub fence: i64,
}

impl From<&Job> for Held {
    fn from(job: &Job) -> Held {
        Held { id: job.id, fence: job.fence }
    }
}

/// What an attempt tells of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Notes {
    /// Its lines.
    pub log: Json,
    /// What it measured.
    pub figures: Json,
}

impl Default for Notes {
    fn default() -> Notes {
        Notes { log: json!([]), figures: json!({}) }
    }
}

/// Asks for a job, in the transaction of what makes it needed; `None` when an unfinished job has its key already. Some
/// old jobs are cleared away on the way. A daemon in this process hears of it by [`Db::wake`](super::Db::wake) after
/// the commit, others when they next look.
///
/// # Errors
/// A broken reference when there is no such connection or schedule.
pub async fn enqueue(on: &impl Conn, new: NewJob) -> Result<Option<Job>> {
    clear(on).await?;
    let sql = format!(
        "INSERT INTO jobs ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, 0, $8, NULL, NULL, 0, $9, $10, \
         $11, NULL, NULL, NULL, NULL, $12) \
         ON CONFLICT (dedup_key) WHERE dedup_key IS NOT NULL AND state IN ('queued', 'running') DO NOTHING \
         RETURNING {COLUMNS}"
    );
    let args = args![
        new_id(),
        new.kind.as_str(),
        new.connection_id,
        new.schedule_id,
        new.payload,
        clock::after(new.delay),
        new.priority,
        new.max_attempts.max(1),
        new.dedup_key,
        clock::now(),
        new.created_by,
        on.workspace(),
    ];
    on.query_opt(&sql, args).await?.as_ref().map(read).transpose()
}

/// Clears away jobs that ended long ago.
async fn clear(on: &impl Conn) -> Result<()> {
    let sql = format!(
        "WITH old AS MATERIALIZED (SELECT id FROM jobs WHERE created_at < $1 AND finished_at < $1 \
         ORDER BY created_at LIMIT $2 {}) DELETE FROM jobs WHERE id IN (SELECT id FROM old)",
        others_skipped(on)
    );
    on.execute(&sql, args![clock::before(KEPT), CLEARED]).await.map(drop)
}

/// What a statement that picks rows says so that sessions at the same time pick others. SQLite has one writer.
fn others_skipped(on: &impl Conn) -> &'static str {
    match on.dialect() {
        Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
        Dialect::Sqlite => "",
    }
}

/// The job of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Job> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE workspace_id = $2 AND id = $1");
    read(&on.query_one("job", &sql, args![id, on.workspace()]).await?)
}

/// The unfinished job that has a key.
///
/// # Errors
/// When the store fails.
pub async fn find_unfinished(on: &impl Conn, dedup_key: &str) -> Result<Option<Job>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE workspace_id = $2 AND dedup_key = $1 \
         AND state IN ('queued', 'running')"
    );
    on.query_opt(&sql, args![dedup_key, on.workspace()]).await?.as_ref().map(read).transpose()
}

/// Which jobs of all; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this connection.
    pub connection_id: Option<Id>,
    /// Of this schedule.
    pub schedule_id: Option<Id>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<JobState>,
}

/// Jobs, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, filter: &Filter, page: PageRequest) -> Result<Page<Job>> {
    let after = page.after.unwrap_or_else(Cursor::newest);
    let mut args = args![after.at, after.id, page.limit() + 1, on.workspace()].to_vec();
    let wanted: [(&str, Option<Value>); 4] = [
        ("connection_id", filter.connection_id.map(Value::from)),
        ("schedule_id", filter.schedule_id.map(Value::from)),
        ("kind", filter.kind.as_ref().map(Value::from)),
        ("state", filter.state.map(|state| Value::from(state.as_str()))),
    ];
    let mut conditions = String::new();
    for (column, value) in wanted {
        if let Some(value) = value {
            args.push(value);
            conditions.push_str(&format!(" AND {column} = ${}", args.len()));
        }
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE workspace_id = $4 AND (created_at, id) < ($1, $2){conditions} \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let rows = on.query(&sql, &args).await?;
    read_page(&rows, page.limit(), read, |j| Cursor { at: j.created_at, id: j.id })
}

/// The last attempts at a job, newest first, `limit` at the most.
///
/// # Errors
/// When the store fails.
pub async fn runs(on: &impl Conn, job: Id, limit: u32) -> Result<Vec<JobRun>> {
    let sql = format!("SELECT {RUN} FROM job_runs WHERE job_id = $1 ORDER BY attempt DESC LIMIT $2");
    on.query(&sql, args![job, limit]).await?.iter().map(read_run).collect()
}
