//! Replies in JSON, whole or cut off.

use serde_json::Value;

/// What the JSON says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Sql { text: String, cut_off: bool },
    Unanswerable(String),
}

const SQL_KEYS: [&str; 6] = ["sql", "sql_query", "query", "statement", "final_sql", "sqlquery"];

/// Reads a reply whose first or last part is a JSON object of the agreed form.
pub(super) fn read(text: &str) -> Option<Answer> {
    let open = text.find('{')?;
    // SQL may hold braces too; JSON's first member follows its brace at once
    let object = text.get(open..)?;
    if !object.get(1..)?.trim_start().starts_with('"') {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(object).into_iter::<Value>();
    if let Some(Ok(Value::Object(members))) = values.next() {
        return from_members(&members);
    }
    cut_off(object)
}

fn from_members(members: &serde_json::Map<String, Value>) -> Option<Answer> {
    let get = |key: &str| members.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v);
    if let Some(reason) = get("unanswerable").filter(|v| !v.is_null() && **v != Value::Bool(false)) {
        let said = reason.as_str().or_else(|| get("reason").and_then(Value::as_str)).unwrap_or_default();
        return Some(Answer::Unanswerable(bounded(said)));
    }
    let sql = SQL_KEYS.iter().find_map(|k| get(k).and_then(Value::as_str))?;
    Some(Answer::Sql { text: sql.to_owned(), cut_off: false })
}

fn bounded(reason: &str) -> String {
    let said: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect();
    let said = said.trim();
    if said.is_empty() {
        "the schema does not hold what the question asks for".to_owned()
    } else {
        said.to_owned()
    }
}

/// Takes what there is of the text behind an SQL key.
fn cut_off(object: &str) -> Option<Answer> {
    let after_key = SQL_KEYS.iter().find_map(|key| {
        let quoted = format!("\"{key}\"");
        let at = object.to_ascii_lowercase().find(&quoted)?;
        object.get(at + quoted.len()..)
    })?;
    let value = after_key.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(Answer::Sql { text: unescape(value), cut_off: true })
}

/// Undoes JSON's escapes up to the closing quote or the end.
fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n' | 'r') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('u') => {
                    let code: String = chars.by_ref().take(4).collect();
                    let read = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
                    out.push(read.unwrap_or(' '));
                }
                Some(other) => out.push(other),
                None => break,
            },
            c => out.push(c),
        }
    }
    out
}
