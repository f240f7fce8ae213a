//! Reads the catalog: a constant number of set-based queries, sent at once over one session in one read-only
//! snapshot, put together on our side. Nothing is locked beyond what reading the catalogs takes.

mod assemble;
mod gone;
mod keys;
mod raw;
mod sql;
mod statistics;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use catalog::Snapshot;
use connector_api::{ConnectorError, CrawlOptions, Progress};
use tokio_postgres::types::{ToSql, Type};

use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Standing};
use raw::Answer;

type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// A parameter of a query and its type.
type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The queries' answers.
pub(crate) struct Answers {
    search_path: Vec<String>,
    server: Answer,
    schemas: Answer,
    members: Answer,
    relations: Answer,
    views: Answer,
    columns: Answer,
    defaults: Answer,
    comments: Answer,
    types: Answer,
    enums: Answer,
    constraints: Answer,
    indexes: Answer,
    methods: Answer,
    partitions: Answer,
    routines: Answer,
    statistics: Answer,
}

/// How often a crawl begins anew when the structure changes under it in a way that the server's own functions fail on.
const ATTEMPTS: u32 = 4;
/// SQLSTATE of those failures ("cache lookup failed for ...").
const INTERNAL_ERROR: &str = "XX000";

/// Crawls.
pub(crate) async fn introspect(
    sessions: &Arc<Sessions>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    for _ in 1..ATTEMPTS {
        match attempt(sessions, options, progress).await {
            Err(error) if error.engine_code.as_deref() == Some(INTERNAL_ERROR) => {
                tracing::info!("the database's structure changed during the crawl; it begins anew");
            }
            ended => return ended,
        }
    }
    attempt(sessions, options, progress).await
}

/// SQLSTATE of statements after one that failed.
const FAILED_TRANSACTION: &str = "25P02";
/// How long the error of the statement that failed first may take to come.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// One query's rows.
async fn answer(
    session: &Session,
    sql: &str,
    parameters: Vec<Parameter<'_>>,
) -> Result<Answer, ConnectorError> {
    let rows = session.client()?.query_typed_raw(sql, parameters).await;
    Answer::collect(rows.map_err(|e| from_driver(&e, While::Working))?).await
}

/// One crawl in one snapshot.
async fn attempt(
    sessions: &Arc<Sessions>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    let begun = Session::begin(sessions, options.statement_timeout, Standing::Login, async |_| Ok(())).await;
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
    let done = AtomicU32::new(0);
    let of = if options.statistics { 16 } else { 15 };
    progress(Progress { step: "server", done: 0, of });
    let ask_with = async |step: &'static str, sql: &'static str, parameters: &[Parameter<'_>]| {
        let parameters = parameters.iter().map(|(value, ty)| (*value, ty.clone()));
        let rows = match answer(session, sql, parameters.collect()).await {
            Err(error) if error.engine_code.as_deref() == Some(FAILED_TRANSACTION) => {
                // another query failed and says why: its error is the one to tell
                tokio::time::sleep(PATIENCE).await;
                return Err(error);
            }
            ended => ended?,
        };
        progress(Progress { step, done: done.fetch_add(1, Ordering::Relaxed) + 1, of });
        Ok::<_, ConnectorError>(rows)
    };
    let ask = async |step, sql| ask_with(step, sql, &[]).await;
    // types are asked for when the columns are there, while the server is busy with the other queries
    let columns_and_types = async {
        let columns = ask("columns", sql::COLUMNS).await?;
        let (oids, modifiers) = types_of(&columns)?;
        let parameters: [Parameter<'_>; 2] = [(&oids, Type::OID_ARRAY), (&modifiers, Type::INT4_ARRAY)];
        let types = ask_with("types", sql::TYPES, &parameters).await?;
        Ok::<_, ConnectorError>((columns, types))
    };
    let statistics = async {
        if options.statistics { ask("statistics", sql::STATISTICS).await } else { Ok(Answer::default()) }
    };
    // all of these are sent before the first answer comes: one round trip
    let (
        (columns, types),
        server,
        schemas,
        members,
        relations,
        views,
        defaults,
        comments,
        enums,
        constraints,
        indexes,
        methods,
        partitions,
        routines,
        statistics,
    ) = tokio::try_join!(
        biased;
        columns_and_types,
        ask("server", sql::SERVER),
        ask("schemas", sql::SCHEMAS),
        ask("extensions", sql::EXTENSION_MEMBERS),
        ask("tables", sql::RELATIONS),
        ask("views", sql::VIEWS),
        ask("defaults", sql::DEFAULTS),
        ask("comments", sql::COMMENTS),
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

/// The types and modifiers of columns, each pair once.
fn types_of(columns: &Answer) -> Result<(Vec<u32>, Vec<i32>), ConnectorError> {
    let pairs: HashSet<(u32, i32)> = columns
        .rows()
        .map(|row| Ok((raw::get(row, 3)?, raw::get(row, 4)?)))
        .collect::<Result<_, ConnectorError>>()?;
    Ok(pairs.into_iter().unzip())
}
