//! `querent schedule`: when databases are crawled by themselves.

use super::args::ScheduleCommand;
use crate::app::{Desk, Setup};
use crate::error::Result;
use crate::model::{Id, PageRequest, Schedule};
use crate::schedule::{self, Planned, Wanted};
use crate::store;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: ScheduleCommand) -> Result<i32> {
    let app = &setup.desk().await?;
    match command {
        ScheduleCommand::Set { on, cron, time_zone, max_failures } => {
            let wanted = Wanted { cron, time_zone, max_failures };
            show(&schedule::set(&app.db, key(app, &on).await?, &wanted, "owner").await?);
        }
        ScheduleCommand::Show { on } => show(&schedule::planned(&app.db, key(app, &on).await?).await?),
        ScheduleCommand::List => list(app).await?,
        ScheduleCommand::Remove { on } => {
            schedule::remove(&app.db, key(app, &on).await?, "owner").await?;
            say!("removed; its jobs stay in `querent jobs list`");
        }
        ScheduleCommand::Run { on } => {
            let job = schedule::run_now(&app.db, key(app, &on).await?, "owner").await?;
            say!("asked for job {}; a running daemon does it (`querent serve`)", job.id);
        }
        ScheduleCommand::Pause { on } => {
            show(&schedule::pause(&app.db, key(app, &on).await?, "owner").await?)
        }
        ScheduleCommand::Resume { on } => {
            show(&schedule::resume(&app.db, key(app, &on).await?, "owner").await?);
        }
    }
    Ok(0)
}

/// The key of a registered name.
pub async fn key(app: &Desk, name: &str) -> Result<Id> {
    Ok(app.sources.named(name).await?.connection.id)
}

async fn list(app: &Desk) -> Result<()> {
    let mut request = PageRequest::first();
    loop {
        let page = store::schedules::list(&app.db, request).await?;
        for schedule in &page.items {
            let connection = store::connections::get(&app.db, schedule.connection_id).await?;
            say!(
                "{:<20} {:<20} {:<20} {}",
                connection.name,
                schedule.cron,
                schedule.time_zone,
                state(schedule)
            );
        }
        let Some(next) = page.next else { return Ok(()) };
        request = PageRequest::read(None, Some(&next))?;
    }
}

fn state(schedule: &Schedule) -> String {
    match (&schedule.paused_reason, schedule.next_run_at) {
        (Some(reason), _) => format!("paused: {reason}"),
        (None, Some(next)) => format!("next {next}"),
        (None, None) => "never".to_owned(),
    }
}

fn show(planned: &Planned) {
    let schedule = planned.schedule();
    say!("{} of {:?} in {}", schedule.kind, schedule.cron, schedule.time_zone);
    if let Some(reason) = &schedule.paused_reason {
        say!("paused: {reason}");
    }
    for moment in planned.upcoming() {
        say!("  {moment}");
    }
    if let Some(last) = schedule.last_run_at {
        let (failures, most) = (schedule.consecutive_failures, schedule.max_failures);
        say!(
            "last run asked for {last}; {failures} failed in a row, {most} pause it; {} left out",
            schedule.skipped
        );
    }
}
