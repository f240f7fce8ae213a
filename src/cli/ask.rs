//! `querent ask`: a question in plain language. A registered database's answer is stored; one that only a URL names leaves
//! no trace.

use nl2sql::Checked;

use super::args::AskArgs;
use super::output::{self, Sink};
use super::target::{self, Target};
use crate::app::{self, Setup};
use crate::chat::{self, Event, Events, SqlPart};
use crate::error::{Class, Error, Result};
use crate::exec;
use crate::index::Index;
use crate::model::Id;
use crate::sources::Source;

/// Longest title of a chat that is named after its question.
const TITLE: usize = 80;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: AskArgs) -> Result<i32> {
    match target::open(setup, &args.on).await? {
        Target::Registered(source) if !args.dry_run && args.policy.is_none() => {
            stored(setup, &source, &args).await
        }
        target => unstored(setup, &target, &args).await,
    }
}

/// Answers through a chat, as the daemon does.
async fn stored(setup: &Setup, source: &Source, args: &AskArgs) -> Result<i32> {
    let app = &setup.desk().await?;
    let _claim = setup.app().await?.recover_alone().await?;
    let title: String = args.question.chars().take(TITLE).collect();
    let session = chat::records::create(&app.db, source.connection.id, &title, "owner").await?;
    let (events, mut heard) = Events::channel();
    let answered = app.chat.ask(&session, &args.question, &events).await?;
    drop(events);
    let mut execution: Option<Id> = None;
    let mut cut = None;
    while let Some(event) = heard.recv().await {
        if let Event::Rows(rows) = &event {
            execution = Some(rows.execution_id);
            cut = rows.truncated;
        }
        show(&event, args.explain);
    }
    if let (Some(code), Some(message)) = (&answered.message.error_code, &answered.message.error_message) {
        return Err(failed(code, message, &answered.message.parts));
    }
    let Some(execution) = execution else { return Ok(0) };
    let spool = app.exec.spool(execution).await?;
    let mut sink = Sink::open(&args.output, &spool.schema())?;
    for batch in spool {
        sink.write(batch.map_err(|e| Error::new("E099", Class::Internal, e.to_string()))?)?;
    }
    sink.finish()?;
    output::tell_cut(cut.map(|c| format!("it reached the limit of {c}")).as_deref());
    Ok(0)
}

/// Answers without a store.
async fn unstored(setup: &Setup, target: &Target, args: &AskArgs) -> Result<i32> {
    let translator = app::translator(&setup.config.model)?;
    let (events, mut heard) = Events::channel();
    let policy = target.policy(args.policy.as_deref())?;
    let index = Index::build(target.catalog(setup).await?);
    let catalog = chat::relevant(&index, &policy, &args.question);
    let seen = chat::Seen { catalog: &catalog, whole: index.catalog(), policy: &policy };
    let proposed = chat::propose(&args.question, &[], &seen, &translator, &events).await;
    drop(events);
    while let Some(event) = heard.recv().await {
        show(&event, args.explain);
    }
    let proposed = proposed?;
    show_statement(&proposed.best, args.explain);
    if args.explain {
        for other in &proposed.others {
            eprintln!("another reading ({:.2}): {}", other.candidate.score, other.statement.sql());
        }
    }
    if args.dry_run {
        return Ok(0);
    }
    let statement = &proposed.best.statement;
    exec::within_cost(target.reader()?, statement, None, &policy).await?;
    let limits = exec::limits_under(&setup.limits(), &policy);
    let stream = exec::stream(target.reader()?, statement, &limits).await?;
    let printed = output::print(stream, &args.output).await?;
    output::tell_cut(printed.cut.as_deref());
    Ok(0)
}

fn failed(code: &str, message: &str, parts: &serde_json::Value) -> Error {
    let hint = parts
        .as_array()
        .and_then(|parts| parts.iter().find_map(|p| p.get("data")?.get("hint")?.as_str()))
        .map(str::to_owned);
    let error = Error::new("A020", Class::BadInput, format!("{message} [{code}]"));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Tells a step on standard error, where it does not mix with the result.
fn show(event: &Event, explain: bool) {
    match event {
        Event::Sql(part) => show_part(part, explain),
        Event::Status(text) if explain => eprintln!("· {text}"),
        Event::Repaired(note) => eprintln!("repaired: {note}"),
        Event::Findings { sql, findings } if explain => {
            eprintln!("refused: {sql}");
            for finding in findings {
                eprintln!("  {finding}");
            }
        }
        Event::Estimate { cost: Some(cost), .. } if explain => eprintln!("estimated cost: {cost:.0}"),
        _ => {}
    }
}

fn show_statement(checked: &Checked, explain: bool) {
    let statement = &checked.statement;
    eprintln!("{}\n", guard::render_pretty(statement.tree(), statement.engine()));
    let notes: Vec<String> = checked.candidate.notes.iter().chain(&checked.repairs).cloned().collect();
    show_reading(&statement.report().reading, &notes, &checked.candidate.unread, explain);
}

fn show_part(part: &SqlPart, explain: bool) {
    eprintln!("{}\n", part.sql);
    show_reading(&part.reading, &part.notes, &part.unread, explain);
    for warning in part.warnings.iter().filter(|_| explain) {
        eprintln!("warning[{}]: {}", warning.code.as_str(), warning.message);
    }
}

fn show_reading(reading: &str, notes: &[String], unread: &[String], explain: bool) {
    eprintln!("{reading}");
    for note in notes.iter().filter(|_| explain) {
        eprintln!("  {note}");
    }
    if !unread.is_empty() {
        eprintln!("not understood: {}", unread.join(", "));
    }
    eprintln!();
}
