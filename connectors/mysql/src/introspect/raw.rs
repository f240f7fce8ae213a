//! Reads cells of catalog rows. Both servers give names as text and figures as numbers, but not always as the same
//! ones: everything is read from what is there.

use mysql_async::{Row, Value};

/// A cell as text; `None` for NULL.
pub(super) fn maybe(row: &Row, index: usize) -> Option<String> {
    match row.as_ref(index)? {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::Int(n) => Some(n.to_string()),
        Value::UInt(n) => Some(n.to_string()),
        Value::Float(x) => Some(x.to_string()),
        Value::Double(x) => Some(x.to_string()),
        // no catalog column that is asked for holds a moment
        Value::Date(..) | Value::Time(..) => None,
    }
}

/// A cell as text; empty for NULL.
pub(super) fn text(row: &Row, index: usize) -> String {
    maybe(row, index).unwrap_or_default()
}

/// A cell that is more than nothing: both servers write an empty text where there is no comment.
pub(super) fn filled(row: &Row, index: usize) -> Option<String> {
    maybe(row, index).filter(|text| !text.is_empty())
}

/// A whole number; `None` for NULL and for anything else.
pub(super) fn number(row: &Row, index: usize) -> Option<u64> {
    match row.as_ref(index)? {
        Value::Int(n) => u64::try_from(*n).ok(),
        Value::UInt(n) => Some(*n),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}
