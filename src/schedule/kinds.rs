//! What each kind of job does. A new kind: a word in `model::JobKind`, and an arm here.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::attempt::{Attempt, Stop};
use crate::access::{Caller, Kind, Who};
use crate::chat::Chat;
use crate::crawl::{Crawled, Crawler};
use crate::error::{Class, Error, Result};
use crate::impact;
use crate::model::clock::Stopwatch;
use crate::model::ids::user_of;
use crate::model::{CrawlRun, Id, ImpactState, Job, JobKind};
use crate::rekey::{self, Resealed};
use crate::sources::Sources;
use crate::store::{self, Conn, Db};

/// What the kinds work with.
#[derive(Clone)]
pub struct Parts {
    /// The store.
    pub db: Db,
    /// Registered databases.
    pub sources: Sources,
    /// Crawls.
    pub crawler: Crawler,
    /// Answers.
    pub chat: Chat,
}

impl Parts {
    /// The same for the daemon's work in a workspace.
    pub fn daemon_in(&self, workspace: Id) -> Parts {
        let db = self.db.daemon_in(workspace);
        Parts {
            sources: self.sources.within(&db),
            crawler: self.crawler.within(&db),
            chat: self.chat.within(&db),
            db,
        }
    }
}

/// How the work on a job ended, when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// All of it is done.
    Well,
    /// It could not be begun now: it is given back and comes again after the wait.
    Later(Duration),
}

/// Does a job. Doing one again that was done, or half done, must lead to the same: a daemon may die at any point.
///
/// # Errors
/// Why it failed; `J004` for a kind that this program does not know, or a payload that it cannot read.
pub async fn run(parts: &Parts, job: &Job, attempt: &Attempt) -> Result<Done> {
    match JobKind::parse(&job.kind) {
        Some(JobKind::Crawl) => crawl(parts, job, attempt).await,
        Some(JobKind::Impact) => impact(parts, job, attempt).await,
        Some(JobKind::Answer) => answer(parts, job, attempt).await,
        Some(JobKind::Reseal) => reseal(parts, attempt).await,
        None => Err(Error::new(
            "J004",
            Class::Upstream,
            format!("this daemon knows no jobs of kind {:?}", job.kind),
        )
        .hint("A newer version of the program asked for it: run that version on every machine.")),
    }
}

async fn crawl(parts: &Parts, job: &Job, attempt: &Attempt) -> Result<Done> {
    let watch = Stopwatch::start();
    let connection = job.connection_id.ok_or_else(|| unreadable(job, "it names no connection"))?;
    let database = parts.sources.database(connection).await?;
    let by = job.created_by.as_deref();
    let run = match parts.crawler.begin_for_job(connection, by, job.id).await {
        Ok(run) => run,
        Err(error) if error.class == Class::Conflict => {
            attempt.line("another crawl of the connection is at work: waiting for its end");
            return Ok(Done::Later(patience(job.fence)));
        }
        Err(error) => return Err(error),
    };
    attempt.line(format!("crawl {} begins", run.id));
    let id = run.id;
    let progress = |step: connector_api::Progress| {
        attempt.line(format!("step {} of {}: {}", step.done, step.of, step.step));
        attempt.figure("steps", step.of);
    };
    let crawled = tokio::select! {
        crawled = parts.crawler.run(&database, run, &progress) => crawled?,
        why = attempt.stopped() => return Err(stopped(parts, id, why).await),
    };
    note(&crawled, &watch, attempt);
    Ok(Done::Well)
}

fn note(crawled: &Crawled, watch: &Stopwatch, attempt: &Attempt) {
    let Crawled { run, version, changed, .. } = crawled;
    attempt.figure("seconds", watch.elapsed().as_secs_f64());
    attempt.figure("tables", version.table_count);
    attempt.figure("columns", version.column_count);
    attempt.figure("crawl", json!(run.id));
    attempt.figure("version", version.number());
    attempt.figure("changed", *changed);
    let what = if *changed { "new schema version" } else { "unchanged, still schema version" };
    attempt.line(format!("{what} {}: {} tables", version.number(), version.table_count));
}

