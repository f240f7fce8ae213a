//! The only door from SQL to a database: a checked statement goes in, a stored execution comes out.

mod drain;
mod pages;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use connector_api::{Connector, Estimate, Limits, ResultStream};
use guard::{Policy, ReadOnly};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::error::{Class, Error, Result};
use crate::model::clock::Stopwatch;
use crate::model::{Execution, Id, Query, RunStatus, new_id};
use crate::results::column_type;
use crate::sources::Source;
use crate::store::executions::{ExecutionEnd, NewExecution};
use crate::store::{self, Conn, Db};

pub use pages::{MAX_PAGE, RowsPage, json_rows};

/// Rows kept in memory of each result, for the answer and its chart.
const HEAD_ROWS: usize = 200;

/// Runs statements within bounds for a caller, spools their results, remembers what runs so that it can be cancelled.
/// Clones share the bounds.
#[derive(Clone)]
pub struct Exec {
    db: Db,
    shared: Arc<Shared>,
}

struct Shared {
    results: PathBuf,
    limits: Limits,
    slots: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
    running: Mutex<HashMap<Id, Arc<Stop>>>,
}

/// How a running execution is stopped.
#[derive(Default)]
struct Stop {
    token: CancellationToken,
    /// Who stopped it.
    by: OnceLock<String>,
}

/// An execution that ended well, with its first rows.
pub struct Finished {
    /// Its record.
    pub execution: Execution,
    /// The columns.
    pub schema: SchemaRef,
    /// The first rows, at most 200.
    pub head: Vec<RecordBatch>,
}

impl Finished {
    /// Whether nothing matched.
    pub fn is_empty(&self) -> bool {
        self.execution.row_count == Some(0)
    }
}

/// Streams a checked statement's result without keeping it: for the command line and for measuring.
///
/// # Errors
/// As the connector says.
pub async fn stream(
    connector: &dyn Connector,
    statement: &ReadOnly,
    limits: &Limits,
) -> Result<ResultStream> {
    Ok(connector.query(statement, limits).await?)
}

/// The caps of a statement: the daemon's, where the connection's policy does not lower them.
pub fn limits_under(limits: &Limits, policy: &Policy) -> Limits {
    let lower = |own: u64, other: Option<u64>| other.map_or(own, |other| own.min(other));
    Limits {
        max_rows: lower(limits.max_rows, policy.max_rows),
        max_bytes: lower(limits.max_bytes, policy.max_result_bytes),
        timeout: policy.max_seconds.map_or(limits.timeout, |s| limits.timeout.min(Duration::from_secs(s))),
        batch_rows: limits.batch_rows,
    }
}

/// Asks the server what a statement would cost, where there is a limit, and refuses one that would cost more.
///
/// # Errors
/// `A003` when the server expects more than the lower of both limits; as the connector says.
pub async fn within_cost(
    connector: &dyn Connector,
    statement: &ReadOnly,
    max: Option<f64>,
    policy: &Policy,
) -> Result<Option<Estimate>> {
    let limits = [max, policy.max_cost];
    let Some(max) = limits.into_iter().flatten().reduce(f64::min) else { return Ok(None) };
    let estimate = connector.explain(statement).await?;
    match estimate.cost {
        Some(cost) if cost > max => {
            // the estimate tells of rows that the caller may not see
            let message = match policy.rewrites() {
                true => format!("the server expects this statement to cost more than the limit of {max:.0}"),
                false => {
                    format!("the server expects this statement to cost {cost:.0}, the limit is {max:.0}")
                }
            };
            let hint =
                "Ask for less (a date range, fewer tables), or raise limits.cost or the policy's max_cost.";
            Err(Error::new("A003", Class::TooLarge, message).hint(hint))
        }
        _ => Ok(Some(estimate)),
    }
}

impl Exec {
    /// Results are kept in `results`; `slots` statements run at the same time and `waiting` may wait for a place.
    pub fn new(db: Db, results: PathBuf, limits: Limits, slots: usize, waiting: usize) -> Exec {
        let shared = Shared {
            results,
            limits,
            slots: Semaphore::new(slots),
            waiting: AtomicUsize::new(0),
            max_waiting: waiting,
            running: Mutex::default(),
        };
        Exec { db, shared: Arc::new(shared) }
    }

    /// The same for whom that store speaks for.
    pub fn within(&self, db: &Db) -> Exec {
        Exec { db: db.clone(), shared: self.shared.clone() }
    }

    /// The caps of an execution.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Runs a stored query's checked statement to its end. `accepted` hears of the execution's record before the work
    /// starts, so that it can be watched and cancelled.
    ///
    /// Dropping the future cancels the statement on the server and marks the execution as cancelled.
    ///
    /// # Errors
    /// Too many wait already; the statement failed, timed out or was cancelled. The record tells the same.
    pub async fn run(
        &self,
        source: &Source,
        query: &Query,
        statement: &ReadOnly,
        accepted: impl FnOnce(&Execution),
    ) -> Result<Finished> {
        let execution = self.accept(source, query).await?;
        accepted(&execution);
        self.work(source, statement, execution).await
    }

    /// Starts a stored query's checked statement and returns its record at once; the work goes on by itself.
    ///
    /// # Errors
    /// Too many wait already, or the store fails.
    pub async fn start(&self, source: Source, query: &Query, statement: ReadOnly) -> Result<Execution> {
        let execution = self.accept(&source, query).await?;
        let (exec, record) = (self.clone(), execution.clone());
        tokio::spawn(async move {
            let id = record.id;
            if let Err(error) = exec.work(&source, &statement, record).await {
                tracing::info!(execution = %id, code = error.code, "the execution ended with an error");
            }
        });
        Ok(execution)
    }

