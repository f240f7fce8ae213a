//! What a server says of itself, of a login, of a statement's cost; and how a crawl is steered.

use std::time::Duration;

use catalog::{Engine, Glob};

/// The answer to a connection test.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerInfo {
    /// The engine.
    pub engine: Engine,
    /// Version as the server states it.
    pub version: String,
    /// The database connected to.
    pub database: String,
    /// Round trip of a trivial statement.
    pub latency: Duration,
    /// TLS version and cipher, or `None` without TLS.
    pub tls: Option<String>,
    /// What the login may do.
    pub privileges: Privileges,
}

/// What the login may do beyond reading.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Privileges {
    /// The login's name.
    pub login: String,
    /// Ways in which the login could write or reach the server's files, each one sentence. Empty: it can only read.
    pub can_write: Vec<String>,
    /// Statements that would make a fitting read-only login.
    pub fixes: Vec<String>,
    /// How many relations the login may read.
    pub readable_tables: u64,
}

/// What the server expects a statement to cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimate {
    /// The engine's own cost unit, where it has one.
    pub cost: Option<f64>,
    /// Rows expected.
    pub rows: Option<f64>,
    /// The plan as the engine prints it.
    pub plan: String,
}

/// How to crawl.
#[derive(Debug, Clone, PartialEq)]
pub struct CrawlOptions {
    /// Globs over `schema.table`, or over the table's name when without a dot; empty means all.
    pub include: Vec<String>,
    /// Globs of what is left out, written alike.
    pub exclude: Vec<String>,
    /// Whether the engine's statistics (which hold sample values) are read.
    pub statistics: bool,
    /// Low-cardinality values per column kept for linking, at the most.
    pub max_common_values: usize,
    /// Longest value kept, in characters; longer ones are left out, never cut.
    pub max_value_length: usize,
    /// Rows scanned per table, at the most, to collect low-cardinality values and ranges where the engine keeps no
    /// statistics of its own. `None`: never scan.
    pub sample_rows: Option<u64>,
    /// Whether values of one table may be looked for in another, where the connector itself concludes references.
    pub probe: bool,
    /// Longest run of one catalog query.
    pub statement_timeout: Duration,
}

impl Default for CrawlOptions {
    fn default() -> CrawlOptions {
        CrawlOptions {
            include: Vec::new(),
            exclude: Vec::new(),
            statistics: true,
            max_common_values: 30,
            max_value_length: 80,
            sample_rows: Some(10_000),
            probe: false,
            statement_timeout: Duration::from_secs(60),
        }
    }
}

impl CrawlOptions {
    /// Whether a relation is to be crawled: named by an include glob (or there is none) and by no exclude glob. Case
    /// does not count so far, on any engine.
    pub fn wants(&self, _engine: Engine, schema: &str, table: &str) -> bool {
        let named = |globs: &[String]| globs.iter().any(|glob| Glob::new(glob).matches(schema, table));
        (self.include.is_empty() || named(&self.include)) && !named(&self.exclude)
    }
}

/// A step of a crawl, for progress bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What is being read (`tables`, `columns`, `statistics` ...).
    pub step: &'static str,
    /// Steps done.
    pub done: u32,
    /// Steps in all.
    pub of: u32,
}
