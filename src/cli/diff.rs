//! `querent diff`: what changed between two schema versions, files or databases.

use std::path::Path;

use catalog::Snapshot;
use catalog::diff::Diff;

use super::args::DiffArgs;
use super::{check, target};
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::model::{PageRequest, SchemaVersion};
use crate::store;

/// Code of the process when a change is breaking and --fail-on-breaking is set.
const BREAKING: i32 = 3;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: DiffArgs) -> Result<i32> {
    let (old, new) = match (&args.on, args.sides.as_slice()) {
        (Some(name), []) => versions(setup, name, &args).await?,
        (None, [old, new]) => (side(setup, old, &args).await?, side(setup, new, &args).await?),
        _ => {
            return Err(Error::new("K007", Class::BadInput, "two sides are needed")
                .hint("querent diff OLD NEW, or querent diff --on NAME [--from 1.0 --to 2.0]"));
        }
    };
    let diff = catalog::diff::diff(&old, &new);
    print(&diff, &args.format)?;
    Ok(if args.fail_on_breaking && diff.breaking().next().is_some() { BREAKING } else { 0 })
}

fn print(diff: &Diff, format: &str) -> Result<()> {
    match format {
        "text" => say_raw!("{}", diff.to_text()),
        "markdown" | "md" => say_raw!("{}", diff.to_markdown()),
        "json" => {
            let json = serde_json::to_string_pretty(diff)
                .map_err(|e| Error::new("K099", Class::Internal, e.to_string()))?;
            say!("{json}");
        }
        other => {
            return Err(Error::new("K008", Class::BadInput, format!("there is no form {other:?} of a diff"))
                .hint("Use text, markdown or json."));
        }
    }
    Ok(())
}

async fn versions(setup: &Setup, name: &str, args: &DiffArgs) -> Result<(Snapshot, Snapshot)> {
    let app = setup.app().await?;
    let source = app.sources.named(name).await?;
    let listed = store::catalog::list(&app.db, source.connection.id, PageRequest::first().with_limit(200))
        .await?
        .items;
    let new = pick(&listed, args.to.as_deref(), 0)?;
    let old = pick(&listed, args.from.as_deref(), 1)?;
    Ok((store::catalog::load(&app.db, old).await?, store::catalog::load(&app.db, new).await?))
}

/// The version of that number, or the one at that place counted from the latest.
fn pick<'a>(versions: &'a [SchemaVersion], number: Option<&str>, place: usize) -> Result<&'a SchemaVersion> {
    let found = match number {
        Some(number) => versions.iter().find(|v| v.number() == number),
        None => versions.get(place),
    };
    found.ok_or_else(|| {
        let known: Vec<String> = versions.iter().map(SchemaVersion::number).collect();
        Error::new("X012", Class::NotFound, "there is no such schema version")
            .hint(format!("Known versions: {}.", known.join(", ")))
    })
}

async fn side(setup: &Setup, text: &str, args: &DiffArgs) -> Result<Snapshot> {
    if target::is_url(text) {
        return Ok(target::open(setup, text).await?.catalog(setup).await?.snapshot().clone());
    }
    let path = Path::new(text);
    let content = std::fs::read_to_string(path)
        .map_err(|e| Error::new("K002", Class::BadInput, format!("{text} cannot be read: {e}")))?;
    if path.extension().is_some_and(|e| e == "sql") {
        return Ok(catalog::ddl::read(&content, check::engine(args.engine.as_deref())?).snapshot);
    }
    serde_json::from_str(&content).map_err(|e| {
        Error::new("K009", Class::BadInput, format!("{text} is no catalog: {e}"))
            .hint("Give a file written by `querent crawl --out`, a .sql file, or a URL.")
    })
}
