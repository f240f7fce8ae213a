//! SQL of a person's own: checked against the latest catalog, stored as a query, run again as often as wanted.

pub mod knowledge;
pub mod repair;
pub mod review;
pub mod sheet;

use guard::{Finding, ReadOnly};
use serde_json::{Map, Value, json};

use crate::error::{Class, Error, Result};
use crate::exec::{self, Exec};
use crate::model::{Execution, Id, Query, RunStatus, new_id};
use crate::sources::{Source, Sources};
use crate::store::executions::ExecutionEnd;
use crate::store::queries::NewQuery;
use crate::store::{self, Db};

/// Longest question beside a statement, in characters.
const MAX_QUESTION: usize = 4_000;

/// What the guard says of a statement.
pub type Verdict = std::result::Result<ReadOnly, Vec<Finding>>;

/// What came of a statement that was to be stored.
pub enum Stored {
    /// It is a read, and it is stored.
    Query(Box<Query>),
    /// The guard refused it.
    Refused(Vec<Finding>),
}

/// What came of a query that was to run.
pub enum Started {
    /// It runs.
    Execution(Box<Execution>),
    /// The guard refuses it now: the schema or the policy changed since it was stored.
    Refused(Vec<Finding>),
}

/// Checks a statement against the latest catalog, with the connection's policy.
///
/// # Errors
/// When the connection has not been crawled or its policy cannot be read.
pub async fn check(source: &Source, sql: &str) -> Result<Verdict> {
    let (_, index) = source.catalog()?;
    let (catalog, policy, sql) = (index.catalog().clone(), source.policy()?, sql.to_owned());
    tokio::task::spawn_blocking(move || guard::check(&sql, &catalog, &policy))
        .await
        .map_err(|e| Error::new("A099", Class::Internal, format!("the check stopped: {e}")))
}

