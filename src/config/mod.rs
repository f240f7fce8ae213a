//! Configuration: defaults, then a TOML file, then the environment, then flags. The only place that reads the environment.

mod identity;
mod load;
mod merge;
mod network;
mod operations;
mod secrets;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::secret::Secret;

pub use identity::{AuthSettings, OidcSettings};
pub use load::{ConfigError, Sources, load};
pub use network::{NetworkSettings, Target};
pub use operations::{ForwardedHeader, Log, LogFormat, Metrics, Server, Traces};
pub use secrets::{KeySource, SecretSettings, VaultSettings};

/// The example configuration: every setting with its default. It is also the list of known keys.
pub const EXAMPLE: &str = include_str!("../../examples/querent.toml");

/// All settings.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of the store, the results and the keys.
    pub data_dir: PathBuf,
    /// Store of a team; empty means SQLite in the data folder.
    pub database_url: Secret,
    /// Workspace that commands work in, by slug or key; empty means the first one.
    pub workspace: String,
    /// The daemon's door.
    pub server: Server,
    /// Sign-in, sessions and links.
    pub auth: AuthSettings,
    /// Identity providers, by name.
    pub oidc: BTreeMap<String, OidcSettings>,
    /// Who proposes SQL.
    pub model: Model,
    /// Caps of executions.
    pub limits: LimitSettings,
    /// How databases are crawled.
    pub crawl: CrawlSettings,
    /// How jobs are done.
    pub jobs: JobSettings,
    /// Where the master keys come from.
    pub secrets: SecretSettings,
    /// Where connections may go.
    pub network: NetworkSettings,
    /// Logs.
    pub log: Log,
    /// Metrics.
    pub metrics: Metrics,
    /// Traces.
    pub traces: Traces,
}

/// Kinds of proposer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Provider {
    Builtin,
    Openai,
    Anthropic,
    Recorded,
}

/// What may leave for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Privacy {
    Names,
    Statistics,
    Values,
    Rows,
}

impl Privacy {
    /// The level's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Privacy::Names => "names",
            Privacy::Statistics => "statistics",
            Privacy::Values => "values",
            Privacy::Rows => "rows",
        }
    }
}

/// Who proposes SQL.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Kind of proposer.
    pub provider: Provider,
    /// The model's name.
    pub name: String,
    /// Address of an OpenAI-compatible server.
    pub base_url: String,
    /// Key, never logged.
    pub api_key: Secret,
    /// Recorded answers.
    pub file: PathBuf,
    /// Seconds for one call.
    pub timeout: u64,
    /// Calls at the same time.
    pub concurrency: usize,
    /// Answers asked for a question.
    pub samples: usize,
    /// US dollars for a million tokens sent.
    pub input_price: f64,
    /// US dollars for a million tokens received.
    pub output_price: f64,
    /// What may leave.
    pub privacy: Privacy,
    /// Tokens that the schema may take.
    pub schema_tokens: usize,
    /// Folder with templates that replace the built-in ones; empty for none.
    pub prompts: PathBuf,
}

/// Caps of executions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Rows.
    pub rows: u64,
    /// Bytes of Arrow data.
    pub bytes: u64,
    /// Seconds.
    pub seconds: u64,
    /// Executions at the same time.
    pub executions: usize,
    /// Executions at the same time on one connection, in all daemons; 0 for any number.
    pub executions_per_connection: usize,
    /// Executions at the same time for one user, in all daemons; 0 for any number.
    pub executions_per_user: usize,
    /// Executions that may wait.
    pub waiting: usize,
    /// Executions of one user that may wait; 0 for any number.
    pub waiting_per_user: usize,
    /// Seconds for which a result answers the same statement again; 0 for never.
    pub cache_seconds: u64,
    /// Highest estimated cost, 0 for none.
    pub cost: f64,
}

/// How databases are crawled.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrawlSettings {
    /// Whether statistics and samples are read.
    pub statistics: bool,
    /// Rows sampled in a table.
    pub sample_rows: u64,
    /// Values kept for a column.
    pub common_values: usize,
    /// Newest schema versions kept; 0: all.
    pub keep_versions: u32,
    /// Days for which schema versions are kept; 0: for ever.
    pub keep_days: u32,
}

/// How jobs are done.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobSettings {
    /// Jobs at the same time; 0: this daemon does none.
    pub workers: usize,
    /// Seconds after which the job of a daemon that gives no sign is taken over.
    pub lease: u64,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("data_dir", &self.data_dir)
            .field("server", &self.server)
            .field("provider", &self.model.provider)
            .field("limits", &self.limits)
            .field("crawl", &self.crawl)
            .field("jobs", &self.jobs)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}
