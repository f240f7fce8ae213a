//! Review of queries: the table of what may be done in which state, versions, comments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::states::QueryState::{self, Approved, Archived, Broken, Draft, Proposed, Rejected};

/// What moves a query from one state to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Asks for review.
    Propose,
    /// Takes that back.
    Withdraw,
    /// Finds it right: with its question it is a verified query.
    Approve,
    /// Finds it wrong, with a reason.
    Reject,
    /// Gives it another text.
    Edit,
    /// Puts it away.
    Archive,
    /// Takes it out again.
    Unarchive,
}

/// Every step that there is: from, step, to. What is not here cannot be done.
pub const STEPS: &[(QueryState, Step, QueryState)] = &[
    (Draft, Step::Propose, Proposed),
    (Draft, Step::Approve, Approved),
    (Draft, Step::Edit, Draft),
    (Draft, Step::Archive, Archived),
    (Proposed, Step::Withdraw, Draft),
    (Proposed, Step::Approve, Approved),
    (Proposed, Step::Reject, Rejected),
    (Proposed, Step::Edit, Proposed),
    // another text is one that nobody approved
    (Approved, Step::Edit, Proposed),
    (Approved, Step::Reject, Rejected),
    (Approved, Step::Archive, Archived),
    (Rejected, Step::Propose, Proposed),
    (Rejected, Step::Edit, Draft),
    (Rejected, Step::Archive, Archived),
    (Broken, Step::Archive, Archived),
    (Archived, Step::Unarchive, Draft),
];

impl Step {
    /// The step's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Propose => "propose",
            Step::Withdraw => "withdraw",
            Step::Approve => "approve",
            Step::Reject => "reject",
            Step::Edit => "edit",
            Step::Archive => "archive",
            Step::Unarchive => "unarchive",
        }
    }

    /// Where it leads from a state, if it can be done there.
    pub fn from(self, state: QueryState) -> Option<QueryState> {
        STEPS.iter().find(|(from, step, _)| *from == state && *step == self).map(|(_, _, to)| *to)
    }

    /// What can be done in a state.
    pub fn all_from(state: QueryState) -> Vec<Step> {
        STEPS.iter().filter(|(from, _, _)| *from == state).map(|(_, step, _)| *step).collect()
    }
}

/// A text of a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueryVersion {
    /// 1, 2, 3 ... per query.
    pub ordinal: i64,
    /// The SQL as it was written.
    pub sql: String,
    /// The checked text.
    pub asked: String,
    /// Who wrote it; null: whoever made the query.
    pub written_by: Option<String>,
    /// Why.
    pub written_why: Option<String>,
    /// Until then it was the query's text; null: it still is.
    pub replaced_at: Option<Timestamp>,
    /// How its canonical form, written out over lines, differs from the version before: lines with ` `, `-` or `+`
    /// before them.
    #[serde(default)]
    pub diff: Vec<String>,
}

/// What somebody says of a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueryComment {
    /// Key.
    pub id: Uuid,
    /// Query.
    pub query_id: Uuid,
    /// The comment that it answers.
    pub parent_id: Option<Uuid>,
    /// The number of the text that it is about.
    pub ordinal: i64,
    /// What is said.
    pub text: String,
    /// Said at.
    pub created_at: Timestamp,
    /// Said by.
    pub created_by: String,
}

/// How often a query ran, and how long that took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Runs that are still known.
    pub runs: i64,
    /// Those that ended well.
    pub succeeded: i64,
    /// Mean time of those, in milliseconds.
    pub mean_ms: Option<f64>,
    /// The last run was asked for at.
    pub last_at: Option<Timestamp>,
}

/// What the server expects a statement to cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    /// In the engine's unit.
    pub cost: Option<f64>,
    /// Rows.
    pub rows: Option<f64>,
}

/// The first rows that a reviewer sees, under their own policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Names and types.
    pub columns: Value,
    /// One array a row, 20 at the most.
    pub rows: Vec<Vec<Value>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_leads_to_one_state_and_every_state_has_a_way_out() {
        for (n, (from, step, _)) in STEPS.iter().enumerate() {
            assert!(!STEPS[..n].iter().any(|(f, s, _)| f == from && s == step), "{from} {}", step.as_str());
        }
        for state in QueryState::ALL {
            assert!(!Step::all_from(*state).is_empty(), "{state}");
        }
        assert_eq!(Step::Approve.from(Rejected), None);
        assert_eq!(Step::Edit.from(Approved), Some(Proposed));
    }
}
