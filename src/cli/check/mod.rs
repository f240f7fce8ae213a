//! `querent check`: statements, files and folders of them, or a batch of JSON lines, each with its verdict.

mod batch;
mod files;
mod human;
mod input;
mod json;
mod pipeline;
mod place;
mod same;
mod sarif;

use std::io::BufReader;

use catalog::Catalog;
use guard::{Finding, Policy, ReadOnly};

use super::args::{CheckArgs, CheckFormat, FailOn};
use crate::app::Setup;
use crate::error::Result;

pub use files::pieces;
pub use human::finding_lines;
pub use input::{engine, statement};

/// Longest line of a batch and largest file, in bytes.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// Code of the process when a statement was refused or does not mean the same as `--same-as`, or had a warning and
/// `--fail-on warning` was said.
const REFUSED: i32 = 1;

/// Code of the process when the command could not do its work.
pub const UNUSABLE: i32 = 2;

/// One statement with where it came from and what the guard says of it.
struct Checked {
    piece: files::Piece,
    verdict: std::result::Result<ReadOnly, Vec<Finding>>,
}

impl Checked {
    fn warnings(&self) -> &[Finding] {
        self.verdict.as_ref().map(|read| read.report().warnings.as_slice()).unwrap_or_default()
    }

    /// What was found, with the word for its weight.
    fn findings(&self) -> (&'static str, &[Finding]) {
        match &self.verdict {
            Ok(_) => ("warning", self.warnings()),
            Err(findings) => ("error", findings),
        }
    }
}

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: CheckArgs) -> Result<i32> {
    if args.schema {
        say!("{:#}", guard::Answer::schema());
        return Ok(0);
    }
    let (catalog, policy) = input::against(setup, &args).await?;
    if let Some(file) = &args.batch {
        let input =
            std::fs::File::open(file).map_err(|e| input::unreadable(&file.display().to_string(), &e))?;
        return batch::batch(BufReader::new(input), std::io::stdout().lock(), &catalog, &policy);
    }
    let pieces = files::pieces(&args.inputs, catalog.engine())?;
    if let ([piece], true) = (pieces.as_slice(), catalog.engine() == catalog::Engine::Mongodb)
        && piece.text.trim_start().starts_with('{')
    {
        return pipeline::run(&args, &piece.text, &catalog, &policy);
    }
    let other = args.same_as.as_deref().map(|named| same::other(named, &catalog, &policy)).transpose()?;
    let alone = pieces.iter().all(|p| p.file.is_none()) && pieces.len() == 1;
    let checked: Vec<Checked> = pieces.into_iter().map(|piece| judged(piece, &catalog, &policy)).collect();
    match (format(&args), checked.as_slice()) {
        (CheckFormat::Json, [one]) if alone => json::print_one(one),
        (CheckFormat::Human, [one]) if alone => human::print_verdict(&one.piece.text, &one.verdict),
        (CheckFormat::Json, all) => json::print_all(all),
        (CheckFormat::Human, all) => human::print_all(all),
        (CheckFormat::Sarif, all) => sarif::print(all),
    }
    let same = other.is_none_or(|other| same::report(&checked, &same::compare(&checked, &other)));
    Ok(if same { code(&checked, args.fail_on) } else { REFUSED })
}

fn judged(piece: files::Piece, catalog: &Catalog, policy: &Policy) -> Checked {
    let verdict = guard::check(&piece.text, catalog, policy);
    Checked { piece, verdict }
}

fn format(args: &CheckArgs) -> CheckFormat {
    if args.json { CheckFormat::Json } else { args.format }
}

fn code(checked: &[Checked], fail_on: FailOn) -> i32 {
    let refused = checked.iter().any(|c| c.verdict.is_err());
    let warned = fail_on == FailOn::Warning && checked.iter().any(|c| !c.warnings().is_empty());
    if refused || warned { REFUSED } else { 0 }
}
