//! Reads the catalog: a constant number of set-based queries, sent at once over one session in one read-only
//! snapshot, put together on our side. Nothing is locked beyond what reading the catalogs takes.

mod answers;
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
use connector_api::{ConnectorError, CrawlOptions, ErrorKind, Progress};
use tokio::sync::mpsc;
use tokio_postgres::RowStream;
use tokio_postgres::types::{ToSql, Type};

use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Standing};
use answers::{Answers, Asking, Later, PIECE};
use raw::Answer;

type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// A parameter of a query and its type.
type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

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

/// One crawl in one snapshot.
async fn attempt(
    sessions: &Arc<Sessions>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<Snapshot, ConnectorError> {
    let begun = Session::begin(sessions, options.statement_timeout, Standing::Login, async |_| Ok(())).await;
    let (session, ()) = begun?;
    let (answers, statistics) = Answers::awaited(session.search_path.clone());
    let asking = Asking(Arc::clone(&answers));
    let assembling = {
        let options = options.clone();
        tokio::task::spawn_blocking(move || assemble::snapshot(&answers, &options))
    };
    match ask(&session, &asking.0, statistics, options, progress).await {
        Ok(()) => {
            session.end().await;
            let ended = assembling.await;
            ended.map_err(|_| {
                ConnectorError::new(ErrorKind::Internal, "putting the catalog together failed")
            })?
        }
        Err(error) => {
            // the other queries are still on their way
            session.abandon().await;
            Err(error)
        }
    }
}

/// Sends all queries at once and hands the answers over as they come, which is in the order of sending.
async fn ask(
    session: &Session,
    answers: &Answers,
    statistics: mpsc::Sender<Answer>,
    options: &CrawlOptions,
    progress: Report<'_>,
) -> Result<(), ConnectorError> {
    let done = AtomicU32::new(0);
    let of = if options.statistics { 16 } else { 15 };
    progress(Progress { step: "server", done: 0, of });
    let came = |step| progress(Progress { step, done: done.fetch_add(1, Ordering::Relaxed) + 1, of });
    let ask_with = async |step, sql: &str, parameters: &[Parameter<'_>]| {
        let parameters = parameters.iter().map(|(value, ty)| (*value, ty.clone())).collect();
        let rows = or_first_error(rows(session, sql, parameters).await).await?;
        let answer = or_first_error(Answer::collect(rows).await).await?;
        came(step);
        Ok::<_, ConnectorError>(answer)
    };
    let ask = async |later: &Later, step, sql| {
        later.set(ask_with(step, sql, &[]).await?);
        Ok::<_, ConnectorError>(())
    };
    let statistics = async {
        if options.statistics {
            let rows = or_first_error(rows(session, sql::STATISTICS, Vec::new()).await).await?;
            or_first_error(Answer::hand_over(rows, PIECE, statistics).await).await?;
            came("statistics");
        }
        Ok(())
    };
    // types are asked for when the columns are there, while the server is busy with the other queries; the statistics come
    // last, so that everything else is put together meanwhile
    let columns_and_after = async {
        answers.columns.set(ask_with("columns", sql::COLUMNS, &[]).await?);
        let (oids, modifiers) = types_of(answers.columns.get()?)?;
        let parameters: [Parameter<'_>; 2] = [(&oids, Type::OID_ARRAY), (&modifiers, Type::INT4_ARRAY)];
        let types = async {
            answers.types.set(ask_with("types", sql::TYPES, &parameters).await?);
            Ok(())
        };
        tokio::try_join!(biased; types, statistics)
    };
    // all of these are sent before the first answer comes: one round trip
    tokio::try_join!(
        biased;
        columns_and_after,
        ask(&answers.server, "server", sql::SERVER),
        ask(&answers.schemas, "schemas", sql::SCHEMAS),
        ask(&answers.members, "extensions", sql::EXTENSION_MEMBERS),
        ask(&answers.partitions, "partitions", sql::PARTITIONS),
        ask(&answers.methods, "methods", sql::METHODS),
        ask(&answers.enums, "enums", sql::ENUMS),
        ask(&answers.relations, "tables", sql::RELATIONS),
        ask(&answers.views, "views", sql::VIEWS),
        ask(&answers.defaults, "defaults", sql::DEFAULTS),
        ask(&answers.comments, "comments", sql::COMMENTS),
        ask(&answers.constraints, "keys", sql::CONSTRAINTS),
        ask(&answers.indexes, "indexes", sql::INDEXES),
        ask(&answers.routines, "routines", sql::ROUTINES),
    )?;
    Ok(())
}

/// One query's rows.
async fn rows(
    session: &Session,
    sql: &str,
    parameters: Vec<Parameter<'_>>,
) -> Result<RowStream, ConnectorError> {
    let rows = session.client()?.query_typed_raw(sql, parameters).await;
    rows.map_err(|e| from_driver(&e, While::Working))
}

/// What came, or the error; one that only says that another query failed waits for that query's, which is the one to tell.
async fn or_first_error<T>(ended: Result<T, ConnectorError>) -> Result<T, ConnectorError> {
    if let Err(error) = &ended
        && error.engine_code.as_deref() == Some(FAILED_TRANSACTION)
    {
        tokio::time::sleep(PATIENCE).await;
    }
    ended
}

/// The types and modifiers of columns, each pair once.
fn types_of(columns: &Answer) -> Result<(Vec<u32>, Vec<i32>), ConnectorError> {
    let mut pairs: HashSet<(u32, i32)> = HashSet::new();
    for row in columns.rows() {
        pairs.insert((raw::get(row, 3)?, raw::get(row, 4)?));
    }
    Ok(pairs.into_iter().unzip())
}
