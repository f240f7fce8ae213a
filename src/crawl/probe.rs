//! Asks the database how far the values of a column are among those of a key: a few bounded statements, each through
//! the guard and a read-only session, and only where the connection allows it. Counts come back, no values.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::ArrayRef;
use catalog::infer::{Overlap, Proposal};
use catalog::{Catalog, Engine};
use connector_api::{Connector, Limits};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use guard::Policy;

use crate::results::text_cell;

/// Rows of a table that one statement looks at, at the most (those without a value not counted).
const ROWS: u32 = 10_000;
/// Different values that one statement looks for, at the most.
const VALUES: u32 = 1_000;
/// Failures in a row after which no more is asked.
const PATIENCE: usize = 5;

/// What probing may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// Statements in all.
    pub statements: usize,
    /// Time in all.
    pub time: Duration,
    /// Time of one statement.
    pub statement_time: Duration,
    /// Statements at the same time.
    pub sessions: usize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            statements: 200,
            time: Duration::from_secs(30),
            statement_time: Duration::from_secs(5),
            sessions: 1,
        }
    }
}

/// Weighs the candidates by the overlap of their values, the likeliest first, as far as the bounds reach. A statement
/// that fails leaves its candidate as it was. Gives how many were asked.
pub async fn weigh(
    connector: &dyn Connector,
    catalog: &Arc<Catalog>,
    candidates: &mut [Proposal],
    bounds: &Bounds,
) -> usize {
    if catalog.engine() == Engine::Mongodb {
        return 0;
    }
    let end = Instant::now() + bounds.time;
    let limits =
        Limits { max_rows: 1, max_bytes: 4_096, timeout: bounds.statement_time, ..Limits::default() };
    let single = candidates.iter_mut().filter(|c| c.columns.len() == 1).take(bounds.statements);
    // boxed, so that the stream's type names no borrow of its own
    let questions: Vec<BoxFuture<'_, Option<bool>>> =
        single.map(|candidate| ask(connector, catalog, candidate, &limits, end).boxed()).collect();
    let mut answers = futures::stream::iter(questions).buffer_unordered(bounds.sessions.max(1));
    let (mut asked, mut failed) = (0, 0);
    while let Some(Some(answered)) = answers.next().await {
        asked += 1;
        failed = if answered { 0 } else { failed + 1 };
        if failed >= PATIENCE {
            break;
        }
    }
    asked
}

/// Asks about one candidate; `None` when the time is over, otherwise whether there was an answer.
async fn ask(
    connector: &dyn Connector,
    catalog: &Arc<Catalog>,
    candidate: &mut Proposal,
    limits: &Limits,
    end: Instant,
) -> Option<bool> {
    if Instant::now() >= end {
        return None;
    }
    let overlap = overlap(connector, catalog, candidate, limits).await;
    if let Some(overlap) = overlap {
        candidate.weigh(overlap);
    }
    Some(overlap.is_some())
}

async fn overlap(
    connector: &dyn Connector,
    catalog: &Arc<Catalog>,
    candidate: &Proposal,
    limits: &Limits,
) -> Option<Overlap> {
    let sql = question(catalog.engine(), candidate)?;
    let catalog = catalog.clone();
    let checked = tokio::task::spawn_blocking(move || guard::check(&sql, &catalog, &Policy::default())).await;
    let statement = match checked {
        Ok(Ok(statement)) => statement,
        Ok(Err(findings)) => {
            let code = findings.first().map(|f| f.code.as_str()).unwrap_or_default();
            tracing::debug!(%code, "the guard refused a question about overlap");
            return None;
        }
        Err(_) => return None,
    };
    let run = async {
        let mut stream = connector.query(&statement, limits).await.ok()?;
        let batch = stream.batches.next().await?.ok()?;
        Some(Overlap { looked_for: number(batch.columns().first())?, found: number(batch.columns().get(1))? })
    };
    // the server is told the same bound; a server that does not keep it is left
    tokio::time::timeout(limits.timeout + Duration::from_secs(1), run).await.ok().flatten()
}

fn number(column: Option<&ArrayRef>) -> Option<u64> {
    let column = column.filter(|c| !c.is_empty() && !c.is_null(0))?;
    text_cell(column, 0).ok()?.parse().ok()
}

/// How many of some different values of the column the key holds.
fn question(engine: Engine, candidate: &Proposal) -> Option<String> {
    let name = |name: &str| quoted(engine, name);
    let table = |schema: &str, table: &str| match schema {
        "" => name(table),
        schema => format!("{}.{}", name(schema), name(table)),
    };
    let column = name(candidate.columns.first()?);
    let key = name(candidate.to_columns.first()?);
    let from = table(&candidate.schema, &candidate.table);
    let to = table(&candidate.to_schema, &candidate.to_table);
    let is_top = engine == Engine::Mssql;
    let top = |n: u32| if is_top { format!("TOP ({n}) ") } else { String::new() };
    let limit = |n: u32| if is_top { String::new() } else { format!(" LIMIT {n}") };
    let rows = format!(
        "SELECT {}c.{column} AS v FROM {from} AS c WHERE c.{column} IS NOT NULL{}",
        top(ROWS),
        limit(ROWS)
    );
    let values = format!("SELECT DISTINCT {}r.v AS v FROM ({rows}) AS r{}", top(VALUES), limit(VALUES));
    Some(format!(
        "SELECT count(*) AS looked_for, count(k.{key}) AS found FROM ({values}) AS d LEFT JOIN {to} AS k ON k.{key} = d.v"
    ))
}

fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Mysql | Engine::Mariadb => format!("`{}`", name.replace('`', "``")),
        Engine::Mssql => format!("[{}]", name.replace(']', "]]")),
        Engine::Postgres | Engine::Sqlite | Engine::Mongodb => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use catalog::ddl;

    use super::*;

    /// The guard accepts the question on every engine that is asked in SQL.
    #[test]
    fn the_guard_accepts_the_question() {
        let ddl_text = "CREATE TABLE customers (id int PRIMARY KEY, name text);
             CREATE TABLE orders (id int PRIMARY KEY, customer_id int);";
        for engine in [Engine::Postgres, Engine::Mysql, Engine::Mariadb, Engine::Mssql, Engine::Sqlite] {
            let snapshot = ddl::read(ddl_text, engine).snapshot;
            let candidates = catalog::infer::candidates(&snapshot);
            let candidate = candidates.first().unwrap();
            let sql = question(engine, candidate).unwrap();
            let checked = guard::check(&sql, &Catalog::new(snapshot), &Policy::default());
            assert!(checked.is_ok(), "{engine}: {sql}\n{:?}", checked.err());
        }
    }
}
