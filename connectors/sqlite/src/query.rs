//! Runs a checked statement on a thread that may block, and streams its rows as Arrow batches.
//!
//! SQLite's values carry their own types, and a result's Arrow schema is fixed before its first batch. So rows are
//! held back up to [`HELD_ROWS`] rows or [`HELD_BYTES`]: most results end there and every value has been seen. A longer
//! result is looked through to its end (or the row cap), reading types alone and keeping nothing, and then run once
//! more inside the same read transaction, which shows it the same data. The second look is left out when no column
//! could change any more. So no value is ever dropped, rounded or refused for its type, memory stays bounded, and a
//! long result costs one more pass. Only a statement that gives other types each time it runs (`random()` deciding
//! between types) can fail here, and says so.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use catalog::Engine;
use connector_api::{ConnectorError, ErrorKind, Limits, ResultStream, enforce, timed_out};
use futures::StreamExt;
use guard::ReadOnly;
use rusqlite::types::ValueRef;
use rusqlite::{Rows, Statement};
use tokio::sync::{mpsc, oneshot};

use crate::arrow::{Batches, Seen, schema, size};
use crate::error::{When, from_sqlite, internal};
use crate::pool::{Lease, Pool};
use crate::session::{Run, Session};

/// Rows held back to see their types.
const HELD_ROWS: usize = 8_192;
/// Bytes held back at the most.
const HELD_BYTES: usize = 8 * 1024 * 1024;
/// A batch is handed on early when it is this large.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Batches that wait for the reader.
const WAITING: usize = 2;

type Item = Result<RecordBatch, ConnectorError>;

