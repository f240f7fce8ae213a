//! The log of slow statements: which statement (by its hash), where, how long, how many rows. Its text only where a setting
//! says so.

use std::time::Duration;

use super::metrics;

/// Which statements are told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slow {
    /// Those that take longer; nothing is told without it.
    pub after: Option<Duration>,
    /// Whether their canonical text is told, too.
    pub text: bool,
}

/// A statement that has ended.
pub struct Ended<'a> {
    /// Engine of the database.
    pub engine: &'a str,
    /// Key of the connection.
    pub connection: String,
    /// Key of the execution.
    pub execution: String,
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

impl Slow {
    /// Tells a statement if it was slow.
    pub fn note(&self, ended: &Ended<'_>) {
        if self.after.is_none_or(|limit| ended.took < limit) {
            return;
        }
        metrics::slow_statement(ended.engine);
        let sql = self.text.then_some(ended.sql);
        tracing::warn!(
            target: "querent::slow",
            statement = hash(ended.sql),
            connection = ended.connection,
            execution = ended.execution,
            engine = ended.engine,
            ms = u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX),
            rows = ended.rows,
            outcome = ended.outcome,
            sql,
            "a slow statement"
        );
    }
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
