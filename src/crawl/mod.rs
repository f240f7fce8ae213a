//! The recipe of a crawl: introspect, tag, compare with the last version, publish what changed.

mod after;
pub mod probe;
mod understand;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use catalog::Snapshot;
use connector_api::{Connector, CrawlOptions, Progress};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::after::Next;
use self::understand::Found;
use crate::error::{Class, Error, Result};
use crate::impact::Impacted;
use crate::model::clock::Stopwatch;
use crate::model::{ConnectionOptions, CrawlRun, Id, PageRequest, RunStatus, SchemaVersion};
use crate::sources::{self, Database, Sources};
use crate::store::catalog::Keep;
use crate::store::crawls::CrawlEnd;
use crate::store::{self, Conn, Db, StoreErrorKind};
use crate::telemetry::{metrics, spans};

/// How long a crawl may look alive without a sign; it gives one three times as often.
const LEASE: Duration = Duration::from_secs(60);
/// A crawl that was told to end is waited for that long.
const STOPPING: Duration = Duration::from_secs(5);
/// Progress messages that may wait for a slow reader.
const QUEUE: usize = 64;

/// Crawls registered databases for a caller, one crawl of a connection at a time. Clones share what runs.
#[derive(Clone)]
pub struct Crawler {
    db: Db,
    sources: Sources,
    shared: Arc<Shared>,
}

struct Shared {
    options: CrawlOptions,
    keep: Keep,
    /// Connections that are being crawled here, and the sign that the crawl is over.
    busy: Mutex<HashMap<Id, CancellationToken>>,
    running: Mutex<HashMap<Id, Stop>>,
}

/// How a running crawl is stopped.
#[derive(Clone, Default)]
struct Stop {
    /// Tells it to end.
    token: CancellationToken,
    /// It has ended, and the connection may be crawled again.
    ended: CancellationToken,
}

/// What a crawl led to.
#[derive(Debug, Clone)]
pub struct Crawled {
    /// Its record.
    pub run: CrawlRun,
    /// The schema version that holds now.
    pub version: SchemaVersion,
    /// Whether this crawl made it.
    pub changed: bool,
    /// What the new version did to the statements that people rely on.
    pub impact: Option<Impacted>,
}

