//! `querent diff`: what changed between two schema versions, files or databases, and what that does to statements.

use std::path::Path;

use catalog::diff::{Diff, across, diff};
use catalog::{Catalog, Snapshot};
use guard::Policy;

use super::args::DiffArgs;
use super::impact_files;
use super::{check, target};
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::impact::{self, Impacted};
use crate::model::{ImpactState, PageRequest, SchemaVersion};
use crate::store;

/// Code of the process when a change is breaking and --fail-on-breaking is set.
const BREAKING: i32 = 3;
/// Code of the process when a statement is broken and --fail-on-impact is set.
const IMPACT: i32 = 4;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: DiffArgs) -> Result<i32> {
    let (diff, impact) = match (&args.on, args.sides.as_slice()) {
        (Some(name), []) => stored(setup, name, &args).await?,
        (None, [old, new]) => sides(setup, old, new, &args).await?,
        _ => {
            return Err(Error::new("K007", Class::BadInput, "two sides are needed")
                .hint("querent diff OLD NEW, or querent diff --on NAME [--from 1.0 --to 2.0]"));
        }
    };
    print(&diff, impact.as_ref(), &args.format)?;
    if args.fail_on_breaking && diff.breaking().next().is_some() {
        return Ok(BREAKING);
    }
    let broken = impact.iter().any(|i| i.of(ImpactState::Broken).next().is_some());
    Ok(if args.fail_on_impact && broken { IMPACT } else { 0 })
}

fn print(diff: &Diff, impact: Option<&Impacted>, format: &str) -> Result<()> {
    match (format, impact) {
        ("text", None) => say_raw!("{}", diff.to_text()),
        ("text", Some(impact)) => say_raw!("{}\n{}", diff.to_text(), impact.to_text()),
        ("markdown" | "md", None) => say_raw!("{}", diff.to_markdown()),
        ("markdown" | "md", Some(impact)) => say_raw!("{}{}", diff.to_markdown(), impact.to_markdown()),
        ("json", None) => say!("{}", json(diff)?),
        ("json", Some(impact)) => {
            say!("{}", json(&serde_json::json!({ "changes": diff.changes, "impact": impact }))?);
        }
        (other, _) => {
            return Err(Error::new("K008", Class::BadInput, format!("there is no form {other:?} of a diff"))
                .hint("Use text, markdown or json."));
        }
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|e| Error::new("K099", Class::Internal, e.to_string()))
}

/// Two stored versions of a registered database.
async fn stored(setup: &Setup, name: &str, args: &DiffArgs) -> Result<(Diff, Option<Impacted>)> {
    if !args.queries.is_empty() {
        return Err(Error::new("K010", Class::BadInput, "--queries is for two files or databases")
            .hint("With --on, the statements stored for the connection are checked."));
    }
    let app = &setup.desk().await?;
    // the record alone: to compare versions the database is not opened, nor its catalog read
    let connection = app.sources.record(name).await?;
    let listed = versions(&app.db, connection.id).await?;
    let new = pick(&listed, args.to.as_deref(), 0)?;
    let place = listed.iter().position(|v| v.id == new.id).unwrap_or(0);
    let old = pick(&listed, args.from.as_deref(), place + 1)?;
    let diff = store::catalog::changes(&app.db, old, new).await?;
    let impact = match args.impact || args.fail_on_impact {
        true => Some(impact::between(&app.db, &connection, old, new).await?),
        false => None,
    };
    Ok((diff, impact))
}

async fn versions(db: &store::Db, connection: crate::model::Id) -> Result<Vec<SchemaVersion>> {
    let (mut all, mut page) = (Vec::new(), PageRequest::first().with_limit(200));
    loop {
        let versions = store::catalog::list(db, connection, page).await?;
        all.extend(versions.items);
        let Some(next) = versions.next else { return Ok(all) };
        page = PageRequest::read(Some(200), Some(&next))?;
    }
}

/// The version of that number, or the one at that place counted from the latest.
fn pick<'a>(versions: &'a [SchemaVersion], number: Option<&str>, place: usize) -> Result<&'a SchemaVersion> {
    let found = match number {
        Some(number) => versions.iter().find(|v| v.number() == number),
        None => versions.get(place),
    };
    found.ok_or_else(|| {
        let known: Vec<String> = versions.iter().take(20).map(SchemaVersion::number).collect();
        Error::new("X012", Class::NotFound, "there is no such schema version")
            .hint(format!("Known versions: {}.", known.join(", ")))
    })
}

/// Two files or databases; no store is needed.
async fn sides(setup: &Setup, old: &str, new: &str, args: &DiffArgs) -> Result<(Diff, Option<Impacted>)> {
    let (of_old, of_new) = engines(args.engine.as_deref());
    let (old, new) = (side(setup, old, of_old).await?, side(setup, new, of_new).await?);
    let diff = if args.across_engines { across(&old, &new) } else { diff(&old, &new) };
    if !args.impact && !args.fail_on_impact {
        return Ok((diff, None));
    }
    let policy = args.policy.as_deref().map(target::policy).transpose()?.unwrap_or_else(Policy::default);
    let statements = impact_files::read(&args.queries, new.engine)?;
    let newer = Catalog::new(new);
    let judged = impact::judge_all(&Catalog::new(old), &newer, &diff, &policy, &statements);
    let impacted = Impacted {
        checked: statements.len(),
        statements: impact::sorted(judged.into_iter()),
        ..Impacted::default()
    };
    Ok((diff, Some(impacted)))
}

/// The engines of both sides: one for both, or one each.
fn engines(given: Option<&str>) -> (Option<&str>, Option<&str>) {
    match given.and_then(|text| text.split_once(',')) {
        Some((old, new)) => (Some(old.trim()), Some(new.trim())),
        None => (given, given),
    }
}

/// A catalog from a file or a URL.
///
/// # Errors
/// When it cannot be read or is no catalog.
pub(super) async fn side(setup: &Setup, text: &str, engine: Option<&str>) -> Result<Snapshot> {
    if target::is_url(text) {
        return Ok(target::open(setup, text).await?.catalog(setup).await?.snapshot().clone());
    }
    let path = Path::new(text);
    let content = std::fs::read_to_string(path)
        .map_err(|e| Error::new("K002", Class::BadInput, format!("{text} cannot be read: {e}")))?;
    if path.extension().is_some_and(|e| e == "sql") {
        return Ok(catalog::ddl::read(&content, check::engine(engine)?).snapshot);
    }
    serde_json::from_str(&content).map_err(|e| {
        Error::new("K009", Class::BadInput, format!("{text} is no catalog: {e}"))
            .hint("Give a file written by `querent crawl --out`, a .sql file, or a URL.")
    })
}
