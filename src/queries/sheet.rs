//! All that a reviewer looks at, at once: the query, its texts and how they differ, what people say, what the server
//! expects, and the first rows under the reviewer's own policy.

use std::time::Duration;

use arrow::record_batch::RecordBatch;
use catalog::Engine;
use connector_api::{ErrorKind, Limits};
use futures::StreamExt;
use guard::{Finding, Policy, ReadOnly};
use serde::Serialize;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

use crate::error::Result;
use crate::exec;
use crate::model::{Expected, Feedback, Id, PageRequest, Preview, Query, QueryComment, QueryVersion, Step};
use crate::queries;
use crate::sources::{Source, Sources};
use crate::store::{self, Db};

/// Rows that are shown.
const ROWS: u64 = 20;
/// Bytes of them at the most.
const BYTES: u64 = 256 * 1024;
/// How long the server may take for them.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a reviewer looks at.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sheet {
    /// The query: SQL, reading, and the report with its lineage.
    pub query: Query,
    /// What can be done with it now.
    pub steps: Vec<Step>,
    /// What the guard says of it under the latest schema version and the reviewer's policy: `allow` or `reject`, findings,
    /// lineage of the output.
    #[schema(value_type = Object)]
    pub verdict: Value,
    /// Its texts, oldest first, the one that it has now last.
    pub versions: Vec<QueryVersion>,
    /// What people say of it, oldest first.
    pub comments: Vec<QueryComment>,
    /// What people think of the answers that it gave.
    pub feedback: Vec<Feedback>,
    /// What the server expects; null where it was refused or the server says nothing.
    pub estimate: Option<Expected>,
    /// The first rows, where they were asked for.
    pub preview: Option<Preview>,
    /// Why there is no estimate or no preview: a code and a sentence.
    #[schema(value_type = Option<Object>)]
    pub trouble: Option<Value>,
}

/// Puts the sheet together; `preview` runs the statement for its first rows.
///
/// # Errors
/// Not found; the connection was not crawled; the store fails. What the server says no to is told in the sheet.
pub async fn read(db: &Db, sources: &Sources, id: Id, preview: bool) -> Result<Sheet> {
    let query = store::queries::get(db, id).await?;
    let source = sources.get(query.connection_id).await?;
    let verdict = queries::check(&source, query.asked()).await?;
    let (mut estimate, mut rows, mut trouble) = (None, None, None);
    if let Ok(statement) = &verdict {
        match look(&source, statement, preview).await {
            Ok((expected, found)) => (estimate, rows) = (expected, found),
            Err(error) => trouble = Some(json!({ "code": error.code, "message": error.message })),
        }
    }
    Ok(Sheet {
        steps: Step::all_from(query.state),
        verdict: Value::Object(queries::verdict_fields(&verdict)),
        versions: texts(db, &query, source.connection.engine).await?,
        comments: store::reviews::comments(db, id).await?,
        feedback: store::chats::feedback(db, Some(id), PageRequest::first()).await?.items,
        estimate,
        preview: rows,
        trouble,
        query,
    })
}

async fn look(
    source: &Source,
    statement: &ReadOnly,
    preview: bool,
) -> Result<(Option<Expected>, Option<Preview>)> {
    source.may_be_asked()?;
    let policy = source.policy()?;
    let connector = source.connector.as_ref();
    let expected = connector.explain(statement).await?;
    // an estimate counts rows that the reviewer may not see, too
    let estimate = (!policy.rewrites()).then_some(Expected { cost: expected.cost, rows: expected.rows });
    if !preview {
        return Ok((estimate, None));
    }
    exec::within_cost(connector, statement, None, &policy).await?;
    Ok((estimate, Some(first_rows(source, statement, &policy).await?)))
}

async fn first_rows(source: &Source, statement: &ReadOnly, policy: &Policy) -> Result<Preview> {
    let limits = Limits { max_rows: ROWS, max_bytes: BYTES, timeout: PATIENCE, ..Limits::default() };
    let limits = exec::limits_under(&limits, policy);
    let mut stream = exec::stream(source.connector.as_ref(), statement, &limits).await?;
    let mut batches: Vec<RecordBatch> = Vec::new();
    // a cap ends the stream with an error, after the rows before it
    while let Some(batch) = stream.batches.next().await {
        match batch {
            Ok(batch) => batches.push(batch),
            Err(error) if matches!(error.kind, ErrorKind::RowCap | ErrorKind::ByteCap) => break,
            Err(error) => return Err(error.into()),
        }
    }
    let mut rows = exec::json_rows(&batches)
        .map_err(|e| crate::error::Error::new("E098", crate::error::Class::Internal, e.to_string()))?;
    rows.truncate(ROWS as usize);
    Ok(Preview { columns: exec::columns(&stream.schema), rows })
}

/// The texts of a query, each with its difference to the one before.
///
/// # Errors
/// When the store fails.
pub async fn texts(db: &Db, query: &Query, engine: Engine) -> Result<Vec<QueryVersion>> {
    let mut versions = store::reviews::versions(db, query.id).await?;
    versions.push(QueryVersion {
        ordinal: query.ordinal,
        sql: query.sql.clone(),
        asked: query.asked().to_owned(),
        written_by: query.written_by.clone().or_else(|| query.created_by.clone()),
        written_why: query.written_why.clone(),
        replaced_at: None,
        diff: Vec::new(),
    });
    let pretty: Vec<String> = versions.iter().map(|version| over_lines(&version.asked, engine)).collect();
    let pairs = pretty.iter().zip(pretty.iter().skip(1));
    for (version, (old, new)) in versions.iter_mut().skip(1).zip(pairs) {
        version.diff = difference(old, new);
    }
    Ok(versions)
}

fn over_lines(sql: &str, engine: Engine) -> String {
    match guard::parse_tree(sql, engine, &Policy::default()) {
        Ok(tree) => guard::render_pretty(&tree, engine),
        Err(Finding { .. }) => sql.to_owned(),
    }
}

fn difference(old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::configure().timeout(Duration::from_millis(200)).diff_lines(old, new);
    let sign = |tag| match tag {
        ChangeTag::Equal => ' ',
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
    };
    diff.iter_all_changes()
        .map(|change| format!("{}{}", sign(change.tag()), change.value().trim_end_matches('\n')))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_where_their_canonical_forms_do() {
        let same = over_lines("select  NAME from customers", Engine::Sqlite);
        let spaced = over_lines("SELECT name\nFROM customers", Engine::Sqlite);
        assert!(difference(&same, &same).iter().all(|line| line.starts_with(' ')));
        let other = over_lines("SELECT name FROM orders", Engine::Sqlite);
        let lines = difference(&spaced, &other);
        assert!(lines.iter().any(|line| line.starts_with('-') && line.contains("customers")), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with('+') && line.contains("orders")), "{lines:?}");
    }
}
