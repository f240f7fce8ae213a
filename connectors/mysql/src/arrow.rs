//! Types of MySQL and MariaDB as Arrow types, and the builders that fill them.
//!
//! | MySQL, MariaDB | Arrow |
//! |---|---|
//! | tinyint, smallint, mediumint, int, bigint | Int8 to Int64; unsigned ones UInt8 to UInt64 |
//! | year | UInt16 |
//! | bit(n) | UInt64, the bits as a number |
//! | float, double | Float32, Float64 |
//! | decimal(p,s) with p up to 38 | Decimal128(p,s); wider ones Utf8, all digits |
//! | char, varchar, text, enum, set, json, uuid, inet6 | Utf8 |
//! | binary, varbinary, blob, vector | Binary |
//! | geometry | Binary: WKB, without the number of its reference system |
//! | date | Date32 |
//! | datetime | Timestamp(us), without a zone as it is stored |
//! | timestamp | Timestamp(us, `+00:00`): an instant, and the session's clock is UTC |
//! | time | Utf8 as the server prints it: it may be negative or longer than a day |
//!
//! Dates that are none (0000-00-00, 2024-00-10) become NULL, or, with `zero_dates=text`, all dates of a result text.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int8Builder,
    Int16Builder, Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder, UInt8Builder,
    UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow::datatypes::{DataType, Field, TimeUnit};
use mysql_async::Value;
use mysql_async::consts::{ColumnFlags, ColumnType};

use crate::decode::{self, Malformed};

/// Key of the field metadata that holds the server's name of the type.
pub const NATIVE_TYPE: &str = "native_type";

/// The character set of what is bytes.
const BINARY: u16 = 63;

/// How a column's values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Signed(u8),
    Unsigned(u8),
    Bits,
    Single,
    Double,
    Decimal(u8, i8),
    Date,
    /// A moment; whether it is an instant (TIMESTAMP) or what a clock somewhere shows (DATETIME).
    Timestamp {
        instant: bool,
    },
    Bytes,
    Geometry,
    /// Text; of moments, how many places of a second there are, and whether there is a time at all.
    Text(u8, bool),
}

/// A column's reading and the server's name of its type.
pub(crate) fn reading(column: &mysql_async::Column, dates_as_text: bool) -> (Reading, &'static str) {
    use ColumnType::*;
    let unsigned = column.flags().contains(ColumnFlags::UNSIGNED_FLAG);
    let integer = |bits: u8| if unsigned { Reading::Unsigned(bits) } else { Reading::Signed(bits) };
    let binary = column.character_set() == BINARY;
    let text = Reading::Text(0, false);
    let places = column.decimals();
    match column.column_type() {
        MYSQL_TYPE_TINY => (integer(8), "tinyint"),
        MYSQL_TYPE_SHORT => (integer(16), "smallint"),
        MYSQL_TYPE_INT24 => (integer(32), "mediumint"),
        MYSQL_TYPE_LONG => (integer(32), "int"),
        MYSQL_TYPE_LONGLONG => (integer(64), "bigint"),
        MYSQL_TYPE_YEAR => (Reading::Unsigned(16), "year"),
        MYSQL_TYPE_BIT => (Reading::Bits, "bit"),
        MYSQL_TYPE_FLOAT => (Reading::Single, "float"),
        MYSQL_TYPE_DOUBLE => (Reading::Double, "double"),
        // people and writers know a wide number as text by this name
        MYSQL_TYPE_DECIMAL | MYSQL_TYPE_NEWDECIMAL => (decimal(column, unsigned), "numeric"),
        MYSQL_TYPE_DATE | MYSQL_TYPE_NEWDATE if dates_as_text => (text, "date"),
        MYSQL_TYPE_DATE | MYSQL_TYPE_NEWDATE => (Reading::Date, "date"),
        MYSQL_TYPE_DATETIME | MYSQL_TYPE_DATETIME2 if dates_as_text => {
            (Reading::Text(places, true), "datetime")
        }
        MYSQL_TYPE_DATETIME | MYSQL_TYPE_DATETIME2 => (Reading::Timestamp { instant: false }, "datetime"),
        MYSQL_TYPE_TIMESTAMP | MYSQL_TYPE_TIMESTAMP2 if dates_as_text => {
            (Reading::Text(places, true), "timestamp")
        }
        MYSQL_TYPE_TIMESTAMP | MYSQL_TYPE_TIMESTAMP2 => (Reading::Timestamp { instant: true }, "timestamp"),
        MYSQL_TYPE_TIME | MYSQL_TYPE_TIME2 => (Reading::Text(places, true), "time"),
        MYSQL_TYPE_JSON => (text, "json"),
        MYSQL_TYPE_ENUM => (text, "enum"),
        MYSQL_TYPE_SET => (text, "set"),
        MYSQL_TYPE_NULL => (text, "null"),
        MYSQL_TYPE_GEOMETRY => (Reading::Geometry, "geometry"),
        _ if binary => (Reading::Bytes, "varbinary"),
        _ if column.flags().contains(ColumnFlags::ENUM_FLAG) => (text, "enum"),
        _ if column.flags().contains(ColumnFlags::SET_FLAG) => (text, "set"),
        _ => (text, "varchar"),
    }
}

