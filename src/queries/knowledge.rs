//! Glossary terms, evaluation cases and verified queries: what people know of a database, checked by the guard before it
//! is kept.

use guard::Finding;
use serde_json::json;

use crate::error::{Class, Error, Result};
use crate::model::{EvaluationCase, GlossaryTerm, Id, Query, knowledge};
use crate::queries::{self, review};
use crate::sources::{Source, Sources};
use crate::store::glossary::NewTerm;
use crate::store::{self, Db};

/// Longest term, in characters.
const MAX_TERM: usize = 200;
/// Longest definition or question, in characters.
const MAX_TEXT: usize = 4_000;

/// What came of something that was to be kept.
pub enum Kept<T> {
    /// It is kept.
    Done(Box<T>),
    /// The guard refused its statement.
    Refused(Vec<Finding>),
}

/// A glossary term as a person gives it.
#[derive(Debug, Clone, Default)]
pub struct Term {
    /// The word.
    pub term: String,
    /// What it means.
    pub definition: String,
    /// The table that it is about.
    pub table: Option<String>,
    /// A value over the table.
    pub expression: Option<String>,
    /// A condition on the table's rows.
    pub filter: Option<String>,
}

/// Keeps a glossary term, with its audit line.
///
/// # Errors
/// A text is empty or too long, an expression has no table, the term is there already; as [`queries::check`].
pub async fn add_term(db: &Db, source: &Source, new: Term, by: &str) -> Result<Kept<GlossaryTerm>> {
    let term = bounded("term", &new.term, MAX_TERM)?;
    let definition = bounded("definition", &new.definition, MAX_TEXT)?;
    if new.table.is_none() && (new.expression.is_some() || new.filter.is_some()) {
        let message = "an expression or a condition needs the table that it is about";
        return Err(Error::new("A030", Class::BadInput, message).hint("Name the table as schema.table."));
    }
    let sql = knowledge::statement(new.table.as_deref(), new.expression.as_deref(), new.filter.as_deref());
    if let Some(sql) = sql
        && let Err(findings) = queries::check(source, &sql).await?
    {
        return Ok(Kept::Refused(findings));
    }
    let tx = db.begin().await?;
    let new = NewTerm {
        connection_id: source.connection.id,
        term,
        definition,
        table_name: new.table,
        expression: new.expression,
        row_filter: new.filter,
        schema_version_id: source.schema.as_ref().map(|(version, _)| version.id),
    };
    let term = store::glossary::create(&tx, new, by).await?;
    let details = json!({ "connection": term.connection_id });
    store::audits::add(&tx, by, "glossary.create", &term.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(Kept::Done(Box::new(term)))
}

/// Removes a glossary term, with its audit line.
///
/// # Errors
/// Not found.
pub async fn remove_term(db: &Db, id: Id, by: &str) -> Result<()> {
    let tx = db.begin().await?;
    store::glossary::delete(&tx, id, by).await?;
    store::audits::add(&tx, by, "glossary.delete", &id.to_string(), json!({})).await?;
    Ok(tx.commit().await?)
}

/// Keeps an evaluation case, with its audit line.
///
/// # Errors
/// The question is empty or too long; as [`queries::check`].
pub async fn add_case(
    db: &Db,
    source: &Source,
    question: &str,
    gold_sql: &str,
    by: &str,
) -> Result<Kept<EvaluationCase>> {
    let question = bounded("question", question, MAX_TEXT)?;
    if let Err(findings) = queries::check(source, gold_sql).await? {
        return Ok(Kept::Refused(findings));
    }
    let (version, _) = source.catalog()?;
    let tx = db.begin().await?;
    let connection = source.connection.id;
    let case =
        store::evaluation_cases::create(&tx, connection, &question, gold_sql, Some(version.id), by).await?;
    let details = json!({ "connection": connection });
    store::audits::add(&tx, by, "evaluation_case.create", &case.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(Kept::Done(Box::new(case)))
}

/// Removes an evaluation case, with its audit line.
///
/// # Errors
/// Not found.
pub async fn remove_case(db: &Db, id: Id, by: &str) -> Result<()> {
    let tx = db.begin().await?;
    store::evaluation_cases::delete(&tx, id, by).await?;
    store::audits::add(&tx, by, "evaluation_case.delete", &id.to_string(), json!({})).await?;
    Ok(tx.commit().await?)
}

/// Makes a stored query a verified one: approved, with its question, against the schema version that holds now.
///
/// # Errors
/// `A031` when it has no question; as [`review::approve`].
pub async fn verify(db: &Db, sources: &Sources, query: Query) -> Result<Kept<Query>> {
    if query.question.as_ref().is_none_or(|q| q.trim().is_empty()) {
        return Err(Error::new("A031", Class::BadInput, "a verified query needs its question")
            .hint("Store the statement again with the question that it answers."));
    }
    review::approve(db, sources, query, None).await
}

fn bounded(what: &str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most {
        let message = format!("a {what} has 1 to {most} characters");
        return Err(Error::new("A033", Class::BadInput, message).hint(format!("Write another {what}.")));
    }
    Ok(text.to_owned())
}
