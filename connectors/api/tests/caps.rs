//! Caps over streams: what is allowed comes first, then the cap is reported and the inner stream is gone.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow::array::{Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use connector_api::{ConnectorError, ErrorKind, Limits, batch_bytes, enforce};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::time::Instant;

type Item = Result<RecordBatch, ConnectorError>;

fn batch(rows: usize) -> RecordBatch {
    let schema =
        Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("t", DataType::Utf8, true)]);
    let numbers = Int64Array::from_iter_values(0..rows as i64);
    let texts = StringArray::from_iter_values((0..rows).map(|n| format!("text {n:05}")));
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(numbers), Arc::new(texts)]).unwrap()
}

/// Sets a flag when the stream that holds it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn source(sizes: Vec<usize>) -> (BoxStream<'static, Item>, Arc<AtomicBool>) {
    let gone = Arc::new(AtomicBool::new(false));
    let held = Dropped(Arc::clone(&gone));
    let stream = futures::stream::iter(sizes).map(move |rows| {
        let _held = &held;
        Ok(batch(rows))
    });
    (stream.boxed(), gone)
}

async fn all(mut stream: BoxStream<'static, Item>) -> (Vec<usize>, Option<ErrorKind>, u64) {
    let (mut sizes, mut error, mut bytes) = (Vec::new(), None, 0);
    while let Some(item) = stream.next().await {
        assert_eq!(error, None, "nothing comes after an error");
        match item {
            Ok(batch) => {
                bytes += batch_bytes(&batch);
                sizes.push(batch.num_rows());
            }
            Err(e) => error = Some(e.kind),
        }
    }
    (sizes, error, bytes)
}

fn limits() -> Limits {
    Limits { max_rows: 100, batch_rows: 1000, ..Limits::default() }
}

#[tokio::test]
async fn rows_beyond_the_cap_are_cut_and_reported() {
    let (stream, gone) = source(vec![60, 60, 60]);
    let (sizes, error, _) = all(enforce(stream, &limits(), Instant::now())).await;
    assert_eq!((sizes, error), (vec![60, 40], Some(ErrorKind::RowCap)));
    assert!(gone.load(Ordering::SeqCst));
}

#[tokio::test]
async fn the_inner_stream_is_dropped_with_the_last_allowed_rows() {
    let (stream, gone) = source(vec![101, 5]);
    let mut capped = enforce(stream, &limits(), Instant::now());
    assert_eq!(capped.next().await.unwrap().unwrap().num_rows(), 100);
    assert!(gone.load(Ordering::SeqCst), "the statement is cancelled before the cap is even read");
}

#[tokio::test]
async fn exactly_the_cap_is_no_cut() {
    let (stream, _) = source(vec![60, 40]);
    let (sizes, error, _) = all(enforce(stream, &limits(), Instant::now())).await;
    assert_eq!((sizes, error), (vec![60, 40], None));
}

#[tokio::test]
async fn nothing_allowed_reports_at_once() {
    let (stream, _) = source(vec![1]);
    let none = Limits { max_rows: 0, ..limits() };
    let (sizes, error, _) = all(enforce(stream, &none, Instant::now())).await;
    assert_eq!((sizes, error), (vec![], Some(ErrorKind::RowCap)));
}

#[tokio::test]
async fn bytes_beyond_the_cap_are_cut_within_a_batch() {
    let (stream, gone) = source(vec![1000]);
    let few = Limits { max_rows: 10_000, max_bytes: 5_000, ..limits() };
    let (sizes, error, bytes) = all(enforce(stream, &few, Instant::now())).await;
    assert_eq!(error, Some(ErrorKind::ByteCap));
    assert!(bytes <= 5_000 && bytes > 4_800, "{bytes}");
    assert_eq!(sizes.len(), 1);
    assert!(gone.load(Ordering::SeqCst));
}

#[tokio::test]
async fn large_batches_are_split_and_empty_ones_left_out() {
    let (stream, _) = source(vec![0, 25, 0, 3]);
    let small = Limits { batch_rows: 10, ..limits() };
    let (sizes, error, _) = all(enforce(stream, &small, Instant::now())).await;
    assert_eq!((sizes, error), (vec![10, 10, 5, 3], None));
}

#[tokio::test]
async fn a_silent_stream_ends_at_its_time() {
    let short = Limits { timeout: Duration::from_millis(20), ..limits() };
    let silent = futures::stream::pending().boxed();
    let (sizes, error, _) = all(enforce(silent, &short, Instant::now())).await;
    assert_eq!((sizes, error), (vec![], Some(ErrorKind::Timeout)));
}

#[tokio::test]
async fn an_error_of_the_server_is_the_last_item() {
    let failing = futures::stream::iter(vec![
        Ok(batch(2)),
        Err(ConnectorError::new(ErrorKind::Broken, "gone")),
        Ok(batch(2)),
    ]);
    let (sizes, error, _) = all(enforce(failing.boxed(), &limits(), Instant::now())).await;
    assert_eq!((sizes, error), (vec![2], Some(ErrorKind::Broken)));
}
