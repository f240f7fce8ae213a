//! Statements of files whose impact is asked for: .sql files, folders of them, and JSON lines.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use catalog::Engine;
use serde_json::Value;

use super::check;
use crate::error::{Class, Error, Result};
use crate::impact::Statement;
use crate::model::{Id, SubjectType};

/// Longest line, in bytes.
const MAX_LINE: u64 = 4 * 1024 * 1024;
/// Statements read at the most.
const MOST: usize = 1_000_000;

/// Reads the statements of all that is named.
///
/// # Errors
/// Nothing is named; a file cannot be read; a line is no object with `sql`.
pub fn read(named: &[PathBuf], engine: Engine) -> Result<Vec<Statement>> {
    if named.is_empty() {
        return Err(Error::new("K011", Class::BadInput, "the statements to check are not named")
            .hint("Name them: --queries FILE.sql, --queries FILE.jsonl, or --queries DIR."));
    }
    let mut found = Vec::new();
    for path in named {
        let lines = path.extension().is_some_and(|e| e == "jsonl" || e == "ndjson" || e == "json");
        if lines && !path.is_dir() {
            json_lines(path, &mut found)?;
            continue;
        }
        for piece in check::pieces(&[path.display().to_string()], engine)? {
            let file = piece.file.unwrap_or_default();
            let name = format!("{file}:{}", piece.start.line);
            found.push(Statement::new(SubjectType::Query, Id::nil(), name, piece.text));
        }
    }
    Ok(found)
}

fn json_lines(path: &Path, found: &mut Vec<Statement>) -> Result<()> {
    let failed = |why: String| {
        Error::new("K002", Class::BadInput, format!("{} cannot be read: {why}", path.display()))
            .hint("Each line is an object with `sql`, and may have `id`, `name` or `question`.")
    };
    let file = std::fs::File::open(path).map_err(|e| failed(e.to_string()))?;
    let mut input = BufReader::new(file);
    let mut line = String::new();
    for number in 1..=MOST {
        line.clear();
        let read = (&mut input).take(MAX_LINE).read_line(&mut line).map_err(|e| failed(e.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if line.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(&line).map_err(|e| failed(format!("line {number}: {e}")))?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let sql = ["sql", "gold_sql", "query"].into_iter().find_map(text);
        let sql = sql.ok_or_else(|| failed(format!("line {number} has no `sql`")))?;
        let name = ["question", "name", "id"].into_iter().find_map(text);
        let name = name.unwrap_or_else(|| format!("{}:{number}", path.display()));
        found.push(Statement::new(SubjectType::Query, Id::nil(), name, sql));
    }
    Err(failed(format!("it has more than {MOST} lines")))
}
