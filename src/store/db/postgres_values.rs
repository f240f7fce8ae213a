//! How values travel to and from PostgreSQL: the type of the parameter or column decides.

use std::borrow::Cow;
use std::error::Error;

use bytes::BytesMut;
use jiff::Timestamp;
use serde_json::Value as Json;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::Value;
use crate::model::Id;

type Converted<T> = Result<T, Box<dyn Error + Sync + Send>>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Converted<IsNull> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Bool(truth) => truth.to_sql_checked(ty, out),
            Value::Int(number) => int_to_sql(*number, ty, out),
            Value::Float(number) => number.to_sql_checked(ty, out),
            Value::Text(text) => text.replace('\0', REPLACEMENT).to_sql_checked(ty, out),
            Value::Bytes(bytes) => bytes.to_sql_checked(ty, out),
            Value::Uuid(id) => id.to_sql_checked(ty, out),
            Value::Time(moment) => moment.to_sql_checked(ty, out),
            Value::Json(document) => json_text_to_sql(&document.to_string(), ty, out),
            Value::JsonText(text) => json_text_to_sql(text, ty, out),
            Value::Vector(vector) => pgvector::Vector::from(vector.clone()).to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true // each kind checks for itself
    }

    to_sql_checked!();
}

fn int_to_sql(number: i64, ty: &Type, out: &mut BytesMut) -> Converted<IsNull> {
    match *ty {
        Type::INT2 => i16::try_from(number)?.to_sql(ty, out),
        Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
        _ => number.to_sql_checked(ty, out),
    }
}

fn json_text_to_sql(text: &str, ty: &Type, out: &mut BytesMut) -> Converted<IsNull> {
    if *ty == Type::JSONB {
        // version of the binary form, then the text
        out.extend_from_slice(&[1]);
    } else if *ty != Type::JSON {
        return Err(format!("a document cannot go into a column of type {ty}").into());
    }
    out.extend_from_slice(without_nul(text).as_bytes());
    Ok(IsNull::No)
}

/// PostgreSQL holds no NUL in text or documents; a sample value of another engine may have one.
const REPLACEMENT: &str = "\u{fffd}";

/// A document's text with each escaped NUL replaced. A backslash that is itself escaped begins no escape.
fn without_nul(json: &str) -> Cow<'_, str> {
    const NUL: &str = "\\u0000";
    if !json.contains(NUL) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        out.push_str(before);
        rest = if let Some(after) = escape.strip_prefix(NUL) {
            out.push_str(REPLACEMENT);
            after
        } else {
            let (pair, after) = escape.split_at_checked(2).unwrap_or((escape, ""));
            out.push_str(pair);
            after
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Converted<Value> {
        Ok(match *ty {
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Float(f32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Float(f64::from_sql(ty, raw)?),
            Type::TEXT | Type::VARCHAR | Type::NAME => Value::Text(String::from_sql(ty, raw)?),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::UUID => Value::Uuid(Id::from_sql(ty, raw)?),
            Type::TIMESTAMPTZ => Value::Time(Timestamp::from_sql(ty, raw)?),
            Type::JSON | Type::JSONB => Value::Json(Json::from_sql(ty, raw)?),
            Type::VOID => Value::Null,
            _ => return Err(format!("the store does not use columns of type {ty}").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Converted<Value> {
        Ok(Value::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::without_nul;

    #[test]
    fn only_escaped_nuls_are_replaced() {
        for text in ["a\0b", "\0", "\\u0000", "\\\0", "no nul \" \\ \u{1}", ""] {
            let json = serde_json::to_string(text).unwrap();
            let back: String = serde_json::from_str(&without_nul(&json)).unwrap();
            assert_eq!(back, text.replace('\0', "\u{fffd}"));
        }
    }
}
