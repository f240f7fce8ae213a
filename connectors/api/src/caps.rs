//! Enforces [`Limits`] over a stream of batches, the same way for every connector.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use arrow::record_batch::RecordBatch;
use futures::Stream;
use futures::stream::BoxStream;
use tokio::time::{Instant, Sleep};

use crate::error::{ConnectorError, ErrorKind};
use crate::limits::Limits;

type Item = Result<RecordBatch, ConnectorError>;

/// Wraps a running result so that it never hands on more than it may.
///
/// The rows that are allowed are handed on first; then, when more would have come, the last item is
/// [`ErrorKind::RowCap`], [`ErrorKind::ByteCap`] or [`ErrorKind::Timeout`], and the inner stream is dropped at once,
/// which cancels the statement. A result that ends exactly at a cap ends without an error. The clock runs from
/// `started`, over work on the server and pauses of the reader alike. Must be called inside a tokio runtime.
pub fn enforce(
    batches: BoxStream<'static, Item>,
    limits: &Limits,
    started: Instant,
) -> BoxStream<'static, Item> {
    // a time-out too large to add to the clock is no time-out worth a timer, but a year is
    let deadline = started
        .checked_add(limits.timeout)
        .unwrap_or_else(|| started + std::time::Duration::from_secs(365 * 24 * 3600));
    Box::pin(Capped {
        inner: Some(batches),
        last: None,
        deadline: Box::pin(tokio::time::sleep_until(deadline)),
        timeout: limits.timeout,
        batch_rows: limits.batch_rows.max(1),
        rest: None,
        rows_left: limits.max_rows,
        bytes_left: limits.max_bytes,
        max_rows: limits.max_rows,
        max_bytes: limits.max_bytes,
    })
}

/// Bytes of a batch's own rows; shared buffers of a slice count only as far as the slice reaches.
pub fn batch_bytes(batch: &RecordBatch) -> u64 {
    let column = |array: &dyn arrow::array::Array| {
        array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
    };
    batch.columns().iter().map(|a| column(a.as_ref()) as u64).sum()
}

/// The error of a statement that ran too long.
pub fn timed_out(timeout: std::time::Duration) -> ConnectorError {
    ConnectorError::new(ErrorKind::Timeout, format!("the statement ran longer than {timeout:?}"))
        .hint("narrow the question (a date range, fewer tables) or raise the time limit")
}

struct Capped {
    inner: Option<BoxStream<'static, Item>>,
    last: Option<ConnectorError>,
    deadline: Pin<Box<Sleep>>,
    timeout: std::time::Duration,
    batch_rows: usize,
    rest: Option<RecordBatch>,
    rows_left: u64,
    bytes_left: u64,
    max_rows: u64,
    max_bytes: u64,
}

impl Capped {
    /// Ends the stream with an error; dropping the inner stream cancels the statement.
    fn end(&mut self, error: ConnectorError) {
        self.inner = None;
        self.rest = None;
        self.last = Some(error);
    }

    /// What of a batch may be handed on; ends the stream when that is not all of it.
    fn admit(&mut self, batch: RecordBatch) -> RecordBatch {
        let by_rows = usize::try_from(self.rows_left).unwrap_or(usize::MAX).min(batch.num_rows());
        let by_bytes = fitting_rows(&batch, by_rows, self.bytes_left);
        let admitted = batch.slice(0, by_bytes);
        if by_bytes < by_rows {
            self.end(byte_cap(self.max_bytes));
        } else if by_rows < batch.num_rows() {
            self.end(row_cap(self.max_rows));
        }
        self.rows_left -= admitted.num_rows() as u64;
        self.bytes_left = self.bytes_left.saturating_sub(batch_bytes(&admitted));
        admitted
    }

    fn finished(&mut self) -> Poll<Option<Item>> {
        Poll::Ready(self.last.take().map(Err))
    }
}

impl Stream for Capped {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            if self.inner.is_none() && self.rest.is_none() {
                return self.finished();
            }
            if self.deadline.as_mut().poll(cx).is_ready() {
                let error = timed_out(self.timeout);
                self.end(error);
                continue;
            }
            if let Some(rest) = self.rest.take() {
                let now = rest.slice(0, rest.num_rows().min(self.batch_rows));
                if now.num_rows() < rest.num_rows() {
                    self.rest = Some(rest.slice(now.num_rows(), rest.num_rows() - now.num_rows()));
                }
                return Poll::Ready(Some(Ok(now)));
            }
            let Some(inner) = self.inner.as_mut() else { continue };
            match inner.as_mut().poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => self.inner = None,
                Poll::Ready(Some(Err(error))) => self.end(error),
                Poll::Ready(Some(Ok(batch))) => {
                    let admitted = self.admit(batch);
                    self.rest = (admitted.num_rows() > 0).then_some(admitted);
                }
            }
        }
    }
}

/// How many of the first `most` rows fit into `bytes`.
fn fitting_rows(batch: &RecordBatch, most: usize, bytes: u64) -> usize {
    let fits = |rows: usize| batch_bytes(&batch.slice(0, rows)) <= bytes;
    if fits(most) {
        return most;
    }
    let (mut fit, mut too_many) = (0, most);
    while too_many - fit > 1 {
        let middle = fit + (too_many - fit) / 2;
        if fits(middle) { fit = middle } else { too_many = middle }
    }
    fit
}

fn row_cap(rows: u64) -> ConnectorError {
    ConnectorError::new(
        ErrorKind::RowCap,
        format!("the result has more than {rows} rows; the first {rows} are shown"),
    )
    .hint("narrow the question, aggregate, or raise the row limit")
}

fn byte_cap(bytes: u64) -> ConnectorError {
    ConnectorError::new(ErrorKind::ByteCap, format!("the result is larger than {bytes} bytes; it was cut"))
        .hint("select fewer or narrower columns, or raise the byte limit")
}
