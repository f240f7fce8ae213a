//! The one place that reads the time.

use std::time::{Duration, Instant};

pub use jiff::Timestamp;

/// The present moment, in whole microseconds: what both stores keep without loss.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// Today in UTC, as `YYYY-MM-DD`.
pub fn today() -> String {
    now().strftime("%Y-%m-%d").to_string()
}

/// The moment `delay` from now; the end of time when that is out of range.
pub fn after(delay: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(delay)
        .ok()
        .and_then(|delay| now().checked_add(delay).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The moment `delay` ago; the beginning of time when that is out of range.
pub fn before(delay: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(delay)
        .ok()
        .and_then(|delay| now().checked_sub(delay).ok())
        .unwrap_or(Timestamp::MIN)
}

/// Measures how long something takes; not affected when the wall clock is set.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Whole milliseconds since the start.
    pub fn millis(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}
