//! The words of `querent doctor`.

use clap::{Args, ValueEnum};

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// How findings are printed.
    #[arg(short = 'o', long, value_enum, default_value = "text")]
    pub output: DoctorFormat,
}

/// How `doctor` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// Lines for people.
    Text,
    /// One JSON document.
    Json,
}
