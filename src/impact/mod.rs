//! Impact: after a new schema version every statement that somebody relies on is checked again, and what it broke or
//! changed is stored with the change that did it and a proposed repair.

mod causes;
mod ground;
mod judge;
mod keep;
mod repair;
mod shelf;
mod show;

use std::collections::HashMap;
use std::sync::Arc;

use catalog::diff::Diff;
use catalog::{Catalog, Snapshot};
use guard::Policy;
use serde::Serialize;

use ground::Ground;
use shelf::Shelf;

pub use ground::before;
pub use judge::{Judge, Judged, Statement};

use crate::error::{Class, Error, Result};
use crate::model::{
    Connection, Cursor, EvaluationCase, GlossaryTerm, Id, ImpactState, PageRequest, SchemaVersion,
    SubjectType,
};
use crate::store::{self, Db};

/// Statements of one connection that are checked at the most; a cut is told.
const MOST_STATEMENTS: usize = 50_000;
/// Statements read at once.
const PAGE: u32 = 200;

/// What a new version did to all statements.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Impacted {
    /// The older version, as people write it.
    pub from: String,
    /// The newer one.
    pub to: String,
    /// Statements that were checked.
    pub checked: usize,
    /// Whether there were more than are checked at once.
    pub cut: bool,
    /// Those that are broken or changed, the broken ones first.
    pub statements: Vec<Judged>,
}

impl Impacted {
    /// Statements in a state.
    pub fn of(&self, state: ImpactState) -> impl Iterator<Item = &Judged> {
        self.statements.iter().filter(move |s| s.state == state)
    }
}

/// Judges statements. Pure work: some hundred microseconds a statement at the most.
pub fn judge_all(
    older: &Catalog,
    newer: &Catalog,
    diff: &Diff,
    policy: &Policy,
    statements: &[Statement],
) -> Vec<Judged> {
    let judge = Judge::new(older, newer, diff, policy);
    statements.iter().map(|statement| judge.judge(statement)).collect()
}

/// Checks every statement of a connection again and stores what came of it, with one notification a version. Doing it
/// twice changes nothing; when there is a version newer than `to`, that one is looked at.
///
/// # Errors
/// When the connection's policy cannot be read, or the store fails.
pub async fn check(
    db: &Db,
    connection: &Connection,
    from: &SchemaVersion,
    to: &SchemaVersion,
) -> Result<Impacted> {
    let newest = store::catalog::latest(db, connection.id).await?;
    // overtaken: what held in between is of no interest any more
    let to = newest.as_ref().filter(|v| v.ordinal > to.ordinal).unwrap_or(to);
    let (judged, impacted) = look(db, connection, from, to, None).await?;
    keep::store(db, connection, (from, to), judged, &impacted).await?;
    Ok(impacted)
}

/// As [`check`], for a crawl that has the newer snapshot at hand.
///
/// # Errors
/// As [`check`].
pub async fn check_with(
    db: &Db,
    connection: &Connection,
    from: &SchemaVersion,
    to: &SchemaVersion,
    newer: Arc<Snapshot>,
) -> Result<Impacted> {
    let (judged, impacted) = look(db, connection, from, to, Some(newer)).await?;
    keep::store(db, connection, (from, to), judged, &impacted).await?;
    Ok(impacted)
}

/// What the way from one version to another does to every statement. Nothing is stored.
///
/// # Errors
/// As [`check`].
pub async fn between(
    db: &Db,
    connection: &Connection,
    from: &SchemaVersion,
    to: &SchemaVersion,
) -> Result<Impacted> {
    Ok(look(db, connection, from, to, None).await?.1)
}

type Looked = (Vec<(Statement, Judged)>, Impacted);

