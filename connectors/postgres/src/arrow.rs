//! PostgreSQL types as Arrow types, and the builders that fill them.
//!
//! | PostgreSQL | Arrow |
//! |---|---|
//! | bool, int2, int4, int8, float4, float8 | the same |
//! | oid, xid, cid | Int64 |
//! | numeric(p,s) with p up to 38 | Decimal128(p,s); NaN is an error that names the column |
//! | other numeric | Utf8, all digits |
//! | money | Decimal128(19, places of the database's currency) |
//! | text, varchar, char, name, json, jsonb, xml, enums, uuid | Utf8 |
//! | bytea | Binary |
//! | date, time, timestamp, timestamptz | Date32, Time64(us) (24:00 stays 24 hours), Timestamp(us), Timestamp(us, `+00:00`, the spelling of UTC that needs no zone tables); the infinities are the least and greatest value of the Arrow type |
//! | interval | Utf8 in ISO 8601 (Parquet cannot hold Arrow's interval) |
//! | timetz, inet, cidr, macaddr, bit, varbit, pg_lsn, xid8 | Utf8 as the server prints it |
//! | arrays of these | List; an array of several dimensions is an error that names the column |
//! | everything else (ranges, geometry, tsvector, composites, extensions' types) | Utf8, printed by the server |

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, ListArray, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, TimeUnit};
use tokio_postgres::types::{Kind, Type};

use crate::decode::{self, Bad, Bytes};

/// Key of the field metadata that holds the server's name of the type.
pub const NATIVE_TYPE: &str = "native_type";

/// How a column's wire form is read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Reading {
    Bool,
    Int2,
    Int4,
    Int8,
    Unsigned4,
    Float4,
    Float8,
    Decimal(u8, i8),
    Money(i8),
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Text(TextForm),
    List(Box<Reading>),
}

/// The forms that become text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TextForm {
    Plain,
    /// One byte of a version, then text (jsonb, jsonpath).
    Versioned,
    Char,
    Numeric,
    Interval,
    TimeTz,
    Uuid,
    Inet,
    Hardware,
    Bits,
    Lsn,
    Unsigned8,
}

/// Types below this number are the server's own, and their names cannot be a user's.
const FIRST_USER_OID: u32 = 16_384;

/// How a type is read; `None` when its text must be asked of the server.
pub(crate) fn reading(ty: &Type, modifier: i32, money_scale: i8) -> Option<Reading> {
    match ty.kind() {
        Kind::Array(element) => {
            let element = reading(element, modifier, money_scale)?;
            Some(Reading::List(Box::new(element)))
        }
        Kind::Domain(base) => reading(base, modifier, money_scale),
        Kind::Enum(_) => Some(Reading::Text(TextForm::Plain)),
        Kind::Simple if ty.oid() < FIRST_USER_OID => builtin(ty.name(), modifier, money_scale),
        _ => None,
    }
}

fn builtin(name: &str, modifier: i32, money_scale: i8) -> Option<Reading> {
    Some(match name {
        "bool" => Reading::Bool,
        "int2" => Reading::Int2,
        "int4" => Reading::Int4,
        "int8" => Reading::Int8,
        "oid" | "xid" | "cid" => Reading::Unsigned4,
        "float4" => Reading::Float4,
        "float8" => Reading::Float8,
        "numeric" => numeric(modifier),
        "money" => Reading::Money(money_scale),
        "bytea" => Reading::Bytes,
        "date" => Reading::Date,
        "time" => Reading::Time,
        "timestamp" => Reading::Timestamp,
        "timestamptz" => Reading::TimestampTz,
        name => Reading::Text(text_form(name)?),
    })
}

fn text_form(name: &str) -> Option<TextForm> {
    Some(match name {
        "text" | "varchar" | "bpchar" | "name" | "json" | "xml" | "unknown" | "cstring" | "refcursor" => {
            TextForm::Plain
        }
        "jsonb" | "jsonpath" => TextForm::Versioned,
        "char" => TextForm::Char,
        "interval" => TextForm::Interval,
        "timetz" => TextForm::TimeTz,
        "uuid" => TextForm::Uuid,
        "inet" | "cidr" => TextForm::Inet,
        "macaddr" | "macaddr8" => TextForm::Hardware,
        "bit" | "varbit" => TextForm::Bits,
        "pg_lsn" => TextForm::Lsn,
        "xid8" => TextForm::Unsigned8,
        _ => return None,
    })
}

