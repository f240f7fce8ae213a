//! What the server expects a statement to cost: its plan, in a session that makes plans and runs nothing.

use std::sync::Arc;
use std::time::Duration;

use connector_api::{ConnectorError, ErrorKind, Estimate};

use crate::error;
use crate::introspect::raw;
use crate::pool::Sessions;
use crate::session::{Session, Work};

/// Planning is quick; a plan that is not would be a reason to refuse the statement.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks for the plan.
pub(crate) async fn explain(sessions: &Arc<Sessions>, sql: &str) -> Result<Estimate, ConnectorError> {
    let mut session = Session::begin(sessions, TIMEOUT, Work::Plan).await?;
    let answer = plan(&mut session, sql).await;
    // the session runs nothing any more, a ROLLBACK neither: it is closed
    session.abandon().await;
    let plan = answer?;
    Ok(Estimate { cost: sum(&plan, "StatementSubTreeCost"), rows: sum(&plan, "StatementEstRows"), plan })
}

async fn plan(session: &mut Session, sql: &str) -> Result<String, ConnectorError> {
    // it must be alone in its text
    let switched = session.batch("SET SHOWPLAN_XML ON").await;
    switched.map_err(|error| match error.kind {
        ErrorKind::Denied => error.hint("GRANT SHOWPLAN TO the login's user lets it ask for plans"),
        _ => error,
    })?;
    let rows = session.batch(sql).await?;
    let plan = rows.first().map(|row| raw::text(row, 0)).unwrap_or_default();
    if plan.contains("<ShowPlanXML") { Ok(plan) } else { Err(error::internal("the server gave no plan")) }
}

/// The sum of an attribute over the plan's statements: of a checked text there is one.
fn sum(plan: &str, attribute: &str) -> Option<f64> {
    let mut values = plan.split("<StmtSimple").skip(1).filter_map(|statement| {
        let tag = statement.split('>').next()?;
        let (_, value) = tag.split_once(&format!(" {attribute}=\""))?;
        value.split('"').next()?.parse::<f64>().ok().filter(|n| n.is_finite())
    });
    let first = values.next()?;
    Some(values.fold(first, |sum, value| sum + value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_and_rows_are_those_of_the_statement() {
        let plan = r#"<ShowPlanXML xmlns="x"><BatchSequence><Batch><Statements><StmtSimple StatementText="SELECT 1"
            StatementId="1" StatementCompId="1" StatementType="SELECT" StatementSubTreeCost="0.0065704"
            StatementEstRows="12.5"><QueryPlan><RelOp EstimateRows="7" EstimatedTotalSubtreeCost="9"/></QueryPlan>"#;
        assert_eq!(sum(plan, "StatementEstRows"), Some(12.5));
        assert_eq!(sum(&plan.replace('\n', " "), "StatementSubTreeCost"), Some(0.006_570_4));
        assert_eq!(sum("<ShowPlanXML/>", "StatementEstRows"), None);
    }
}