/// Cancels the statement when whoever reads its result goes away.
pub(crate) struct CancelOnDrop(pub(crate) Arc<Run>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Refuses what was checked by another engine's rules.
pub(crate) fn ours(statement: &ReadOnly) -> Result<&str, ConnectorError> {
    match statement.engine() {
        Engine::Sqlite => Ok(statement.sql()),
        other => Err(internal(&format!("a statement checked for {other} was sent to SQLite"))),
    }
}

/// Runs a checked statement.
pub(crate) async fn query(
    pool: &Arc<Pool>,
    statement: &ReadOnly,
    limits: &Limits,
) -> Result<ResultStream, ConnectorError> {
    run(pool, ours(statement)?.to_owned(), limits).await
}

/// Runs text on a session that can only read; split off so that the session's own strength can be tested.
pub(crate) async fn run(
    pool: &Arc<Pool>,
    sql: String,
    limits: &Limits,
) -> Result<ResultStream, ConnectorError> {
    let lease = pool.take().await?;
    let started = tokio::time::Instant::now();
    let limits = Limits { timeout: limits.timeout.min(pool.statement_timeout()), ..limits.clone() };
    let run = Run::lasting(limits.timeout);
    let guard = CancelOnDrop(Arc::clone(&run));
    let (first, schema) = oneshot::channel();
    let (batches, mut waiting) = mpsc::channel(WAITING);
    let work = Work { sql, limits: limits.clone(), run, first: Some(first), batches };
    tokio::task::spawn_blocking(move || work.on(lease));
    let schema = match tokio::time::timeout(limits.timeout, schema).await {
        Ok(answer) => answer.map_err(|_| internal("the thread of the statement ended early"))??,
        Err(_) => return Err(timed_out(limits.timeout)),
    };
    let rows = futures::stream::poll_fn(move |context| {
        let _cancels_when_dropped = &guard;
        waiting.poll_recv(context)
    });
    Ok(ResultStream { schema, batches: enforce(rows.boxed(), &limits, started) })
}

/// One statement on its thread.
struct Work {
    sql: String,
    limits: Limits,
    run: Arc<Run>,
    first: Option<oneshot::Sender<Result<SchemaRef, ConnectorError>>>,
    batches: mpsc::Sender<Item>,
}

impl Work {
    fn on(mut self, mut lease: Lease) {
        let mut sound = false;
        let result = lease.open().and_then(|session| {
            let result = session.begin(&self.run).and_then(|()| self.stream(session));
            sound = session.finish();
            result
        });
        let broken = result.as_ref().is_err_and(|e| e.kind == ErrorKind::Broken);
        if sound && !broken {
            lease.reuse();
        } else {
            drop(lease);
        }
        if let Err(error) = result {
            let error = self.explain_end(error);
            match self.first.take() {
                // nobody may be waiting any more; then nobody is told
                Some(first) => drop(first.send(Err(error))),
                None => drop(self.batches.blocking_send(Err(error))),
            }
        }
    }

    /// An interrupted statement: ours by the clock, or the caller's.
    fn explain_end(&self, error: ConnectorError) -> ConnectorError {
        if error.kind == ErrorKind::Cancelled && !self.run.is_cancelled() {
            return timed_out(self.limits.timeout);
        }
        error
    }

    fn stream(&mut self, session: &Session) -> Result<(), ConnectorError> {
        let mut statement = session.prepare(&self.sql)?;
        let mut columns = describe(&statement);
        let mut rows = statement.raw_query();
        let (held, ended) = self.hold_back(&mut rows, &mut columns)?;
        if ended || columns.iter().all(Seen::is_settled) {
            let schema = schema(&columns);
            let mut out = Batches::new(Arc::clone(&schema));
            if self.announce(schema) && self.replay(&held, &mut out)? {
                drop(held);
                self.hand_on(rows, &mut out, ended)?;
            }
            return Ok(());
        }
        self.look_through(&mut rows, &mut columns, held.rows)?;
        drop((held, rows));
        let schema = schema(&columns);
        let mut out = Batches::new(Arc::clone(&schema));
        if self.announce(schema) {
            self.hand_on(statement.raw_query(), &mut out, false)?;
        }
        Ok(())
    }

    /// Reads the first rows and notes their types. True: that was all.
    fn hold_back(&self, rows: &mut Rows<'_>, columns: &mut [Seen]) -> Result<(Held, bool), ConnectorError> {
        let mut held = Held::default();
        while held.rows < HELD_ROWS && held.bytes < HELD_BYTES {
            let Some(row) = rows.next().map_err(running)? else { return Ok((held, true)) };
            for (index, column) in columns.iter_mut().enumerate() {
                let value = row.get_ref(index).map_err(running)?;
                column.note(value);
                held.push(value);
            }
            held.rows += 1;
        }
        Ok((held, false))
    }

    /// Notes the types of the rows that follow, as far as they can be handed on.
    fn look_through(
        &self,
        rows: &mut Rows<'_>,
        columns: &mut [Seen],
        held: usize,
    ) -> Result<(), ConnectorError> {
        let mut seen = held as u64;
        while seen < self.most_rows() && !columns.iter().all(Seen::is_settled) {
            let Some(row) = rows.next().map_err(running)? else { break };
            for (index, column) in columns.iter_mut().enumerate() {
                column.note(row.get_ref(index).map_err(running)?);
            }
            seen += 1;
        }
        Ok(())
    }

    /// One row more than may be handed on: that one shows that there are more.
    fn most_rows(&self) -> u64 {
        self.limits.max_rows.saturating_add(1)
    }

    /// Tells the caller the schema. False: the caller is gone.
    fn announce(&mut self, schema: SchemaRef) -> bool {
        self.first.take().is_some_and(|first| first.send(Ok(schema)).is_ok())
    }

    /// Hands on the rows held back. False: the caller is gone.
    fn replay(&self, held: &Held, out: &mut Batches) -> Result<bool, ConnectorError> {
        let width = out.width().max(1);
        for row in held.values.chunks(width) {
            for (index, value) in row.iter().enumerate() {
                fits(out.push(index, value.as_ref()))?;
            }
            if !self.end_row(out)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hand_on(&self, mut rows: Rows<'_>, out: &mut Batches, ended: bool) -> Result<(), ConnectorError> {
        while !ended && out.total_rows() < self.most_rows() {
            let Some(row) = rows.next().map_err(running)? else { break };
            for index in 0..out.width() {
                fits(out.push(index, row.get_ref(index).map_err(running)?))?;
            }
            if !self.end_row(out)? {
                return Ok(());
            }
        }
        if out.rows() > 0 {
            // the caller may be gone; the statement has ended anyway
            drop(self.batches.blocking_send(Ok(out.take()?)));
        }
        Ok(())
    }

    /// Sends the batch when it is full. False: the caller is gone.
    fn end_row(&self, out: &mut Batches) -> Result<bool, ConnectorError> {
        out.end_row();
        if out.rows() < self.limits.batch_rows.max(1) && out.bytes() < BATCH_BYTES {
            return Ok(true);
        }
        Ok(self.batches.blocking_send(Ok(out.take()?)).is_ok())
    }
}

/// Values held back, row after row.
#[derive(Default)]
struct Held {
    values: Vec<HeldValue>,
    rows: usize,
    bytes: usize,
}

impl Held {
    fn push(&mut self, value: ValueRef<'_>) {
        self.bytes += size(value);
        self.values.push(HeldValue::from(value));
    }
}

/// A value of its own; text as its bytes, which need not be UTF-8.
enum HeldValue {
    Null,
    Integer(i64),
    Real(f64),
    Text(Box<[u8]>),
    Blob(Box<[u8]>),
}

impl From<ValueRef<'_>> for HeldValue {
    fn from(value: ValueRef<'_>) -> HeldValue {
        match value {
            ValueRef::Null => HeldValue::Null,
            ValueRef::Integer(n) => HeldValue::Integer(n),
            ValueRef::Real(x) => HeldValue::Real(x),
            ValueRef::Text(bytes) => HeldValue::Text(bytes.into()),
            ValueRef::Blob(bytes) => HeldValue::Blob(bytes.into()),
        }
    }
}

impl HeldValue {
    fn as_ref(&self) -> ValueRef<'_> {
        match self {
            HeldValue::Null => ValueRef::Null,
            HeldValue::Integer(n) => ValueRef::Integer(*n),
            HeldValue::Real(x) => ValueRef::Real(*x),
            HeldValue::Text(bytes) => ValueRef::Text(bytes),
            HeldValue::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}

fn describe(statement: &Statement<'_>) -> Vec<Seen> {
    let columns = statement.columns();
    columns.into_iter().map(|c| Seen::new(c.name(), c.decl_type())).collect()
}

fn fits(pushed: bool) -> Result<(), ConnectorError> {
    if pushed {
        return Ok(());
    }
    Err(ConnectorError::new(
        ErrorKind::Statement,
        "the statement gives values of other types each time it runs",
    )
    .hint("convert the column: CAST(... AS TEXT)"))
}

fn running(error: rusqlite::Error) -> ConnectorError {
    from_sqlite(&error, When::Running)
}