/// `numeric(p,s)` where Arrow can hold it, otherwise all digits as text. The modifier is `-1` when none is declared.
fn numeric(modifier: i32) -> Reading {
    let (precision, scale) = (((modifier - 4) >> 16) & 0xffff, ((((modifier - 4) & 0x7ff) ^ 1024) - 1024));
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(p), Ok(s)) if modifier >= 4 && (1..=38).contains(&p) && s >= 0 && i32::from(s) <= precision => {
            Reading::Decimal(p, s)
        }
        _ => Reading::Text(TextForm::Numeric),
    }
}

impl Reading {
    fn data_type(&self) -> DataType {
        match self {
            Reading::Bool => DataType::Boolean,
            Reading::Int2 => DataType::Int16,
            Reading::Int4 => DataType::Int32,
            Reading::Int8 | Reading::Unsigned4 => DataType::Int64,
            Reading::Float4 => DataType::Float32,
            Reading::Float8 => DataType::Float64,
            Reading::Decimal(p, s) => DataType::Decimal128(*p, *s),
            Reading::Money(s) => DataType::Decimal128(19, *s),
            Reading::Bytes => DataType::Binary,
            Reading::Date => DataType::Date32,
            Reading::Time => DataType::Time64(TimeUnit::Microsecond),
            Reading::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Reading::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            Reading::Text(_) => DataType::Utf8,
            Reading::List(element) => DataType::List(Arc::new(item_field(element))),
        }
    }

    /// The Arrow field of a column.
    pub(crate) fn field(&self, name: &str, ty: &Type) -> Field {
        let native = match ty.kind() {
            Kind::Array(element) => format!("{}[]", element.name()),
            _ => ty.name().to_owned(),
        };
        Field::new(name, self.data_type(), true)
            .with_metadata(HashMap::from([(NATIVE_TYPE.to_owned(), native)]))
    }
}

fn item_field(element: &Reading) -> Field {
    Field::new("item", element.data_type(), true)
}

/// Collects one column's values of a batch.
pub(crate) struct Column {
    reading: Reading,
    values: Values,
    scratch: String,
}

enum Values {
    Bool(BooleanBuilder),
    Int2(Int16Builder),
    Int4(Int32Builder),
    Int8(Int64Builder),
    Float4(Float32Builder),
    Float8(Float64Builder),
    Decimal(Decimal128Builder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Text(StringBuilder),
    List { items: Box<Column>, ends: Vec<i32>, valid: Vec<bool>, count: usize },
}

impl Column {
    pub(crate) fn new(reading: Reading) -> Column {
        let values = match &reading {
            Reading::Bool => Values::Bool(BooleanBuilder::new()),
            Reading::Int2 => Values::Int2(Int16Builder::new()),
            Reading::Int4 => Values::Int4(Int32Builder::new()),
            Reading::Int8 | Reading::Unsigned4 => Values::Int8(Int64Builder::new()),
            Reading::Float4 => Values::Float4(Float32Builder::new()),
            Reading::Float8 => Values::Float8(Float64Builder::new()),
            Reading::Decimal(..) | Reading::Money(_) => {
                Values::Decimal(Decimal128Builder::new().with_data_type(reading.data_type()))
            }
            Reading::Bytes => Values::Bytes(BinaryBuilder::new()),
            Reading::Date => Values::Date(Date32Builder::new()),
            Reading::Time => Values::Time(Time64MicrosecondBuilder::new()),
            Reading::Timestamp | Reading::TimestampTz => {
                Values::Timestamp(TimestampMicrosecondBuilder::new().with_data_type(reading.data_type()))
            }
            Reading::Text(_) => Values::Text(StringBuilder::new()),
            Reading::List(element) => Values::List {
                items: Box::new(Column::new((**element).clone())),
                ends: vec![0],
                valid: Vec::new(),
                count: 0,
            },
        };
        Column { reading, values, scratch: String::new() }
    }

    /// Adds one value in its wire form.
    pub(crate) fn push(&mut self, raw: Option<&[u8]>) -> Result<(), Bad> {
        let Some(raw) = raw else {
            self.push_null();
            return Ok(());
        };
        let mut bytes = Bytes(raw);
        match &mut self.values {
            Values::Bool(b) => b.append_value(bytes.u8()? != 0),
            Values::Int2(b) => b.append_value(bytes.i16()?),
            Values::Int4(b) => b.append_value(bytes.i32()?),
            Values::Int8(b) if self.reading == Reading::Unsigned4 => b.append_value(i64::from(bytes.u32()?)),
            Values::Int8(b) => b.append_value(bytes.i64()?),
            Values::Float4(b) => b.append_value(bytes.f32()?),
            Values::Float8(b) => b.append_value(bytes.f64()?),
            Values::Decimal(b) => match self.reading {
                Reading::Decimal(_, scale) => b.append_value(decode::decimal(raw, scale)?),
                _ => b.append_value(i128::from(bytes.i64()?)),
            },
            Values::Bytes(b) => b.append_value(raw),
            Values::Date(b) => b.append_value(decode::date(bytes.i32()?)),
            Values::Time(b) => b.append_value(bytes.i64()?),
            Values::Timestamp(b) => b.append_value(decode::timestamp(bytes.i64()?)),
            Values::Text(b) => match self.reading {
                Reading::Text(TextForm::Plain) => b.append_value(decode::text(raw)),
                Reading::Text(form) => {
                    self.scratch.clear();
                    write_text(form, raw, &mut self.scratch)?;
                    b.append_value(&self.scratch);
                }
                _ => return Err(Bad::Malformed),
            },
            Values::List { items, ends, valid, count } => {
                *count += push_items(items, raw)?;
                ends.push(i32::try_from(*count).map_err(|_| Bad::Malformed)?);
                valid.push(true);
            }
        }
        Ok(())
    }

