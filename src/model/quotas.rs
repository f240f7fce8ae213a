//! Quotas as the store keeps them and as the API shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::states::{Measure, Period};

/// How much may be used in a day or a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quota {
    /// Key.
    pub id: Uuid,
    /// Whose, as records name them; the whole workspace's when there is none.
    pub subject: Option<String>,
    /// What is counted.
    pub measure: Measure,
    /// Over which time.
    pub period: Period,
    /// How much: rows, seconds, tokens, or millionths of a dollar.
    pub amount: i64,
    /// Made at.
    pub created_at: Timestamp,
    /// Made by.
    pub created_by: Option<String>,
    /// Changed at.
    pub updated_at: Timestamp,
    /// Changed by.
    pub updated_by: Option<String>,
}

/// A quota and what was used of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuotaUse {
    /// The quota.
    #[serde(flatten)]
    pub quota: Quota,
    /// Used since the day or month began.
    pub used: i64,
    /// When it begins anew.
    pub ends_at: Timestamp,
}
