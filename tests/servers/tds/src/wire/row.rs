//! Rows: the plain form, and the one that marks NULLs with bits.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::bytes::Out;
use super::value::write_value;
use crate::error::{Result, SqlError};
use crate::types::Ty;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) nullable: bool,
    pub(crate) identity: bool,
}

impl Column {
    /// A column that may hold NULL.
    pub(crate) fn new(name: impl Into<String>, ty: Ty) -> Self {
        Column { name: name.into(), ty, nullable: true, identity: false }
    }
}

/// Writes one row. Rows of several columns with a NULL take the form with bits, as a server does.
pub(crate) fn write_row(out: &mut Out, columns: &[Column], row: &Row<'_>) -> Result<()> {
    let mut values = Vec::with_capacity(columns.len());
    for at in 0..columns.len() {
        values.push(row.get_ref(at).map_err(|e| SqlError::from_sqlite(&e))?);
    }
    write_values(out, columns, &values)
}

/// Writes a row of values; nothing of it when one of them is none of its type.
pub(crate) fn write_values(out: &mut Out, columns: &[Column], values: &[ValueRef<'_>]) -> Result<()> {
    let start = out.0.len();
    let written = write_cells(out, columns, values);
    if written.is_err() {
        out.0.truncate(start);
    }
    written
}

fn write_cells(out: &mut Out, columns: &[Column], values: &[ValueRef<'_>]) -> Result<()> {
    let nulls = values.len() > 1 && values.contains(&ValueRef::Null);
    if nulls {
        out.u8(0xd2);
        for group in values.chunks(8) {
            let bits = group.iter().enumerate().filter(|(_, v)| **v == ValueRef::Null);
            out.u8(bits.fold(0, |bits, (at, _)| bits | 1 << at));
        }
    } else {
        out.u8(0xd1);
    }
    for (column, value) in columns.iter().zip(values) {
        if nulls && *value == ValueRef::Null {
            continue;
        }
        write_value(out, &column.ty, column.nullable, *value).ok_or_else(|| {
            let ty = column.ty.text();
            if column.ty.is_integer() && matches!(value, ValueRef::Integer(_)) {
                let said = format!("Arithmetic overflow error converting expression to data type {ty}.");
                return SqlError::new(8115, said).state(2);
            }
            SqlError::new(8114, format!("Error converting data type {} to {ty}.", kind(*value)))
        })?;
    }
    Ok(())
}

fn kind(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::Null => "null",
        ValueRef::Integer(_) => "bigint",
        ValueRef::Real(_) => "float",
        ValueRef::Text(_) => "nvarchar",
        ValueRef::Blob(_) => "varbinary",
    }
}
