//! The catalog as it is at one time, on servers that have no snapshot of it.
//!
//! MariaDB makes `information_schema` from what is there at each query, and both servers look up the login's rights at
//! each: what is dropped, made anew or revoked in the middle would be described by half. So the servers' counts of
//! statements that change schemas and rights are compared before and after. When they differ, tables that are not there
//! any more are left out, and those that were made or changed since are each read again, in one message during which
//! nobody can change them. A change that began before the first count and ended within the reading is not noticed.

use std::collections::HashMap;

use catalog::{Snapshot, Table, TableKind};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind};

use super::assemble::{self, Distinct};
use super::sql::{CHANGES, Scope};
use super::{Answers, Steps, ask, raw};
use crate::session::Session;

/// Begins a transaction that holds no table.
const NOTHING_HELD: &str = "SELECT 1";

/// What was read.
pub(super) struct Reading {
    pub snapshot: Snapshot,
    /// What the indexes know of distinct values.
    pub distinct: Distinct,
    /// What was asked for.
    pub scope: Scope,
}

/// Reads the catalog, and what was changed meanwhile once more.
pub(super) async fn read(
    session: &mut Session,
    database: Option<&str>,
    options: &CrawlOptions,
    steps: &mut Steps<'_>,
) -> Result<Reading, ConnectorError> {
    let (began, before) = (moment(session).await?, changes(session).await?);
    let answers = ask(session, database, steps).await?;
    let (snapshot, distinct) = assemble::snapshot(&answers, options);
    let scope = Scope::of_database(answers.database.clone());
    let mut reading = Reading { snapshot, distinct, scope };
    if changes(session).await? != before {
        settle(session, &answers, &began, &mut reading, options).await?;
    }
    Ok(reading)
}

/// Leaves out what is gone, and reads again what was changed since that moment.
async fn settle(
    session: &mut Session,
    answers: &Answers,
    since: &str,
    reading: &mut Reading,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let rows = session.rows(&reading.scope.changed_since(since)).await?;
    let changed: HashMap<_, _> =
        rows.iter().map(|row| (assemble::place(row), raw::number(row, 2) != Some(0))).collect();
    let mut kept = Vec::with_capacity(reading.snapshot.tables.len());
    for table in std::mem::take(&mut reading.snapshot.tables) {
        let name = table.full_name();
        let settled = match changed.get(&(table.schema.clone(), table.name.clone())) {
            None => None,
            Some(changed) if is_doubtful(&table, *changed) => {
                again(session, answers, &table, options).await?
            }
            Some(_) => Some(table),
        };
        if settled.is_none() {
            tracing::info!(table = name, "it went away during the crawl and is left out");
        }
        kept.extend(settled);
    }
    reading.snapshot.tables = kept;
    Ok(())
}

/// A view has no time of its last change; one that was read by half has its text or its columns alone.
fn is_doubtful(table: &Table, changed: bool) -> bool {
    match table.kind {
        TableKind::View => table.columns.is_empty() || table.view_text.is_none(),
        _ => changed || table.columns.is_empty(),
    }
}

/// One table at one time: a transaction that has read it keeps it as it is, and all of it is one message, so that the
/// server need not wait for us meanwhile.
async fn again(
    session: &mut Session,
    answers: &Answers,
    table: &Table,
    options: &CrawlOptions,
) -> Result<Option<Table>, ConnectorError> {
    let scope = Scope::of_table(&table.schema, &table.name);
    let (engine, version) = (answers.engine, answers.version.as_str());
    let asked = [
        scope.tables(),
        scope.views(),
        scope.columns(),
        scope.indexes(engine, version),
        scope.references(),
        scope.rules(),
        scope.partitions(),
    ];
    let statements = asked.into_iter().chain(scope.checks(engine, version)).collect::<Vec<_>>();
    let held = match session.at_once(&scope.first_row(), &statements).await {
        // listed by another right than that to read it: then nothing of ours can hold it
        Err(error) if error.kind == ErrorKind::Denied => session.at_once(NOTHING_HELD, &statements).await,
        ended => ended,
    };
    let mut sets = match held {
        Ok(sets) => sets.into_iter(),
        // a view may stand there whose tables are gone: what is known of it is all that can be
        Err(error) if error.engine_code.as_deref() == Some("1356") => return Ok(Some(table.clone())),
        Err(error) if matches!(error.kind, ErrorKind::Statement | ErrorKind::Denied | ErrorKind::Timeout) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut next = || sets.next().unwrap_or_default();
    let answers = Answers {
        engine,
        version: version.to_owned(),
        database: answers.database.clone(),
        schemas: Vec::new(),
        tables: next(),
        views: next(),
        columns: next(),
        indexes: next(),
        references: next(),
        rules: next(),
        partitions: next(),
        checks: next(),
        routines: Vec::new(),
        parameters: Vec::new(),
    };
    Ok(assemble::snapshot(&answers, options).0.tables.pop())
}

/// The moment on the server's clock.
async fn moment(session: &mut Session) -> Result<String, ConnectorError> {
    // files, whose times a table's are, are dated by a coarser clock
    let now = session.rows("SELECT CAST(NOW() - INTERVAL 2 SECOND AS CHAR)").await?;
    Ok(now.first().map(|row| raw::text(row, 0)).unwrap_or_default())
}

/// How many statements the server has begun that change schemas or rights.
async fn changes(session: &mut Session) -> Result<u64, ConnectorError> {
    let rows = session.rows(CHANGES).await?;
    Ok(rows.iter().filter_map(|row| raw::number(row, 1)).sum())
}
