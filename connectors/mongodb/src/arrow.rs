//! Classes of the guard's report as Arrow types, and the builders that fill them.
//!
//! | class | from BSON | Arrow |
//! |---|---|---|
//! | boolean | bool | Boolean |
//! | integer | int, long, and double or decimal without a fraction | Int64 |
//! | float | every number | Float64 |
//! | decimal | every number | Utf8, all digits |
//! | date | date | Date32 in UTC |
//! | timestamp, with zone or without | date, timestamp | Timestamp(us), with zone `+00:00`: UTC without zone tables |
//! | bytes | binData | Binary |
//! | json, array, geometry ... | everything | Utf8, JSON with ids, moments and exact numbers as text |
//! | text, uuid and the rest | everything | Utf8, as people write it |
//!
//! Where the class is not known, the first batch decides. A value of another type is an error: it is never made NULL.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, TimeUnit};
use bson::RawBsonRef;
use catalog::TypeClass;

use crate::decode::{self, Malformed};

/// Key of the field metadata that holds the name of the type.
pub const NATIVE_TYPE: &str = "native_type";

const DAY: i64 = 86_400_000;

/// How a column's values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Boolean,
    Integer,
    Float,
    Numeric,
    Date,
    Moment { zone: bool },
    Bytes,
    Json,
    Text,
}

impl Reading {
    /// That of a class; `None` where the values have to tell.
    pub(crate) fn of(class: Option<TypeClass>) -> Option<Reading> {
        Some(match class? {
            TypeClass::Boolean => Reading::Boolean,
            TypeClass::Integer => Reading::Integer,
            TypeClass::Float => Reading::Float,
            TypeClass::Decimal => Reading::Numeric,
            TypeClass::Date => Reading::Date,
            TypeClass::Timestamp => Reading::Moment { zone: false },
            TypeClass::TimestampTz => Reading::Moment { zone: true },
            TypeClass::Bytes | TypeClass::Bit => Reading::Bytes,
            TypeClass::Json
            | TypeClass::Array
            | TypeClass::Geometry
            | TypeClass::Range
            | TypeClass::Vector => Reading::Json,
            TypeClass::Text
            | TypeClass::Enum
            | TypeClass::Uuid
            | TypeClass::Time
            | TypeClass::Interval
            | TypeClass::Network
            | TypeClass::Xml => Reading::Text,
            TypeClass::Other => return None,
        })
    }

    /// What fits values that were seen.
    pub(crate) fn seen(values: &[RawBsonRef<'_>]) -> Reading {
        let mut reading = None;
        for value in values.iter().filter(|value| !decode::is_null(**value)) {
            let here = match value {
                RawBsonRef::Boolean(_) => Reading::Boolean,
                RawBsonRef::Int32(_) | RawBsonRef::Int64(_) => Reading::Integer,
                RawBsonRef::Double(_) => Reading::Float,
                RawBsonRef::Decimal128(_) => Reading::Numeric,
                RawBsonRef::DateTime(_) => Reading::Moment { zone: true },
                RawBsonRef::Document(_) | RawBsonRef::Array(_) => Reading::Json,
                _ => Reading::Text,
            };
            reading = Some(match (reading, here) {
                (None, here) => here,
                (Some(before), here) if before == here => here,
                (Some(Reading::Integer | Reading::Float), Reading::Integer | Reading::Float) => {
                    Reading::Float
                }
                (Some(before), here) if before.is_number() && here.is_number() => Reading::Numeric,
                (Some(Reading::Json), _) | (Some(_), Reading::Json) => Reading::Json,
                (Some(_), _) => Reading::Text,
            });
        }
        reading.unwrap_or(Reading::Text)
    }

    fn is_number(self) -> bool {
        matches!(self, Reading::Integer | Reading::Float | Reading::Numeric)
    }

    fn data_type(self) -> DataType {
        match self {
            Reading::Boolean => DataType::Boolean,
            Reading::Integer => DataType::Int64,
            Reading::Float => DataType::Float64,
            Reading::Date => DataType::Date32,
            Reading::Moment { zone } => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.then(|| Arc::from("+00:00")))
            }
            Reading::Bytes => DataType::Binary,
            Reading::Numeric | Reading::Json | Reading::Text => DataType::Utf8,
        }
    }

    fn native(self) -> &'static str {
        match self {
            Reading::Boolean => "bool",
            Reading::Integer => "long",
            Reading::Float => "double",
            // people and writers know a wide number as text by this name
            Reading::Numeric => "numeric",
            Reading::Date | Reading::Moment { .. } => "date",
            Reading::Bytes => "binData",
            Reading::Json => "json",
            Reading::Text => "string",
        }
    }

    /// The Arrow field of a column.
    pub(crate) fn field(self, name: &str) -> Field {
        Field::new(name, self.data_type(), true)
            .with_metadata(HashMap::from([(NATIVE_TYPE.to_owned(), self.native().to_owned())]))
    }
}