/// Checks statements again after a new schema version: `{"from": version, "to": version}`.
async fn impact(parts: &Parts, job: &Job, attempt: &Attempt) -> Result<Done> {
    let versions: Versions = serde_json::from_value(job.payload.clone())
        .map_err(|_| unreadable(job, "it names no two versions"))?;
    let connection = job.connection_id.ok_or_else(|| unreadable(job, "it names no connection"))?;
    let connection = store::connections::get(&parts.db, connection).await?;
    let from = store::catalog::get(&parts.db, versions.from).await?;
    let to = store::catalog::get(&parts.db, versions.to).await?;
    let watch = Stopwatch::start();
    let impacted = tokio::select! {
        impacted = impact::check(&parts.db, &connection, &from, &to) => impacted?,
        _ = attempt.stopped() => return Err(Error::new("J007", Class::Cancelled, "the check was told to stop")),
    };
    attempt.figure("seconds", watch.elapsed().as_secs_f64());
    attempt.figure("checked", impacted.checked);
    let broken = impacted.of(ImpactState::Broken).count();
    attempt.figure("broken", broken);
    attempt.line(format!(
        "from version {} to {}: {} statements checked, {broken} broken",
        impacted.from, impacted.to, impacted.checked
    ));
    Ok(Done::Well)
}

/// Brings sealed texts of all workspaces under the newest master key. It goes on where an earlier attempt stopped.
async fn reseal(parts: &Parts, attempt: &Attempt) -> Result<Done> {
    let seen = |done: Resealed| {
        attempt.figure("seen", done.seen);
        attempt.figure("changed", done.changed);
        attempt.figure("failed", done.failed);
        match attempt.stop() {
            Some(_) => Err(Error::new("J007", Class::Cancelled, "the rotation was told to stop")),
            None => Ok(()),
        }
    };
    let done = rekey::reseal(&parts.db, parts.sources.keys(), seen).await?;
    attempt.line(format!("{} sealed texts, {} brought under the newest key", done.seen, done.changed));
    rekey::complete(done)?;
    Ok(Done::Well)
}

/// Runs an approved statement for the answer that waits for it: `{"message": message}`. It runs in the name of who asked,
/// under their policy.
async fn answer(parts: &Parts, job: &Job, attempt: &Attempt) -> Result<Done> {
    let waiting: Waiting =
        serde_json::from_value(job.payload.clone()).map_err(|_| unreadable(job, "it names no message"))?;
    let message = store::chats::get_message(&parts.db, waiting.message).await?;
    let user = message.created_by.as_deref().and_then(user_of).unwrap_or_default();
    let Some((system_role, role)) = store::reviews::roles_of(&parts.db, user).await? else {
        attempt.line("who asked is no member of the workspace any more");
        parts.chat.give_up(&message).await?;
        return Ok(Done::Well);
    };
    let who = Who { user, kind: Kind::Person, system_role };
    let caller = Caller::new(who, parts.db.workspace(), Some(role));
    let chat = parts.chat.within(&parts.db.acting(Arc::new(caller)));
    tokio::select! {
        completed = chat.complete(&message) => completed?,
        _ = attempt.stopped() => return Err(Error::new("J007", Class::Cancelled, "the answer was told to stop")),
    }
    Ok(Done::Well)
}

/// The payload of an answer job.
#[derive(Deserialize)]
struct Waiting {
    message: Id,
}

/// The payload of an impact job.
#[derive(Deserialize)]
struct Versions {
    from: Id,
    to: Id,
}

/// Closes the record of a crawl that was told to stop; the crawl itself ended when its future was dropped.
async fn stopped(parts: &Parts, crawl: Id, why: Stop) -> Error {
    let closed: store::Result<CrawlRun> = match why {
        Stop::Cancelled => store::crawls::cancel(&parts.db, crawl).await,
        Stop::Shutdown | Stop::Lost => store::crawls::interrupt(&parts.db, crawl).await,
    };
    if let Err(error) = closed {
        // its lease runs out by itself, and it may have ended in this moment
        tracing::info!(%crawl, %error, "the record of a stopped crawl was not closed");
    }
    Error::new("X013", Class::Cancelled, "the crawl was cancelled")
}

/// The wait until a job that found its place taken comes again: it grows with each time.
fn patience(times: i64) -> Duration {
    let doublings = u32::try_from(times.clamp(1, 7) - 1).unwrap_or(0);
    Duration::from_secs(2 << doublings)
}

fn unreadable(job: &Job, why: &str) -> Error {
    Error::new("J004", Class::BadInput, format!("the job of kind {:?} cannot be read: {why}", job.kind))
}
