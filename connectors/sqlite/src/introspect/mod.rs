//! Reads the catalog of a file: set-based statements over SQLite's describing pragmas, then figures about rows.
//!
//! Names, columns, keys and indexes come from at most seven statements, whatever the number of tables, inside one read
//! transaction. Row counts are asked in batches of [`counts::BATCH`] tables per statement: SQLite keeps none unless
//! ANALYZE was run, and cannot take a table's name as a value. Stored values (see `sample`) are optional and are read
//! one table at a time, outside the transaction, so that no writer waits for more than one of these reads.

mod assemble;
mod comments;
mod counts;
mod facts;
mod sample;

use std::sync::Arc;

use catalog::Snapshot;
use connector_api::{ConnectorError, CrawlOptions, Progress};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::error::internal;
use crate::query::CancelOnDrop;
use crate::session::{Run, Session};
use facts::{Facts, Reader};

const STEPS: u32 = 7;

/// Crawls with a session of its own; progress is told while it runs, and dropping the future ends it.
pub(crate) async fn introspect(
    config: &Config,
    options: &CrawlOptions,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Snapshot, ConnectorError> {
    let run = Run::lasting(options.statement_timeout);
    let _cancels_when_dropped = CancelOnDrop(Arc::clone(&run));
    let (steps, mut told) = mpsc::channel(STEPS as usize + 1);
    let (config, options) = (config.clone(), options.clone());
    let work = tokio::task::spawn_blocking(move || {
        crawl(&config, &options, run, &steps).map(|(snapshot, _)| snapshot)
    });
    while let Some(step) = told.recv().await {
        progress(step);
    }
    work.await.map_err(|_| internal("the thread of the crawl ended early"))?
}

/// The crawl on its thread; also says how many statements it took.
fn crawl(
    config: &Config,
    options: &CrawlOptions,
    run: Arc<Run>,
    steps: &mpsc::Sender<Progress>,
) -> Result<(Snapshot, u32), ConnectorError> {
    let mut session = Session::open(config)?;
    session.begin(&run)?;
    let mut done = 0;
    // the channel holds all steps; a caller who went away needs none
    let mut tell = |step| {
        done += 1;
        drop(steps.try_send(Progress { step, done, of: STEPS }));
    };
    let mut reader = Reader {
        session: &mut session,
        run: Arc::clone(&run),
        timeout: options.statement_timeout,
        statements: 0,
    };
    let mut facts = Facts::default();
    facts::relations(&mut reader, &mut facts)?;
    tell("tables");
    facts::columns(&mut reader, &mut facts)?;
    tell("columns");
    facts::references(&mut reader, &mut facts)?;
    tell("keys");
    facts::indexes(&mut reader, &mut facts)?;
    tell("indexes");
    facts::stats(&mut reader, &mut facts)?;
    let mut snapshot = assemble::snapshot(config.database(), &facts, options);
    tell("definitions");
    counts::estimate(&mut reader, &mut snapshot, &facts)?;
    tell("rows");
    let mut statements = reader.statements;
    session.finish();
    session.watch(&run)?;
    if options.statistics {
        let mut reader =
            Reader { session: &mut session, run, timeout: options.statement_timeout, statements: 0 };
        sample::collect(&mut reader, &mut snapshot, &facts, options)?;
        statements += reader.statements;
    }
    tell("values");
    tracing::debug!(statements, tables = snapshot.tables.len(), "crawled");
    Ok((snapshot, statements))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crawled(tables: u32) -> (Snapshot, u32) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("many.db");
        let writer = rusqlite::Connection::open(&path).unwrap();
        for n in 0..tables {
            writer
                .execute_batch(&format!(
                    "CREATE TABLE t{n}(id INTEGER PRIMARY KEY, name TEXT, other INTEGER REFERENCES t0(id)); \
                     CREATE INDEX i{n} ON t{n}(name);"
                ))
                .unwrap();
        }
        let config = Config::parse(&format!("sqlite:{}", path.display())).unwrap();
        let options = CrawlOptions { statistics: false, ..CrawlOptions::default() };
        let (steps, _told) = mpsc::channel(8);
        crawl(&config, &options, Run::lasting(options.statement_timeout), &steps).unwrap()
    }

    #[test]
    fn statements_do_not_grow_with_the_tables() {
        let (few, many) = (crawled(2), crawled(150));
        assert_eq!(many.0.tables.len(), 150);
        assert!(
            many.0
                .tables
                .iter()
                .all(|t| t.columns.len() == 3 && t.indexes.len() == 1 && t.foreign_keys.len() == 1)
        );
        assert_eq!(few.1, many.1);
        assert!(many.1 <= 8, "{}", many.1);
    }
}
