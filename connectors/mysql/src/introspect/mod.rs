//! Reads the catalog: a fixed number of set-based queries over one session, put together on our side, in a transaction,
//! which from MySQL 8 on has a snapshot of the catalog. What other servers show of a table that is made or dropped
//! meanwhile is judged in `steady`. Nothing is locked beyond what one query of `information_schema` takes: rows are looked
//! at after the transaction, for a table that was read in one cannot be altered before its end.
//!
//! Statistics come from those that the servers make on demand, when the login may read them; for other columns from a
//! bounded look at the rows (see `sample`).

mod assemble;
mod histogram;
mod keys;
mod raw;
mod sample;
mod sql;
mod statistics;
mod steady;

use std::sync::Arc;

use catalog::{Engine, Snapshot};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind, Progress};
use mysql_async::Row;

use crate::pool::Sessions;
use crate::session::{Session, Work};
use sql::Scope;
use steady::Reading;

type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Queries, and the look at the rows.
const STEPS: u32 = 13;

/// The queries' answers.
pub(crate) struct Answers {
    engine: Engine,
    version: String,
    /// The database as the server spells it, when one was named.
    database: Option<String>,
    schemas: Vec<Row>,
    tables: Vec<Row>,
    views: Vec<Row>,
    columns: Vec<Row>,
    indexes: Vec<Row>,
    references: Vec<Row>,
    rules: Vec<Row>,
    checks: Vec<Row>,
    partitions: Vec<Row>,
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
    match crawl(&mut session, sessions.settings.database.as_deref(), options, progress).await {
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
    database: Option<&str>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    let mut steps = Steps { done: 0, progress };
    let Reading { mut snapshot, distinct, scope } =
        steady::read(session, database, options, &mut steps).await?;
    session.hold_nothing().await?;
    if options.statistics {
        statistics::add(session, &scope, &mut snapshot, options).await?;
        steps.took("statistics");
        sample::add(session, &mut snapshot, options).await?;
        statistics::fill_in(&mut snapshot, &distinct);
    }
    steps.finish("values");
    Ok(snapshot)
}

async fn ask(
    session: &mut Session,
    database: Option<&str>,
    steps: &mut Steps<'_>,
) -> Result<Answers, ConnectorError> {
    (steps.progress)(Progress { step: "server", done: 0, of: STEPS });
    let database = match database {
        Some(name) => Some(found(session, name).await?),
        None => None,
    };
    let link = session.link_mut()?;
    let (engine, version) = (link.engine, link.version.clone());
    let scope = Scope::of_database(database.clone());
    let mut rows = async |step: &'static str, sql: String| {
        let rows = session.rows(&sql).await;
        steps.took(step);
        rows
    };
    let checks = scope.checks(engine, &version);
    Ok(Answers {
        schemas: rows("schemas", scope.schemas(engine)).await?,
        tables: rows("tables", scope.tables()).await?,
        views: rows("views", scope.views()).await?,
        columns: rows("columns", scope.columns()).await?,
        indexes: rows("indexes", scope.indexes(engine, &version)).await?,
        references: rows("keys", scope.references()).await?,
        rules: rows("keys", scope.rules()).await?,
        checks: match checks {
            Some(sql) => rows("checks", sql).await?,
            None => Vec::new(),
        },
        partitions: rows("partitions", scope.partitions()).await?,
        routines: rows("routines", scope.routines()).await?,
        parameters: rows("routines", scope.parameters()).await?,
        engine,
        version,
        database,
    })
}

/// The database's name as the server spells it: some servers keep all names in lower case, others compare without.
pub(crate) async fn found(session: &mut Session, name: &str) -> Result<String, ConnectorError> {
    let rows =
        session.rows("SELECT SCHEMA_NAME, @@lower_case_table_names FROM information_schema.SCHEMATA").await?;
    let spelled = |row: &Row| {
        let here = raw::text(row, 0);
        let caseless = raw::number(row, 1).is_some_and(|setting| setting > 0);
        let same = here == name || (caseless && here.to_lowercase() == name.to_lowercase());
        same.then_some(here)
    };
    rows.iter().find_map(spelled).ok_or_else(|| {
        let message = format!("there is no database {name}, or the login may read nothing in it");
        ConnectorError::new(ErrorKind::NoDatabase, message)
            .hint("check the database name at the end of the URL, and GRANT SELECT on it to the login")
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