async fn look(
    db: &Db,
    connection: &Connection,
    from: &SchemaVersion,
    to: &SchemaVersion,
    newer: Option<Arc<Snapshot>>,
) -> Result<Looked> {
    let mut statements = statements(db, connection.id).await?;
    let open = store::impacts::open(db, connection.id).await?;
    let open: HashMap<_, _> = open.iter().map(|i| ((i.subject_type, i.subject_id), i)).collect();
    for statement in &mut statements {
        let known = open.get(&(statement.subject_type, statement.id)).filter(|i| i.sql == statement.sql);
        statement.repair = known.and_then(|i| i.repair.clone());
    }
    let cut = statements.len() > MOST_STATEMENTS;
    statements.truncate(MOST_STATEMENTS);
    let mut impacted = Impacted {
        from: from.number(),
        to: to.number(),
        checked: statements.len(),
        cut,
        ..Impacted::default()
    };
    if statements.is_empty() {
        return Ok((Vec::new(), impacted));
    }
    let policy = Policy::read(&connection.policy).map_err(|e| unreadable(&e))?;
    let diff = store::catalog::changes(db, from, to).await?;
    let (old, mut new) = store::catalog::sides(db, from, to).await?;
    let annotations = store::annotations::all(db, connection.id).await?;
    let relationships = store::relationships::all(db, connection.id).await?;
    let changed = std::mem::take(&mut new.tables);
    let base = new.clone();
    new.tables = changed;
    let shelf = match newer {
        Some(newer) => Shelf::found(newer, base),
        None => Shelf::stored(db, to, base).await?,
    };
    let ground = Ground { policy, diff, old, new, annotations, relationships };
    let judged = ground::judge(ground, shelf, statements).await?;
    impacted.statements = sorted(judged.iter().map(|(_, j)| j.clone()));
    Ok((judged, impacted))
}

/// Those that are not as they were, the broken ones first.
pub fn sorted(judged: impl Iterator<Item = Judged>) -> Vec<Judged> {
    let mut felt: Vec<Judged> = judged.filter(|j| j.state != ImpactState::Ok).collect();
    felt.sort_by_key(|j| j.state != ImpactState::Broken);
    felt
}

fn unreadable(why: &str) -> Error {
    Error::new("X005", Class::Internal, format!("the connection's policy cannot be read: {why}"))
        .hint("Store the policy again with PATCH /api/v1/connections/{id}.")
}

fn stopped(error: &tokio::task::JoinError) -> Error {
    Error::new("X017", Class::Internal, format!("the check of statements stopped: {error}"))
}

/// Every statement of a connection that somebody relies on.
async fn statements(db: &Db, connection: Id) -> Result<Vec<Statement>> {
    let mut found = Vec::new();
    let mut after = Cursor::oldest();
    while found.len() <= MOST_STATEMENTS {
        let page = store::queries::kept(db, connection, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Cursor { at: last.created_at, id: last.id };
        found.extend(page.iter().map(|query| {
            let name = query.question.clone().unwrap_or_else(|| query.reading.clone());
            let statement = Statement::new(SubjectType::Query, query.id, name, query.asked().to_owned());
            Statement { state: Some(query.state), ..statement.with_report(&query.report) }
        }));
    }
    let mut page = PageRequest::first().with_limit(PAGE);
    while found.len() <= MOST_STATEMENTS {
        let terms = store::glossary::list(db, connection, page).await?;
        found.extend(terms.items.iter().filter_map(of_term));
        let Some(next) = terms.next else { break };
        page = PageRequest::read(Some(PAGE), Some(&next))?;
    }
    let mut page = PageRequest::first().with_limit(PAGE);
    while found.len() <= MOST_STATEMENTS {
        let cases = store::evaluation_cases::list(db, connection, page).await?;
        found.extend(cases.items.iter().map(of_case));
        let Some(next) = cases.next else { break };
        page = PageRequest::read(Some(PAGE), Some(&next))?;
    }
    Ok(found)
}

fn of_term(term: &GlossaryTerm) -> Option<Statement> {
    let sql = term.statement()?;
    Some(Statement::new(SubjectType::GlossaryTerm, term.id, term.term.clone(), sql))
}

fn of_case(case: &EvaluationCase) -> Statement {
    Statement::new(SubjectType::EvaluationCase, case.id, case.question.clone(), case.gold_sql.clone())
}
