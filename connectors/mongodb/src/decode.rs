//! Values of documents as numbers, moments and text.

use bson::spec::BinarySubtype;
use bson::{Bson, RawBsonRef};
use serde_json::{Map, Value};

/// A value that does not have the form that its column asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Places that an exponent is written out to; what is longer stays with its exponent.
const LONGEST: i64 = 60;

/// Whether a value is none.
pub(crate) fn is_null(value: RawBsonRef<'_>) -> bool {
    matches!(value, RawBsonRef::Null | RawBsonRef::Undefined)
}

/// A whole number, also when it is stored as a number that could have a fraction.
pub(crate) fn integer(value: RawBsonRef<'_>) -> Result<i64, Malformed> {
    match value {
        RawBsonRef::Int32(n) => Ok(i64::from(n)),
        RawBsonRef::Int64(n) => Ok(n),
        // 2^63 is the first that is too large
        RawBsonRef::Double(n) if n.fract() == 0.0 && n.abs() < 9_223_372_036_854_775_808.0 => Ok(n as i64),
        RawBsonRef::Decimal128(n) => {
            let text = plain(&n.to_string());
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            if fraction.bytes().all(|b| b == b'0') {
                whole.parse().map_err(|_| Malformed)
            } else {
                Err(Malformed)
            }
        }
        _ => Err(Malformed),
    }
}

/// A number as the nearest binary fraction.
pub(crate) fn double(value: RawBsonRef<'_>) -> Result<f64, Malformed> {
    match value {
        RawBsonRef::Int32(n) => Ok(f64::from(n)),
        RawBsonRef::Int64(n) => Ok(n as f64),
        RawBsonRef::Double(n) => Ok(n),
        RawBsonRef::Decimal128(n) => n.to_string().parse().map_err(|_| Malformed),
        _ => Err(Malformed),
    }
}

/// A number with all its digits.
pub(crate) fn numeric(value: RawBsonRef<'_>) -> Result<String, Malformed> {
    match value {
        RawBsonRef::Decimal128(n) => Ok(plain(&n.to_string())),
        RawBsonRef::Int32(n) => Ok(n.to_string()),
        RawBsonRef::Int64(n) => Ok(n.to_string()),
        RawBsonRef::Double(n) => Ok(n.to_string()),
        _ => Err(Malformed),
    }
}

/// Milliseconds since 1970 in UTC.
pub(crate) fn moment(value: RawBsonRef<'_>) -> Result<i64, Malformed> {
    match value {
        RawBsonRef::DateTime(moment) => Ok(moment.timestamp_millis()),
        RawBsonRef::Timestamp(stamp) => Ok(i64::from(stamp.time) * 1000),
        _ => Err(Malformed),
    }
}

/// `1.25E+3` as `1250`.
pub(crate) fn plain(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return text.to_owned() };
    let Ok(exponent) = exponent.parse::<i64>() else { return text.to_owned() };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).unwrap_or(0).saturating_add(exponent);
    let length = i64::try_from(all.len()).unwrap_or(i64::MAX);
    if !(-LONGEST..=LONGEST).contains(&point) {
        return text.to_owned();
    }
    if point <= 0 {
        let zeros = "0".repeat(usize::try_from(-point).unwrap_or(0));
        return format!("{sign}0.{zeros}{all}");
    }
    if point >= length {
        let zeros = "0".repeat(usize::try_from(point - length).unwrap_or(0));
        let number = format!("{all}{zeros}");
        let number = number.trim_start_matches('0');
        return format!("{sign}{}", if number.is_empty() { "0" } else { number });
    }
    let (before, after) = all.split_at(usize::try_from(point).unwrap_or(0));
    format!("{sign}{before}.{after}")
}

/// Any value as text: a text as it is, the others as people write them, documents and arrays as JSON.
pub(crate) fn text(value: RawBsonRef<'_>) -> Result<String, Malformed> {
    Ok(match value {
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => text.to_owned(),
        RawBsonRef::ObjectId(id) => id.to_hex(),
        RawBsonRef::Boolean(yes) => yes.to_string(),
        RawBsonRef::Int32(_) | RawBsonRef::Int64(_) | RawBsonRef::Decimal128(_) => numeric(value)?,
        other => match json(other)? {
            Value::String(text) => text,
            json => json.to_string(),
        },
    })
}

/// A value as JSON.
pub(crate) fn json(value: RawBsonRef<'_>) -> Result<Value, Malformed> {
    Ok(simple(Bson::try_from(value).map_err(|_| Malformed)?))
}

/// JSON as people expect it: ids, moments and exact numbers as text, without MongoDB's `$oid` and its like.
pub(crate) fn simple(value: Bson) -> Value {
    match value {
        Bson::Document(document) => Value::Object(
            document.into_iter().map(|(key, value)| (key, simple(value))).collect::<Map<_, _>>(),
        ),
        Bson::Array(values) => Value::Array(values.into_iter().map(simple).collect()),
        Bson::ObjectId(id) => Value::String(id.to_hex()),
        Bson::DateTime(moment) => Value::String(
            moment.try_to_rfc3339_string().unwrap_or_else(|_| moment.timestamp_millis().to_string()),
        ),
        Bson::Decimal128(number) => Value::String(plain(&number.to_string())),
        Bson::Binary(binary) => Value::String(match (binary.subtype, uuid(&binary.bytes)) {
            (BinarySubtype::Uuid | BinarySubtype::UuidOld, Some(uuid)) => uuid,
            _ => hex(&binary.bytes),
        }),
        Bson::Double(number) if !number.is_finite() => Value::String(number.to_string()),
        Bson::Undefined => Value::Null,
        Bson::Symbol(text) => Value::String(text),
        other => other.into_relaxed_extjson(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(bson::Uuid::from_bytes(bytes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_written_out() {
        for (text, expected) in [
            ("99999.99", "99999.99"),
            ("1.25E+3", "1250"),
            ("-1.5E-7", "-0.00000015"),
            ("1E+2", "100"),
            ("12.345E1", "123.45"),
            ("0E+3", "0"),
            ("1E+6000", "1E+6000"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_whole_only_when_they_are() {
        assert_eq!(integer(RawBsonRef::Double(7.0)), Ok(7));
        assert_eq!(integer(RawBsonRef::Double(7.5)), Err(Malformed));
        assert_eq!(integer(RawBsonRef::Double(1e300)), Err(Malformed));
        let exact = |text: &str| integer(RawBsonRef::Decimal128(text.parse().unwrap()));
        assert_eq!((exact("12.00"), exact("1.2E+2"), exact("1.5")), (Ok(12), Ok(120), Err(Malformed)));
    }

    #[test]
    fn json_is_plain() {
        let id = bson::oid::ObjectId::parse_str("65a1b2c3d4e5f60718293a4b").unwrap();
        let value = bson::bson!({ "id": id, "n": 5_i64, "at": bson::DateTime::from_millis(0), "deep": [{ "x": null }] });
        let expected =
            r#"{"id":"65a1b2c3d4e5f60718293a4b","n":5,"at":"1970-01-01T00:00:00Z","deep":[{"x":null}]}"#;
        assert_eq!(simple(value).to_string(), expected);
    }
}
