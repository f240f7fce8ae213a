//! What the server expects a statement to cost: EXPLAIN, which plans and never runs.

use std::sync::Arc;
use std::time::Duration;

use connector_api::{ConnectorError, Estimate};
use mysql_async::Row;
use serde_json::Value;

use crate::error;
use crate::pool::Sessions;
use crate::session::{Session, Work};

/// Planning is quick; a plan that is not would be a reason to refuse the statement.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks for the plan.
pub(crate) async fn explain(sessions: &Arc<Sessions>, sql: &str) -> Result<Estimate, ConnectorError> {
    let text = format!("EXPLAIN FORMAT=JSON {sql}");
    let mut session = Session::begin(sessions, TIMEOUT, Work::Plan).await?;
    let answer = session.rows(&text).await;
    session.end().await;
    let rows = answer?;
    let plan = rows.first().and_then(|row: &Row| row.get_opt::<String, _>(0)).and_then(Result::ok);
    let plan = plan.ok_or_else(|| error::internal("the server gave no plan"))?;
    let read: Value = serde_json::from_str(&plan).unwrap_or(Value::Null);
    let rows =
        read.get("query_block").and_then(rows_of).or_else(|| read.get("query_plan").and_then(steps_rows));
    Ok(Estimate { cost: cost(&read), rows, plan })
}

/// The cost of the whole, where the server says it: MySQL, and MariaDB from 11.0 on.
fn cost(plan: &Value) -> Option<f64> {
    if let Some(cost) = plan.pointer("/query_plan/estimated_total_cost") {
        return number(cost);
    }
    let block = plan.get("query_block")?;
    let cost = block.pointer("/cost_info/query_cost").or_else(|| block.get("cost"))?;
    number(cost)
}

/// MySQL writes numbers as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).filter(|n| n.is_finite())
}

/// Rows that the largest of a plan's steps expects, joins multiplied out: an upper estimate of the work.
fn rows_of(step: &Value) -> Option<f64> {
    match step {
        Value::Array(steps) => steps.iter().filter_map(rows_of).reduce(|a, b| a * b),
        Value::Object(fields) => {
            if let Some(joined) = fields.get("rows_produced_per_join").and_then(number) {
                return Some(joined);
            }
            if let Some(rows) = fields.get("rows").or_else(|| fields.get("rows_examined_per_scan")) {
                let filtered = fields.get("filtered").and_then(number).unwrap_or(100.0);
                return Some(number(rows)? * filtered / 100.0);
            }
            fields
                .iter()
                .filter(|(name, _)| *name != "nested_loop")
                .filter_map(|(_, value)| rows_of(value))
                .chain(fields.get("nested_loop").and_then(joined))
                .reduce(f64::max)
        }
        _ => None,
    }
}

/// Rows that the largest of a plan's steps expects, in the form that MySQL has from 9.5 on: what each step gives stands at
/// it, joins multiplied out already.
fn steps_rows(step: &Value) -> Option<f64> {
    let inputs = step.get("inputs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let own = step.get("estimated_rows").and_then(number);
    inputs.iter().filter_map(steps_rows).chain(own).reduce(f64::max)
}

/// A nested loop: MariaDB gives each table's own rows, MySQL what has been joined so far.
fn joined(steps: &Value) -> Option<f64> {
    let steps = steps.as_array()?;
    let so_far = |step: &Value| number(step.pointer("/table/rows_produced_per_join")?);
    if let Some(last) = steps.last().and_then(so_far) {
        return Some(last);
    }
    steps.iter().filter_map(rows_of).reduce(|a, b| a * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_are_multiplied_out() {
        let mariadb = r#"{"query_block": {"select_id": 1, "nested_loop": [
            {"table": {"table_name": "a", "rows": 20, "filtered": 50}},
            {"block-nl-join": {"table": {"table_name": "b", "rows": 30, "filtered": 100}, "buffer_type": "flat"}}]}}"#;
        let plan: Value = serde_json::from_str(mariadb).unwrap();
        assert_eq!((cost(&plan), rows_of(&plan["query_block"])), (None, Some(300.0)));
        let mysql = r#"{"query_block": {"cost_info": {"query_cost": "6.75"}, "nested_loop": [
            {"table": {"rows_examined_per_scan": 5, "rows_produced_per_join": 5, "filtered": "100.00"}},
            {"table": {"rows_examined_per_scan": 4, "rows_produced_per_join": 20, "filtered": "100.00"}}]}}"#;
        let plan: Value = serde_json::from_str(mysql).unwrap();
        assert_eq!((cost(&plan), rows_of(&plan["query_block"])), (Some(6.75), Some(20.0)));
    }

    #[test]
    fn a_tree_of_steps_tells_its_largest_and_its_cost() {
        let plan = r#"{"query_plan": {"estimated_rows": 1.0, "estimated_total_cost": 0.9, "inputs": [
            {"estimated_rows": 2.0, "estimated_total_cost": 0.3},
            {"heading": "Hash", "estimated_rows": 1.0, "inputs": [{"estimated_rows": 40.0}]}]}}"#;
        let plan: Value = serde_json::from_str(plan).unwrap();
        assert_eq!((cost(&plan), steps_rows(&plan["query_plan"])), (Some(0.9), Some(40.0)));
    }
}
