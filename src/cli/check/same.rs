//! `--same-as`: whether the checked statements mean the same as another one.

use catalog::Catalog;
use guard::{Policy, ReadOnly, Sameness, same_meaning};

use super::{Checked, files};
use crate::error::{Class, Error, Result};

/// The statement to compare with: it must be one, and a read.
///
/// # Errors
/// A file that cannot be read, another number of statements, a refused one.
pub fn other(named: &str, catalog: &Catalog, policy: &Policy) -> Result<ReadOnly> {
    let pieces = files::pieces(&[named.to_owned()], catalog.engine())?;
    let [piece] = pieces.as_slice() else {
        let message = format!("there are {} statements to compare with", pieces.len());
        return Err(Error::new("K004", Class::BadInput, message).hint("Name exactly one."));
    };
    guard::check(&piece.text, catalog, policy).map_err(|findings| {
        let why = findings.first().map(ToString::to_string).unwrap_or_default();
        Error::new("K004", Class::BadInput, format!("the statement to compare with is refused: {why}"))
            .hint("Check it alone first.")
    })
}

/// What is known of each statement: nothing of a refused one.
pub fn compare(all: &[Checked], other: &ReadOnly) -> Vec<Option<Sameness>> {
    all.iter().map(|c| c.verdict.as_ref().ok().map(|read| same_meaning(read, other))).collect()
}

/// Says on standard error what came out, and whether all are the same.
pub fn report(all: &[Checked], found: &[Option<Sameness>]) -> bool {
    for (checked, same) in all.iter().zip(found) {
        let start = checked.piece.start;
        let file = checked.piece.file.as_deref().unwrap_or("statement");
        let text = match same {
            Some(Sameness::Same) => "means the same".to_owned(),
            Some(Sameness::Unknown(doubt)) => format!("not known to mean the same: {doubt}"),
            None => "refused, so not compared".to_owned(),
        };
        eprintln!("{file}:{}:{}: {text}", start.line, start.column);
    }
    found.iter().all(|same| *same == Some(Sameness::Same))
}