/// `decimal(p,s)` where Arrow can hold it, otherwise all digits as text. The length counts sign and point as well.
fn decimal(column: &mysql_async::Column, unsigned: bool) -> Reading {
    let scale = column.decimals();
    let digits =
        column.column_length().saturating_sub(u32::from(scale > 0)).saturating_sub(u32::from(!unsigned));
    match (u8::try_from(digits), i8::try_from(scale)) {
        (Ok(p), Ok(s)) if (1..=38).contains(&p) && scale <= p => Reading::Decimal(p, s),
        _ => Reading::Text(0, false),
    }
}

impl Reading {
    fn data_type(self) -> DataType {
        match self {
            Reading::Signed(8) => DataType::Int8,
            Reading::Signed(16) => DataType::Int16,
            Reading::Signed(32) => DataType::Int32,
            Reading::Signed(_) => DataType::Int64,
            Reading::Unsigned(8) => DataType::UInt8,
            Reading::Unsigned(16) => DataType::UInt16,
            Reading::Unsigned(32) => DataType::UInt32,
            Reading::Unsigned(_) | Reading::Bits => DataType::UInt64,
            Reading::Single => DataType::Float32,
            Reading::Double => DataType::Float64,
            Reading::Decimal(p, s) => DataType::Decimal128(p, s),
            Reading::Date => DataType::Date32,
            Reading::Timestamp { instant } => {
                DataType::Timestamp(TimeUnit::Microsecond, instant.then(|| "+00:00".into()))
            }
            Reading::Bytes | Reading::Geometry => DataType::Binary,
            Reading::Text(..) => DataType::Utf8,
        }
    }

    /// The Arrow field of a column.
    pub(crate) fn field(self, name: &str, native: &str) -> Field {
        Field::new(name, self.data_type(), true)
            .with_metadata(HashMap::from([(NATIVE_TYPE.to_owned(), native.to_owned())]))
    }
}

/// Collects one column's values of a batch.
pub(crate) struct Column {
    reading: Reading,
    values: Values,
    scratch: String,
    /// How many dates were none and became NULL.
    pub zero_dates: u64,
}

