//! Bounds of one execution.

use std::time::Duration;

/// What one execution may use. Every bound is enforced while streaming and reported, never silent.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Most rows handed on.
    pub max_rows: u64,
    /// Most bytes of Arrow data handed on.
    pub max_bytes: u64,
    /// Longest run, on the server and on our side.
    pub timeout: Duration,
    /// Rows in a batch at the most.
    pub batch_rows: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_rows: 100_000,
            max_bytes: 256 * 1024 * 1024,
            timeout: Duration::from_secs(30),
            batch_rows: 2048,
        }
    }
}
