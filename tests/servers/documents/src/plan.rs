//! `explain`: PostgreSQL's plan of the extension's query, in the form that MongoDB gives plans.

use bson::{Bson, RawBsonRef, RawDocument, doc};
use serde_json::Value;

use crate::commands::Command;
use crate::failure::Failure;
use crate::postgres;

/// Plans the command inside; runs it only when statistics of a run are asked for.
pub(crate) async fn explain(command: &Command<'_>) -> Result<Vec<u8>, Failure> {
    let Ok(inner) = command.request.command.get_document("explain") else {
        return Err(Failure::bad_value("explain takes a command"));
    };
    let (name, target) = match inner.iter().next().and_then(Result::ok) {
        Some((name, RawBsonRef::String(target))) => (name.as_str(), target),
        Some((name, _)) => (name.as_str(), "$cmd.aggregate"),
        None => return Err(Failure::bad_value("explain takes a command")),
    };
    let function = match name {
        "aggregate" => "bson_aggregation_pipeline",
        "find" => "bson_aggregation_find",
        "count" => "bson_aggregation_count",
        "distinct" => "bson_aggregation_distinct",
        other => return Err(Failure::unknown_command(other)),
    };
    let runs = command.request.command.get_str("verbosity").is_ok_and(|v| v != "queryPlanner");
    let options = if runs { "FORMAT JSON, ANALYZE" } else { "FORMAT JSON" };
    // the extension plans constants only
    let sql = format!(
        "EXPLAIN ({options}) SELECT document FROM documentdb_api_catalog.{function}({}, {})",
        quoted(&command.running.database),
        constant(inner)
    );
    let client = command.connection().await?;
    let rows = client.query(&sql, &[]).await.map_err(|e| Failure::from_postgres(&e))?;
    let plan: Value = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(Value::Null);
    let plan = plan.pointer("/0/Plan").cloned().unwrap_or(Value::Null);
    let returned = plan.get("Actual Rows").and_then(Value::as_f64);
    let plan = Bson::try_from(plan).map_err(|_| Failure::bad_value("the plan cannot be written"))?;
    let mut answer = doc! {
        "explainVersion": "1",
        "queryPlanner": { "namespace": format!("{}.{target}", command.running.database), "winningPlan": plan },
        "serverInfo": { "version": "7.0.0" },
        "ok": 1.0,
    };
    if let Some(returned) = returned {
        answer.insert("executionStats", doc! { "executionSuccess": true, "nReturned": returned });
    }
    postgres::bytes(&answer)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn constant(document: &RawDocument) -> String {
    let digits: String = document.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("'BSONHEX{digits}'::documentdb_core.bson")
}
