//! Draining a running result into its spool file, with the first rows kept for the answer.

use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use connector_api::{ConnectorError, ErrorKind, ResultStream, batch_bytes};
use futures::StreamExt;
use tokio::sync::mpsc;

use super::{internal, kept};
use crate::error::{Error, Result};
use crate::model::Truncation;
use crate::secrets::long::LongKey;

/// Batches between the stream and the disk: what a slow disk may lag behind.
const QUEUE: usize = 4;

/// What came out of a run.
pub struct Drained {
    /// The columns.
    pub schema: SchemaRef,
    /// The first rows.
    pub head: Vec<RecordBatch>,
    /// Rows in the spool.
    pub rows: u64,
    /// Bytes of Arrow data in the spool.
    pub bytes: u64,
    /// Which cap cut it.
    pub truncated: Option<Truncation>,
}

/// Writes all batches to `path`; keeps up to `head_rows` rows in memory. Dropping the future drops the stream, which
/// cancels the statement on the server.
pub async fn drain(mut stream: ResultStream, path: &Path, key: LongKey, head_rows: usize) -> Result<Drained> {
    let schema = stream.schema.clone();
    let (sender, receiver) = mpsc::channel(QUEUE);
    let writer = tokio::task::spawn_blocking({
        let (path, schema) = (path.to_owned(), schema.clone());
        move || write(&path, &schema, &key, receiver)
    });
    let mut drained = Drained { schema, head: Vec::new(), rows: 0, bytes: 0, truncated: None };
    let outcome = pump(&mut stream, &sender, &mut drained, head_rows).await;
    let finish = matches!(outcome, Ok(()));
    if finish {
        // Tells the writer that the end is an end and not a break.
        let _ = sender.send(None).await;
    }
    drop(sender);
    let written = writer.await.map_err(|e| internal(format!("the result's writer stopped: {e}")))?;
    outcome?;
    written?;
    Ok(drained)
}

async fn pump(
    stream: &mut ResultStream,
    sender: &mpsc::Sender<Option<RecordBatch>>,
    drained: &mut Drained,
    head_rows: usize,
) -> Result<()> {
    let mut head_left = head_rows;
    while let Some(item) = stream.batches.next().await {
        let batch = match item {
            Ok(batch) => batch,
            Err(error) => {
                drained.truncated = Some(truncation(&error).ok_or_else(|| Error::from(error))?);
                break;
            }
        };
        drained.rows += batch.num_rows() as u64;
        drained.bytes += batch_bytes(&batch);
        if head_left > 0 {
            let head = batch.slice(0, batch.num_rows().min(head_left));
            head_left -= head.num_rows();
            drained.head.push(head);
        }
        if sender.send(Some(batch)).await.is_err() {
            // The writer has stopped; its own error is told by the caller.
            return Ok(());
        }
    }
    Ok(())
}

/// A cap that cut the result leaves a usable result; anything else is a failure.
fn truncation(error: &ConnectorError) -> Option<Truncation> {
    match error.kind {
        ErrorKind::RowCap => Some(Truncation::Rows),
        ErrorKind::ByteCap => Some(Truncation::Bytes),
        _ => None,
    }
}

fn write(
    path: &Path,
    schema: &SchemaRef,
    key: &LongKey,
    mut batches: mpsc::Receiver<Option<RecordBatch>>,
) -> Result<()> {
    let failed = |e: crate::results::ResultError| internal(format!("the result cannot be kept on disk: {e}"));
    let mut spool = kept::create(path, schema, key).map_err(failed)?;
    while let Some(message) = batches.blocking_recv() {
        match message {
            Some(batch) => spool.write(&batch).map_err(failed)?,
            None => return kept::finish(spool).map_err(failed),
        }
    }
    // Broken off: the partial file goes.
    spool.discard();
    Ok(())
}
