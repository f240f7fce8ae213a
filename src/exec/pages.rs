//! Stored results: rows by page, and exports that are written while they are read.

use std::io::Write;
use std::path::PathBuf;

use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;

use super::kept::{self, Kept};
use super::{Exec, columns, internal};
use crate::error::{Class, Error, Result};
use crate::model::{Execution, Id, RunStatus};
use crate::results::{Format, ResultError, Writer, json_cell};
use crate::secrets::long::LongKey;
use crate::store;

/// Rows of a page at the most.
pub const MAX_PAGE: usize = 5_000;
/// Pieces of an export between its writer and the client.
const QUEUE: usize = 8;
/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// A page of a stored result.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct RowsPage {
    /// Names and types.
    pub columns: Value,
    /// One array a row, values in the columns' order.
    pub rows: Vec<Vec<Value>>,
    /// Position of the first row.
    pub offset: usize,
    /// Rows in the whole stored result.
    pub total: i64,
    /// Which cap cut the result, if one did.
    pub truncated: Option<crate::model::Truncation>,
}

impl Exec {
    /// Rows `offset` to `offset + limit` of a stored result.
    ///
    /// # Errors
    /// Not found; the execution has no result (yet); the file is gone.
    pub async fn rows(&self, id: Id, offset: usize, limit: usize) -> Result<RowsPage> {
        let (execution, path) = self.stored(id).await?;
        let limit = limit.clamp(1, MAX_PAGE);
        let key = self.shared.sealer.of(&path).await?;
        let read = move || -> std::result::Result<_, ResultError> {
            let spool = kept::open(&path, key.as_ref())?;
            let columns = columns(&spool.schema());
            Ok((columns, json_rows(&spool.page(offset, limit)?)?))
        };
        let (columns, rows) = blocking(read).await?;
        let total = execution.row_count.unwrap_or_default();
        Ok(RowsPage { columns, rows, offset, total, truncated: execution.truncated })
    }

    /// A stored result in a format, as pieces that come while it is written. Dropping the receiver ends the work.
    ///
    /// # Errors
    /// As [`Exec::rows`]; an error while writing comes as the last piece.
    pub async fn export(&self, id: Id, format: Format) -> Result<mpsc::Receiver<Result<Bytes>>> {
        let (_, path) = self.stored(id).await?;
        let key = self.shared.sealer.of(&path).await?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::task::spawn_blocking(move || {
            if let Err(error) =
                write(path, key, format, Pieces { sender: sender.clone(), buffer: Vec::new() })
            {
                // The receiver may be gone already, then nobody is left to tell.
                let _ = sender.blocking_send(Err(internal(error.to_string())));
            }
        });
        Ok(receiver)
    }

    /// A stored result as batches, read one after the other.
    ///
    /// # Errors
    /// As [`Exec::rows`].
    pub async fn spool(&self, id: Id) -> Result<Kept> {
        let (_, path) = self.stored(id).await?;
        let key = self.shared.sealer.of(&path).await?;
        blocking(move || kept::open(&path, key.as_ref())).await
    }

    async fn stored(&self, id: Id) -> Result<(Execution, PathBuf)> {
        let execution = store::executions::get(&self.db, id).await?;
        self.may_read(&execution).await?;
        let name = match (&execution.status, &execution.result_path) {
            (RunStatus::Succeeded, Some(name)) => name.clone(),
            (RunStatus::Succeeded, None) => {
                return Err(Error::new("E005", Class::NotFound, "the execution's rows are no longer kept")
                    .hint("Run the query again."));
            }
            _ => {
                let message = format!("the execution is {} and has no rows", execution.status);
                return Err(Error::new("E004", Class::Conflict, message)
                    .hint("Wait until its status is succeeded; a failed one says why in error_message."));
            }
        };
        let path = self.file(&execution, &name).await?;
        Ok((execution, path))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, ResultError> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| internal(e.to_string()))?
        .map_err(|e| internal(e.to_string()))
}

/// Batches as rows of JSON values.
///
/// # Errors
/// When a value has no form.
pub fn json_rows(batches: &[RecordBatch]) -> std::result::Result<Vec<Vec<Value>>, ResultError> {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            rows.push(
                batch.columns().iter().map(|c| json_cell(c, row)).collect::<std::result::Result<_, _>>()?,
            );
        }
    }
    Ok(rows)
}

fn write(
    path: PathBuf,
    key: Option<LongKey>,
    format: Format,
    out: Pieces,
) -> std::result::Result<(), ResultError> {
    let spool = kept::open(&path, key.as_ref())?;
    let mut writer = Writer::new(format, &spool.schema(), out)?;
    for batch in spool {
        writer.write(&batch?)?;
    }
    writer.finish()
}

/// Hands bytes on in pieces; waits when the client is slow.
struct Pieces {
    sender: mpsc::Sender<Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Pieces {
    fn send(&mut self) -> std::io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.buffer));
        self.sender
            .blocking_send(Ok(piece))
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::BrokenPipe, "the client went away"))
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.send() }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        // Writers that do not flush at their end (Arrow, Parquet) leave a last piece here.
        if !self.buffer.is_empty() {
            let _ = self.send();
        }
    }
}
