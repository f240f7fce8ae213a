//! Reads the catalog: a fixed number of set-based queries over one session, put together on our side by the numbers of
//! objects. The server has no snapshot of its catalog: what changes meanwhile is judged in `steady`. No lock is held longer than a row is read, and none is waited for longer than the
//! session's lock time-out.
//!
//! Synonyms are left out: a statement names the object itself, so that what a policy hides has one name only.

mod assemble;
mod keys;
mod native;
pub(crate) mod raw;
mod sample;
mod sql;
mod statistics;
mod steady;

use std::sync::Arc;

use catalog::Snapshot;
use connector_api::{ConnectorError, CrawlOptions, Progress};
use tiberius::Row;

use crate::pool::Sessions;
use crate::session::{Session, Work};

type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Queries, and the look at the rows.
const STEPS: u32 = 16;

/// The queries' answers.
pub(crate) struct Answers {
    version: String,
    database: String,
    /// Where names without a schema are looked up first.
    schema: String,
    schemas: Vec<Row>,
    comments: Vec<Row>,
    relations: Vec<Row>,
    views: Vec<Row>,
    columns: Vec<Row>,
    indexes: Vec<Row>,
    references: Vec<Row>,
    checks: Vec<Row>,
    rows: Vec<Row>,
    space: Vec<Row>,
    splits: Vec<Row>,
    routines: Vec<Row>,
    parameters: Vec<Row>,
}

/// Crawls.
pub(crate) async fn introspect(
    sessions: &Arc<Sessions>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    let mut session = Session::begin(sessions, options.statement_timeout, Work::Catalog).await?;
    match crawl(&mut session, options, progress).await {
        Ok(snapshot) => {
            session.end().await;
            Ok(snapshot)
        }
        Err(error) => {
            session.abandon().await;
            Err(error)
        }
    }
}

async fn crawl(
    session: &mut Session,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    let mut steps = Steps { done: 0, progress };
    let answers = steady::read(session, &mut steps).await?;
    let assembled = assemble::snapshot(&answers, options);
    let mut snapshot = assembled.snapshot;
    if options.statistics {
        statistics::add(session, &mut snapshot, &assembled.numbers, options).await?;
        steps.took("statistics");
        sample::add(session, &mut snapshot, options).await?;
    }
    steps.finish("values");
    Ok(snapshot)
}

async fn ask(session: &mut Session, steps: &mut Steps<'_>) -> Result<Answers, ConnectorError> {
    (steps.progress)(Progress { step: "server", done: 0, of: STEPS });
    let link = session.link_mut()?;
    let (version, database, schema) = (link.version.clone(), link.database.clone(), link.schema.clone());
    let mut rows = async |step: &'static str, sql: &str| {
        let rows = session.rows(sql, &[]).await;
        steps.took(step);
        rows
    };
    Ok(Answers {
        schemas: rows("schemas", sql::SCHEMAS).await?,
        relations: rows("tables", sql::RELATIONS).await?,
        views: rows("views", sql::VIEWS).await?,
        columns: rows("columns", sql::COLUMNS).await?,
        comments: rows("comments", sql::COMMENTS).await?,
        indexes: rows("indexes", sql::INDEXES).await?,
        references: rows("keys", sql::REFERENCES).await?,
        checks: rows("checks", sql::CHECKS).await?,
        rows: rows("sizes", sql::ROWS).await?,
        space: rows("sizes", sql::SPACE).await?,
        splits: rows("partitions", sql::SPLITS).await?,
        routines: rows("routines", sql::ROUTINES).await?,
        parameters: rows("routines", sql::PARAMETERS).await?,
        version,
        database,
        schema,
    })
}

/// Counts what is done.
struct Steps<'a> {
    done: u32,
    progress: Report<'a>,
}

impl Steps<'_> {
    fn took(&mut self, step: &'static str) {
        self.done = (self.done + 1).min(STEPS);
        (self.progress)(Progress { step, done: self.done, of: STEPS });
    }

    fn finish(&mut self, step: &'static str) {
        self.done = STEPS;
        (self.progress)(Progress { step, done: STEPS, of: STEPS });
    }
}
