//! The words of `connection`: registering databases and setting their options.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

/// `connection`
#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// Register a database after testing it.
    Add {
        /// Name.
        name: String,
        /// URL, for example sqlite:shop.db or postgres://user@host/database.
        url: String,
        /// Refuse a login that could write.
        #[arg(long)]
        require_read_only: bool,
        #[command(flatten)]
        flags: ConnectionFlags,
    },
    /// Change a registered database; what is not named stays.
    Set {
        /// Name.
        name: String,
        /// New name.
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// New URL; it is tested first.
        #[arg(long)]
        url: Option<String>,
        #[command(flatten)]
        flags: ConnectionFlags,
    },
    /// Show one with its options.
    Show {
        /// Name.
        name: String,
    },
    /// List registered databases.
    List,
    /// Test one.
    Test {
        /// Registered name or URL.
        on: String,
    },
    /// Take one out (its history stays until it is purged).
    Remove {
        /// Name.
        name: String,
    },
}

/// What a connection may do and how it is crawled.
#[derive(Debug, Args)]
pub struct ConnectionFlags {
    /// What questions may see of it (JSON).
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What may leave for a model: names, statistics, values or rows.
    #[arg(long, value_name = "LEVEL")]
    pub privacy: Option<String>,
    /// Tables to crawl, as globs over schema.table; an empty one means all.
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Tables to leave out; an empty glob means none.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// What it is meant for: read-only, or read-write (nothing but crawls runs on it then, so far).
    #[arg(long)]
    mode: Option<String>,
    /// Whether nothing of it exists for anybody until it is granted (`querent permission grant`).
    #[arg(long, value_name = "on|off")]
    closed: Option<Switch>,
    /// Whether statistics (which hold values) are read.
    #[arg(long, value_name = "on|off")]
    statistics: Option<Switch>,
    /// Rows sampled in a table where the engine keeps no statistics.
    #[arg(long, value_name = "ROWS", conflicts_with = "no_sample")]
    sample: Option<u64>,
    /// Never look into a table.
    #[arg(long)]
    no_sample: bool,
    /// Whether a crawl may ask how far values of two columns overlap, to find undeclared references.
    #[arg(long, value_name = "on|off")]
    probe: Option<Switch>,
    /// Seconds that one statement of a crawl may take.
    #[arg(long, value_name = "SECONDS")]
    statement_timeout: Option<u64>,
    /// Sessions that a crawl may use at the same time: 1 or 2.
    #[arg(long, value_name = "N")]
    crawl_sessions: Option<u8>,
    /// Schema versions kept, the newest; 0 for no bound.
    #[arg(long, value_name = "N")]
    keep_versions: Option<u32>,
    /// Days for which schema versions are kept; 0 for no bound.
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
    /// Executions at the same time, in all daemons together; 0 for no bound of its own.
    #[arg(long, value_name = "N")]
    executions: Option<u32>,
    /// Seconds for which a result answers the same statement again; 0 for never.
    #[arg(long, value_name = "SECONDS")]
    cache: Option<u64>,
    /// Whether an answer's statement runs at once, only where it is sure and cheap enough, or waits for approval.
    #[arg(long, value_name = "run|guarded|review", value_parser = ["run", "guarded", "review"])]
    review: Option<String>,
    /// With guarded: the least confidence in percent with which an answer runs at once.
    #[arg(long, value_name = "PERCENT")]
    review_confidence: Option<u8>,
    /// With guarded: the largest expected cost with which an answer runs at once.
    #[arg(long, value_name = "COST")]
    review_cost: Option<u64>,
    /// Whether nobody may approve what they wrote, asked or proposed themselves.
    #[arg(long, value_name = "on|off")]
    four_eyes: Option<Switch>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is done.
    On,
    /// It is not.
    Off,
}

impl ConnectionFlags {
    /// The options that the flags name, as a merge patch; `None` when they name none.
    pub fn options(&self) -> Option<Value> {
        let globs = |given: &[String]| {
            let kept: Vec<&String> = given.iter().filter(|g| !g.is_empty()).collect();
            (!given.is_empty()).then(|| json!(kept))
        };
        let switch = |given: Option<Switch>| given.map(|s| json!(s == Switch::On));
        let fields = [
            ("include", globs(&self.include)),
            ("exclude", globs(&self.exclude)),
            ("mode", self.mode.as_ref().map(|m| json!(m))),
            ("closed", switch(self.closed)),
            ("statistics", switch(self.statistics)),
            ("sample_rows", if self.no_sample { Some(json!(0)) } else { self.sample.map(|n| json!(n)) }),
            ("probe", switch(self.probe)),
            ("statement_timeout_s", self.statement_timeout.map(|n| json!(n))),
            ("crawl_sessions", self.crawl_sessions.map(|n| json!(n))),
            ("keep_versions", self.keep_versions.map(|n| json!(n))),
            ("keep_days", self.keep_days.map(|n| json!(n))),
            ("executions", self.executions.map(|n| json!(n))),
            ("cache_seconds", self.cache.map(|n| json!(n))),
            ("review", self.review.as_ref().map(|mode| json!(mode))),
            ("review_confidence", self.review_confidence.map(|n| json!(n))),
            ("review_cost", self.review_cost.map(|n| json!(n))),
            ("four_eyes", switch(self.four_eyes)),
        ];
        let named: Map<String, Value> =
            fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        (!named.is_empty()).then_some(Value::Object(named))
    }
}