    fn push_null(&mut self) {
        match &mut self.values {
            Values::Bool(b) => b.append_null(),
            Values::Int2(b) => b.append_null(),
            Values::Int4(b) => b.append_null(),
            Values::Int8(b) => b.append_null(),
            Values::Float4(b) => b.append_null(),
            Values::Float8(b) => b.append_null(),
            Values::Decimal(b) => b.append_null(),
            Values::Bytes(b) => b.append_null(),
            Values::Date(b) => b.append_null(),
            Values::Time(b) => b.append_null(),
            Values::Timestamp(b) => b.append_null(),
            Values::Text(b) => b.append_null(),
            Values::List { ends, valid, .. } => {
                ends.push(ends.last().copied().unwrap_or(0));
                valid.push(false);
            }
        }
    }

    /// The values so far, as an array; the column is empty again.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match &mut self.values {
            Values::Bool(b) => Arc::new(b.finish()),
            Values::Int2(b) => Arc::new(b.finish()),
            Values::Int4(b) => Arc::new(b.finish()),
            Values::Int8(b) => Arc::new(b.finish()),
            Values::Float4(b) => Arc::new(b.finish()),
            Values::Float8(b) => Arc::new(b.finish()),
            Values::Decimal(b) => Arc::new(b.finish()),
            Values::Bytes(b) => Arc::new(b.finish()),
            Values::Date(b) => Arc::new(b.finish()),
            Values::Time(b) => Arc::new(b.finish()),
            Values::Timestamp(b) => Arc::new(b.finish()),
            Values::Text(b) => Arc::new(b.finish()),
            Values::List { items, ends, valid, count } => {
                let field = Arc::new(item_field(&items.reading));
                let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(ends, vec![0])));
                let nulls = NullBuffer::from(std::mem::take(valid));
                *count = 0;
                Arc::new(ListArray::new(field, offsets, items.finish(), Some(nulls)))
            }
        }
    }
}

/// Adds the elements of an array; gives how many there are.
fn push_items(items: &mut Column, raw: &[u8]) -> Result<usize, Bad> {
    let mut bytes = Bytes(raw);
    let (dimensions, _has_nulls, _element) = (bytes.i32()?, bytes.i32()?, bytes.u32()?);
    match dimensions {
        0 => return Ok(0),
        1 => {}
        _ => return Err(Bad::Nested),
    }
    let (count, _lower_bound) = (bytes.i32()?, bytes.i32()?);
    for _ in 0..count {
        match usize::try_from(bytes.i32()?) {
            Ok(length) => items.push(Some(bytes.take(length)?))?,
            // a length of -1 is NULL
            Err(_) => items.push_null(),
        }
    }
    usize::try_from(count).map_err(|_| Bad::Malformed)
}

fn write_text(form: TextForm, raw: &[u8], out: &mut String) -> Result<(), Bad> {
    match form {
        TextForm::Plain => out.push_str(&decode::text(raw)),
        TextForm::Versioned => out.push_str(&decode::text(raw.get(1..).ok_or(Bad::Malformed)?)),
        TextForm::Char => match raw {
            [0] | [] => {}
            raw => out.push_str(&decode::text(raw)),
        },
        TextForm::Numeric => decode::numeric_text(raw, out)?,
        TextForm::Interval => decode::interval(raw, out)?,
        TextForm::TimeTz => decode::time_with_zone(raw, out)?,
        TextForm::Uuid => decode::uuid(raw, out)?,
        TextForm::Inet => decode::inet(raw, out)?,
        TextForm::Hardware => decode::hardware_address(raw, out),
        TextForm::Bits => decode::bits(raw, out)?,
        TextForm::Lsn => decode::lsn(raw, out)?,
        TextForm::Unsigned8 => out.push_str(&Bytes(raw).u64()?.to_string()),
    }
    Ok(())
}
