//! Options of one connection: how it is crawled and what it may be used for. Stored as a document, read through here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::states::{AccessMode, ReviewMode};

/// Globs in one list at the most.
const MAX_GLOBS: usize = 200;
/// Longest glob, in characters.
const MAX_GLOB: usize = 300;
/// Rows of one table's sample at the most.
const MAX_SAMPLE: u64 = 10_000_000;
/// Longest time-out of a statement of a crawl, in seconds.
const MAX_TIMEOUT: u64 = 3_600;

/// Longest time for which a result may answer, in seconds: 30 days.
const MAX_CACHE: u64 = 30 * 24 * 3_600;

/// How a connection is crawled and used. What is left out follows the daemon's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionOptions {
    /// Tables to crawl, as globs over schema.table, or over the table's name when without a dot; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Tables to leave out, written alike.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// What the connection is meant for. Questions and queries run on read-only connections alone.
    #[serde(skip_serializing_if = "AccessMode::is_read_only")]
    pub mode: AccessMode,
    /// Whether nothing of it exists for anybody until it is granted (`querent permission`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// Whether statistics (which hold values) are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics: Option<bool>,
    /// Rows sampled in a table where the engine keeps no statistics; 0: never look into a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rows: Option<u64>,
    /// Whether a crawl may ask the database how far values of two columns overlap, to find undeclared references.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
    /// Seconds that one statement of a crawl may take: 1 to 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement_timeout_s: Option<u64>,
    /// Sessions that a crawl may use at the same time: 1 or 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crawl_sessions: Option<u8>,
    /// Schema versions kept, the newest; 0: no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_versions: Option<u32>,
    /// Days for which schema versions are kept; 0: no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// Executions at the same time, in all daemons together; 0: no bound of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executions: Option<u32>,
    /// Seconds for which a result answers the same statement again; 0: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_seconds: Option<u64>,
    /// Whether an answer's statement runs at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<ReviewMode>,
    /// With `guarded`: the least confidence in percent with which an answer runs at once; 70 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_confidence: Option<u8>,
    /// With `guarded`: the largest expected cost, in the engine's unit, with which an answer runs at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_cost: Option<u64>,
    /// Whether nobody may approve what they wrote, asked or proposed themselves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub four_eyes: bool,
}

impl ConnectionOptions {
    /// Reads the stored document.
    ///
    /// # Errors
    /// What does not fit, in words: an unknown key, a value out of bounds.
    pub fn read(document: &Value) -> Result<ConnectionOptions, String> {
        let options = ConnectionOptions::deserialize(document).map_err(|e| e.to_string())?;
        options.check()?;
        Ok(options)
    }

    /// These options with a merge patch (RFC 7396) laid over them: what the patch names changes, null resets.
    ///
    /// # Errors
    /// As [`ConnectionOptions::read`].
    pub fn patched(&self, patch: &Value) -> Result<ConnectionOptions, String> {
        let Value::Object(changes) = patch else { return Err("it is no object".to_owned()) };
        let mut document = self.document();
        if let Value::Object(fields) = &mut document {
            for (name, value) in changes {
                if value.is_null() {
                    // so that a name that is none is noticed here, too
                    fields.remove(name).map_or_else(|| known(name), |_| Ok(()))?;
                } else {
                    fields.insert(name.clone(), value.clone());
                }
            }
        }
        ConnectionOptions::read(&document)
    }

    /// The document to store.
    pub fn document(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), String> {
        for (name, globs) in [("include", &self.include), ("exclude", &self.exclude)] {
            if globs.len() > MAX_GLOBS {
                return Err(format!("{name} has more than {MAX_GLOBS} globs"));
            }
            if globs.iter().any(|g| g.trim().is_empty() || g.chars().count() > MAX_GLOB) {
                return Err(format!("a glob of {name} is empty or longer than {MAX_GLOB} characters"));
            }
        }
        if self.sample_rows.is_some_and(|rows| rows > MAX_SAMPLE) {
            return Err(format!("sample_rows is more than {MAX_SAMPLE}"));
        }
        if self.statement_timeout_s.is_some_and(|s| !(1..=MAX_TIMEOUT).contains(&s)) {
            return Err(format!("statement_timeout_s is not between 1 and {MAX_TIMEOUT}"));
        }
        if self.cache_seconds.is_some_and(|s| s > MAX_CACHE) {
            return Err(format!("cache_seconds is more than {MAX_CACHE}"));
        }
        if self.review_confidence.is_some_and(|percent| percent > 100) {
            return Err("review_confidence is more than 100".to_owned());
        }
        if self.crawl_sessions.is_some_and(|n| !(1..=2).contains(&n)) {
            return Err("crawl_sessions is neither 1 nor 2".to_owned());
        }
        Ok(())
    }
}

/// Whether an option of that name exists.
fn known(name: &str) -> Result<(), String> {
    const NAMES: [&str; 17] = [
        "include",
        "exclude",
        "mode",
        "closed",
        "statistics",
        "sample_rows",
        "probe",
        "statement_timeout_s",
        "crawl_sessions",
        "keep_versions",
        "keep_days",
        "executions",
        "cache_seconds",
        "review",
        "review_confidence",
        "review_cost",
        "four_eyes",
    ];
    if NAMES.contains(&name) {
        return Ok(());
    }
    Err(format!("unknown field `{name}`, expected one of {}", NAMES.join(", ")))
}
