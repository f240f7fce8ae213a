//! The command line's words for schedules and jobs.

use clap::{Subcommand, ValueEnum};

use crate::model::{Id, JobState};

/// `schedule`
#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Crawl a database at set times.
    Set {
        /// Registered name.
        on: String,
        /// Minute, hour, day of the month, month, day of the week: `30 4 * * MON-FRI` is 04:30 on working days.
        cron: String,
        /// A name of the IANA time zone database, for example Europe/Oslo; UTC without it.
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
        /// So many failed runs in a row pause it; 3 without it.
        #[arg(long, value_name = "N")]
        max_failures: Option<i64>,
    },
    /// Show a schedule and its next moments.
    Show {
        /// Registered name.
        on: String,
    },
    /// List schedules.
    List,
    /// Take a schedule away.
    Remove {
        /// Registered name.
        on: String,
    },
    /// Ask for a run now.
    Run {
        /// Registered name.
        on: String,
    },
    /// Stop a schedule until it is resumed.
    Pause {
        /// Registered name.
        on: String,
    },
    /// Let a schedule go on.
    Resume {
        /// Registered name.
        on: String,
    },
}

/// `jobs`
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List jobs, newest first.
    List {
        /// Registered name.
        #[arg(long, value_name = "NAME")]
        on: Option<String>,
        /// Only those in this state.
        #[arg(long, value_enum)]
        state: Option<StateArg>,
        /// Jobs at the most, up to 200.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
    /// Show a job, its attempts, their logs and figures.
    Show {
        /// Key.
        id: Id,
    },
    /// Cancel a job that has not ended.
    Cancel {
        /// Key.
        id: Id,
    },
}

/// States of a job, as `jobs list` takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum StateArg {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl From<StateArg> for JobState {
    fn from(state: StateArg) -> JobState {
        match state {
            StateArg::Queued => JobState::Queued,
            StateArg::Running => JobState::Running,
            StateArg::Succeeded => JobState::Succeeded,
            StateArg::Failed => JobState::Failed,
            StateArg::Cancelled => JobState::Cancelled,
        }
    }
}
