//! `querent query list|review|approve|reject`: stored queries on their way to approval.

use super::args::ReviewCommand;
use super::schedule::key;
use crate::app::{Desk, Setup};
use crate::error::{Class, Error, Result};
use crate::model::{Id, PageRequest, Query, QueryState};
use crate::queries::knowledge::Kept;
use crate::queries::{review, sheet};
use crate::store;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: ReviewCommand) -> Result<i32> {
    let app = &setup.desk().await?;
    match command {
        ReviewCommand::List { on, state, limit } => {
            let connection = match &on {
                Some(on) => Some(key(app, on).await?),
                None => None,
            };
            list(app, connection, state.map(Into::into), limit).await?;
        }
        ReviewCommand::Review { id, preview } => show(app, id, preview).await?,
        ReviewCommand::Approve { id, reason } => {
            let query = store::queries::get(&app.db, id).await?;
            match review::approve(&app.db, &app.sources, query, reason.as_deref()).await? {
                Kept::Done(query) => say!("{}", line(&query)),
                Kept::Refused(findings) => {
                    for finding in &findings {
                        eprintln!("error[{}]: {}", finding.code.as_str(), finding.message);
                    }
                    let error = Error::new("A011", Class::BadInput, "the guard refuses the statement now");
                    return Err(error.hint("Reject it, or give it another text."));
                }
            }
        }
        ReviewCommand::Reject { id, reason } => {
            say!("{}", line(&review::reject(&app.db, id, &reason).await?));
        }
    }
    Ok(0)
}

async fn list(app: &Desk, connection: Option<Id>, state: Option<QueryState>, limit: u32) -> Result<()> {
    let page = PageRequest::first().with_limit(limit);
    let page = store::queries::list_in(&app.db, connection, state, page).await?;
    for query in &page.items {
        say!("{}", line(query));
    }
    if page.next.is_some() {
        eprintln!("there are more: raise --limit, or narrow with --on and --state");
    }
    Ok(())
}

fn line(query: &Query) -> String {
    let said = query.question.as_deref().unwrap_or_else(|| query.asked());
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect();
    format!("{} {:<8} v{} {said}", query.id, query.state, query.ordinal)
}

async fn show(app: &Desk, id: Id, preview: bool) -> Result<()> {
    let sheet = sheet::read(&app.db, &app.sources, id, preview).await?;
    let query = &sheet.query;
    say!("{}", line(query));
    say!("{}", query.asked());
    say!("{}", query.reading);
    for version in sheet.versions.iter().skip(1) {
        let why = version.written_why.as_deref().unwrap_or("no reason given");
        say!("version {} by {}: {why}", version.ordinal, version.written_by.as_deref().unwrap_or("nobody"));
        for changed in &version.diff {
            say!("  {changed}");
        }
    }
    for comment in &sheet.comments {
        say!("{} {}: {}", comment.created_at, comment.created_by, comment.text);
    }
    if let Some(expected) = &sheet.estimate {
        let shown = |number: Option<f64>| number.map_or("unknown".to_owned(), |n| format!("{n:.0}"));
        say!("expected cost {}, rows {}", shown(expected.cost), shown(expected.rows));
    }
    for row in sheet.preview.iter().flat_map(|preview| &preview.rows) {
        say!("{}", serde_json::to_string(row).unwrap_or_default());
    }
    if let Some(trouble) = &sheet.trouble {
        eprintln!("{trouble}");
    }
    let steps: Vec<&str> = sheet.steps.iter().map(|step| step.as_str()).collect();
    say!("can: {}", steps.join(", "));
    Ok(())
}
