//! Schedules, as people set them and as the worker follows them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::cron::Plan;
use crate::error::{Class, Error, Result};
use crate::model::{Id, Job, JobKind, Schedule, clock};
use crate::store::schedules::{self, Tick};
use crate::store::{self, Db};

/// Moments that are shown of a schedule.
const SHOWN: usize = 5;
/// Schedules that one look sees to at the most; the next look sees to more.
const DUE: u32 = 100;
/// Failures in a row that pause a schedule, when nothing else is said.
const FAILURES: i64 = 3;
/// At the most.
const MAX_FAILURES: i64 = 1000;

/// What is told of a schedule.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Minute, hour, day of the month, month, day of the week.
    #[schema(example = "30 4 * * MON-FRI")]
    pub cron: String,
    /// A name of the IANA time zone database; UTC when left out.
    #[schema(example = "Europe/Oslo")]
    pub time_zone: Option<String>,
    /// So many failed runs in a row pause it: 1 to 1000, 3 when left out.
    pub max_failures: Option<i64>,
}

/// A schedule and its next moments.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Planned {
    #[serde(flatten)]
    schedule: Schedule,
    /// The next moments, as the clocks of the time zone show them; none while it is paused.
    upcoming: Vec<String>,
}

impl Planned {
    /// The record.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The next moments, as the clocks of the time zone show them.
    pub fn upcoming(&self) -> &[String] {
        &self.upcoming
    }

    fn of(schedule: Schedule) -> Result<Planned> {
        let now = clock::now();
        let upcoming = if schedule.enabled { plan(&schedule)?.upcoming(now, SHOWN) } else { Vec::new() };
        Ok(Planned { schedule, upcoming })
    }
}

fn plan(schedule: &Schedule) -> Result<Plan> {
    Plan::read(&schedule.cron, &schedule.time_zone, clock::now())
}

/// The crawl schedule of a connection.
///
/// # Errors
/// Not found when it has none.
pub async fn planned(db: &Db, connection: Id) -> Result<Planned> {
    store::connections::get(db, connection).await?;
    Planned::of(schedules::of_connection(db, connection, JobKind::Crawl).await?)
}

/// Makes or changes a connection's crawl schedule, with its audit line; it is enabled then.
///
/// # Errors
/// `J020` to `J022` when it cannot be used; not found when there is no such connection.
pub async fn set(db: &Db, connection: Id, wanted: &Wanted, by: &str) -> Result<Planned> {
    let max_failures = wanted.max_failures.unwrap_or(FAILURES);
    if !(1..=MAX_FAILURES).contains(&max_failures) {
        return Err(Error::new("J022", Class::BadInput, format!("max_failures cannot be {max_failures}"))
            .hint(format!("Use 1 to {MAX_FAILURES}.")));
    }
    let now = clock::now();
    let cron = wanted.cron.trim();
    let plan = Plan::read(cron, wanted.time_zone.as_deref().unwrap_or("UTC"), now)?;
    let record = schedules::Wanted {
        connection_id: connection,
        kind: JobKind::Crawl,
        cron: cron.to_owned(),
        time_zone: plan.zone_name().to_owned(),
        max_failures,
        next_run_at: plan.next(now),
    };
    let tx = db.begin().await?;
    store::connections::get(&tx, connection).await?;
    let schedule = schedules::put(&tx, record, by).await?;
    let details = json!({ "connection": connection, "cron": schedule.cron, "time_zone": schedule.time_zone });
    store::audits::add(&tx, by, "schedule.set", &schedule.id.to_string(), details).await?;
    tx.commit().await?;
    db.wake();
    Planned::of(schedule)
}

/// Takes a connection's crawl schedule away, with its audit line; its jobs stay.
///
/// # Errors
/// Not found.
pub async fn remove(db: &Db, connection: Id, by: &str) -> Result<()> {
    let tx = db.begin().await?;
    let schedule = schedules::of_connection(&tx, connection, JobKind::Crawl).await?;
    schedules::remove(&tx, schedule.id).await?;
    let details = json!({ "connection": connection });
    store::audits::add(&tx, by, "schedule.remove", &schedule.id.to_string(), details).await?;
    Ok(tx.commit().await?)
}

