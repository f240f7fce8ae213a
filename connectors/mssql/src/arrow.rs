//! Types of SQL Server as Arrow types, and the builders that fill them.
//!
//! | SQL Server | Arrow |
//! |---|---|
//! | bit | Boolean |
//! | tinyint | UInt8 |
//! | smallint, int, bigint | Int16 to Int64 |
//! | real, float | Float32, Float64 |
//! | decimal(p,s), numeric(p,s) | Decimal128(p,s); all digits as Utf8 where the server does not tell p and s |
//! | money, smallmoney | Decimal128(19,4), Decimal128(10,4) |
//! | char, varchar, nchar, nvarchar, text, ntext, xml, sql_variant | Utf8 |
//! | uniqueidentifier | Utf8, in capitals as the server prints it |
//! | hierarchyid | Utf8: its path |
//! | binary, varbinary, image, rowversion | Binary |
//! | date | Date32 |
//! | time | Time64(us) |
//! | datetime, smalldatetime, datetime2 | Timestamp(us) |
//! | datetimeoffset | Timestamp(us, `+00:00`): the moment; the offset that it was written with is not kept |
//!
//! The seventh decimal of a second is cut. geometry, geography and other types of assemblies cannot be read: the error
//! says to CAST.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder,
    Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder, UInt8Builder,
};
use arrow::datatypes::{DataType, Field, TimeUnit};
use tiberius::{ColumnData, ColumnType};

use crate::decode::{self, Malformed};
use crate::describe::Described;
use crate::hierarchy;
use crate::session::LONGEST_VALUE;

/// Key of the field metadata that holds the server's name of the type.
pub const NATIVE_TYPE: &str = "native_type";

/// The spelling of UTC that needs no zone tables.
const UTC: &str = "+00:00";

/// How a column's values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Bool,
    Tiny,
    Small,
    Int,
    Big,
    Single,
    Double,
    Decimal(u8, i8),
    Money(u8),
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Bytes,
    Hierarchy,
    Text,
}

/// A column's reading and the server's name of its type; `None` for what cannot be read.
pub(crate) fn reading(column: ColumnType, described: Option<&Described>) -> Option<(Reading, String)> {
    use ColumnType::*;
    let (reading, name) = match column {
        Bit | Bitn => (Reading::Bool, "bit"),
        Int1 => (Reading::Tiny, "tinyint"),
        Int2 => (Reading::Small, "smallint"),
        Int4 => (Reading::Int, "int"),
        Int8 | Intn => (Reading::Big, "bigint"),
        Float4 => (Reading::Single, "real"),
        Float8 | Floatn => (Reading::Double, "float"),
        Money4 => (Reading::Money(10), "smallmoney"),
        Money if described.is_some_and(|d| d.native == "smallmoney") => (Reading::Money(10), "smallmoney"),
        Money => (Reading::Money(19), "money"),
        // people and writers know a number as text by this name
        Decimaln | Numericn => (described.and_then(Described::decimal).unwrap_or(Reading::Text), "numeric"),
        Daten => (Reading::Date, "date"),
        Timen => (Reading::Time, "time"),
        Datetime4 => (Reading::Timestamp, "smalldatetime"),
        Datetime | Datetimen => (Reading::Timestamp, "datetime"),
        Datetime2 => (Reading::Timestamp, "datetime2"),
        DatetimeOffsetn => (Reading::TimestampTz, "datetimeoffset"),
        Guid => (Reading::Text, "uniqueidentifier"),
        BigVarBin | Image => (Reading::Bytes, "varbinary"),
        BigBinary => (Reading::Bytes, "binary"),
        Xml => (Reading::Text, "xml"),
        SSVariant => (Reading::Text, "sql_variant"),
        BigVarChar | Text => (Reading::Text, "varchar"),
        BigChar => (Reading::Text, "char"),
        NVarchar | NText => (Reading::Text, "nvarchar"),
        NChar => (Reading::Text, "nchar"),
        Null => (Reading::Text, "null"),
        Udt if described.is_some_and(|d| d.native == "hierarchyid") => (Reading::Hierarchy, "hierarchyid"),
        Udt => return None,
    };
    let native = described.map(|d| d.native.as_str()).filter(|native| !native.is_empty()).unwrap_or(name);
    Some((reading, native.to_owned()))
}

