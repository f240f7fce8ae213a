//! One attempt at a job: the work beside the renewing of its lease, and how it ends in the store.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tracing::Instrument;

use super::attempt::{Attempt, Stop};
use super::kinds::{self, Done, Parts};
use crate::error::{Class, Error, Result};
use crate::model::Job;
use crate::model::clock::Stopwatch;
use crate::store::jobs::{Failure, Held, Hold};
use crate::store::{self, Db, StoreErrorKind};
use crate::telemetry::metrics;

/// Work that was told to stop is waited for that long, then dropped.
const STOPPING: Duration = Duration::from_secs(5);
/// Tries to write an attempt's end, and the wait between them.
const WRITES: u32 = 5;
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// Works on a claimed job to the end of this attempt, and writes the end.
pub(super) async fn attempt(parts: Parts, job: Job, attempt: Arc<Attempt>, lease: Duration) {
    let held = Held::from(&job);
    let db = parts.db.clone();
    let outcome = if job.attempts > job.max_attempts {
        Err(deadly(&job))
    } else {
        let (told, work) = (attempt.clone(), job.clone());
        let work = async move { kinds::run(&parts, &work, &told).await };
        let work = tokio::spawn(work.in_current_span());
        let hold = hold(&db, held, &attempt, lease);
        watched(work, &attempt, hold).await
    };
    metrics::job_ended(job.kind.as_str(), word(&outcome, &attempt));
    if let Err(error) = &outcome {
        attempt.line(format!("{}: {error}", error.code));
    }
    // Written again and again: where it fails for good the lease runs out, and the job is done again.
    for _ in 0..WRITES {
        match end(&db, held, &attempt, &outcome).await {
            Ok(()) => break,
            Err(error) if error.kind == StoreErrorKind::NotFound => {
                tracing::info!(job = %job.id, "the job was cancelled or taken over: what it led to is not noted");
                break;
            }
            Err(error) => {
                tracing::warn!(job = %job.id, %error, "the end of a job could not be stored");
                tokio::time::sleep(BETWEEN_WRITES).await;
            }
        }
    }
    db.wake();
}

/// How an attempt ended, for the figures.
fn word(outcome: &Result<Done>, attempt: &Attempt) -> &'static str {
    match (outcome, attempt.stop()) {
        (Ok(Done::Well), _) => "succeeded",
        (Ok(Done::Later(_)), _) => "later",
        (Err(_), Some(Stop::Cancelled)) => "cancelled",
        (Err(_), Some(Stop::Shutdown | Stop::Lost)) => "given_back",
        (Err(_), None) => "failed",
    }
}

/// The work's outcome, while its lease is held beside it.
async fn watched(
    mut work: JoinHandle<Result<Done>>,
    attempt: &Attempt,
    hold: impl Future<Output = Stop>,
) -> Result<Done> {
    let ended = tokio::select! {
        ended = &mut work => Some(ended),
        why = hold => {
            attempt.tell(why);
            None
        }
        _ = attempt.stopped() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => match tokio::time::timeout(STOPPING, &mut work).await {
            Ok(ended) => ended,
            Err(_) => {
                work.abort();
                return Err(Error::new("J005", Class::Cancelled, "the job did not stop when it was told to"));
            }
        },
    };
    // The panic's own words may hold anything: they are in the log of the program, not in the store.
    ended.unwrap_or_else(|_| Err(Error::new("J003", Class::Internal, "the job broke off inside the daemon")))
}

/// Renews the lease until the job is not this daemon's any more.
async fn hold(db: &Db, held: Held, attempt: &Attempt, lease: Duration) -> Stop {
    let mut renewed = Stopwatch::start();
    loop {
        tokio::time::sleep(lease / 3).await;
        let now = Stopwatch::start();
        match store::jobs::renew(db, held, lease, &attempt.notes()).await {
            Ok(Hold::Held) => renewed = now,
            Ok(Hold::Cancelled) => return Stop::Cancelled,
            Ok(Hold::Lost) => return Stop::Lost,
            Err(error) => {
                tracing::warn!(job = %held.id, %error, "a job's lease could not be renewed");
                if renewed.elapsed() >= lease {
                    return Stop::Lost;
                }
            }
        }
    }
}

async fn end(db: &Db, held: Held, attempt: &Attempt, outcome: &Result<Done>) -> store::Result<()> {
    let notes = attempt.notes();
    let tx = db.begin().await?;
    match (outcome, attempt.stop()) {
        (Ok(Done::Well), _) => {
            store::jobs::finish(&tx, held, &notes).await?;
        }
        (Ok(Done::Later(wait)), _) => {
            store::jobs::give_back(&tx, held, *wait, &notes).await?;
        }
        (Err(_), Some(Stop::Shutdown | Stop::Lost)) => {
            store::jobs::give_back(&tx, held, Duration::ZERO, &notes).await?;
        }
        // cancelled in the store already, so this finds nothing to write
        (Err(error), _) => {
            let failure = Failure {
                code: error.code.to_owned(),
                message: error.message.clone(),
                retry: may_heal(error.class),
            };
            let ended = store::jobs::fail(&tx, held, &failure, &notes).await?;
            if let Some(schedule) = ended.paused {
                tracing::warn!(schedule = %schedule.id, "a schedule is paused after failures in a row");
            }
        }
    }
    tx.commit().await
}

/// Whether another attempt may end better.
fn may_heal(class: Class) -> bool {
    match class {
        Class::Busy | Class::Timeout | Class::Upstream | Class::Internal | Class::Conflict => true,
        Class::BadInput
        | Class::Unauthenticated
        | Class::Forbidden
        | Class::NotFound
        | Class::TooLarge
        | Class::Cancelled => false,
    }
}

fn deadly(job: &Job) -> Error {
    let times = job.max_attempts;
    Error::new("J006", Class::TooLarge, format!("the daemon ended {times} times while it worked on this"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure_without_its_words() {
        let work = tokio::spawn(async { panic!("secret") });
        let outcome = watched(work, &Attempt::default(), std::future::pending()).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.code, may_heal(error.class)), ("J003", true));
        assert!(!error.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn work_that_lost_its_lease_is_told_and_waited_for() {
        let attempt = Arc::new(Attempt::default());
        let told = attempt.clone();
        let work = tokio::spawn(async move {
            assert_eq!(told.stopped().await, Stop::Lost);
            Ok(Done::Well)
        });
        let outcome = watched(work, &attempt, std::future::ready(Stop::Lost)).await;
        assert_eq!(outcome, Ok(Done::Well));
    }

    #[tokio::test]
    async fn work_that_does_not_hear_is_dropped() {
        let attempt = Attempt::default();
        attempt.tell(Stop::Cancelled);
        let work = tokio::spawn(std::future::pending());
        let outcome = watched(work, &attempt, std::future::pending()).await;
        assert_eq!(outcome.unwrap_err().code, "J005");
    }
}
