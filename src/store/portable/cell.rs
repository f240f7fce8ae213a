//! One value of a row: to the portable form, from it, and to the text that content is compared by.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::shape::{Column, Kind};
use crate::model::Id;
use crate::store::db::{Dialect, Value};
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// What stands for a NUL in PostgreSQL, which holds none.
const REPLACEMENT: &str = "\u{fffd}";

/// The portable form of a stored value.
pub(super) fn encode(value: &Value, column: &Column) -> Result<Json> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(i64::from(*truth)),
        Value::Int(number) => json!(number),
        Value::Float(number) if number.is_finite() => json!(number),
        Value::Float(number) => json!({ "number": number.to_string() }),
        Value::Text(text) | Value::JsonText(text) => json!(text),
        Value::Uuid(id) => json!(id.to_string()),
        Value::Time(moment) => json!(moment.as_microsecond()),
        Value::Json(document) => json!(document.to_string()),
        Value::Bytes(bytes) if column.kind == Kind::Vector => {
            json!({ "bytes": STANDARD.encode(sent_vector(bytes).ok_or_else(|| unreadable(column))?) })
        }
        Value::Bytes(bytes) => json!({ "bytes": STANDARD.encode(bytes) }),
        Value::Vector(_) => return Err(unreadable(column)),
    })
}

/// PostgreSQL sends the number of dimensions and the numbers with their first byte first; SQLite keeps the numbers with
/// their last byte first.
fn sent_vector(sent: &[u8]) -> Option<Vec<u8>> {
    let numbers = sent.get(4..)?;
    let of = |four: &[u8]| four.try_into().ok().map(|f| f32::from_be_bytes(f).to_le_bytes());
    let all: Option<Vec<[u8; 4]>> = numbers.chunks(4).map(of).collect();
    Some(all?.concat())
}

/// The value that a column takes.
pub(super) fn decode(cell: &Json, column: &Column) -> Result<Value> {
    if cell.is_null() {
        return Ok(Value::Null);
    }
    read(cell, column.kind).ok_or_else(|| unreadable(column))
}

fn read(cell: &Json, kind: Kind) -> Option<Value> {
    Some(match kind {
        Kind::Bool => Value::Bool(match cell.as_i64()? {
            0 => false,
            1 => true,
            _ => return None,
        }),
        Kind::Int => Value::Int(cell.as_i64()?),
        Kind::Float => match cell.get("number") {
            Some(number) => Value::Float(number.as_str()?.parse().ok()?),
            None => Value::Float(cell.as_f64()?),
        },
        Kind::Text => Value::Text(cell.as_str()?.to_owned()),
        Kind::Uuid => Value::Uuid(Id::parse_str(cell.as_str()?).ok()?),
        Kind::Time => Value::Time(Timestamp::from_microsecond(cell.as_i64()?).ok()?),
        Kind::Json => Value::JsonText(cell.as_str()?.to_owned()),
        Kind::Bytes => Value::Bytes(bytes(cell)?),
        Kind::Vector => {
            let of = |four: &[u8]| four.try_into().ok().map(f32::from_le_bytes);
            Value::Vector(bytes(cell)?.chunks(4).map(of).collect::<Option<Vec<f32>>>()?)
        }
    })
}

fn bytes(cell: &Json) -> Option<Vec<u8>> {
    STANDARD.decode(cell.get("bytes")?.as_str()?).ok()
}

/// The text by which two cells of a column are the same.
pub(super) fn canonical(cell: &Json, kind: Kind, dialect: Dialect) -> String {
    match (cell, kind, dialect) {
        (Json::String(text), Kind::Json, Dialect::Postgres) => {
            let mut document = serde_json::from_str(text).unwrap_or(Json::Null);
            normalize(&mut document);
            format!("j{document}")
        }
        (Json::String(text), _, Dialect::Postgres) => format!("t{}", without_nul(text)),
        (Json::Number(number), Kind::Float, _) => format!("f{:?}", number.as_f64()),
        _ => cell.to_string(),
    }
}

fn without_nul(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', REPLACEMENT)) } else { Cow::Borrowed(text) }
}

/// A document in the form by which two texts of it are the same on either backend.
pub fn normalized(document: &Json) -> Json {
    let mut document = document.clone();
    normalize(&mut document);
    document
}

/// PostgreSQL keeps no order of names in a document, and of a number its value alone.
fn normalize(document: &mut Json) {
    match document {
        Json::Object(map) => {
            let mut pairs: Vec<(String, Json)> = std::mem::take(map).into_iter().collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs.iter_mut().for_each(|(_, value)| normalize(value));
            *map = pairs.into_iter().map(|(name, value)| (without_nul(&name).into_owned(), value)).collect();
        }
        Json::Array(items) => items.iter_mut().for_each(normalize),
        Json::String(text) => {
            if let Cow::Owned(changed) = without_nul(text) {
                *text = changed;
            }
        }
        Json::Number(number) => {
            // beyond 2^53 a number with a point has no neighbours that differ by one
            let whole = number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15);
            #[allow(clippy::cast_possible_truncation)] // whole and small
            if let Some(whole) = whole.filter(|_| number.is_f64()) {
                *number = serde_json::Number::from(whole as i64);
            }
        }
        Json::Null | Json::Bool(_) => {}
    }
}

fn unreadable(column: &Column) -> StoreError {
    let message = format!("a value of the column {} is not what the store keeps there", column.name);
    StoreError::new(StoreErrorKind::Decode, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_the_same_whatever_their_text_is() {
        let same = |a: &str, b: &str| {
            let of = |text: &str| canonical(&json!(text), Kind::Json, Dialect::Postgres);
            of(a) == of(b)
        };
        assert!(same(r#"{"b":1.0,"a":[true,null]}"#, r#"{"a": [true, null], "b": 1}"#));
        assert!(same(r#"["a\u0000b"]"#, "[\"a\u{fffd}b\"]"));
        assert!(!same(r#"{"a":1}"#, r#"{"a":2}"#));
        assert!(!same("[1.5]", "[1]"));
    }

    #[test]
    fn vectors_of_both_backends_are_the_same_bytes() {
        let column = Column { name: "vector".to_owned(), kind: Kind::Vector };
        let sent = [&[0, 2, 0, 0][..], &1.5_f32.to_be_bytes(), &(-2.0_f32).to_be_bytes()].concat();
        let cell = encode(&Value::Bytes(sent), &column).unwrap();
        assert_eq!(decode(&cell, &column).unwrap(), Value::Vector(vec![1.5, -2.0]));
        let kept = Column { name: "vector".to_owned(), kind: Kind::Bytes };
        let bytes = [1.5_f32.to_le_bytes(), (-2.0_f32).to_le_bytes()].concat();
        assert_eq!(decode(&cell, &kept).unwrap(), Value::Bytes(bytes));
    }
}
