//! Reads the catalog: a constant number of set-based queries, sent at once over one session in one read-only
//! snapshot, put together on our side. Nothing is locked beyond what reading the catalogs takes.

mod assemble;
mod raw;
mod sql;
mod statistics;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use catalog::Snapshot;
use connector_api::{ConnectorError, CrawlOptions, Progress};
use tokio_postgres::Row;

use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::Session;

type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// The queries' answers.
pub(crate) struct Answers {
    search_path: Vec<String>,
    server: Vec<Row>,
    schemas: Vec<Row>,
    members: Vec<Row>,
    relations: Vec<Row>,
    views: Vec<Row>,
    columns: Vec<Row>,
    defaults: Vec<Row>,
    comments: Vec<Row>,
    types: Vec<Row>,
    enums: Vec<Row>,
    constraints: Vec<Row>,
    indexes: Vec<Row>,
    methods: Vec<Row>,
    partitions: Vec<Row>,
    routines: Vec<Row>,
    statistics: Vec<Row>,
}

/// Crawls.
pub(crate) async fn introspect(
    sessions: &Arc<Sessions>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    let begun = Session::begin(sessions, options.statement_timeout, async |_| Ok(())).await;
    let (session, ()) = begun?;
    let answers = ask(&session, options, progress).await;
    match answers {
        Ok(answers) => {
            session.end().await;
            assemble::snapshot(&answers, options)
        }
        Err(error) => {
            // the other queries are still on their way
            session.abandon().await;
            Err(error)
        }
    }
}

async fn ask(
    session: &Session,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Answers, ConnectorError> {
    let client = session.client();
    let done = AtomicU32::new(0);
    let of = if options.statistics { 16 } else { 15 };
    progress(Progress { step: "server", done: 0, of });
    let ask = async |step: &'static str, sql: &'static str| {
        let rows = client.query_typed(sql, &[]).await.map_err(|e| from_driver(&e, While::Working))?;
        progress(Progress { step, done: done.fetch_add(1, Ordering::Relaxed) + 1, of });
        Ok::<_, ConnectorError>(rows)
    };
    let statistics =
        async { if options.statistics { ask("statistics", sql::STATISTICS).await } else { Ok(Vec::new()) } };
    // all are sent before the first answers: one round trip
    let (
        server,
        schemas,
        members,
        relations,
        views,
        columns,
        defaults,
        comments,
        types,
        enums,
        constraints,
        indexes,
        methods,
        partitions,
        routines,
        statistics,
    ) = tokio::try_join!(
        biased;
        ask("server", sql::SERVER),
        ask("schemas", sql::SCHEMAS),
        ask("extensions", sql::EXTENSION_MEMBERS),
        ask("tables", sql::RELATIONS),
        ask("views", sql::VIEWS),
        ask("columns", sql::COLUMNS),
        ask("defaults", sql::DEFAULTS),
        ask("comments", sql::COMMENTS),
        ask("types", sql::TYPES),
        ask("enums", sql::ENUMS),
        ask("keys", sql::CONSTRAINTS),
        ask("indexes", sql::INDEXES),
        ask("methods", sql::METHODS),
        ask("partitions", sql::PARTITIONS),
        ask("routines", sql::ROUTINES),
        statistics,
    )?;
    Ok(Answers {
        search_path: session.search_path.clone(),
        server,
        schemas,
        members,
        relations,
        views,
        columns,
        defaults,
        comments,
        types,
        enums,
        constraints,
        indexes,
        methods,
        partitions,
        routines,
        statistics,
    })
}
