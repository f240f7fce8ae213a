//! Reads cells of catalog rows: everything is read from what is there, whatever width a number has.

use tiberius::{ColumnData, Row};

fn cell(row: &Row, index: usize) -> Option<&ColumnData<'static>> {
    row.cells().nth(index).map(|(_, value)| value)
}

/// A cell as text; `None` for NULL.
pub(crate) fn maybe(row: &Row, index: usize) -> Option<String> {
    let value = cell(row, index)?;
    if crate::decode::is_null(value) {
        return None;
    }
    let mut text = String::new();
    crate::decode::text(value, &mut text).ok()?;
    Some(text)
}

/// A cell as text; empty for NULL.
pub(crate) fn text(row: &Row, index: usize) -> String {
    maybe(row, index).unwrap_or_default()
}

/// A cell that is more than nothing.
pub(crate) fn filled(row: &Row, index: usize) -> Option<String> {
    maybe(row, index).filter(|text| !text.is_empty())
}

/// A whole number, negative ones too; `None` for NULL and for anything else.
pub(crate) fn signed(row: &Row, index: usize) -> Option<i64> {
    match cell(row, index)? {
        ColumnData::U8(n) => n.map(i64::from),
        ColumnData::I16(n) => n.map(i64::from),
        ColumnData::I32(n) => n.map(i64::from),
        ColumnData::I64(n) => *n,
        ColumnData::Bit(bit) => bit.map(i64::from),
        ColumnData::Numeric(n) => n.filter(|n| n.scale() == 0).and_then(|n| i64::try_from(n.value()).ok()),
        _ => None,
    }
}

/// A whole number of none or more.
pub(crate) fn number(row: &Row, index: usize) -> Option<u64> {
    signed(row, index).and_then(|n| u64::try_from(n).ok())
}

/// A bit; NULL is none.
pub(crate) fn flag(row: &Row, index: usize) -> bool {
    signed(row, index).is_some_and(|n| n != 0)
}
