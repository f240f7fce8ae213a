//! One value of a batch as JSON or as text.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::Value;

use super::{ResultError, moment};

/// Largest integer that every JSON reader keeps: 2^53.
const SAFE_INTEGER: i128 = 1 << 53;

/// Whether the value is NULL; a column that holds nothing else needs no list of its NULLs.
pub(super) fn is_null(array: &ArrayRef, row: usize) -> bool {
    array.is_null(row) || *array.data_type() == DataType::Null
}

/// The value as JSON. See the module's rule for numbers; bytes become `\x` and hexadecimal digits.
///
/// # Errors
/// When the type has no text form.
pub fn json_cell(array: &ArrayRef, row: usize) -> Result<Value, ResultError> {
    if is_null(array, row) {
        return Ok(Value::Null);
    }
    let value = match array.data_type() {
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => float_text(array.as_primitive::<Float32Type>().value(row).to_string()),
        DataType::List(_) => list(&array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row))?,
        _ => match integer(array, row) {
            Some(value) => integer_value(value),
            None => Value::String(text_cell(array, row)?),
        },
    };
    Ok(value)
}

fn list(items: &ArrayRef) -> Result<Value, ResultError> {
    let values = (0..items.len()).map(|i| json_cell(items, i)).collect::<Result<_, _>>()?;
    Ok(Value::Array(values))
}

fn integer_value(value: i128) -> Value {
    match i64::try_from(value) {
        Ok(small) if value.abs() <= SAFE_INTEGER => Value::from(small),
        _ => Value::String(value.to_string()),
    }
}

fn float(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

/// A 32-bit float through its shortest text, so that 0.1 does not become 0.10000000149011612.
fn float_text(text: String) -> Value {
    match text.parse::<f64>() {
        Ok(value) => float(value),
        Err(_) => Value::String(text),
    }
}

fn integer(array: &ArrayRef, row: usize) -> Option<i128> {
    let value = match array.data_type() {
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        _ => return None,
    };
    Some(value)
}

/// The value as text, empty for NULL. Time stamps are `YYYY-MM-DD HH:MM:SS[.ffffff][+00:00]`, endless ones `infinity`.
///
/// # Errors
/// When the type has no text form.
pub fn text_cell(array: &ArrayRef, row: usize) -> Result<String, ResultError> {
    let mut text = String::new();
    push_text(array, row, &mut text)?;
    Ok(text)
}

/// Appends what [`text_cell`] gives: an export of millions of values makes no text of its own for each.
///
/// # Errors
/// When the type has no text form.
pub(super) fn push_text(array: &ArrayRef, row: usize, text: &mut String) -> Result<(), ResultError> {
    if is_null(array, row) {
        return Ok(());
    }
    match array.data_type() {
        DataType::Utf8 => text.push_str(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => text.push_str(array.as_string::<i64>().value(row)),
        DataType::Boolean => text.push_str(if array.as_boolean().value(row) { "true" } else { "false" }),
        DataType::Binary => push_hex(array.as_binary::<i32>().value(row), text),
        DataType::LargeBinary => push_hex(array.as_binary::<i64>().value(row), text),
        DataType::List(_) | DataType::LargeList(_) => push(text, json_cell(array, row)?),
        DataType::Decimal128(_, scale) => {
            push_decimal(text, array.as_primitive::<Decimal128Type>().value(row), *scale);
        }
        DataType::Date32 => moment::push_date(text, array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Microsecond) => {
            let value = array.as_primitive::<Time64MicrosecondType>().value(row);
            moment::push_time(text, value, TimeUnit::Microsecond);
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) if zone.as_deref().is_none_or(is_utc) => {
            let value = array.as_primitive::<TimestampMicrosecondType>().value(row);
            if moment::push_timestamp(text, value, TimeUnit::Microsecond) && zone.is_some() {
                text.push_str("+00:00");
            }
        }
        _ => match integer(array, row) {
            Some(value) => push_integer(text, value),
            // What cannot be shown is an error here, not an error's text in place of a value.
            None => text.push_str(&ArrayFormatter::try_new(array, &formats())?.value(row).try_to_string()?),
        },
    }
    Ok(())
}

fn push(text: &mut String, value: impl std::fmt::Display) {
    use std::fmt::Write;
    // Writing to a String cannot fail.
    let _ = write!(text, "{value}");
}

fn push_integer(text: &mut String, value: i128) {
    // 64-bit division is several times faster, and nearly every value fits
    match i64::try_from(value) {
        Ok(small) => push(text, small),
        Err(_) => push(text, value),
    }
}

/// A whole number of the last decimal place as a number with a point.
fn push_decimal(text: &mut String, value: i128, scale: i8) {
    let Ok(places @ 1..) = usize::try_from(scale) else {
        push_integer(text, value);
        text.extend(std::iter::repeat_n('0', if value == 0 { 0 } else { usize::from(scale.unsigned_abs()) }));
        return;
    };
    if value < 0 {
        text.push('-');
    }
    let start = text.len();
    match u64::try_from(value.unsigned_abs()) {
        Ok(small) => push(text, small),
        Err(_) => push(text, value.unsigned_abs()),
    }
    let digits = text.len() - start;
    if digits <= places {
        let zeros = "0".repeat(places + 1 - digits);
        text.insert_str(start, &zeros);
    }
    text.insert(text.len() - places, '.');
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "+00:00" | "UTC")
}

fn formats() -> FormatOptions<'static> {
    FormatOptions::new()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%:z"))
        .with_datetime_format(Some("%Y-%m-%d %H:%M:%S%.f"))
}

fn push_hex(bytes: &[u8], text: &mut String) {
    text.reserve(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
}

/// The column's type as the API states it. Exact numbers without a fixed scale travel as text; the connector's
/// `native_type` tells them.
pub fn column_type(field: &Field) -> String {
    if is_number(field) && !field.data_type().is_numeric() {
        return "numeric".into();
    }
    type_name(field.data_type())
}

/// Whether the column holds numbers, in whatever form they travel.
pub fn is_number(field: &Field) -> bool {
    let native = field.metadata().get("native_type").map(String::as_str).unwrap_or_default();
    field.data_type().is_numeric() || (*field.data_type() == DataType::Utf8 && native.starts_with("numeric"))
}

fn type_name(ty: &DataType) -> String {
    match ty {
        DataType::Null => "null".into(),
        DataType::Boolean => "boolean".into(),
        t if t.is_integer() => "integer".into(),
        t if t.is_floating() => "float".into(),
        DataType::Decimal128(p, s) | DataType::Decimal256(p, s) => format!("decimal({p},{s})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => "bytes".into(),
        DataType::Date32 | DataType::Date64 => "date".into(),
        DataType::Time32(_) | DataType::Time64(_) => "time".into(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) | DataType::Timestamp(_, Some(_)) => {
            "timestamptz".into()
        }
        DataType::Timestamp(_, None) => "timestamp".into(),
        DataType::Interval(_) | DataType::Duration(_) => "interval".into(),
        DataType::List(field) | DataType::LargeList(field) => format!("{}[]", type_name(field.data_type())),
        other => other.to_string().to_lowercase(),
    }
}
