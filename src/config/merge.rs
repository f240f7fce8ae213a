//! Laying one set of settings over another, with the example as the list of known keys.

use toml::{Table, Value};

use super::ConfigError;
use super::identity::TEMPLATE;

/// Puts the file's settings over the defaults. A key that the defaults lack is an error that names the nearest one.
pub fn overlay(base: &mut Table, over: Table, path: &str) -> Result<(), ConfigError> {
    for (key, value) in over {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let known: Vec<String> = base.keys().cloned().collect();
        add_named(base, &key, path);
        let Some(slot) = base.get_mut(&key) else {
            return Err(ConfigError::UnknownKey { key: full, nearest: nearest(&key, &known) });
        };
        match (slot, value) {
            (Value::Table(inner), Value::Table(over)) => overlay(inner, over, &full)?,
            (Value::Float(slot), Value::Integer(number)) => *slot = number as f64,
            (slot, value) if slot.same_type(&value) => *slot = value,
            (slot, value) => {
                let (expected, found) = (slot.type_str(), value.type_str());
                return Err(ConfigError::WrongType { key: full, expected, found });
            }
        }
    }
    Ok(())
}

/// Tables that people name themselves begin as the template beside them.
fn add_named(base: &mut Table, key: &str, path: &str) {
    if path != "oidc" || base.contains_key(key) {
        return;
    }
    if let Some(template) = base.get(TEMPLATE).cloned() {
        base.insert(key.to_owned(), template);
    }
}

/// Takes the templates away, once everything is laid over.
pub fn drop_template(base: &mut Table) {
    if let Some(Value::Table(named)) = base.get_mut("oidc") {
        named.remove(TEMPLATE);
    }
}

/// All leaves as `(path, type)`, for the environment's names.
pub fn leaves(table: &Table, path: &str, out: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Value::Table(inner) => leaves(inner, &full, out),
            leaf => out.push((full, leaf.clone())),
        }
    }
}

/// Sets a leaf from text, read as the type that the default has.
pub fn set(base: &mut Table, path: &str, text: &str) -> Result<(), ConfigError> {
    let mut table = base;
    let mut keys = path.split('.').peekable();
    while let Some(key) = keys.next() {
        let Some(slot) = table.get_mut(key) else { return Ok(()) };
        if keys.peek().is_none() {
            *slot = typed(slot, text).ok_or_else(|| ConfigError::WrongType {
                key: path.into(),
                expected: slot.type_str(),
                found: "text",
            })?;
            return Ok(());
        }
        let Value::Table(inner) = slot else { return Ok(()) };
        table = inner;
    }
    Ok(())
}

fn typed(like: &Value, text: &str) -> Option<Value> {
    match like {
        Value::String(_) => Some(Value::String(text.to_owned())),
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        // lists of texts alone: that is all there are
        Value::Array(_) => Some(Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|t| !t.is_empty())
                .map(|t| Value::String(t.to_owned()))
                .collect(),
        )),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn nearest(key: &str, known: &[String]) -> Option<String> {
    known
        .iter()
        .map(|k| (distance(key, k), k))
        .min()
        .filter(|(d, k)| *d <= (k.len() / 2).max(2))
        .map(|(_, k)| k.clone())
}

/// Levenshtein distance over characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