enum Values {
    Int8(Int8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt8(UInt8Builder),
    UInt16(UInt16Builder),
    UInt32(UInt32Builder),
    UInt64(UInt64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Bytes(BinaryBuilder),
    Text(StringBuilder),
}

/// The same for every builder.
macro_rules! each {
    ($values:expr, $builder:ident => $body:expr) => {
        match $values {
            Values::Int8($builder) => $body,
            Values::Int16($builder) => $body,
            Values::Int32($builder) => $body,
            Values::Int64($builder) => $body,
            Values::UInt8($builder) => $body,
            Values::UInt16($builder) => $body,
            Values::UInt32($builder) => $body,
            Values::UInt64($builder) => $body,
            Values::Float32($builder) => $body,
            Values::Float64($builder) => $body,
            Values::Decimal($builder) => $body,
            Values::Date($builder) => $body,
            Values::Timestamp($builder) => $body,
            Values::Bytes($builder) => $body,
            Values::Text($builder) => $body,
        }
    };
}

fn whole<T: TryFrom<i128>>(value: &Value) -> Result<T, Malformed> {
    T::try_from(decode::integer(value)?).map_err(|_| Malformed)
}

impl Column {
    pub(crate) fn new(reading: Reading) -> Column {
        let values = match reading {
            Reading::Signed(8) => Values::Int8(Int8Builder::new()),
            Reading::Signed(16) => Values::Int16(Int16Builder::new()),
            Reading::Signed(32) => Values::Int32(Int32Builder::new()),
            Reading::Signed(_) => Values::Int64(Int64Builder::new()),
            Reading::Unsigned(8) => Values::UInt8(UInt8Builder::new()),
            Reading::Unsigned(16) => Values::UInt16(UInt16Builder::new()),
            Reading::Unsigned(32) => Values::UInt32(UInt32Builder::new()),
            Reading::Unsigned(_) | Reading::Bits => Values::UInt64(UInt64Builder::new()),
            Reading::Single => Values::Float32(Float32Builder::new()),
            Reading::Double => Values::Float64(Float64Builder::new()),
            Reading::Decimal(..) => {
                Values::Decimal(Decimal128Builder::new().with_data_type(reading.data_type()))
            }
            Reading::Date => Values::Date(Date32Builder::new()),
            Reading::Timestamp { .. } => {
                Values::Timestamp(TimestampMicrosecondBuilder::new().with_data_type(reading.data_type()))
            }
            Reading::Bytes | Reading::Geometry => Values::Bytes(BinaryBuilder::new()),
            Reading::Text(..) => Values::Text(StringBuilder::new()),
        };
        Column { reading, values, scratch: String::new(), zero_dates: 0 }
    }

    /// Adds one value.
    pub(crate) fn push(&mut self, value: &Value) -> Result<(), Malformed> {
        if *value == Value::NULL {
            each!(&mut self.values, builder => builder.append_null());
            return Ok(());
        }
        match &mut self.values {
            Values::Int8(b) => b.append_value(whole(value)?),
            Values::Int16(b) => b.append_value(whole(value)?),
            Values::Int32(b) => b.append_value(whole(value)?),
            Values::Int64(b) => b.append_value(whole(value)?),
            Values::UInt8(b) => b.append_value(whole(value)?),
            Values::UInt16(b) => b.append_value(whole(value)?),
            Values::UInt32(b) => b.append_value(whole(value)?),
            Values::UInt64(b) if self.reading == Reading::Bits => b.append_value(decode::bits(value)?),
            Values::UInt64(b) => b.append_value(whole(value)?),
            Values::Float32(b) => b.append_value(decode::single(value)?),
            Values::Float64(b) => b.append_value(decode::float(value)?),
            Values::Decimal(b) => match self.reading {
                Reading::Decimal(_, scale) => b.append_value(decode::decimal(value, scale)?),
                _ => return Err(Malformed),
            },
            Values::Date(b) => {
                let date = decode::date(value)?;
                self.zero_dates += u64::from(date.is_none());
                b.append_option(date);
            }
            Values::Timestamp(b) => {
                let moment = decode::timestamp(value)?;
                self.zero_dates += u64::from(moment.is_none());
                b.append_option(moment);
            }
            Values::Bytes(b) => match (value, self.reading) {
                (Value::Bytes(bytes), Reading::Geometry) => b.append_value(decode::geometry(bytes)?),
                (Value::Bytes(bytes), _) => b.append_value(bytes),
                _ => return Err(Malformed),
            },
            Values::Text(b) => {
                let Reading::Text(places, with_time) = self.reading else { return Err(Malformed) };
                self.scratch.clear();
                decode::text(value, places, with_time, &mut self.scratch);
                b.append_value(&self.scratch);
            }
        }
        Ok(())
    }

    /// The values so far, as an array; the column is empty again.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        each!(&mut self.values, builder => Arc::new(builder.finish()))
    }
}
