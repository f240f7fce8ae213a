//! `querent glossary`, `querent case`, `querent notifications`.

use guard::Finding;

use super::args::{CaseCommand, GlossaryCommand, NotificationArgs};
use super::check;
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::model::{GlossaryTerm, Id, PageRequest, knowledge::statement};
use crate::queries::knowledge::{self, Kept, Term};
use crate::store::{self, Db};

/// Who works on the command line.
const BY: &str = "owner";

/// Runs `glossary`; gives the process's exit code.
pub async fn glossary(setup: &Setup, command: GlossaryCommand) -> Result<i32> {
    let app = &setup.desk().await?;
    match command {
        GlossaryCommand::Add { term, definition, on, table, expression, filter } => {
            let source = app.sources.named(&on).await?;
            let sql = statement(table.as_deref(), expression.as_deref(), filter.as_deref());
            let term = Term { term, definition, table, expression, filter };
            match knowledge::add_term(&app.db, &source, term, BY).await? {
                Kept::Done(term) => say!("kept the term {:?}", term.term),
                Kept::Refused(findings) => return Err(refused(&sql.unwrap_or_default(), &findings)),
            }
        }
        GlossaryCommand::List { on } => {
            let source = app.sources.named(&on).await?;
            for term in terms(&app.db, source.connection.id).await? {
                say!("{}: {}", term.term, term.definition);
                if let Some(sql) = term.statement() {
                    say!("  {sql}");
                }
            }
        }
        GlossaryCommand::Remove { term, on } => {
            let source = app.sources.named(&on).await?;
            let all = terms(&app.db, source.connection.id).await?;
            let found =
                all.iter().find(|t| t.term.to_lowercase() == term.to_lowercase()).ok_or_else(|| {
                    Error::new("K070", Class::NotFound, format!("there is no term {term:?}"))
                        .hint(format!("`querent glossary list --on {on}` lists them."))
                })?;
            knowledge::remove_term(&app.db, found.id, BY).await?;
            say!("removed the term {:?}", found.term);
        }
    }
    Ok(0)
}

async fn terms(db: &Db, connection: Id) -> Result<Vec<GlossaryTerm>> {
    let (mut all, mut page) = (Vec::new(), PageRequest::first());
    loop {
        let terms = store::glossary::list(db, connection, page).await?;
        all.extend(terms.items);
        let Some(next) = terms.next else { return Ok(all) };
        page = PageRequest::read(None, Some(&next))?;
    }
}

/// Runs `case`; gives the process's exit code.
pub async fn case(setup: &Setup, command: CaseCommand) -> Result<i32> {
    let app = &setup.desk().await?;
    match command {
        CaseCommand::Add { question, sql, on } => {
            let source = app.sources.named(&on).await?;
            match knowledge::add_case(&app.db, &source, &question, &sql, BY).await? {
                Kept::Done(case) => say!("kept the case {}", case.id),
                Kept::Refused(findings) => return Err(refused(&sql, &findings)),
            }
        }
        CaseCommand::List { on } => {
            let source = app.sources.named(&on).await?;
            let mut page = PageRequest::first();
            loop {
                let cases = store::evaluation_cases::list(&app.db, source.connection.id, page).await?;
                for case in cases.items {
                    say!("{} {}\n  {}", case.id, case.question, case.gold_sql);
                }
                let Some(next) = cases.next else { break };
                page = PageRequest::read(None, Some(&next))?;
            }
        }
        CaseCommand::Remove { id } => {
            knowledge::remove_case(&app.db, id, BY).await?;
            say!("removed the case {id}");
        }
    }
    Ok(0)
}

/// Runs `notifications`; gives the process's exit code.
pub async fn notifications(setup: &Setup, args: NotificationArgs) -> Result<i32> {
    let app = &setup.desk().await?;
    let mut page = PageRequest::first();
    loop {
        let found = store::notifications::list(&app.db, !args.all, page).await?;
        for one in found.items {
            if args.json {
                let line = serde_json::to_string(&one)
                    .map_err(|e| Error::new("K099", Class::Internal, e.to_string()))?;
                say!("{line}");
            } else {
                say!(
                    "{:<8} {} {}",
                    one.severity.as_str(),
                    one.created_at.strftime("%Y-%m-%d %H:%M"),
                    one.title
                );
            }
            if args.read {
                store::notifications::mark_read(&app.db, one.id, BY).await?;
            }
        }
        let Some(next) = found.next else { return Ok(0) };
        page = PageRequest::read(None, Some(&next))?;
    }
}

/// A refusal, its findings printed to the error stream.
pub(super) fn refused(sql: &str, findings: &[Finding]) -> Error {
    for line in findings.iter().flat_map(|finding| check::finding_lines(sql, "error", finding)) {
        eprintln!("{line}");
    }
    Error::new("A011", Class::BadInput, "the guard refused the statement").hint("Querent keeps reads only.")
}
