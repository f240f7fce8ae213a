//! Caps of one execution, and the look at what it would cost.

use std::time::Duration;

use connector_api::{Connector, Estimate, Limits, ResultStream};
use guard::{Policy, ReadOnly};

use crate::error::{Class, Error, Result};

/// Streams a checked statement's result without keeping it: for the command line and for measuring.
///
/// # Errors
/// As the connector says.
pub async fn stream(
    connector: &dyn Connector,
    statement: &ReadOnly,
    limits: &Limits,
) -> Result<ResultStream> {
    Ok(connector.query(statement, limits).await?)
}

/// The caps of a statement: the daemon's, where the connection's policy does not lower them.
pub fn limits_under(limits: &Limits, policy: &Policy) -> Limits {
    let lower = |own: u64, other: Option<u64>| other.map_or(own, |other| own.min(other));
    Limits {
        max_rows: lower(limits.max_rows, policy.max_rows),
        max_bytes: lower(limits.max_bytes, policy.max_result_bytes),
        timeout: policy.max_seconds.map_or(limits.timeout, |s| limits.timeout.min(Duration::from_secs(s))),
        batch_rows: limits.batch_rows,
    }
}

/// Asks the server what a statement would cost, where there is a limit, and refuses one that would cost more.
///
/// # Errors
/// `A003` when the server expects more than the lower of both limits; as the connector says.
pub async fn within_cost(
    connector: &dyn Connector,
    statement: &ReadOnly,
    max: Option<f64>,
    policy: &Policy,
) -> Result<Option<Estimate>> {
    let limits = [max, policy.max_cost];
    let Some(max) = limits.into_iter().flatten().reduce(f64::min) else { return Ok(None) };
    let estimate = connector.explain(statement).await?;
    match estimate.cost {
        Some(cost) if cost > max => {
            // the estimate tells of rows that the caller may not see
            let message = match policy.rewrites() {
                true => format!("the server expects this statement to cost more than the limit of {max:.0}"),
                false => {
                    format!("the server expects this statement to cost {cost:.0}, the limit is {max:.0}")
                }
            };
            let hint =
                "Ask for less (a date range, fewer tables), or raise limits.cost or the policy's max_cost.";
            Err(Error::new("A003", Class::TooLarge, message).hint(hint))
        }
        _ => Ok(Some(estimate)),
    }
}