    /// Stops a running execution of this daemon; its end is stored with an audit line. False when it is not running
    /// here.
    pub fn cancel(&self, id: Id, by: &str) -> bool {
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stop) = running.get(&id) else { return false };
        stop.by.get_or_init(|| by.to_owned());
        stop.token.cancel();
        true
    }

    async fn accept(&self, source: &Source, query: &Query) -> Result<Execution> {
        source.may_be_asked()?;
        if self.shared.slots.available_permits() == 0
            && self.shared.waiting.load(Ordering::Relaxed) >= self.shared.max_waiting
        {
            return Err(Error::new("E001", Class::Busy, "too many statements are waiting to run")
                .hint("Try again in a moment, or raise limits.executions or limits.waiting."));
        }
        let new = NewExecution {
            id: new_id(),
            query_id: query.id,
            connection_id: query.connection_id,
            lease: self.lease(),
            created_by: Some(self.db.by().to_owned()),
        };
        Ok(store::executions::create(&self.db, new).await?)
    }

    /// How long an execution may look alive without a sign: its own time-out and a little more.
    fn lease(&self) -> Duration {
        self.shared.limits.timeout * 2 + Duration::from_secs(60)
    }

    async fn work(&self, source: &Source, statement: &ReadOnly, execution: Execution) -> Result<Finished> {
        let stop = Arc::new(Stop::default());
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).insert(execution.id, stop.clone());
        let mut guard = Unfinished { exec: self.clone(), id: execution.id, ended: false };
        let watch = Stopwatch::start();
        let outcome = tokio::select! {
            outcome = self.in_turn(source, statement, &execution) => outcome,
            () = stop.token.cancelled() => Err(Error::new("E002", Class::Cancelled, "the execution was cancelled")),
        };
        let end = end(&outcome, watch.millis(), self.relative(execution.id));
        let stored = self.store_end(execution.id, end, stop.by.get()).await;
        guard.ended = true;
        drop(guard);
        let drained = outcome?;
        Ok(Finished { execution: stored?, schema: drained.schema, head: drained.head })
    }

    /// Stores how it ended; when somebody cancelled it, the audit line with it.
    async fn store_end(&self, id: Id, end: ExecutionEnd, by: Option<&String>) -> Result<Execution> {
        let Some(by) = by.filter(|_| end.status == RunStatus::Cancelled) else {
            return Ok(store::executions::finish(&self.db, id, end).await?);
        };
        let tx = self.db.begin().await?;
        let execution = store::executions::finish(&tx, id, end).await?;
        store::audits::add(
            &tx,
            by,
            "execution.cancel",
            &id.to_string(),
            json!({ "query": execution.query_id }),
        )
        .await?;
        tx.commit().await?;
        Ok(execution)
    }

    async fn in_turn(
        &self,
        source: &Source,
        statement: &ReadOnly,
        execution: &Execution,
    ) -> Result<drain::Drained> {
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        let slot = self.shared.slots.acquire().await;
        self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
        let _slot = slot.map_err(|_| internal("the daemon is stopping"))?;
        store::executions::begin(&self.db, execution.id, self.lease()).await?;
        let limits = limits_under(&self.shared.limits, &source.policy()?);
        let stream = stream(source.connector.as_ref(), statement, &limits).await?;
        drain::drain(stream, &self.path(execution.id), HEAD_ROWS).await
    }

    fn relative(&self, id: Id) -> String {
        format!("{id}.arrow")
    }

    fn path(&self, id: Id) -> PathBuf {
        self.shared.results.join(self.relative(id))
    }
}

/// Takes an execution off the list of running ones; when its future was dropped midway, also off the store's.
struct Unfinished {
    exec: Exec,
    id: Id,
    ended: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.exec.shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        if self.ended {
            return;
        }
        let (exec, id) = (self.exec.clone(), self.id);
        tokio::spawn(async move {
            let gone = Err(Error::new("E003", Class::Cancelled, "the client went away"));
            let end = end(&gone, 0, String::new());
            if let Err(error) = store::executions::finish(&exec.db, id, end).await {
                tracing::warn!(execution = %id, %error, "an abandoned execution could not be marked");
            }
        });
    }
}

fn end(outcome: &Result<drain::Drained>, elapsed_ms: i64, path: String) -> ExecutionEnd {
    match outcome {
        Ok(drained) => ExecutionEnd {
            status: RunStatus::Succeeded,
            row_count: Some(drained.rows as i64),
            byte_count: Some(drained.bytes as i64),
            truncated: drained.truncated,
            error: None,
            columns: columns(&drained.schema),
            result_path: Some(path),
            elapsed_ms,
        },
        Err(error) => ExecutionEnd {
            status: if error.class == Class::Cancelled { RunStatus::Cancelled } else { RunStatus::Failed },
            row_count: None,
            byte_count: None,
            truncated: None,
            error: Some((error.code.to_owned(), error.message.clone())),
            columns: Value::Array(Vec::new()),
            result_path: None,
            elapsed_ms,
        },
    }
}

/// The result's columns as the API states them.
pub fn columns(schema: &SchemaRef) -> Value {
    schema.fields().iter().map(|f| json!({ "name": f.name(), "type": column_type(f) })).collect()
}

fn internal(message: impl Into<String>) -> Error {
    Error::new("E099", Class::Internal, message)
}
