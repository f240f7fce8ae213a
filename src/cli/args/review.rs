//! The command line's words for the review of queries.

use clap::{Subcommand, ValueEnum};

use crate::model::{Id, QueryState};

/// `query list`, `query review` ...
#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// List stored queries, the newest first.
    List {
        /// Registered name.
        #[arg(long, value_name = "NAME")]
        on: Option<String>,
        /// Those in one state.
        #[arg(long)]
        state: Option<QueryStateArg>,
        /// So many at the most.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
    },
    /// Show all that a reviewer looks at.
    Review {
        /// Key of the query.
        id: Id,
        /// Run it for its first 20 rows.
        #[arg(long)]
        preview: bool,
    },
    /// Find a query right: with its question it answers that question from then on.
    Approve {
        /// Key of the query.
        id: Id,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Find a query wrong.
    Reject {
        /// Key of the query.
        id: Id,
        /// Why.
        #[arg(long)]
        reason: String,
    },
}

/// The review state of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QueryStateArg {
    /// Nobody has looked at it.
    Draft,
    /// Waits for a reviewer.
    Proposed,
    /// A reviewer approved it.
    Approved,
    /// A reviewer refused it.
    Rejected,
    /// Put away.
    Archived,
    /// A schema change broke it.
    Broken,
}

impl From<QueryStateArg> for QueryState {
    fn from(state: QueryStateArg) -> QueryState {
        match state {
            QueryStateArg::Draft => QueryState::Draft,
            QueryStateArg::Proposed => QueryState::Proposed,
            QueryStateArg::Approved => QueryState::Approved,
            QueryStateArg::Rejected => QueryState::Rejected,
            QueryStateArg::Archived => QueryState::Archived,
            QueryStateArg::Broken => QueryState::Broken,
        }
    }
}
