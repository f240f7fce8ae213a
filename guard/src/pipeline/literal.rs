//! Values: plain JSON and the extended JSON forms that stand for data. Code, pointers and symbols have no place here.

use serde_json::{Map, Value, json};

use crate::finding::{Code, Finding};

use super::at::{At, shown};
use super::names;
use super::regex;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    /// An extended form whose payload is one checked text: `$oid`, `$numberLong`, `$uuid` ...
    Typed(&'static str, String),
    /// `$date` as text, or as milliseconds.
    Date(Result<String, i64>),
    /// `$binary`: base64 and sub-type.
    Binary(String, String),
    /// `$timestamp`: seconds and ordinal.
    Timestamp(u32, u32),
    /// `$minKey` or `$maxKey`.
    Bound(&'static str),
    /// `$regularExpression`.
    Regex(String, String),
    Array(Vec<Literal>),
    Document(Vec<(String, Literal)>),
}

/// Whether a text is what its form says.
type Fits = fn(&str) -> bool;

/// Extended forms with a text payload, and what the text must look like.
const TYPED: &[(&str, Fits)] = &[
    ("$oid", |s| s.len() == 24 && s.bytes().all(|b| b.is_ascii_hexdigit())),
    ("$numberInt", |s| plain_integer(s) && s.parse::<i32>().is_ok()),
    ("$numberLong", |s| plain_integer(s) && s.parse::<i64>().is_ok()),
    ("$numberDouble", |s| special(s) || number(s)),
    ("$numberDecimal", |s| special(s) || number(s)),
    ("$uuid", uuid),
];

impl Literal {
    /// Reads a value.
    pub(super) fn read(value: &Value, at: &At<'_>) -> Result<Literal, Finding> {
        Ok(match value {
            Value::Null => Literal::Null,
            Value::Bool(b) => Literal::Bool(*b),
            Value::Number(number) => number_of(number, at)?,
            Value::String(text) => Literal::Text(text_of(text, at)?),
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(i, v)| Literal::read(v, &at.index(i)));
                Literal::Array(items.collect::<Result<_, _>>()?)
            }
            Value::Object(object) if is_extended(object) => extended(object, at)?,
            Value::Object(object) => Literal::Document(document(object, at)?),
        })
    }

    /// Writes it as JSON.
    pub(super) fn json(&self) -> Value {
        match self {
            Literal::Null => Value::Null,
            Literal::Bool(b) => json!(b),
            Literal::Int(n) => json!(n),
            Literal::Double(n) => json!(n),
            Literal::Text(text) => json!(text),
            Literal::Typed(form, text) => json!({ *form: text }),
            Literal::Date(Ok(text)) => json!({ "$date": text }),
            Literal::Date(Err(millis)) => json!({ "$date": { "$numberLong": millis.to_string() } }),
            Literal::Binary(data, kind) => json!({ "$binary": { "base64": data, "subType": kind } }),
            Literal::Timestamp(t, i) => json!({ "$timestamp": { "t": t, "i": i } }),
            Literal::Bound(form) => json!({ *form: 1 }),
            Literal::Regex(pattern, options) => {
                json!({ "$regularExpression": { "pattern": pattern, "options": options } })
            }
            Literal::Array(items) => Value::Array(items.iter().map(Literal::json).collect()),
            Literal::Document(fields) => {
                Value::Object(fields.iter().map(|(k, v)| (k.clone(), v.json())).collect())
            }
        }
    }

    /// Its value when it is a whole number in any form.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Literal::Int(n) => Some(*n),
            Literal::Typed("$numberInt" | "$numberLong", text) => text.parse().ok(),
            Literal::Double(n) if n.fract() == 0.0 && n.abs() < 9e15 => Some(*n as i64),
            _ => None,
        }
    }

    /// Its value when it is a finite number.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Literal::Int(n) => Some(*n as f64),
            Literal::Double(n) => Some(*n),
            Literal::Typed(form, text) if form.starts_with("$number") => {
                text.parse::<f64>().ok().filter(|n| n.is_finite())
            }
            _ => None,
        }
    }

    pub(super) fn is_date(&self) -> bool {
        matches!(self, Literal::Date(_))
    }

    /// Whether it holds a regular expression anywhere: those are patterns, not data.
    pub(super) fn has_regex(&self) -> bool {
        match self {
            Literal::Regex(..) => true,
            Literal::Array(items) => items.iter().any(Literal::has_regex),
            Literal::Document(fields) => fields.iter().any(|(_, v)| v.has_regex()),
            _ => false,
        }
    }
}

/// Reads a whole number within bounds.
pub(super) fn integer(value: &Value, least: i64, most: i64, at: &At<'_>) -> Result<i64, Finding> {
    let number = Literal::read(value, at)?.integer();
    number.filter(|n| (least..=most).contains(n)).ok_or_else(|| {
        at.finding(Code::G303, "A whole number within bounds is needed here.")
            .hint(format!("Write a number from {least} to {most}."))
    })
}

/// Whether an object is an operator or an extended form rather than a document.
pub(super) fn is_extended(object: &Map<String, Value>) -> bool {
    object.keys().any(|k| k.starts_with('$'))
}

