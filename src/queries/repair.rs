//! A proposed repair that a person accepts: the statement is checked once more and takes the place of the broken one.

use guard::tree::{Expr, FromItem, Query as Tree, SelectItem, SetExpr};
use guard::{Policy, ReadOnly};
use serde_json::{Value, json};

use super::knowledge::Kept;
use crate::error::{Class, Error, Result};
use crate::model::{Id, Impact, ImpactState, QueryState, SubjectType, knowledge};
use crate::queries;
use crate::sources::{Source, Sources};
use crate::store::glossary::TermSql;
use crate::store::queries::NewText;
use crate::store::{self, Db, Tx};

/// Accepts the repair of an open impact: query, case or term get the new text and the impact is over, in one transaction
/// with its audit line. A query goes back to the review state that it had before it broke.
///
/// # Errors
/// Not found; `A034` when the impact is over, has no repair, or the statement is not what the repair was made for any
/// more; `A035` when a term cannot be written as the repair says; as [`queries::check`].
pub async fn accept(db: &Db, sources: &Sources, id: Id, by: &str) -> Result<Kept<Impact>> {
    let impact = store::impacts::get(db, id).await?;
    if impact.resolved_at.is_some() {
        return Err(over("the impact is over"));
    }
    let Some(sql) = impact.repair.clone() else {
        return Err(over("no repair is proposed"));
    };
    let source = sources.get(impact.connection_id).await?;
    let statement = match queries::check(&source, &sql).await? {
        Ok(statement) => statement,
        Err(findings) => return Ok(Kept::Refused(findings)),
    };
    let (version, _) = source.catalog()?;
    let tx = db.begin().await?;
    match impact.subject_type {
        SubjectType::Query => query(&tx, &impact, &sql, &statement, version.id, by).await?,
        SubjectType::EvaluationCase => {
            let (case, old) = (impact.subject_id, &impact.sql);
            let put = store::evaluation_cases::set_sql(&tx, case, old, &sql, version.id, by).await;
            put.map_err(moved)?;
        }
        SubjectType::GlossaryTerm => term(&tx, &source, &impact, &sql, by).await?,
    }
    store::impacts::resolve(&tx, impact.id, ImpactState::Repaired, version.id).await.map_err(moved)?;
    let details = json!({
        "connection": impact.connection_id, "subject_type": impact.subject_type, "subject": impact.subject_id,
    });
    store::audits::add(&tx, by, "impact.repair", &impact.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(Kept::Done(Box::new(store::impacts::get(db, id).await?)))
}

fn over(why: &str) -> Error {
    Error::new("A034", Class::Conflict, why).hint("`querent impact list` shows the impacts that are open.")
}

/// The record is not what the repair was made for.
fn moved(error: store::StoreError) -> Error {
    if error.kind != store::StoreErrorKind::NotFound {
        return error.into();
    }
    Error::new("A034", Class::Conflict, "the statement was changed or removed since the repair was proposed")
        .hint("The next schema version, or GET /api/v1/connections/{id}/impact, proposes one for what it is now.")
}

async fn query(
    tx: &Tx,
    impact: &Impact,
    sql: &str,
    statement: &ReadOnly,
    version: Id,
    by: &str,
) -> Result<()> {
    let known = store::queries::get(tx, impact.subject_id).await.map_err(moved)?;
    if known.asked() != impact.sql || known.deleted_at.is_some() {
        return Err(moved(store::StoreError::not_found("query")));
    }
    let report = statement.report();
    let text = NewText {
        sql: sql.to_owned(),
        canonical_sql: statement.sql().to_owned(),
        reading: report.reading.clone(),
        report: serde_json::to_value(report).unwrap_or(Value::Null),
        schema_version_id: version,
    };
    store::queries::set_text(tx, &known, text, by).await.map_err(moved)?;
    let back = impact.state_before.as_deref().and_then(QueryState::parse);
    if let (QueryState::Broken, Some(back)) = (known.state, back) {
        store::queries::set_state(tx, known.id, QueryState::Broken, back, Some(by)).await.map_err(moved)?;
    }
    Ok(())
}

async fn term(tx: &Tx, source: &Source, impact: &Impact, sql: &str, by: &str) -> Result<()> {
    let known = store::glossary::get(tx, impact.subject_id).await.map_err(moved)?;
    if known.statement().as_deref() != Some(impact.sql.as_str()) {
        return Err(moved(store::StoreError::not_found("glossary term")));
    }
    let apart = || {
        Error::new(
            "A035",
            Class::BadInput,
            "the repair cannot be written as a term's table, value and condition",
        )
        .hint("Remove the term and add it anew, with the repair that the impact shows before you.")
    };
    let engine = source.connection.engine;
    let tree = guard::parse_tree(sql, engine, &Policy::default()).map_err(|_| apart())?;
    let mut parts = parts(tree, engine).ok_or_else(apart)?;
    if known.expression.is_none() {
        parts.expression = None;
    }
    if known.row_filter.is_some() != parts.row_filter.is_some() {
        return Err(apart());
    }
    // what is stored is put together anew: that, too, must be a read
    let made = knowledge::statement(
        parts.table_name.as_deref(),
        parts.expression.as_deref(),
        parts.row_filter.as_deref(),
    );
    if queries::check(source, &made.unwrap_or_default()).await?.is_err() {
        return Err(apart());
    }
    let version = source.schema.as_ref().map(|(version, _)| version.id);
    store::glossary::set_sql(tx, &known, parts, version, by).await.map_err(moved)
}

/// Table, value and condition of a statement that has nothing else.
fn parts(tree: Tree, engine: catalog::Engine) -> Option<TermSql> {
    let bare =
        tree.with.is_empty() && tree.order_by.is_empty() && tree.limit.is_none() && tree.offset.is_none();
    let SetExpr::Select(select) = tree.body else { return None };
    let bare = bare && select.group_by.is_empty() && select.having.is_none() && select.windows.is_empty();
    // a renamed table has its old name as alias, for which a term has no place
    let ([SelectItem::Expr { expr, .. }], [FromItem::Table { name, alias: None }], true) =
        (select.items.as_slice(), select.from.as_slice(), bare)
    else {
        return None;
    };
    let text = |expr: &Expr| guard::render_expr(expr, engine);
    Some(TermSql {
        table_name: Some(text(&Expr::Column(name.clone()))),
        expression: Some(text(expr)),
        row_filter: select.selection.as_ref().map(text),
    })
}
