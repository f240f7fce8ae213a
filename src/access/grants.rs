//! Grants: what a person, a role or everybody may see of a connection.

use guard::policy::How;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::WorkspaceRole;

/// What a grant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GrantEffect {
    /// It is there, as it is stored.
    Allow,
    /// It is not there.
    Deny,
    /// It is there, with its values replaced.
    Mask,
    /// Of its rows, those are there that meet a condition.
    Filter,
}

impl GrantEffect {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            GrantEffect::Allow => "allow",
            GrantEffect::Deny => "deny",
            GrantEffect::Mask => "mask",
            GrantEffect::Filter => "filter",
        }
    }

    /// The effect of that word.
    pub fn parse(word: &str) -> Option<GrantEffect> {
        match word {
            "allow" => Some(GrantEffect::Allow),
            "deny" => Some(GrantEffect::Deny),
            "mask" => Some(GrantEffect::Mask),
            "filter" => Some(GrantEffect::Filter),
            _ => None,
        }
    }
}

/// What somebody may see of a connection. The most specific grant decides, a denial before an allowance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    /// Key.
    pub id: Uuid,
    /// Connection.
    pub connection_id: Uuid,
    /// What is given.
    #[serde(flatten)]
    pub terms: GrantTerms,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Changed by.
    pub updated_by: Option<String>,
}

/// What a grant says: for whom, of what, how, until when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GrantTerms {
    /// For this user.
    #[serde(default)]
    pub user_id: Option<Uuid>,
    /// For those with this role in the workspace. Neither user nor role: for everybody.
    #[serde(default)]
    pub role: Option<WorkspaceRole>,
    /// Glob over schemas; left out: all.
    #[serde(default)]
    pub schema: Option<String>,
    /// Glob over tables; left out: all.
    #[serde(default)]
    pub table: Option<String>,
    /// Glob over columns; left out: all.
    #[serde(default)]
    pub column: Option<String>,
    /// What it gives.
    pub effect: GrantEffect,
    /// How values are replaced, for a mask: `null`, `hash`, or `{"partial": {"keep_last": 4}}`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub mask: Option<How>,
    /// Condition over the table's own columns, for a filter. `:user_id`, `:user_email` and `:role` stand for the caller's.
    #[serde(default)]
    pub predicate: Option<String>,
    /// From when on it does not hold any more.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}