/// Collects one column's values of a batch.
pub(crate) struct Column {
    reading: Reading,
    values: Values,
}

enum Values {
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
    Bytes(BinaryBuilder),
    Text(StringBuilder),
}

/// The same for every builder.
macro_rules! each {
    ($values:expr, $builder:ident => $body:expr) => {
        match $values {
            Values::Boolean($builder) => $body,
            Values::Integer($builder) => $body,
            Values::Float($builder) => $body,
            Values::Date($builder) => $body,
            Values::Moment($builder) => $body,
            Values::Bytes($builder) => $body,
            Values::Text($builder) => $body,
        }
    };
}

impl Column {
    pub(crate) fn new(reading: Reading) -> Column {
        let values = match reading {
            Reading::Boolean => Values::Boolean(BooleanBuilder::new()),
            Reading::Integer => Values::Integer(Int64Builder::new()),
            Reading::Float => Values::Float(Float64Builder::new()),
            Reading::Date => Values::Date(Date32Builder::new()),
            Reading::Moment { .. } => {
                Values::Moment(TimestampMicrosecondBuilder::new().with_data_type(reading.data_type()))
            }
            Reading::Bytes => Values::Bytes(BinaryBuilder::new()),
            Reading::Numeric | Reading::Json | Reading::Text => Values::Text(StringBuilder::new()),
        };
        Column { reading, values }
    }

    /// Adds one value, or NULL; gives how many bytes it takes, roughly.
    pub(crate) fn push(&mut self, value: Option<RawBsonRef<'_>>) -> Result<usize, Malformed> {
        let Some(value) = value.filter(|value| !decode::is_null(*value)) else {
            each!(&mut self.values, builder => builder.append_null());
            return Ok(1);
        };
        match &mut self.values {
            Values::Boolean(b) => b.append_value(value.as_bool().ok_or(Malformed)?),
            Values::Integer(b) => b.append_value(decode::integer(value)?),
            Values::Float(b) => b.append_value(decode::double(value)?),
            Values::Date(b) => {
                let days = decode::moment(value)?.div_euclid(DAY);
                b.append_value(i32::try_from(days).map_err(|_| Malformed)?);
            }
            Values::Moment(b) => {
                b.append_value(decode::moment(value)?.checked_mul(1000).ok_or(Malformed)?);
            }
            Values::Bytes(b) => {
                let bytes = value.as_binary().ok_or(Malformed)?.bytes;
                b.append_value(bytes);
                return Ok(bytes.len());
            }
            Values::Text(b) => {
                let text = match self.reading {
                    Reading::Numeric => decode::numeric(value)?,
                    Reading::Json => decode::json(value)?.to_string(),
                    _ => decode::text(value)?,
                };
                b.append_value(&text);
                return Ok(text.len());
            }
        }
        Ok(8)
    }

    /// The values so far, as an array; the column is empty again.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        each!(&mut self.values, builder => Arc::new(builder.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_decides_where_the_class_is_not_known() {
        use RawBsonRef::{Boolean, Double, Int32, Null, String};
        assert_eq!(Reading::seen(&[Null, Int32(1)]), Reading::Integer);
        assert_eq!(Reading::seen(&[Int32(1), Double(0.5)]), Reading::Float);
        assert_eq!(Reading::seen(&[Int32(1), String("x")]), Reading::Text);
        assert_eq!(Reading::seen(&[Boolean(true)]), Reading::Boolean);
        assert_eq!(Reading::seen(&[Null]), Reading::Text);
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        let mut column = Column::new(Reading::Integer);
        assert!(column.push(Some(RawBsonRef::Int32(1))).is_ok());
        assert!(column.push(None).is_ok());
        assert_eq!(column.push(Some(RawBsonRef::String("1"))), Err(Malformed));
    }
}
