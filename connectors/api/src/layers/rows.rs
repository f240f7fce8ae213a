//! The text of a result, so that it can be searched for what must not be in it.

use arrow::util::display::array_value_to_string;
use futures::StreamExt;

use super::Ran;
use crate::{ConnectorError, ErrorKind, ResultStream};

/// Bytes of text kept of one result.
const KEPT: usize = 1 << 20;

/// Reads a result to its end (or cap) and tells how it went.
pub async fn ran(result: Result<ResultStream, ConnectorError>) -> Ran {
    let mut stream = match result {
        Ok(stream) => stream,
        Err(error) => return failed(&error),
    };
    let mut text = String::new();
    while let Some(batch) = stream.batches.next().await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) if matches!(error.kind, ErrorKind::RowCap | ErrorKind::ByteCap) => break,
            Err(error) => return failed(&error),
        };
        for row in 0..batch.num_rows() {
            for column in batch.columns() {
                if text.len() < KEPT {
                    text.push_str(&array_value_to_string(column, row).unwrap_or_default());
                    text.push(' ');
                }
            }
        }
    }
    Ran::Gave(text)
}

/// The text of a result of our own, such as a question about the session; an error is told as text too.
pub async fn shown(result: Result<ResultStream, ConnectorError>) -> String {
    match ran(result).await {
        Ran::Gave(text) => text,
        Ran::Refused(why) => format!("refused: {why}"),
        Ran::TimedOut => "out of time".to_owned(),
    }
}

fn failed(error: &ConnectorError) -> Ran {
    match error.kind {
        ErrorKind::Timeout => Ran::TimedOut,
        _ => Ran::Refused(error.to_string()),
    }
}
