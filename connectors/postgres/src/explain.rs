//! What the server expects a statement to cost: EXPLAIN without ANALYZE, which plans and never runs.

use std::sync::Arc;
use std::time::Duration;

use connector_api::{ConnectorError, ErrorKind, Estimate};
use serde_json::Value;
use tokio_postgres::Row;

use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Standing};

/// Planning is quick; a plan that is not would be a reason to refuse the statement.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks for the plan.
pub(crate) async fn explain(sessions: &Arc<Sessions>, sql: &str) -> Result<Estimate, ConnectorError> {
    let text = format!("EXPLAIN (FORMAT JSON) {sql}");
    let (session, ()) = Session::begin(sessions, TIMEOUT, Standing::Login, async |_| Ok(())).await?;
    let answer = ask(&session, &text).await;
    session.end().await;
    let rows = answer?;
    let plan: Option<Value> = rows.first().and_then(|row| row.try_get(0).ok());
    let plan = plan.ok_or_else(|| ConnectorError::new(ErrorKind::Internal, "the server gave no plan"))?;
    let figure = |name: &str| plan.pointer(&format!("/0/Plan/{name}")).and_then(Value::as_f64);
    Ok(Estimate {
        cost: figure("Total Cost"),
        rows: figure("Plan Rows"),
        plan: serde_json::to_string_pretty(&plan).unwrap_or_default(),
    })
}

async fn ask(session: &Session, text: &str) -> Result<Vec<Row>, ConnectorError> {
    session.client()?.query_typed(text, &[]).await.map_err(|e| from_driver(&e, While::Working))
}
