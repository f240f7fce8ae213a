//! `querent ddl`: a catalog as DDL text, for its own engine or for another.

use catalog::write::{Written, write};

use super::args::DdlArgs;
use super::{check, diff};
use crate::app::Setup;
use crate::error::{Class, Error, Result};

/// Notes that are told.
const TOLD: usize = 20;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: DdlArgs) -> Result<i32> {
    let snapshot = diff::side(setup, &args.of, args.engine.as_deref()).await?;
    let engine = match &args.to {
        Some(name) => check::engine(Some(name))?,
        None => snapshot.engine,
    };
    let written = write(&snapshot, engine).ok_or_else(|| {
        Error::new("K017", Class::BadInput, "MongoDB has no DDL").hint("Name another engine with --to.")
    })?;
    match &args.out {
        Some(path) => std::fs::write(path, &written.sql).map_err(|e| {
            Error::new("K003", Class::BadInput, format!("{} cannot be written: {e}", path.display()))
        })?,
        None => say_raw!("{}", written.sql),
    }
    tell(&written);
    Ok(0)
}

/// What is not in the text, on standard error.
fn tell(written: &Written) {
    for note in written.notes.iter().take(TOLD) {
        eprintln!("note: {note}");
    }
    if written.notes_total > TOLD {
        eprintln!("note: and {} more", written.notes_total - TOLD);
    }
}
