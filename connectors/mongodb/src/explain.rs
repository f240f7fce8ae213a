//! What the server expects a pipeline to do: `explain`, which plans and never runs.

use std::time::Duration;

use bson::{Bson, doc};
use connector_api::{ConnectorError, Estimate};
use serde_json::Value;

use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::query;

/// Planning is quick; a plan that is not would be a reason to refuse the statement.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks for the plan. The server tells no cost; rows are those of the collection it starts from, or the last `$limit`.
pub(crate) async fn explain(
    sessions: &Sessions,
    (collection, stages): (&str, &[Value]),
) -> Result<Estimate, ConnectorError> {
    let _place = sessions.place().await?;
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let stages = query::documents(stages)?;
    let limit = stages.last().and_then(|stage| match stage.get("$limit") {
        Some(Bson::Int64(n)) => Some(*n as f64),
        Some(Bson::Int32(n)) => Some(f64::from(*n)),
        Some(Bson::Double(n)) => Some(*n),
        _ => None,
    });
    let milliseconds = i64::try_from(TIMEOUT.as_millis()).unwrap_or(i64::MAX);
    let database = sessions.database().await?;
    let asked = doc! {
        "explain": { "aggregate": collection, "pipeline": stages, "cursor": {} },
        "verbosity": "queryPlanner",
        "maxTimeMS": milliseconds,
    };
    let answer = database.run_command(asked).await.map_err(driver)?;
    let counted = doc! { "count": collection, "maxTimeMS": milliseconds };
    let documents = match database.run_command(counted).await {
        Ok(counted) => counted.get("n").and_then(query::number),
        Err(_) => None,
    };
    let rows = match (documents, limit) {
        (Some(all), Some(limit)) => Some(all.min(limit)),
        (all, limit) => all.or(limit),
    };
    let plan = Bson::Document(plan_of(answer)).into_relaxed_extjson();
    let plan = serde_json::to_string_pretty(&plan).unwrap_or_default();
    Ok(Estimate { cost: None, rows, plan })
}

/// The plan without what tells of the server and repeats the question.
fn plan_of(mut answer: bson::Document) -> bson::Document {
    for key in ["serverInfo", "serverParameters", "command", "ok", "$clusterTime", "operationTime"] {
        answer.remove(key);
    }
    answer
}
