//! Values that go into statements: one type for both backends, each converts it to its own.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::model::Id;

/// A value of a parameter or of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A key.
    Uuid(Id),
    /// A moment, to the microsecond.
    Time(Timestamp),
    /// A document.
    Json(Json),
    /// A document that is written out already.
    JsonText(String),
    /// A vector of an embedding.
    Vector(Vec<f32>),
}

impl Value {
    /// The name of its kind, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Uuid(_) => "uuid",
            Value::Time(_) => "time",
            Value::Json(_) => "json",
            Value::JsonText(_) => "json",
            Value::Vector(_) => "vector",
        }
    }
}

macro_rules! from {
    ($($source:ty => |$value:ident| $made:expr),+ $(,)?) => {
        $(impl From<$source> for Value {
            fn from($value: $source) -> Value { $made }
        })+
    };
}

from! {
    bool => |value| Value::Bool(value),
    i32 => |value| Value::Int(value.into()),
    u32 => |value| Value::Int(value.into()),
    i64 => |value| Value::Int(value),
    f64 => |value| Value::Float(value),
    &str => |value| Value::Text(value.to_owned()),
    &String => |value| Value::Text(value.clone()),
    String => |value| Value::Text(value),
    Vec<u8> => |value| Value::Bytes(value),
    Id => |value| Value::Uuid(value),
    &Id => |value| Value::Uuid(*value),
    Timestamp => |value| Value::Time(value),
    Json => |value| Value::Json(value),
    &Json => |value| Value::Json(value.clone()),
    Vec<f32> => |value| Value::Vector(value),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Arguments of a statement, each converted.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::store::db::Value::from($value)),*] };
}
pub(crate) use args;