/// Whether the object is one of the extended forms (by its only key).
pub(super) fn names_extended(object: &Map<String, Value>) -> bool {
    const OTHERS: [&str; 6] = ["$date", "$binary", "$timestamp", "$minKey", "$maxKey", "$regularExpression"];
    match (object.len(), object.keys().next()) {
        (1, Some(key)) => TYPED.iter().any(|(form, _)| form == key) || OTHERS.contains(&key.as_str()),
        _ => false,
    }
}

fn number_of(number: &serde_json::Number, at: &At<'_>) -> Result<Literal, Finding> {
    if let Some(whole) = number.as_i64() {
        return Ok(Literal::Int(whole));
    }
    if number.is_u64() {
        return Err(at.form("A whole number is too large for the database."));
    }
    number.as_f64().map(Literal::Double).ok_or_else(|| at.form("A number cannot be read."))
}

fn text_of(text: &str, at: &At<'_>) -> Result<String, Finding> {
    if text.contains('\0') {
        return Err(at.finding(Code::G001, "A text holds the character NUL."));
    }
    Ok(text.to_owned())
}

fn document(object: &Map<String, Value>, at: &At<'_>) -> Result<Vec<(String, Literal)>, Finding> {
    let mut fields = Vec::with_capacity(object.len());
    for (key, value) in object {
        let at = at.key(key);
        names::characters(key, &at)?;
        fields.push((key.clone(), Literal::read(value, &at)?));
    }
    Ok(fields)
}

fn extended(object: &Map<String, Value>, at: &At<'_>) -> Result<Literal, Finding> {
    let (Some((key, inner)), 1) = (object.iter().next(), object.len()) else {
        return Err(at.form("Operators and fields are mixed in one value."));
    };
    let at = at.key(key);
    if let Some((form, fits)) = TYPED.iter().find(|(form, _)| form == key) {
        let text = names::text(inner, &at)?;
        return match fits(text) {
            true => Ok(Literal::Typed(form, text.to_owned())),
            false => Err(malformed(&at)),
        };
    }
    match key.as_str() {
        "$date" => date(inner, &at),
        "$binary" => binary(inner, &at),
        "$timestamp" => timestamp(inner, &at),
        "$minKey" if inner == 1 => Ok(Literal::Bound("$minKey")),
        "$maxKey" if inner == 1 => Ok(Literal::Bound("$maxKey")),
        "$regularExpression" => {
            let parts = names::keys(inner, &["pattern", "options"], &[], &at)?;
            let part = |name: &str| parts.get(name).and_then(Value::as_str).unwrap_or_default();
            regex::check(part("pattern"), part("options"), &at)?;
            Ok(Literal::Regex(part("pattern").to_owned(), part("options").to_owned()))
        }
        other => Err(at
            .form(format!("`{}` is no value that is accepted here.", shown(other)))
            .hint("Code, pointers, symbols and operators cannot stand where a value is needed.")),
    }
}

fn malformed(at: &At<'_>) -> Finding {
    at.form("An extended JSON value has the wrong shape.")
        .hint("Write it as canonical extended JSON does, for example {\"$numberLong\": \"5\"}.")
}

fn date(inner: &Value, at: &At<'_>) -> Result<Literal, Finding> {
    if let Some(text) = inner.as_str() {
        let fits = (10..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_digit() || b"-:.+TZ".contains(&b));
        return if fits { Ok(Literal::Date(Ok(text.to_owned()))) } else { Err(malformed(at)) };
    }
    let parts = names::keys(inner, &["$numberLong"], &[], at)?;
    let millis = parts.get("$numberLong").and_then(Value::as_str).filter(|s| plain_integer(s));
    match millis.and_then(|s| s.parse().ok()) {
        Some(millis) => Ok(Literal::Date(Err(millis))),
        None => Err(malformed(at)),
    }
}

fn binary(inner: &Value, at: &At<'_>) -> Result<Literal, Finding> {
    let parts = names::keys(inner, &["base64", "subType"], &[], at)?;
    let part = |name: &str| parts.get(name).and_then(Value::as_str);
    let (Some(data), Some(kind)) = (part("base64"), part("subType")) else { return Err(malformed(at)) };
    let encoded = data.len() % 4 == 0
        && data.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        && !data.trim_end_matches('=').contains('=');
    let typed = (1..=2).contains(&kind.len()) && kind.bytes().all(|b| b.is_ascii_hexdigit());
    match encoded && typed {
        true => Ok(Literal::Binary(data.to_owned(), kind.to_owned())),
        false => Err(malformed(at)),
    }
}

fn timestamp(inner: &Value, at: &At<'_>) -> Result<Literal, Finding> {
    let parts = names::keys(inner, &["t", "i"], &[], at)?;
    let part = |name: &str| parts.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    match (part("t"), part("i")) {
        (Some(t), Some(i)) => Ok(Literal::Timestamp(t, i)),
        _ => Err(malformed(at)),
    }
}

fn plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.len() <= 19 && digits.bytes().all(|b| b.is_ascii_digit())
}

fn special(text: &str) -> bool {
    matches!(text, "Infinity" | "-Infinity" | "NaN")
}

fn number(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    text.len() <= 48 && text.bytes().all(allowed) && text.parse::<f64>().is_ok()
}

fn uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|p| p.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_hexdigit()))
}
