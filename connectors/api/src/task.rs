//! A statement that runs in a task of its own, and the stream that its reader holds: written once for all drivers that
//! are asynchronous.
//!
//! The task owns the session. It hears when the reader goes away ([`Told::left`]), tells the columns, then batches, and an
//! error last, when the session is free again. The channel holds two batches, so that a slow reader slows the
//! server and memory stays bounded.

use std::future::Future;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::caps::{enforce, timed_out};
use crate::error::{ConnectorError, ErrorKind};
use crate::limits::Limits;
use crate::{Batch, ResultStream};

/// Bytes of values after which a batch is handed on even when it has few rows.
pub const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Batches that wait for the reader.
const WAITING: usize = 2;

/// Starts a statement's task: gives its columns as soon as the task has told them.
///
/// # Errors
/// What the task told before its columns; `Timeout` when they do not come within the limits.
pub async fn stream<T>(limits: &Limits, task: impl FnOnce(Told) -> T) -> Result<ResultStream, ConnectorError>
where
    T: Future<Output = ()> + Send + 'static,
{
    let started = Instant::now();
    let (columns, told) = oneshot::channel();
    let (sender, mut receiver) = mpsc::channel(WAITING);
    tokio::spawn(task(Told { columns: Some(columns), sender }));
    let schema = match tokio::time::timeout(limits.timeout, told).await {
        Ok(Ok(schema)) => schema?,
        Ok(Err(_)) => {
            return Err(ConnectorError::new(ErrorKind::Internal, "the statement's task ended early"));
        }
        Err(_) => return Err(timed_out(limits.timeout)),
    };
    let batches = futures::stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed();
    Ok(ResultStream { schema, batches: enforce(batches, limits, started) })
}

/// What the task tells its reader.
pub struct Told {
    columns: Option<oneshot::Sender<Result<SchemaRef, ConnectorError>>>,
    sender: mpsc::Sender<Batch>,
}

impl Told {
    /// Ends when the reader goes away. The future stands for itself, so that the task can work beside it.
    pub fn left(&self) -> impl Future<Output = ()> + Send + use<> {
        let sender = self.sender.clone();
        async move { sender.closed().await }
    }

    /// Tells the columns; a second time does nothing.
    pub fn columns(&mut self, schema: &SchemaRef) {
        if let Some(columns) = self.columns.take() {
            // who gave up waiting needs no columns
            let _ = columns.send(Ok(Arc::clone(schema)));
        }
    }

    /// Hands a batch on, waiting while the reader has enough.
    ///
    /// # Errors
    /// The batch's own; `Cancelled` when nobody reads any more.
    pub async fn batch(&self, batch: Batch) -> Result<(), ConnectorError> {
        let gone = |_| ConnectorError::new(ErrorKind::Cancelled, "nobody reads the result any more");
        self.sender.send(Ok(batch?)).await.map_err(gone)
    }

    /// Tells the error that ended the statement. Call it last: the reader may ask for the session at once.
    pub async fn failed(mut self, error: ConnectorError) {
        match self.columns.take() {
            Some(columns) => drop(columns.send(Err(error))),
            None => drop(self.sender.send(Err(error)).await),
        }
    }
}

/// A batch of so many rows; a result without columns has rows too.
///
/// # Errors
/// `Internal` when the columns do not fit the schema.
pub fn record_batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Batch {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|e| ConnectorError::new(ErrorKind::Internal, format!("a batch could not be built: {e}")))
}
