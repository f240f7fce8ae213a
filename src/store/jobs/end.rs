//! How an attempt at a job ends, and what follows from it: another attempt, or the end of the job with what its schedule
//! makes of it. All of it in the caller's transaction, and only for who still holds the job.

use std::time::Duration;

use super::{COLUMNS, Held, Id, Job, Notes, read};
use crate::model::{JobOutcome, JobState, Schedule, clock};
use crate::store::db::{Conn, Tx, args};
use crate::store::error::Result;
use crate::store::schedules;

/// Wait after the first failed attempt; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// The error for who does not hold the job any more.
const LOST: &str = "running job of that lease";

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Code of the error.
    pub code: String,
    /// Its sentence.
    pub message: String,
    /// Whether another attempt may help.
    pub retry: bool,
}

/// What an attempt's end led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The job as it is now: ended, or queued for another attempt.
    pub job: Job,
    /// Its schedule, when this failure was one too many and paused it.
    pub paused: Option<Schedule>,
}

/// Ends a job well.
///
/// # Errors
/// Not found when the caller does not hold it any more.
pub async fn finish(tx: &Tx, held: Held, notes: &Notes) -> Result<Ended> {
    let sql = format!(
        "UPDATE jobs SET state = 'succeeded', finished_at = $3, lease_owner = NULL, lease_until = NULL, \
         error_code = NULL, error_message = NULL \
         WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING {COLUMNS}"
    );
    let job = read(&tx.query_one(LOST, &sql, args![held.id, held.fence, clock::now()]).await?)?;
    end_run(tx, held, JobOutcome::Succeeded, None, notes).await?;
    if let Some(schedule) = job.schedule_id {
        schedules::note_success(tx, schedule).await?;
    }
    Ok(Ended { job, paused: None })
}

/// Ends an attempt with an error: the job is queued again with a growing wait, or fails when another attempt does not
/// help or it has had as many as it may.
///
/// # Errors
/// Not found when the caller does not hold it any more.
pub async fn fail(tx: &Tx, held: Held, failure: &Failure, notes: &Notes) -> Result<Ended> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = $1 AND fence = $2 AND state = 'running'");
    let job = read(&tx.query_one(LOST, &sql, args![held.id, held.fence]).await?)?;
    let again = failure.retry && job.attempts < job.max_attempts;
    let (state, ended) =
        if again { (JobState::Queued, None) } else { (JobState::Failed, Some(clock::now())) };
    let run_at = if again { clock::after(wait(job.attempts)) } else { job.run_at };
    let sql = format!(
        "UPDATE jobs SET state = $3, run_at = $4, finished_at = $5, lease_owner = NULL, lease_until = NULL, \
         error_code = $6, error_message = $7 \
         WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING {COLUMNS}"
    );
    let args = args![held.id, held.fence, state.as_str(), run_at, ended, &failure.code, &failure.message];
    let job = read(&tx.query_one(LOST, &sql, args).await?)?;
    end_run(tx, held, JobOutcome::Failed, Some(failure), notes).await?;
    let paused = match job.schedule_id {
        Some(schedule) if !again => schedules::note_failure(tx, schedule, failure).await?,
        _ => None,
    };
    Ok(Ended { job, paused })
}

/// Gives a job back unfinished: somebody else begins it after `delay`, and the attempt does not count.
///
/// # Errors
/// Not found when the caller does not hold it any more.
pub async fn give_back(tx: &Tx, held: Held, delay: Duration, notes: &Notes) -> Result<Job> {
    let sql = format!(
        "UPDATE jobs SET state = 'queued', run_at = $3, attempts = attempts - 1, lease_owner = NULL, \
         lease_until = NULL WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING {COLUMNS}"
    );
    let args = args![held.id, held.fence, clock::after(delay)];
    let job = read(&tx.query_one(LOST, &sql, args).await?)?;
    end_run(tx, held, JobOutcome::Returned, None, notes).await?;
    Ok(job)
}

/// Cancels a job that has not ended. Who works on it hears of it at its next [`renew`](super::renew) and cannot end it
/// any more.
///
/// # Errors
/// Not found when it has ended.
pub async fn cancel(tx: &Tx, id: Id) -> Result<Job> {
    let sql = format!(
        "UPDATE jobs SET state = 'cancelled', finished_at = $2, lease_owner = NULL, lease_until = NULL \
         WHERE id = $1 AND workspace_id = $3 AND state IN ('queued', 'running') RETURNING {COLUMNS}"
    );
    let now = clock::now();
    let job = read(&tx.query_one("unfinished job", &sql, args![id, now, tx.workspace()]).await?)?;
    let sql =
        "UPDATE job_runs SET outcome = 'cancelled', finished_at = $2 WHERE job_id = $1 AND outcome IS NULL";
    tx.execute(sql, args![id, now]).await?;
    Ok(job)
}

/// Ends a job that nobody has begun, because who asked for it has done it; one that was begun in between goes on.
///
/// # Errors
/// When the store fails.
pub async fn done(tx: &Tx, id: Id) -> Result<()> {
    let sql = "UPDATE jobs SET state = 'succeeded', finished_at = $2 WHERE id = $1 AND state = 'queued'";
    tx.execute(sql, args![id, clock::now()]).await.map(drop)
}

async fn end_run(
    tx: &Tx,
    held: Held,
    outcome: JobOutcome,
    failure: Option<&Failure>,
    notes: &Notes,
) -> Result<()> {
    let sql = "UPDATE job_runs SET outcome = $3, finished_at = $4, error_code = $5, error_message = $6, log = $7, \
               figures = $8 WHERE job_id = $1 AND attempt = $2";
    let args = args![
        held.id,
        held.fence,
        outcome.as_str(),
        clock::now(),
        failure.map(|f| f.code.as_str()),
        failure.map(|f| f.message.as_str()),
        &notes.log,
        &notes.figures,
    ];
    tx.execute_one("attempt", sql, args).await
}

/// The wait after so many attempts: doubling, with up to half of it left to chance, so that jobs that failed together do
/// not come back together.
fn wait(attempts: i64) -> Duration {
    let doublings = u32::try_from((attempts - 1).clamp(0, 16)).unwrap_or(0);
    let whole = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    whole.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_are_not_all_the_same() {
        for (attempts, most) in [(1, 5.0), (2, 10.0), (3, 20.0), (50, 900.0)] {
            let waits: Vec<f64> = (0..50).map(|_| wait(attempts).as_secs_f64()).collect();
            assert!(waits.iter().all(|w| (most / 2.0..=most).contains(w)), "{attempts}: {waits:?}");
            assert!(waits.windows(2).any(|pair| pair[0] != pair[1]));
        }
    }
}
