//! Repair of refused statements from the guard's findings, without a model.
//!
//! Every repair is a rewrite of a few bytes that a finding points at, is told in one sentence, and is checked again by
//! the guard. A statement that the guard accepts is never touched here; [`stored_spelling`] is for the caller who has
//! run it and got nothing.

mod blocks;
mod close;
mod dialect;
mod formats;
mod functions;
mod joins;
mod names;
mod syntax;
mod values;

use catalog::{Catalog, Engine};
use guard::{Code, Finding, Policy, ReadOnly};

pub use values::stored_spelling;

/// Rounds of repair and check.
const MAX_ROUNDS: usize = 4;

/// A piece of text to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
    pub note: String,
}

/// Checks a statement and, if it is refused, repairs and checks it again, at most four times.
///
/// Gives the proof, the text that was accepted, and a sentence for each repair.
///
/// # Errors
/// The findings on the text as it came in.
pub fn check(
    sql: &str,
    catalog: &Catalog,
    policy: &Policy,
) -> Result<(ReadOnly, String, Vec<String>), Vec<Finding>> {
    check_against(sql, catalog, catalog, policy)
}

/// As [`check`], where the statement is proven against the whole catalog and repaired with names of the visible one.
///
/// # Errors
/// As [`check`].
pub fn check_against(
    sql: &str,
    catalog: &Catalog,
    whole: &Catalog,
    policy: &Policy,
) -> Result<(ReadOnly, String, Vec<String>), Vec<Finding>> {
    let first = match guard::check(sql, whole, policy) {
        Ok(statement) => return Ok((statement, sql.to_owned(), Vec::new())),
        Err(findings) => findings,
    };
    let (mut findings, mut text, mut notes) = (first.clone(), sql.to_owned(), Vec::new());
    let mut seen = vec![text.clone()];
    for _ in 0..MAX_ROUNDS {
        let Some((repaired, said)) = repair(&text, &findings, catalog, catalog.engine()) else { break };
        if seen.contains(&repaired) {
            break;
        }
        seen.push(repaired.clone());
        text = repaired;
        notes.extend(said);
        match guard::check(&text, whole, policy) {
            Ok(statement) => return Ok((statement, text, notes)),
            Err(next) => findings = next,
        }
    }
    Err(first)
}

/// One round: the statement with what the findings allow to be repaired, and a sentence for each repair.
pub fn repair(
    sql: &str,
    findings: &[Finding],
    catalog: &Catalog,
    engine: Engine,
) -> Option<(String, Vec<String>)> {
    if findings.iter().any(|f| is_about_form(f.code))
        && let Some(done) = syntax::rewrite(sql, engine)
    {
        return Some(done);
    }
    let mut edits: Vec<Edit> = Vec::new();
    for finding in findings.iter().filter(|f| f.code.is_error()).take(32) {
        let found = match finding.code {
            Code::G100 => names::table(sql, finding, catalog),
            Code::G101 | Code::G103 => names::column(sql, finding, catalog),
            Code::G102 => names::ambiguous(sql, finding, catalog),
            Code::G310 => names::grouping(sql, finding, catalog),
            _ => Vec::new(),
        };
        edits.extend(found);
    }
    if let Some(done) = apply(sql, edits) {
        return Some(done);
    }
    dialect::rewrite(sql, findings, engine)
}

fn is_about_form(code: Code) -> bool {
    matches!(code, Code::G001 | Code::G002 | Code::G003 | Code::G010 | Code::G011 | Code::G201 | Code::G202)
}

/// Applies edits that do not overlap, the first come first.
pub(crate) fn apply(sql: &str, edits: Vec<Edit>) -> Option<(String, Vec<String>)> {
    let mut kept: Vec<Edit> = Vec::new();
    for edit in edits {
        let valid = sql.get(edit.start..edit.end).is_some_and(|old| old != edit.text);
        let apart = |k: &Edit| edit.end <= k.start || edit.start >= k.end;
        let same_insert = |k: &Edit| edit.start == edit.end && k.start == edit.start && k.text == edit.text;
        if valid && kept.iter().all(apart) && !kept.iter().any(same_insert) {
            kept.push(edit);
        }
    }
    if kept.is_empty() {
        return None;
    }
    let mut notes: Vec<String> = Vec::new();
    for edit in &kept {
        if !edit.note.is_empty() && !notes.contains(&edit.note) {
            notes.push(edit.note.clone());
        }
    }
    kept.sort_by_key(|e| std::cmp::Reverse(e.start));
    let mut text = sql.to_owned();
    for edit in kept {
        text.replace_range(edit.start..edit.end, &edit.text);
    }
    Some((text, notes))
}

/// A name as the engine writes it when it must be taken exactly.
pub(crate) fn quote(engine: Engine, name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain && !crate::lexer::is_reserved(name) {
        return name.to_owned();
    }
    match engine {
        Engine::Mysql | Engine::Mariadb => format!("`{}`", name.replace('`', "``")),
        Engine::Mssql => format!("[{}]", name.replace(']', "]]")),
        Engine::Postgres | Engine::Sqlite | Engine::Mongodb => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}
