//! The only door from SQL to a database: a checked statement goes in, a stored execution comes out.

mod cache;
mod drain;
mod kept;
mod limits;
mod own;
mod pages;
mod queue;
pub mod quota;
mod turn;
mod watch;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use connector_api::Limits;
use guard::ReadOnly;
use serde_json::{Value, json};
use tracing::Instrument;

use crate::error::{Class, Error, Result};
use crate::model::{Execution, Id, Measure, Query, RunStatus, new_id};
use crate::results::column_type;
use crate::secrets::Keys;
use crate::sources::Source;
use crate::store::executions::{ExecutionEnd, NewExecution};
use crate::store::{self, Conn, Db};
use crate::telemetry::metrics;

use watch::{Stop, Watch};

pub use cache::{policy_hash, query_hash};
pub use limits::{limits_under, stream, within_cost};
pub use pages::{MAX_PAGE, RowsPage, json_rows};
pub use watch::Unsettled;

use cache::Hashes;
use kept::Sealer;
use queue::{Bounds, Place, Queue};

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
    sealer: Sealer,
    limits: Limits,
    settings: Settings,
    queue: Queue,
    running: Mutex<HashMap<Id, Arc<Stop>>>,
    /// The daemon that this is, once it gives signs of life.
    daemon: OnceLock<Id>,
    draining: AtomicBool,
    unsettled: Unsettled,
}

/// How executions are bounded, beside the caps of each. 0 in what says so: no bound of its own.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// At work at the same time in this daemon.
    pub running: usize,
    /// On one connection, in all daemons together; 0: any. A connection's options may say otherwise.
    pub per_connection: usize,
    /// For one user, in all daemons together; 0: any.
    pub per_user: usize,
    /// Waiting in this daemon.
    pub waiting: usize,
    /// Waiting for one user; 0: any.
    pub waiting_per_user: usize,
    /// Seconds for which a result answers the same again; 0: never. A connection's options may say otherwise.
    pub cache_seconds: u64,
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

impl Exec {
    /// Results are kept in `results`, sealed with `keys`.
    pub fn new(db: Db, results: PathBuf, keys: Keys, limits: Limits, settings: Settings) -> Exec {
        let queue = Queue::new(Bounds {
            running: settings.running,
            per_user: settings.per_user,
            waiting: settings.waiting,
            waiting_per_user: settings.waiting_per_user,
        });
        let sealer = Sealer::new(keys);
        let shared = Shared {
            results,
            sealer,
            limits,
            settings,
            queue,
            running: Mutex::default(),
            daemon: OnceLock::new(),
            draining: AtomicBool::new(false),
            unsettled: Unsettled::default(),
        };
        Exec { db, shared: Arc::new(shared) }
    }

    /// From now on executions belong to that daemon, which gives signs of life.
    pub fn belong_to(&self, daemon: Id) {
        let _ = self.shared.daemon.set(daemon);
    }

    /// How many are at work and how many wait in this process.
    pub fn counts(&self) -> (usize, usize) {
        self.shared.queue.counts()
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
        source.may_be_asked()?;
        let hashes = self.hashes(source, statement)?;
        if let Some(execution) = self.kept(query, &hashes).await? {
            accepted(&execution);
            return self.reread(execution).await;
        }
        quota::judge(&self.db, &[Measure::Rows, Measure::Seconds]).await?;
        let (place, execution) = self.accept(source, query, hashes, false).await?;
        accepted(&execution);
        self.work(source, statement, execution, place).await
    }

