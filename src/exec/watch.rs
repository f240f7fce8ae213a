//! A run seen from outside: what is told of it (span, figures, a line of the log when it was slow), how it is stopped, and
//! what is waited for when the daemon ends.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use guard::ReadOnly;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::Span;

use super::drain::Drained;
use crate::error::{Class, Error, Result};
use crate::model::Execution;
use crate::model::clock::Stopwatch;
use crate::sources::Source;
use crate::telemetry::{metrics, slow, spans};

/// A run from being accepted to its end.
pub struct Watch {
    clock: Stopwatch,
    span: Span,
    engine: &'static str,
    connection: String,
    execution: String,
    sql: String,
}

impl Watch {
    /// Starts now.
    pub fn start(source: &Source, statement: &ReadOnly, execution: &Execution) -> Watch {
        let engine = source.connection.engine.name();
        let (id, sql) = (execution.id.to_string(), statement.sql().to_owned());
        let span = spans::execution(&id, engine, &slow::hash(&sql));
        let connection = source.connection.id.to_string();
        Watch { clock: Stopwatch::start(), span, engine, connection, execution: id, sql }
    }

    /// The span that the run belongs to.
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// Whole milliseconds since its start.
    pub fn millis(&self) -> i64 {
        self.clock.millis()
    }

    /// Tells how it ended.
    pub fn ended(&self, outcome: &Result<Drained>) {
        let took = self.clock.elapsed();
        let word = match outcome {
            Ok(_) => "succeeded",
            Err(error) if error.class == Class::Cancelled => "cancelled",
            Err(error) if error.class == Class::Timeout => "timed_out",
            Err(_) => "failed",
        };
        let rows = outcome.as_ref().ok().map(|drained| drained.rows);
        metrics::execution_ended(self.engine, word, took, rows.unwrap_or_default());
        self.span.record("db.response.rows", rows.map(|rows| i64::try_from(rows).unwrap_or(i64::MAX)));
        self.span.in_scope(|| {
            slow::note(&slow::Ended {
                engine: self.engine,
                connection: &self.connection,
                execution: &self.execution,
                sql: &self.sql,
                took,
                rows,
                outcome: word,
            });
        });
    }
}

/// How a running execution is stopped.
#[derive(Default)]
pub struct Stop {
    /// Cancelled when it is to stop.
    pub token: CancellationToken,
    /// Who stopped it.
    pub by: OnceLock<String>,
    /// Nobody did: the daemon ends.
    ending: AtomicBool,
}

impl Stop {
    /// Stops it because the daemon ends.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
        self.token.cancel();
    }

    /// What the one who waits for it hears.
    pub fn error(&self) -> Error {
        if self.ending.load(Ordering::Relaxed) {
            return Error::new("E008", Class::Cancelled, "the daemon ended before the statement did")
                .hint("Run it again.");
        }
        Error::new("E002", Class::Cancelled, "the execution was cancelled")
    }
}

/// Runs that have not ended, and what is still to be stored about those that were broken off.
#[derive(Debug, Default)]
pub struct Unsettled(TaskTracker);

impl Unsettled {
    /// Counts until it is dropped.
    pub fn enter(&self) -> TaskTrackerToken {
        self.0.token()
    }

    /// Waits until nothing is left, that long at most; whether nothing is.
    pub async fn settled(&self, time: Duration) -> bool {
        self.0.close();
        tokio::time::timeout(time, self.0.wait()).await.is_ok()
    }
}
