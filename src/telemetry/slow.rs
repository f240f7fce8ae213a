//! The log of slow statements: which statement (by its hash), where, how long, how many rows. Its text only where a setting
//! says so.

use std::sync::OnceLock;
use std::time::Duration;

use super::metrics;
use crate::config::Log;

/// Which statements are told; none before the log has started.
static SLOW: OnceLock<Slow> = OnceLock::new();

/// Which statements are told.
struct Slow {
    /// Those that take as long.
    after: Duration,
    /// Whether their canonical text is told, too.
    text: bool,
}

/// Takes the settings. The first ones hold.
pub(super) fn start(log: &Log) {
    if log.slow_query_ms > 0 {
        let after = Duration::from_millis(log.slow_query_ms);
        SLOW.get_or_init(|| Slow { after, text: log.slow_query_text });
    }
}

/// A statement that has ended.
pub struct Ended<'a> {
    /// Engine of the database.
    pub engine: &'a str,
    /// Key of the connection.
    pub connection: &'a str,
    /// Key of the execution.
    pub execution: &'a str,
    /// The canonical text.
    pub sql: &'a str,
    /// From being accepted to its end.
    pub took: Duration,
    /// Rows, when it ended well.
    pub rows: Option<u64>,
    /// How it ended.
    pub outcome: &'a str,
}

/// The same statement has the same hash in every line, trace and daemon.
pub fn hash(sql: &str) -> String {
    blake3::hash(sql.as_bytes()).to_hex().chars().take(16).collect()
}

/// Tells a statement if it was slow.
pub fn note(ended: &Ended<'_>) {
    let Some(slow) = SLOW.get().filter(|slow| ended.took >= slow.after) else { return };
    metrics::slow_statement(ended.engine);
    tracing::warn!(
        target: "querent::slow",
        statement = hash(ended.sql),
        connection = ended.connection,
        execution = ended.execution,
        engine = ended.engine,
        ms = u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX),
        rows = ended.rows,
        outcome = ended.outcome,
        sql = slow.text.then_some(ended.sql),
        "a slow statement"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_keeps_its_hash() {
        assert_eq!(hash("SELECT 1"), hash("SELECT 1"));
        assert_ne!(hash("SELECT 1"), hash("SELECT 2"));
        assert_eq!(hash("SELECT 1").len(), 16);
    }
}
