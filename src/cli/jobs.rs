//! `querent jobs`: work that outlives a daemon.

use super::args::JobsCommand;
use super::schedule::key;
use crate::app::{Desk, Setup};
use crate::error::Result;
use crate::model::{Id, Job, PageRequest};
use crate::store::jobs::Filter;
use crate::{schedule, store};

/// Attempts that are shown of a job.
const RUNS: u32 = 20;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: JobsCommand) -> Result<i32> {
    let app = &setup.desk().await?;
    match command {
        JobsCommand::List { on, state, limit } => {
            let connection_id = match &on {
                Some(on) => Some(key(app, on).await?),
                None => None,
            };
            let filter = Filter { connection_id, state: state.map(Into::into), ..Filter::default() };
            list(app, &filter, limit).await?;
        }
        JobsCommand::Show { id } => show(app, id).await?,
        JobsCommand::Cancel { id } => {
            let job = schedule::cancel(&app.db, id).await?;
            say!("cancelled {} {}", job.kind, job.id);
        }
    }
    Ok(0)
}

async fn list(app: &Desk, filter: &Filter, limit: u32) -> Result<()> {
    let page = store::jobs::list(&app.db, filter, PageRequest::first().with_limit(limit)).await?;
    for job in &page.items {
        say!("{}", line(job));
    }
    if page.next.is_some() {
        eprintln!("there are more: raise --limit, or narrow with --on and --state");
    }
    Ok(())
}

fn line(job: &Job) -> String {
    let moment = job.finished_at.or(job.started_at).unwrap_or(job.run_at);
    let error = job.error_code.as_deref().unwrap_or_default();
    format!(
        "{} {:<10} {:<10} {}/{} {moment} {error}",
        job.id, job.kind, job.state, job.attempts, job.max_attempts
    )
    .trim_end()
    .to_owned()
}

async fn show(app: &Desk, id: Id) -> Result<()> {
    let job = store::jobs::get(&app.db, id).await?;
    say!("{}", line(&job));
    for run in store::jobs::runs(&app.db, id, RUNS).await? {
        let outcome = run.outcome.map_or("running", |outcome| outcome.as_str());
        say!("attempt {} by {}: {outcome}, begun {}", run.attempt, run.daemon, run.started_at);
        for entry in run.log.as_array().into_iter().flatten() {
            let text = |name: &str| entry.get(name).and_then(|value| value.as_str()).unwrap_or_default();
            say!("  {} {}", text("at"), text("line"));
        }
        if run.figures.as_object().is_some_and(|figures| !figures.is_empty()) {
            say!("  figures: {}", run.figures);
        }
    }
    Ok(())
}
