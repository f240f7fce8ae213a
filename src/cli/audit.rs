//! `querent audit`: the trail of what was done, and its chain.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::args::{AuditCommand, AuditFilter};
use crate::app::Setup;
use crate::audit::{self, Fault, Report};
use crate::error::{Class, Error, Result};
use crate::model::{Audit, Cursor, Page, PageRequest};
use crate::store::audits::{self, Filter};
use crate::store::{Db, audit_chain};

/// The head of the last time that the chain was whole, in the data folder.
const KEPT: &str = "audit.head";
/// Lines of an export that are read at once.
const BATCH: u32 = 200;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: AuditCommand) -> Result<i32> {
    match command {
        AuditCommand::Verify { head, json } => return verify(setup, &head, json).await,
        AuditCommand::Head => {
            let db = sealed(setup).await?;
            let keys = &setup.app().await?.keys;
            let signed = audit::sign(audit_chain::head(&db).await?, keys).await?;
            say!("{}", serde_json::to_string(&signed).unwrap_or_default());
        }
        AuditCommand::List { filter, limit } => {
            let page = PageRequest::first().with_limit(limit);
            for line in search(setup, &filter, page).await?.items {
                show(&line);
            }
        }
        AuditCommand::Export { filter, out } => export(setup, &filter, out.as_deref()).await?,
    }
    Ok(0)
}

/// The store, with everything sealed that waited.
async fn sealed(setup: &Setup) -> Result<Db> {
    let db = setup.app().await?.db.clone();
    audit::seal(&db).await;
    Ok(db)
}

async fn verify(setup: &Setup, heads: &[PathBuf], json: bool) -> Result<i32> {
    let (db, keys) = (sealed(setup).await?, &setup.app().await?.keys);
    let kept = setup.config.data_dir.join(KEPT);
    let mut known: Vec<_> = audit::kept(&kept, keys).await?.into_iter().collect();
    for file in heads {
        known.push(audit::read_head(&text(file)?, keys).await?);
    }
    let report = audit::verify(&db, &known).await?;
    let whole = report.count == 0;
    if whole {
        audit::keep(&kept, report.head.clone(), keys).await?;
    }
    if json {
        say!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        tell(&report);
    }
    Ok(i32::from(!whole))
}

fn tell(report: &Report) {
    for fault in &report.faults {
        say!("{}", words(fault));
    }
    let more = report.count.saturating_sub(report.faults.len() as u64);
    if more > 0 {
        say!("and {more} more");
    }
    let (lines, waiting, head) = (report.lines, report.waiting, &report.head);
    let verdict = if report.count == 0 { "the chain is whole" } else { "THE TRAIL WAS CHANGED" };
    say!("{verdict}: {lines} lines, {waiting} wait; head {} {}", head.seq, head.hash);
}

fn words(fault: &Fault) -> String {
    match fault {
        Fault::Changed { seq, audit_id } => {
            format!("line {seq} ({audit_id}) is not what was sealed: it was changed or moved")
        }
        Fault::Removed { seq, audit_id } => format!("line {seq} ({audit_id}) was taken away"),
        Fault::Gap { from, to } => format!("the places {from} to {to} were taken away"),
        Fault::Inserted { audit_id } => format!("the line {audit_id} was put in beside the program"),
        Fault::Cut { seq, had } => format!("the chain ends at {seq}, and had {had} lines once"),
        Fault::Rewritten { seq } => {
            format!("at {seq} another seal stands than was written down: the chain was made anew")
        }
    }
}

fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|e| {
        Error::new("K002", Class::BadInput, format!("{} cannot be read: {e}", file.display()))
            .hint("Check the path and its permissions.")
    })
}

async fn search(setup: &Setup, wanted: &AuditFilter, page: PageRequest) -> Result<Page<Audit>> {
    let filter = Filter {
        actor: wanted.actor.clone(),
        action: wanted.action.clone(),
        subject: wanted.subject.clone(),
        since: wanted.since,
        until: wanted.until,
        text: wanted.text.clone(),
    };
    if wanted.everywhere {
        let db = setup.app().await?.db.clone();
        return Ok(audits::search_everywhere(&db, &filter, page).await?);
    }
    Ok(audits::search(&setup.desk().await?.db, &filter, page).await?)
}

fn show(line: &Audit) {
    let place = line.sequence.map_or_else(|| "-".to_owned(), |seq| seq.to_string());
    let from = line.address.as_deref().unwrap_or("-");
    say!(
        "{place:>8}  {}  {}  {}  {}  {from}  {}",
        line.at,
        line.actor,
        line.action,
        line.subject,
        line.details
    );
}

async fn export(setup: &Setup, filter: &AuditFilter, out: Option<&Path>) -> Result<()> {
    let failed = |e: std::io::Error| {
        Error::new("K021", Class::Internal, format!("the lines cannot be written: {e}"))
            .hint("Check the path, its rights and the disk.")
    };
    let mut file = out
        .map(|path| std::fs::File::create(path).map(std::io::BufWriter::new))
        .transpose()
        .map_err(failed)?;
    let mut page = PageRequest::first().with_limit(BATCH);
    loop {
        let found = search(setup, filter, page).await?;
        for line in &found.items {
            let text = serde_json::to_string(line).unwrap_or_default();
            match &mut file {
                Some(file) => writeln!(file, "{text}").map_err(failed)?,
                None => say!("{text}"),
            }
        }
        match found.next.as_ref().and(found.items.last()) {
            Some(line) => page.after = Some(Cursor { at: line.at, id: line.id }),
            None => break,
        }
    }
    file.map_or(Ok(()), |mut file| file.flush()).map_err(failed)
}