/// Stops a connection's crawl schedule until it is resumed, with its audit line. A run that is at work goes on.
///
/// # Errors
/// Not found.
pub async fn pause(db: &Db, connection: Id, by: &str) -> Result<Planned> {
    let tx = db.begin().await?;
    let schedule = schedules::of_connection(&tx, connection, JobKind::Crawl).await?;
    let paused = schedules::pause(&tx, schedule.id, &format!("paused by {by}"), by).await?;
    let details = json!({ "connection": connection });
    store::audits::add(&tx, by, "schedule.pause", &schedule.id.to_string(), details).await?;
    tx.commit().await?;
    Planned::of(paused)
}

/// Lets a connection's crawl schedule go on from now, with its audit line: what it missed is not made up for.
///
/// # Errors
/// Not found.
pub async fn resume(db: &Db, connection: Id, by: &str) -> Result<Planned> {
    let tx = db.begin().await?;
    let schedule = schedules::of_connection(&tx, connection, JobKind::Crawl).await?;
    let next = plan(&schedule)?.next(clock::now());
    let resumed = schedules::resume(&tx, schedule.id, next, by).await?;
    let details = json!({ "connection": connection });
    store::audits::add(&tx, by, "schedule.resume", &schedule.id.to_string(), details).await?;
    tx.commit().await?;
    db.wake();
    Planned::of(resumed)
}

/// Asks for a run of a connection's crawl schedule at once, paused or not, with its audit line.
///
/// # Errors
/// Not found; `J010` while a run of it is unfinished.
pub async fn run_now(db: &Db, connection: Id, by: &str) -> Result<Job> {
    let tx = db.begin().await?;
    let schedule = schedules::of_connection(&tx, connection, JobKind::Crawl).await?;
    let Some(job) = schedules::ask(&tx, &schedule, JobKind::Crawl, by).await? else {
        let unfinished = store::jobs::find_unfinished(&tx, &schedules::key(schedule.id)).await?;
        let which = unfinished.map_or_else(String::new, |job| format!(": job {}", job.id));
        return Err(Error::new(
            "J010",
            Class::Conflict,
            format!("a run of this schedule is unfinished{which}"),
        )
        .hint("Wait for its end, or cancel the job first."));
    };
    let details = json!({ "connection": connection, "job": job.id });
    store::audits::add(&tx, by, "schedule.run", &schedule.id.to_string(), details).await?;
    tx.commit().await?;
    db.wake();
    Ok(job)
}

/// Asks for the jobs of schedules whose moment has come. However many moments were missed, one job is asked for.
///
/// # Errors
/// When the store fails.
pub(super) async fn ask_for_due(db: &Db) -> store::Result<()> {
    for schedule in schedules::due(db, DUE).await? {
        let db = db.daemon_in(schedule.workspace_id);
        let (Some(kind), Ok(plan)) = (JobKind::parse(&schedule.kind), plan(&schedule)) else {
            let tx = db.begin().await?;
            let reason = "this version of the program cannot read it";
            schedules::pause(&tx, schedule.id, reason, "schedule").await?;
            tx.commit().await?;
            tracing::error!(schedule = %schedule.id, "a schedule cannot be read and is paused");
            continue;
        };
        let tx = db.begin().await?;
        let ticked = schedules::tick(&tx, &schedule, kind, plan.next(clock::now())).await?;
        tx.commit().await?;
        match ticked {
            Tick::Asked(job) => {
                tracing::info!(schedule = %schedule.id, job = %job.id, "a scheduled job is asked for")
            }
            Tick::Skipped => {
                tracing::warn!(schedule = %schedule.id, "a moment was left out: the run before is unfinished");
            }
            Tick::Gone => {}
        }
    }
    Ok(())
}