/// Reads a database's catalog without storing it.
///
/// # Errors
/// As the connector says; `X010` when there is nothing to ask about.
pub async fn snapshot(
    connector: &dyn Connector,
    options: &CrawlOptions,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Snapshot> {
    let mut snapshot = connector.introspect(options, progress).await?;
    if snapshot.tables.is_empty() {
        return Err(Error::new(
            "X010",
            Class::Upstream,
            "the database has no tables that this login can see",
        )
        .hint(
            "Check the database's name in the URL, the login's grants, and the include and exclude globs.",
        ));
    }
    catalog::sensitivity::tag(&mut snapshot);
    Ok(snapshot)
}

/// The daemon's options with a connection's own laid over them.
pub fn own_options(daemon: &CrawlOptions, own: &ConnectionOptions) -> CrawlOptions {
    let statistics = own.statistics.unwrap_or(daemon.statistics);
    let sample_rows = match own.sample_rows {
        Some(0) => None,
        Some(rows) => Some(rows),
        None => daemon.sample_rows,
    };
    CrawlOptions {
        include: own.include.clone(),
        exclude: own.exclude.clone(),
        statistics,
        sample_rows: sample_rows.filter(|_| statistics),
        probe: own.probe,
        statement_timeout: own.statement_timeout_s.map_or(daemon.statement_timeout, Duration::from_secs),
        ..daemon.clone()
    }
}

impl Crawler {
    /// A crawler with the options that hold for every connection, and how long versions are kept where a connection does
    /// not say.
    pub fn new(db: Db, sources: Sources, options: CrawlOptions, keep: Keep) -> Crawler {
        let shared = Shared { options, keep, busy: Mutex::default(), running: Mutex::default() };
        Crawler { db, sources, shared: Arc::new(shared) }
    }

    /// The same for whom that store speaks for.
    pub fn within(&self, db: &Db) -> Crawler {
        Crawler { db: db.clone(), sources: self.sources.within(db), shared: self.shared.clone() }
    }

    /// Makes the record of a crawl that [`Crawler::run`] then works on.
    ///
    /// # Errors
    /// When the store fails, or a crawl of that connection is running.
    pub async fn begin(&self, connection: Id, by: Option<&str>) -> Result<CrawlRun> {
        self.must_be_idle(connection).await?;
        Ok(store::crawls::create(&self.db, connection, by, LEASE).await?)
    }

    /// As [`Crawler::begin`], for a job that the caller holds: the crawl of an earlier attempt at it gives way.
    ///
    /// # Errors
    /// As [`Crawler::begin`].
    pub async fn begin_for_job(&self, connection: Id, by: Option<&str>, job: Id) -> Result<CrawlRun> {
        self.must_be_idle(connection).await?;
        Ok(store::crawls::create_for_job(&self.db, connection, by, LEASE, job).await?)
    }

    /// The store knows of crawls on every daemon; here one may still be ending whose record has ended, which is waited for.
    async fn must_be_idle(&self, connection: Id) -> Result<()> {
        let busy = self.shared.busy.lock().unwrap_or_else(PoisonError::into_inner).get(&connection).cloned();
        let Some(ended) = busy else { return Ok(()) };
        let newest = PageRequest::first().with_limit(1);
        let newest = store::crawls::list(&self.db, connection, newest).await?.items.into_iter().next();
        let over = newest.is_some_and(|run| run.status.is_final());
        if over && tokio::time::timeout(STOPPING, ended.cancelled()).await.is_ok() {
            return Ok(());
        }
        Err(Error::new("X011", Class::Conflict, "a crawl of this connection is running")
            .hint("Wait for it to end, or look at it under /api/v1/crawls."))
    }

    /// Starts a crawl and returns its record at once; the work goes on by itself.
    ///
    /// # Errors
    /// As [`Crawler::begin`].
    pub async fn start(&self, database: Database, by: Option<&str>) -> Result<CrawlRun> {
        let run = self.begin(database.connection.id, by).await?;
        let (crawler, record) = (self.clone(), run.clone());
        let work = async move {
            let id = record.id;
            if let Err(error) = crawler.run(&database, record, &|_| {}).await {
                tracing::info!(crawl = %id, code = error.code, "the crawl ended with an error");
            }
        };
        tokio::spawn(work.in_current_span());
        Ok(run)
    }

    /// Stops a crawl that has not ended, with its audit line. What it found so far is not kept. Another one may begin
    /// when this returns.
    ///
    /// # Errors
    /// Not found; `X012` when it has ended.
    pub async fn cancel(&self, id: Id, by: &str) -> Result<CrawlRun> {
        let run = store::crawls::get(&self.db, id).await?;
        if run.status.is_final() {
            return Err(Error::new(
                "X012",
                Class::Conflict,
                format!("the crawl has ended already: {}", run.status),
            ));
        }
        // The record first: a crawl that was about to publish then finds that it may not.
        let tx = self.db.begin().await?;
        let run = store::crawls::cancel(&tx, id).await?;
        let details = json!({ "connection": run.connection_id });
        store::audits::add(&tx, by, "crawl.cancel", &id.to_string(), details).await?;
        tx.commit().await?;
        let stop = self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(stop) = stop {
            stop.token.cancel();
            // At once, as a rule; one that is publishing looks at its record first.
            let _ = tokio::time::timeout(STOPPING, stop.ended.cancelled()).await;
        }
        Ok(run)
    }

    /// Crawls a registered database and publishes a new schema version when something changed. `progress` hears of
    /// every step; the record keeps the last one.
    ///
    /// # Errors
    /// What went wrong; the record tells the same.
    pub async fn run(
        &self,
        database: &Database,
        run: CrawlRun,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Crawled> {
        let (engine, clock) = (database.connection.engine.name(), Stopwatch::start());
        let span = spans::crawl(&run.id.to_string(), engine);
        let outcome = self.work(database, run, progress).instrument(span).await;
        let word = match &outcome {
            Ok(_) => "succeeded",
            Err(error) if error.class == Class::Cancelled => "cancelled",
            Err(_) => "failed",
        };
        metrics::crawl_ended(engine, word, clock.elapsed());
        outcome
    }

    async fn work(
        &self,
        database: &Database,
        run: CrawlRun,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Crawled> {
        let turn = Turn::take(self, &run)?;
        let (steps, written) = self.keep_progress(run.id);
        let report = |step: Progress| {
            progress(step.clone());
            // A full queue loses a step of the record's progress, never the crawl.
            let _ = steps.try_send(step);
        };
        store::crawls::begin(&self.db, run.id, LEASE).await?;
        let outcome = tokio::select! {
            outcome = self.look(database, &report) => outcome,
            () = turn.stop.token.cancelled() => return Err(Error::new("X013", Class::Cancelled, "the crawl was cancelled")),
            ended = self.hold(run.id) => return Err(ended),
        };
        drop(steps);
        let _ = written.await;
        match outcome {
            Ok(found) => {
                let (crawled, next) = self.publish(database, run.id, found).await?;
                // its record says that it is over: another may begin
                drop(turn);
                Ok(self.follow(&database.connection, crawled, next).await)
            }
            Err(error) => {
                // the record is read without the error at hand: what to do next belongs to it
                let advice = error.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                let end = CrawlEnd::Failed(error.code.to_owned(), format!("{}{advice}", error.message));
                store::crawls::finish(&self.db, run.id, end).await?;
                Err(error)
            }
        }
    }

    async fn look(&self, database: &Database, report: &(dyn Fn(Progress) + Send + Sync)) -> Result<Found> {
        let own = sources::options_of(&database.connection)?;
        let options = own_options(&self.shared.options, &own);
        let connector = database.connector.as_ref();
        let snapshot = snapshot(connector, &options, report).await?;
        understand::conclude(connector, snapshot, &own, &options, report).await
    }

    async fn publish(&self, database: &Database, run: Id, found: Found) -> Result<(Crawled, Next)> {
        let connection = database.connection.id;
        let Found { mut snapshot, proposals } = found;
        understand::drop_unwanted(&self.db, connection, &mut snapshot).await?;
        let prepared = store::catalog::prepare(Arc::new(snapshot)).await?;
        let tx = self.db.begin().await?;
        let published = store::catalog::publish(&tx, connection, &prepared, Some(run)).await?;
        let diff = published.diff.as_ref();
        understand::keep(&tx, connection, prepared.snapshot(), diff, &proposals).await?;
        let job = self.ask_for_impact(&tx, &published).await?;
        let end = CrawlEnd::Succeeded(published.version.id);
        let run = store::crawls::finish(&tx, run, end).await?;
        let details = json!({ "version": published.version.number(), "new": published.is_new });
        store::audits::add(&tx, self.db.by(), "connection.crawl", &connection.to_string(), details).await?;
        tx.commit().await?;
        self.sources.forget(connection, Some(published.version.id));
        let version = published.version.clone();
        let crawled = Crawled { run, version, changed: published.is_new, impact: None };
        Ok((crawled, Next { published, newer: prepared.snapshot().clone(), job }))
    }

    /// Says again and again that the crawl is at work, until its record has ended otherwise: on another daemon somebody
    /// cancelled it, or took it for abandoned.
    async fn hold(&self, run: Id) -> Error {
        loop {
            tokio::time::sleep(LEASE / 3).await;
            match store::crawls::renew(&self.db, run, LEASE).await {
                Ok(()) => {}
                Err(error) if error.kind == StoreErrorKind::NotFound => break,
                Err(error) => tracing::warn!(crawl = %run, %error, "the crawl's lease could not be renewed"),
            }
        }
        match store::crawls::get(&self.db, run).await.map(|run| run.status) {
            Ok(RunStatus::Cancelled) => Error::new("X013", Class::Cancelled, "the crawl was cancelled"),
            _ => Error::new("X017", Class::Conflict, "another crawl took the place of this one"),
        }
    }

    fn keep_progress(&self, run: Id) -> (mpsc::Sender<Progress>, tokio::task::JoinHandle<()>) {
        let (sender, mut steps) = mpsc::channel::<Progress>(QUEUE);
        let db = self.db.clone();
        let task = tokio::spawn(async move {
            while let Some(step) = steps.recv().await {
                let progress = json!({ "step": step.step, "done": step.done, "of": step.of });
                if let Err(error) = store::crawls::progress(&db, run, &progress, LEASE).await {
                    tracing::warn!(crawl = %run, %error, "the crawl's progress could not be stored");
                }
            }
        });
        (sender, task)
    }
}

/// The right to crawl a connection; given back when dropped.
struct Turn<'a> {
    crawler: &'a Crawler,
    connection: Id,
    run: Id,
    stop: Stop,
}

impl<'a> Turn<'a> {
    fn take(crawler: &'a Crawler, run: &CrawlRun) -> Result<Turn<'a>> {
        let mut busy = crawler.shared.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.contains_key(&run.connection_id) {
            return Err(Error::new("X011", Class::Conflict, "a crawl of this connection is running"));
        }
        let stop = Stop::default();
        busy.insert(run.connection_id, stop.ended.clone());
        crawler.shared.running.lock().unwrap_or_else(PoisonError::into_inner).insert(run.id, stop.clone());
        Ok(Turn { crawler, connection: run.connection_id, run: run.id, stop })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.crawler.shared.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.run);
        self.crawler.shared.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.connection);
        self.stop.ended.cancel();
    }
}