/// Checks a statement and stores it as a draft, with its audit line.
///
/// # Errors
/// As [`check`]; the question is too long; the store fails.
pub async fn create(
    db: &Db,
    source: &Source,
    sql: &str,
    question: Option<String>,
    by: &str,
) -> Result<Stored> {
    if question.as_ref().is_some_and(|q| q.chars().count() > MAX_QUESTION) {
        let message = format!("the question is longer than {MAX_QUESTION} characters");
        return Err(Error::new("A002", Class::TooLarge, message).hint("Write a shorter question."));
    }
    source.may_be_asked()?;
    let statement = match check(source, sql).await? {
        Ok(statement) => statement,
        Err(findings) => return Ok(Stored::Refused(findings)),
    };
    let (version, _) = source.catalog()?;
    let report = statement.report();
    let new = NewQuery {
        id: new_id(),
        connection_id: source.connection.id,
        chat_message_id: None,
        question,
        sql: sql.to_owned(),
        canonical_sql: statement.sql().to_owned(),
        schema_version_id: Some(version.id),
        reading: report.reading.clone(),
        report: serde_json::to_value(report).unwrap_or(Value::Null),
        source: "user".to_owned(),
        confidence: None,
        created_by: Some(by.to_owned()),
    };
    let tx = db.begin().await?;
    let query = store::queries::create(&tx, new).await?;
    let details = json!({ "connection": query.connection_id });
    store::audits::add(&tx, by, "query.create", &query.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(Stored::Query(Box::new(query)))
}

/// Deletes a query in a way that [`restore`] can undo.
///
/// # Errors
/// Not found.
pub async fn delete(db: &Db, id: Id, by: &str) -> Result<()> {
    let tx = db.begin().await?;
    store::queries::delete(&tx, id, Some(by)).await?;
    store::audits::add(&tx, by, "query.delete", &id.to_string(), json!({})).await?;
    Ok(tx.commit().await?)
}

/// Undoes [`delete`].
///
/// # Errors
/// Not found, or not deleted.
pub async fn restore(db: &Db, id: Id, by: &str) -> Result<Query> {
    let tx = db.begin().await?;
    let query = store::queries::restore(&tx, id, Some(by)).await?;
    store::audits::add(&tx, by, "query.restore", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(query)
}

/// Checks a stored query once more, as schema and policy may have changed, and starts it.
///
/// # Errors
/// Not found; not crawled; too many statements wait.
pub async fn start(db: &Db, sources: &Sources, exec: &Exec, id: Id, by: &str) -> Result<Started> {
    let query = store::queries::get(db, id).await?;
    let source = sources.get(query.connection_id).await?;
    source.may_be_asked()?;
    let statement = match check(&source, query.asked()).await? {
        Ok(statement) => statement,
        Err(findings) => return Ok(Started::Refused(findings)),
    };
    exec::within_cost(source.connector.as_ref(), &statement, None, &source.policy()?).await?;
    let execution = exec.start(source, &query, statement).await?;
    let details = json!({ "query": query.id });
    store::audits::add(db, by, "execution.start", &execution.id.to_string(), details).await?;
    Ok(Started::Execution(Box::new(execution)))
}

/// Runs an execution again that another daemon accepted and died over. Statements are reads: what the dead one's did is
/// nothing, so running it once more is as good as running it once.
///
/// # Errors
/// As the execution ends; its record tells the same.
pub async fn run_again(db: &Db, sources: &Sources, exec: &Exec, id: Id) -> Result<()> {
    let execution = store::executions::get(db, id).await?;
    match checked_again(db, sources, execution.query_id).await {
        Ok((source, statement)) => exec.run_again(&source, &statement, execution).await.map(drop),
        Err(error) => {
            let told = (error.code.to_owned(), error.message.clone());
            store::executions::finish(db, id, ExecutionEnd::failed(RunStatus::Failed, told)).await?;
            Err(error)
        }
    }
}

async fn checked_again(db: &Db, sources: &Sources, query: Id) -> Result<(Source, ReadOnly)> {
    let query = store::queries::get(db, query).await?;
    let source = sources.get(query.connection_id).await?;
    source.may_be_asked()?;
    let refused = |_| {
        let why = "the guard refuses the statement now: the schema or the policy changed";
        Error::new("A011", Class::BadInput, why).hint("Check the query again.")
    };
    let statement = check(&source, query.asked()).await?.map_err(refused)?;
    Ok((source, statement))
}

/// Gives an execution up whose daemon died and whose asker may not run it any more.
///
/// # Errors
/// When the store fails.
pub async fn abandon(db: &Db, id: Id) -> Result<()> {
    let told = "the daemon ended before this was done, and who asked may not run it any more".to_owned();
    let end = ExecutionEnd::failed(RunStatus::Interrupted, ("S030".to_owned(), told));
    store::executions::finish(db, id, end).await?;
    Ok(())
}

/// Stops an execution that has not ended, with its audit line, and gives its record as it is then: it may take a moment to end.
///
/// # Errors
/// Not found; `E006` when it has ended.
pub async fn cancel(db: &Db, exec: &Exec, id: Id, by: &str) -> Result<Execution> {
    let execution = store::executions::get(db, id).await?;
    if execution.status.is_final() {
        let message = format!("the execution has ended already: {}", execution.status);
        return Err(Error::new("E006", Class::Conflict, message));
    }
    if exec.cancel(id, by) {
        return Ok(execution);
    }
    // Nobody works on it here (yet): the record says so, and whoever was about to begin finds that it may not.
    let tx = db.begin().await?;
    let execution = store::executions::cancel(&tx, id).await?;
    let details = json!({ "query": execution.query_id });
    store::audits::add(&tx, by, "execution.cancel", &id.to_string(), details).await?;
    tx.commit().await?;
    Ok(execution)
}

/// As [`verdict_fields`], for callers who are held to the policy: the statement without what the policy put in.
pub fn shown_fields(verdict: &Verdict) -> Map<String, Value> {
    let mut fields = verdict_fields(verdict);
    if let Ok(statement) = verdict
        && statement.report().asked.is_some()
    {
        fields.insert("canonical".to_owned(), json!(statement.asked()));
        fields.remove("pipeline");
    }
    fields
}

/// `verdict`, `findings`, and for an accepted statement what it is and reads.
pub fn verdict_fields(verdict: &Verdict) -> Map<String, Value> {
    match serde_json::to_value(guard::Answer::of(verdict)) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}
