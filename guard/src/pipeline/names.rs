//! Names: what a field, a variable and a collection may be called, and how objects with exact keys are read.

use serde_json::{Map, Value};

use crate::finding::{Code, Finding};

use super::at::{At, shown};
use super::tree::Path;

/// Longest path, in bytes.
const LONGEST: usize = 256;
/// Most parts of a path.
const PARTS: usize = 32;

/// Reads a dotted path.
pub(super) fn path(text: &str, at: &At<'_>) -> Result<Path, Finding> {
    if text.len() > LONGEST {
        return Err(at.finding(Code::G002, "A field path is too long."));
    }
    let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
    if parts.len() > PARTS {
        return Err(at.finding(Code::G002, "A field path has too many parts."));
    }
    for part in &parts {
        part_allowed(part, at)?;
    }
    Ok(Path(parts))
}

/// Reads a name without dots.
pub(super) fn name(text: &str, at: &At<'_>) -> Result<Path, Finding> {
    if text.contains('.') {
        return Err(at.form("A field made here may not have a dot in its name."));
    }
    path(text, at)
}

/// Reads a path out of JSON.
pub(super) fn path_value(value: &Value, at: &At<'_>) -> Result<Path, Finding> {
    path(text(value, at)?, at)
}

fn part_allowed(part: &str, at: &At<'_>) -> Result<(), Finding> {
    if part.is_empty() {
        return Err(at.form("A field path has an empty part."));
    }
    if part.starts_with('$') {
        return Err(at
            .form("A field name begins with `$`.")
            .hint("Names that begin with `$` are operators."));
    }
    characters(part, at)
}

/// Refuses NUL, control characters, and characters that turn the direction of text.
pub(super) fn characters(text: &str, at: &At<'_>) -> Result<(), Finding> {
    let bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if text.chars().any(bad) {
        return Err(at.finding(Code::G001, "A name holds a control character."));
    }
    Ok(())
}

/// Reads the name of a variable that is defined: the server's rule, which keeps system variables out.
pub(super) fn variable(text: &str, at: &At<'_>) -> Result<String, Finding> {
    let starts = text.chars().next().is_some_and(|c| c.is_ascii_lowercase() || !c.is_ascii());
    let word = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii());
    if !starts || !word || text.len() > LONGEST {
        return Err(at
            .form("A variable has a name that cannot be defined.")
            .hint("Begin it with a small letter, and use letters, digits and `_`."));
    }
    characters(text, at)?;
    Ok(text.to_owned())
}

/// Reads the name of a collection. `{db, coll}` and numbers are other databases or none.
pub(super) fn collection(value: &Value, at: &At<'_>) -> Result<String, Finding> {
    let Some(text) = value.as_str() else {
        return Err(at.form("A collection is not given by its plain name.").hint(
            "Name one collection of this database as text; other databases and commands without a collection are refused.",
        ));
    };
    characters(text, at)?;
    Ok(text.to_owned())
}

pub(super) fn text<'v>(value: &'v Value, at: &At<'_>) -> Result<&'v str, Finding> {
    value.as_str().ok_or_else(|| at.form("Text is needed here."))
}

pub(super) fn object<'v>(value: &'v Value, at: &At<'_>) -> Result<&'v Map<String, Value>, Finding> {
    value.as_object().ok_or_else(|| at.form("An object is needed here."))
}

pub(super) fn array<'v>(value: &'v Value, at: &At<'_>) -> Result<&'v Vec<Value>, Finding> {
    value.as_array().ok_or_else(|| at.form("An array is needed here."))
}

pub(super) fn boolean(value: &Value, at: &At<'_>) -> Result<bool, Finding> {
    value.as_bool().ok_or_else(|| at.form("`true` or `false` is needed here."))
}

/// An object that has exactly these keys: all of `required`, some of `optional`, no other.
pub(super) fn keys<'v>(
    value: &'v Value,
    required: &[&str],
    optional: &[&str],
    at: &At<'_>,
) -> Result<&'v Map<String, Value>, Finding> {
    let object = object(value, at)?;
    for key in object.keys() {
        if !required.contains(&key.as_str()) && !optional.contains(&key.as_str()) {
            return Err(at.form(format!("`{}` is not a key that is accepted here.", shown(key))).hint(
                format!(
                    "Accepted: {}.",
                    required.iter().chain(optional).copied().collect::<Vec<_>>().join(", ")
                ),
            ));
        }
    }
    match required.iter().find(|key| !object.contains_key(**key)) {
        Some(missing) => Err(at.form(format!("`{missing}` is missing."))),
        None => Ok(object),
    }
}

/// The one entry of an object that must have exactly one.
pub(super) fn single<'v>(value: &'v Value, at: &At<'_>) -> Result<(&'v str, &'v Value), Finding> {
    let object = object(value, at)?;
    match (object.len(), object.iter().next()) {
        (1, Some((key, inner))) => Ok((key, inner)),
        _ => Err(at.form("Exactly one operator is needed here.")),
    }
}

/// One of a list of words.
pub(super) fn word(value: &Value, words: &[&'static str], at: &At<'_>) -> Result<&'static str, Finding> {
    let given = text(value, at)?;
    words.iter().copied().find(|w| *w == given).ok_or_else(|| {
        at.form("A word that is not accepted here.").hint(format!("Accepted: {}.", words.join(", ")))
    })
}
