//! XLSX: one sheet, a bold header, numbers as numbers where a spreadsheet keeps them.

use std::io::Write;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use serde_json::Value;

use super::{ResultError, is_number, json_cell};

/// Rows of a sheet below its header.
const MAX_ROWS: u32 = 1_048_575;
/// Characters of a cell.
const MAX_CELL: usize = 32_767;
/// Decimal digits that every double keeps.
const DOUBLE_DIGITS: usize = 15;

/// Writes a workbook. The sheet's rows go to a temporary file as they come; the archive is put together at the end.
pub struct XlsxWriter<W: Write> {
    book: Workbook,
    out: W,
    schema: SchemaRef,
    row: u32,
}

impl<W: Write> XlsxWriter<W> {
    pub(super) fn new(schema: &SchemaRef, out: W) -> Result<XlsxWriter<W>, ResultError> {
        let mut book = Workbook::new();
        let bold = Format::new().set_bold();
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name("result")?;
        for (i, field) in schema.fields().iter().enumerate() {
            sheet.write_string_with_format(0, column(i)?, field.name(), &bold)?;
        }
        Ok(XlsxWriter { book, out, schema: schema.clone(), row: 0 })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        let sheet = self.book.worksheet_from_index(0)?;
        for row in 0..batch.num_rows() {
            if self.row >= MAX_ROWS {
                return Err(too_large("a sheet holds 1,048,575 rows; export as CSV or Parquet instead"));
            }
            self.row += 1;
            for (i, (values, field)) in batch.columns().iter().zip(self.schema.fields()).enumerate() {
                let value = json_cell(values, row)?;
                let value = if is_number(field) { short_decimal(value) } else { value };
                write_cell(sheet, self.row, column(i)?, &value)?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ResultError> {
        let bytes = self.book.save_to_buffer()?;
        self.out.write_all(&bytes)?;
        Ok(self.out.flush()?)
    }
}

fn column(index: usize) -> Result<u16, ResultError> {
    u16::try_from(index)
        .ok()
        .filter(|i| *i < 16_384)
        .ok_or_else(|| too_large("a sheet holds 16,384 columns; export as CSV or Parquet instead"))
}

/// A decimal that a double holds exactly enough to show all its digits becomes a number, so that a sheet can add it up.
fn short_decimal(value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    if text.bytes().filter(u8::is_ascii_digit).count() > DOUBLE_DIGITS {
        return value;
    }
    text.parse().ok().and_then(serde_json::Number::from_f64).map_or(value, Value::Number)
}

fn write_cell(sheet: &mut Worksheet, row: u32, col: u16, value: &Value) -> Result<(), ResultError> {
    match value {
        Value::Null => {}
        Value::Bool(b) => drop(sheet.write_boolean(row, col, *b)?),
        Value::Number(n) => drop(sheet.write_number(row, col, n.as_f64().unwrap_or_default())?),
        Value::String(s) => drop(sheet.write_string(row, col, checked(s)?)?),
        other => drop(sheet.write_string(row, col, checked(&other.to_string())?)?),
    }
    Ok(())
}

fn checked(text: &str) -> Result<&str, ResultError> {
    if text.chars().count() > MAX_CELL {
        return Err(too_large("a cell holds 32,767 characters; export as CSV or Parquet instead"));
    }
    Ok(text)
}

fn too_large(message: &str) -> ResultError {
    ResultError::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, message))
}