impl Reading {
    fn data_type(self) -> DataType {
        match self {
            Reading::Bool => DataType::Boolean,
            Reading::Tiny => DataType::UInt8,
            Reading::Small => DataType::Int16,
            Reading::Int => DataType::Int32,
            Reading::Big => DataType::Int64,
            Reading::Single => DataType::Float32,
            Reading::Double => DataType::Float64,
            Reading::Decimal(p, s) => DataType::Decimal128(p, s),
            Reading::Money(p) => DataType::Decimal128(p, 4),
            Reading::Date => DataType::Date32,
            Reading::Time => DataType::Time64(TimeUnit::Microsecond),
            Reading::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Reading::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Reading::Bytes => DataType::Binary,
            Reading::Text | Reading::Hierarchy => DataType::Utf8,
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
    values: Values,
    /// Decimal places.
    scale: i8,
    scratch: String,
}

enum Values {
    Bool(BooleanBuilder),
    Tiny(UInt8Builder),
    Small(Int16Builder),
    Int(Int32Builder),
    Big(Int64Builder),
    Single(Float32Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Bytes(BinaryBuilder),
    Hierarchy(StringBuilder),
    Text(StringBuilder),
}

/// The same for every builder.
macro_rules! each {
    ($values:expr, $builder:ident => $body:expr) => {
        match $values {
            Values::Bool($builder) => $body,
            Values::Tiny($builder) => $body,
            Values::Small($builder) => $body,
            Values::Int($builder) => $body,
            Values::Big($builder) => $body,
            Values::Single($builder) => $body,
            Values::Double($builder) => $body,
            Values::Decimal($builder) => $body,
            Values::Date($builder) => $body,
            Values::Time($builder) => $body,
            Values::Timestamp($builder) => $body,
            Values::Bytes($builder) => $body,
            Values::Hierarchy($builder) => $body,
            Values::Text($builder) => $body,
        }
    };
}

impl Column {
    pub(crate) fn new(reading: Reading) -> Column {
        let decimal = || Values::Decimal(Decimal128Builder::new().with_data_type(reading.data_type()));
        let values = match reading {
            Reading::Bool => Values::Bool(BooleanBuilder::new()),
            Reading::Tiny => Values::Tiny(UInt8Builder::new()),
            Reading::Small => Values::Small(Int16Builder::new()),
            Reading::Int => Values::Int(Int32Builder::new()),
            Reading::Big => Values::Big(Int64Builder::new()),
            Reading::Single => Values::Single(Float32Builder::new()),
            Reading::Double => Values::Double(Float64Builder::new()),
            Reading::Decimal(..) | Reading::Money(_) => decimal(),
            Reading::Date => Values::Date(Date32Builder::new()),
            Reading::Time => Values::Time(Time64MicrosecondBuilder::new()),
            Reading::Timestamp => Values::Timestamp(TimestampMicrosecondBuilder::new()),
            Reading::TimestampTz => Values::Timestamp(TimestampMicrosecondBuilder::new().with_timezone(UTC)),
            Reading::Bytes => Values::Bytes(BinaryBuilder::new()),
            Reading::Hierarchy => Values::Hierarchy(StringBuilder::new()),
            Reading::Text => Values::Text(StringBuilder::new()),
        };
        let scale = match reading {
            Reading::Decimal(_, scale) => scale,
            Reading::Money(_) => 4,
            _ => 0,
        };
        Column { values, scale, scratch: String::new() }
    }

    /// Adds one value; gives about how many bytes it takes.
    pub(crate) fn push(&mut self, value: &ColumnData<'_>) -> Result<usize, Malformed> {
        use ColumnData as D;
        if decode::is_null(value) {
            each!(&mut self.values, builder => builder.append_null());
            return Ok(8);
        }
        match (&mut self.values, value) {
            (Values::Bool(b), D::Bit(Some(v))) => b.append_value(*v),
            (Values::Tiny(b), D::U8(Some(v))) => b.append_value(*v),
            (Values::Small(b), D::I16(Some(v))) => b.append_value(*v),
            (Values::Int(b), D::I32(Some(v))) => b.append_value(*v),
            (Values::Big(b), value) => b.append_value(whole(value)?),
            (Values::Single(b), D::F32(Some(v))) => b.append_value(*v),
            (Values::Double(b), D::F64(Some(v))) => b.append_value(*v),
            (Values::Double(b), D::F32(Some(v))) => b.append_value(f64::from(*v)),
            (Values::Decimal(b), D::Numeric(Some(v))) => b.append_value(decode::decimal(*v, self.scale)?),
            (Values::Decimal(b), D::F64(Some(v))) => b.append_value(decode::money(*v)?),
            (Values::Date(b), D::Date(Some(v))) => b.append_value(decode::date(*v)?),
            (Values::Time(b), D::Time(Some(v))) => b.append_value(decode::time(*v)?),
            (Values::Timestamp(b), value) => b.append_value(moment(value)?),
            (Values::Bytes(b), D::Binary(Some(v))) => {
                b.append_value(v);
                return sized(v.len());
            }
            (Values::Hierarchy(b), D::Binary(Some(v))) => {
                b.append_value(hierarchy::path(v).ok_or(Malformed)?)
            }
            (Values::Text(b), D::String(Some(v))) => {
                b.append_value(v);
                // the server counts two bytes a character, or one
                return sized(v.encode_utf16().count().saturating_mul(2)).and(sized(v.len()));
            }
            (Values::Text(b), value) => {
                self.scratch.clear();
                decode::text(value, &mut self.scratch)?;
                b.append_value(&self.scratch);
                return Ok(self.scratch.len());
            }
            _ => return Err(Malformed),
        }
        Ok(8)
    }

    /// The values so far, as an array; the column is empty again.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        each!(&mut self.values, builder => Arc::new(builder.finish()))
    }
}

/// A length that is not the one at which the server cuts.
fn sized(bytes: usize) -> Result<usize, Malformed> {
    if bytes >= LONGEST_VALUE { Err(Malformed) } else { Ok(bytes) }
}

fn whole(value: &ColumnData<'_>) -> Result<i64, Malformed> {
    match value {
        ColumnData::U8(Some(n)) => Ok(i64::from(*n)),
        ColumnData::I16(Some(n)) => Ok(i64::from(*n)),
        ColumnData::I32(Some(n)) => Ok(i64::from(*n)),
        ColumnData::I64(Some(n)) => Ok(*n),
        _ => Err(Malformed),
    }
}

fn moment(value: &ColumnData<'_>) -> Result<i64, Malformed> {
    match value {
        ColumnData::DateTime(Some(v)) => Ok(decode::datetime(*v)),
        ColumnData::SmallDateTime(Some(v)) => Ok(decode::smalldatetime(*v)),
        ColumnData::DateTime2(Some(v)) => decode::datetime2(*v),
        // the driver gives it in UTC
        ColumnData::DateTimeOffset(Some(v)) => decode::datetime2(v.datetime2()),
        _ => Err(Malformed),
    }
}
