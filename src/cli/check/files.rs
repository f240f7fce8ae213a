//! The statements to check: an argument, standard input, files, and folders of .sql files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use catalog::Engine;

use super::MAX_LINE;
use super::input::{statement, unreadable};
use super::place::Point;
use crate::error::{Class, Error, Result};

/// Files looked at in one run at the most.
const MAX_FILES: usize = 100_000;

/// Folders below a folder are followed this deep.
const DEEPEST: usize = 64;

/// One statement and where it stands.
pub struct Piece {
    /// The file, as a path with `/`; nothing for an argument and standard input.
    pub file: Option<String>,
    /// The statement.
    pub text: String,
    /// Where it begins in the file.
    pub start: Point,
}

/// Reads what is named: a statement and standard input are one statement each, files are split.
///
/// # Errors
/// A file that cannot be read; no statement anywhere.
pub fn pieces(inputs: &[String], engine: Engine) -> Result<Vec<Piece>> {
    if inputs.is_empty() {
        return Ok(vec![alone(statement(None)?)]);
    }
    let mut found = Vec::new();
    for input in inputs {
        let path = Path::new(input);
        if input != "-" && is_path(input, path) {
            for file in files(path)? {
                read(&file, engine, &mut found)?;
            }
        } else {
            found.push(alone(statement(Some(input))?));
        }
    }
    if found.is_empty() {
        return Err(Error::new("K003", Class::BadInput, "there is no statement in what was named")
            .hint("Name a statement, a .sql file, or a folder with .sql files in it."));
    }
    Ok(found)
}

fn alone(text: String) -> Piece {
    Piece { file: None, text, start: Point::START }
}

/// A statement is never called like a file: what exists, or ends like one, is a path.
pub fn is_path(input: &str, path: &Path) -> bool {
    path.exists() || is_sql(path) && !input.contains(char::is_whitespace)
}

fn is_sql(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql"))
}

/// A file itself, or the .sql files below a folder in the order of their names. Links to folders are not followed.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    walk(path, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |e: std::io::Error| unreadable(&folder.display().to_string(), &e);
    if depth > DEEPEST {
        return Err(too_much(&format!("{} lies too deep", folder.display())));
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let path = entry.path();
        if kind.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if is_sql(&path) {
            found.push(path);
        }
        if found.len() > MAX_FILES {
            return Err(too_much(&format!("there are more than {MAX_FILES} files")));
        }
    }
    Ok(())
}

fn too_much(what: &str) -> Error {
    Error::new("K003", Class::TooLarge, what).hint("Check a smaller folder.")
}

fn read(path: &Path, engine: Engine, found: &mut Vec<Piece>) -> Result<()> {
    let name = path.display().to_string();
    let failed = |e: std::io::Error| unreadable(&name, &e);
    let mut text = String::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(MAX_LINE + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_LINE {
        return Err(too_much(&format!("{name} is larger than {MAX_LINE} bytes")));
    }
    // what some editors put first to say that the text is UTF-8
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (mut at, mut point) = (0, Point::START);
    for range in guard::split(text, engine) {
        point = point.after(text.get(at..range.start).unwrap_or_default());
        at = range.start;
        let statement = text.get(range).unwrap_or_default().to_owned();
        found.push(Piece { file: Some(slashed(path)), text: statement, start: point });
    }
    Ok(())
}

/// The path with `/` between its parts and without a leading `./`, as reports want it.
fn slashed(path: &Path) -> String {
    let parts = path.components().filter(|c| !matches!(c, std::path::Component::CurDir));
    let path: PathBuf = parts.collect();
    path.display().to_string().replace(std::path::MAIN_SEPARATOR, "/")
}
