//! Taking a job, and keeping it while it is worked on.

use std::time::Duration;

use jiff::Timestamp;

use super::{COLUMNS, Held, Job, Notes, RUN, others_skipped, read};
use crate::model::{JobState, clock};
use crate::store::db::{Conn, Db, args};
use crate::store::error::Result;

/// Whose lease ran out, or whose moment has come. It stands in the choice and in the change: between the two another
/// session may have taken the job.
const FREE: &str = "((state = 'queued' AND run_at <= $1) OR (state = 'running' AND lease_until < $1))";

/// Takes the next job for a daemon, if there is one: a queued one whose moment has come, or one whose daemon did not
/// renew its lease. An attempt that was lost is noted as such. A job may come with more attempts than it may have: then
/// its daemons died over it, and the caller fails it.
///
/// # Errors
/// When the store fails.
pub async fn claim(db: &Db, daemon: &str, lease: Duration) -> Result<Option<Job>> {
    let now = clock::now();
    let tx = db.begin().await?;
    let sql = format!(
        "UPDATE jobs SET state = 'running', attempts = attempts + 1, fence = fence + 1, lease_owner = $2, \
         lease_until = $3, started_at = COALESCE(started_at, $1) \
         WHERE id = (SELECT id FROM jobs WHERE state IN ('queued', 'running') AND {FREE} \
         ORDER BY priority DESC, run_at, id LIMIT 1 {}) AND {FREE} RETURNING {COLUMNS}",
        others_skipped(&tx)
    );
    let row = tx.query_opt(&sql, args![now, daemon, clock::after(lease)]).await?;
    let Some(job) = row.as_ref().map(read).transpose()? else {
        tx.rollback().await?;
        return Ok(None);
    };
    let sql = "UPDATE job_runs SET outcome = 'lost', finished_at = $2 WHERE job_id = $1 AND outcome IS NULL";
    tx.execute(sql, args![job.id, now]).await?;
    let sql = format!("INSERT INTO job_runs ({RUN}) VALUES ($1, $2, $3, $4, NULL, NULL, NULL, NULL, $5, $6)");
    let Notes { log, figures } = Notes::default();
    tx.execute(&sql, args![job.id, job.fence, daemon, now, log, figures]).await?;
    tx.commit().await?;
    Ok(Some(job))
}

/// When the next job may be taken: the moment of a queued one, or the end of a lease. In the past when one is free now.
///
/// # Errors
/// When the store fails.
pub async fn next_due(on: &impl Conn) -> Result<Option<Timestamp>> {
    let sql = "SELECT min(CASE WHEN state = 'queued' THEN run_at ELSE lease_until END) AS due FROM jobs \
               WHERE state IN ('queued', 'running')";
    match on.query_opt(sql, &[]).await? {
        Some(row) => row.opt_time("due"),
        None => Ok(None),
    }
}

/// Whether a job is still its daemon's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is.
    Held,
    /// A person cancelled it.
    Cancelled,
    /// Another daemon has it, or it is gone.
    Lost,
}

/// Holds a job for another `lease`, and keeps what its attempt told so far.
///
/// # Errors
/// When the store fails.
pub async fn renew(on: &impl Conn, held: Held, lease: Duration, notes: &Notes) -> Result<Hold> {
    let sql = "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND fence = $2 AND state = 'running'";
    if on.execute(sql, args![held.id, held.fence, clock::after(lease)]).await? == 0 {
        let sql = "SELECT state FROM jobs WHERE id = $1 AND fence = $2";
        let row = on.query_opt(sql, args![held.id, held.fence]).await?;
        let state = row.map(|row| row.word("state", JobState::parse)).transpose()?;
        return Ok(if state == Some(JobState::Cancelled) { Hold::Cancelled } else { Hold::Lost });
    }
    let sql =
        "UPDATE job_runs SET log = $3, figures = $4 WHERE job_id = $1 AND attempt = $2 AND outcome IS NULL";
    on.execute(sql, args![held.id, held.fence, &notes.log, &notes.figures]).await?;
    Ok(Hold::Held)
}
