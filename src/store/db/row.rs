//! Rows that come out of statements: typed getters by column name that give errors, never panics.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::Value;
use crate::model::Id;
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(super) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Row {
        Row { columns, values }
    }

    /// All values, in the order of the statement's columns.
    pub(in crate::store) fn values(&self) -> &[Value] {
        &self.values
    }

    fn value(&self, column: &str) -> Result<&Value> {
        self.columns
            .iter()
            .position(|name| name == column)
            .and_then(|place| self.values.get(place))
            .ok_or_else(|| decode(column, "is not in the result"))
    }

    fn not_null<T>(&self, column: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| decode(column, "is null"))
    }

    /// A key.
    pub fn id(&self, column: &str) -> Result<Id> {
        self.not_null(column, self.opt_id(column)?)
    }

    /// A key or nothing.
    pub fn opt_id(&self, column: &str) -> Result<Option<Id>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Uuid(id) => Ok(Some(*id)),
            Value::Text(text) => Id::parse_str(text).map(Some).map_err(|_| decode(column, "is no key")),
            other => Err(mismatch(column, "a key", other)),
        }
    }

    /// Text.
    pub fn text(&self, column: &str) -> Result<String> {
        self.not_null(column, self.opt_text(column)?)
    }

    /// Text or nothing.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.clone())),
            other => Err(mismatch(column, "text", other)),
        }
    }

    /// One of an enum's words.
    pub fn word<T>(&self, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(&self.text(column)?).ok_or_else(|| decode(column, "holds an unknown word"))
    }

    /// One of an enum's words or nothing.
    pub fn opt_word<T>(&self, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(word) = self.opt_text(column)? else { return Ok(None) };
        parse(&word).map(Some).ok_or_else(|| decode(column, "holds an unknown word"))
    }

    /// A whole number.
    pub fn int(&self, column: &str) -> Result<i64> {
        self.not_null(column, self.opt_int(column)?)
    }

    /// A whole number or nothing.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            other => Err(mismatch(column, "a whole number", other)),
        }
    }

    /// A number or nothing.
    pub fn opt_float(&self, column: &str) -> Result<Option<f64>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Float(number) => Ok(Some(*number)),
            #[allow(clippy::cast_precision_loss)]
            Value::Int(number) => Ok(Some(*number as f64)),
            other => Err(mismatch(column, "a number", other)),
        }
    }

    /// A truth value.
    pub fn bool(&self, column: &str) -> Result<bool> {
        match self.value(column)? {
            Value::Bool(truth) => Ok(*truth),
            Value::Int(number @ (0 | 1)) => Ok(*number == 1),
            other => Err(mismatch(column, "a truth value", other)),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        match self.value(column)? {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            other => Err(mismatch(column, "bytes", other)),
        }
    }

    /// A moment.
    pub fn time(&self, column: &str) -> Result<Timestamp> {
        self.not_null(column, self.opt_time(column)?)
    }

    /// A moment or nothing.
    pub fn opt_time(&self, column: &str) -> Result<Option<Timestamp>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Time(moment) => Ok(Some(*moment)),
            Value::Int(micros) => {
                Timestamp::from_microsecond(*micros).map(Some).map_err(|_| decode(column, "is no moment"))
            }
            other => Err(mismatch(column, "a moment", other)),
        }
    }

    /// A document.
    pub fn json(&self, column: &str) -> Result<Json> {
        match self.value(column)? {
            Value::Json(document) => Ok(document.clone()),
            Value::Text(text) => serde_json::from_str(text).map_err(|_| decode(column, "is no JSON")),
            other => Err(mismatch(column, "a document", other)),
        }
    }

    /// A document or nothing.
    pub fn opt_json(&self, column: &str) -> Result<Option<Json>> {
        match self.value(column)? {
            Value::Null => Ok(None),
            _ => self.json(column).map(Some),
        }
    }

    /// A document, read into its type.
    pub fn document<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T> {
        let read = match self.value(column)? {
            Value::Json(document) => T::deserialize(document),
            Value::Text(text) => serde_json::from_str(text),
            other => return Err(mismatch(column, "a document", other)),
        };
        read.map_err(|_| decode(column, "is not of the expected form"))
    }
}

fn mismatch(column: &str, wanted: &str, got: &Value) -> StoreError {
    decode(column, &format!("is not {wanted} but of kind {}", got.kind()))
}

fn decode(column: &str, what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Decode, format!("the stored value of \"{column}\" {what}")).hint(
        "The store was changed by something else than this program, or by a newer version of it; \
         `querent migrate status` tells which.",
    )
}
