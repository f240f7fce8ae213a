//! Jobs, their attempts, and the schedules that ask for them, as the daemon and the API's clients see them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::states::{JobOutcome, JobState};

/// Work that outlives a daemon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// Key.
    pub id: Uuid,
    /// The workspace it belongs to; nil for the daemon's own work.
    #[serde(skip)]
    pub workspace_id: Uuid,
    /// What it does (`crawl` ...).
    pub kind: String,
    /// The connection it is about.
    pub connection_id: Option<Uuid>,
    /// The schedule that asked for it.
    pub schedule_id: Option<Uuid>,
    /// What its kind needs to know.
    pub payload: Value,
    /// How far it is.
    pub state: JobState,
    /// It is not begun before that.
    pub run_at: Timestamp,
    /// Higher ones are begun first.
    pub priority: i64,
    /// Attempts that count: those given back by a daemon that stopped do not.
    pub attempts: i64,
    /// After so many it fails.
    pub max_attempts: i64,
    /// The daemon that works on it.
    pub lease_owner: Option<String>,
    /// Until then nobody else takes it.
    pub lease_until: Option<Timestamp>,
    /// Number of the last attempt; whoever holds a smaller one has lost the job.
    pub fence: i64,
    /// Among unfinished jobs only one has it.
    pub dedup_key: Option<String>,
    /// Asked for at.
    pub created_at: Timestamp,
    /// Asked for by.
    pub created_by: Option<String>,
    /// First attempt began at.
    pub started_at: Option<Timestamp>,
    /// Ended at.
    pub finished_at: Option<Timestamp>,
    /// Code of the last error.
    pub error_code: Option<String>,
    /// Its sentence.
    pub error_message: Option<String>,
}

/// One attempt at a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobRun {
    /// Job.
    pub job_id: Uuid,
    /// 1, 2, 3 ... per job.
    pub attempt: i64,
    /// The daemon that worked on it.
    pub daemon: String,
    /// Began at.
    pub started_at: Timestamp,
    /// Ended at.
    pub finished_at: Option<Timestamp>,
    /// How it ended; null while it runs.
    pub outcome: Option<JobOutcome>,
    /// Code of the error that ended it.
    pub error_code: Option<String>,
    /// Its sentence.
    pub error_message: Option<String>,
    /// What it told, a line an entry: `[{"at": ..., "line": ...}]`, bounded.
    pub log: Value,
    /// What it measured.
    pub figures: Value,
}

/// When a kind of job runs for a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Key.
    pub id: Uuid,
    /// The workspace it belongs to; nil for the daemon's own work.
    #[serde(skip)]
    pub workspace_id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// Kind of its jobs.
    pub kind: String,
    /// Minute, hour, day of the month, month, day of the week.
    #[schema(example = "30 4 * * MON-FRI")]
    pub cron: String,
    /// The time zone in which the expression is read.
    #[schema(example = "Europe/Oslo")]
    pub time_zone: String,
    /// Whether it asks for jobs.
    pub enabled: bool,
    /// Why not.
    pub paused_reason: Option<String>,
    /// Jobs that failed since the last one that succeeded.
    pub consecutive_failures: i64,
    /// At so many in a row it is paused.
    pub max_failures: i64,
    /// Moments that were left out because the job before was unfinished.
    pub skipped: i64,
    /// The last job was asked for at.
    pub last_run_at: Option<Timestamp>,
    /// The next one is asked for at.
    pub next_run_at: Option<Timestamp>,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Changed by.
    pub updated_by: Option<String>,
}
