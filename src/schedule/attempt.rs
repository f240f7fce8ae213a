//! What the work on a job is given: a way to tell what it does, and the sign to stop.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::model::clock;
use crate::store::jobs::Notes;

/// Lines kept of one attempt; the first ones tell more than the last when there are too many.
const MAX_LINES: usize = 200;
/// Characters kept of a line.
const MAX_LINE: usize = 500;

/// Why an attempt is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// A person cancelled the job.
    Cancelled,
    /// The daemon stops: the job is given back.
    Shutdown,
    /// Another daemon has the job, or the lease could not be renewed.
    Lost,
}

/// One attempt at a job, seen from the work.
#[derive(Debug, Default)]
pub struct Attempt {
    token: CancellationToken,
    stop: Mutex<Option<Stop>>,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    lines: Vec<Value>,
    left_out: usize,
    figures: serde_json::Map<String, Value>,
}

impl Attempt {
    /// Adds a line to the attempt's log. It must hold neither values of rows nor secrets.
    pub fn line(&self, line: impl AsRef<str>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.lines.len() == MAX_LINES {
            told.left_out += 1;
            return;
        }
        let line: String = line.as_ref().chars().take(MAX_LINE).collect();
        told.lines.push(json!({ "at": clock::now(), "line": line }));
    }

    /// Keeps a figure; a later one of that name takes its place.
    pub fn figure(&self, name: &str, value: impl Into<Value>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.figures.insert(name.to_owned(), value.into());
    }

    /// Waits until the work is told to stop.
    pub async fn stopped(&self) -> Stop {
        self.token.cancelled().await;
        self.stop().unwrap_or(Stop::Lost)
    }

    /// Why the work is told to stop, if it is.
    pub fn stop(&self) -> Option<Stop> {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the work to stop. The first reason holds.
    pub(super) fn tell(&self, why: Stop) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
        self.token.cancel();
    }

    /// What it told so far.
    pub(super) fn notes(&self) -> Notes {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = told.lines.clone();
        if told.left_out > 0 {
            let line = format!("{} more lines were left out", told.left_out);
            lines.push(json!({ "at": clock::now(), "line": line }));
        }
        Notes { log: Value::Array(lines), figures: Value::Object(told.figures.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_bounded_and_says_so() {
        let attempt = Attempt::default();
        for number in 0..MAX_LINES + 7 {
            attempt.line(format!("{number} {}", "x".repeat(2 * MAX_LINE)));
        }
        let notes = attempt.notes();
        let lines = notes.log.as_array().unwrap();
        assert_eq!(lines.len(), MAX_LINES + 1);
        assert_eq!(lines[0]["line"].as_str().unwrap().len(), MAX_LINE);
        assert_eq!(lines[MAX_LINES]["line"], "7 more lines were left out");
    }

    #[test]
    fn the_first_reason_to_stop_holds() {
        let attempt = Attempt::default();
        assert_eq!(attempt.stop(), None);
        attempt.tell(Stop::Cancelled);
        attempt.tell(Stop::Shutdown);
        assert_eq!(attempt.stop(), Some(Stop::Cancelled));
    }
}