    /// Starts a stored query's checked statement and returns its record at once; the work goes on by itself.
    ///
    /// # Errors
    /// Too many wait already, or the store fails.
    pub async fn start(&self, source: Source, query: &Query, statement: ReadOnly) -> Result<Execution> {
        source.may_be_asked()?;
        let hashes = self.hashes(&source, &statement)?;
        if let Some(execution) = self.kept(query, &hashes).await? {
            return Ok(execution);
        }
        quota::judge(&self.db, &[Measure::Rows, Measure::Seconds]).await?;
        let (place, execution) = self.accept(&source, query, hashes, true).await?;
        let (exec, record) = (self.clone(), execution.clone());
        let work = async move {
            let id = record.id;
            if let Err(error) = exec.work(&source, &statement, record, place).await {
                tracing::info!(execution = %id, code = error.code, "the execution ended with an error");
            }
        };
        tokio::spawn(work.in_current_span());
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

    /// What has not ended, or not been stored as ended; others may wait for it, and be waited for.
    pub fn unsettled(&self) -> &Unsettled {
        &self.shared.unsettled
    }

    /// Ends everything that runs here, because the daemon does.
    pub fn break_off(&self) {
        let running = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.values().for_each(|stop| stop.end());
    }

    async fn accept(
        &self,
        source: &Source,
        query: &Query,
        hashes: Hashes,
        resumable: bool,
    ) -> Result<(Place, Execution)> {
        let place = self.enter(source)?;
        let new = NewExecution {
            id: new_id(),
            query_id: query.id,
            connection_id: query.connection_id,
            lease: self.lease(),
            created_by: Some(self.db.by().to_owned()),
            query_hash: Some(hashes.query_hash),
            cache_key: hashes.cache_key,
            owner: self.daemon(),
            resumable,
            policy_key: source.policy_key().to_owned(),
        };
        Ok((place, store::executions::create(&self.db, new).await?))
    }

    fn daemon(&self) -> Option<Id> {
        self.shared.daemon.get().copied()
    }

    /// How long an execution may look alive without a sign: its own time-out and a little more.
    fn lease(&self) -> Duration {
        self.shared.limits.timeout * 2 + Duration::from_secs(60)
    }

    async fn work(
        &self,
        source: &Source,
        statement: &ReadOnly,
        execution: Execution,
        place: Place,
    ) -> Result<Finished> {
        let stop = Arc::new(Stop::default());
        self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).insert(execution.id, stop.clone());
        let _unsettled = self.shared.unsettled.enter();
        let mut guard = Unfinished { exec: self.clone(), id: execution.id, ended: false };
        let watch = Watch::start(source, statement, &execution);
        let outcome = tokio::select! {
            outcome = self.in_turn(source, statement, &execution, place).instrument(watch.span()) => outcome,
            () = stop.token.cancelled() => Err(stop.error()),
        };
        watch.ended(&outcome);
        let end = end(&outcome, watch.millis(), self.relative(execution.id), self.daemon());
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
        place: Place,
    ) -> Result<drain::Drained> {
        let waits = metrics::execution_waits();
        let _slot = self.turn(source, execution, place).await?;
        drop(waits);
        let _runs = metrics::execution_runs();
        let limits = limits_under(&self.shared.limits, &source.policy()?);
        let stream = stream(source.connector.as_ref(), statement, &limits).await?;
        let path = self.path(execution.id);
        let drained = drain::drain(stream, &path, self.shared.sealer.own().await?, HEAD_ROWS).await?;
        if let Err(error) = self.still_held(execution).await {
            // nothing refers to the rows: the execution ends with the error
            if let Err(error) = tokio::fs::remove_file(&path).await {
                tracing::warn!(execution = %execution.id, %error, "a result could not be removed");
            }
            return Err(error);
        }
        // before its end is stored: who hears of that may ask any daemon
        self.share(&self.relative(execution.id)).await;
        Ok(drained)
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
        // a daemon that is told to stop leaves it to another
        if self.ended || (self.exec.daemon().is_some() && self.exec.shared.draining.load(Ordering::Relaxed)) {
            return;
        }
        let (exec, id) = (self.exec.clone(), self.id);
        let unsettled = exec.shared.unsettled.enter();
        tokio::spawn(async move {
            let _unsettled = unsettled;
            let gone = Err(Error::new("E003", Class::Cancelled, "the client went away"));
            let end = end(&gone, 0, String::new(), exec.daemon());
            if let Err(error) = store::executions::finish(&exec.db, id, end).await {
                tracing::warn!(execution = %id, %error, "an abandoned execution could not be marked");
            }
        });
    }
}

fn end(outcome: &Result<drain::Drained>, elapsed_ms: i64, path: String, owner: Option<Id>) -> ExecutionEnd {
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
            owner,
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
            owner,
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
