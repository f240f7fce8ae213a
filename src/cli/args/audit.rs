//! Words of `querent audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;

/// `audit`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Hash every line of the trail again: was one changed, taken away, moved or put in? Ends with code 1 if so.
    Verify {
        /// A head that `audit head` printed earlier: the chain must still go through it.
        #[arg(long, value_name = "FILE")]
        head: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the last place of the chain, signed with the master keys. Keep it where nobody of the store can change it.
    Head,
    /// Show lines, newest first.
    List {
        #[command(flatten)]
        filter: AuditFilter,
        /// Lines at the most.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Write lines as JSON, newest first.
    Export {
        #[command(flatten)]
        filter: AuditFilter,
        /// File to write; standard output without it.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// Which lines.
#[derive(Debug, Args)]
pub struct AuditFilter {
    /// By whom: a user's key, `owner`, or `daemon`.
    #[arg(long)]
    pub actor: Option<String>,
    /// What was done; with * at its end all that begins so.
    #[arg(long)]
    pub action: Option<String>,
    /// To what.
    #[arg(long)]
    pub subject: Option<String>,
    /// Not before that moment (2026-01-31T00:00:00Z).
    #[arg(long, value_name = "MOMENT")]
    pub since: Option<Timestamp>,
    /// Before that moment.
    #[arg(long, value_name = "MOMENT")]
    pub until: Option<Timestamp>,
    /// Text in the subject or the details.
    #[arg(long)]
    pub text: Option<String>,
    /// Of all workspaces.
    #[arg(long)]
    pub everywhere: bool,
}
