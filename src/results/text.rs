//! CSV (RFC 4180), JSON (an array of objects) and NDJSON (an object a line).

use std::io::Write;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use serde_json::{Map, Value};

use super::cell::is_null;
use super::{ResultError, json_cell, text_cell, unique_names};

/// Writes CSV with a header line. NULL is an empty field, the empty text is `""`.
pub struct CsvWriter<W: Write> {
    out: W,
    line: String,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(schema: &SchemaRef, mut out: W) -> Result<CsvWriter<W>, ResultError> {
        let mut line = String::new();
        for (i, field) in schema.fields().iter().enumerate() {
            push_field(&mut line, i, Some(field.name()));
        }
        line.push_str("\r\n");
        out.write_all(line.as_bytes())?;
        Ok(CsvWriter { out, line })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        for row in 0..batch.num_rows() {
            self.line.clear();
            for (i, column) in batch.columns().iter().enumerate() {
                let text = if is_null(column, row) { None } else { Some(text_cell(column, row)?) };
                push_field(&mut self.line, i, text.as_deref());
            }
            self.line.push_str("\r\n");
            self.out.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ResultError> {
        Ok(self.out.flush()?)
    }
}

fn push_field(line: &mut String, index: usize, text: Option<&str>) {
    if index > 0 {
        line.push(',');
    }
    let Some(text) = text else { return };
    if !text.is_empty() && !text.contains(['"', ',', '\r', '\n']) && text.trim() == text {
        line.push_str(text);
        return;
    }
    line.push('"');
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}

/// Writes objects, as an array or one a line.
pub struct JsonWriter<W: Write> {
    out: W,
    names: Vec<String>,
    lines: bool,
    first: bool,
}

impl<W: Write> JsonWriter<W> {
    pub(super) fn array(schema: &SchemaRef, mut out: W) -> Result<JsonWriter<W>, ResultError> {
        out.write_all(b"[")?;
        Ok(JsonWriter { out, names: unique_names(schema), lines: false, first: true })
    }

    pub(super) fn lines(schema: &SchemaRef, out: W) -> JsonWriter<W> {
        JsonWriter { out, names: unique_names(schema), lines: true, first: true }
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        for row in 0..batch.num_rows() {
            let mut object = Map::with_capacity(self.names.len());
            for (name, column) in self.names.iter().zip(batch.columns()) {
                object.insert(name.clone(), json_cell(column, row)?);
            }
            if !self.lines && !self.first {
                self.out.write_all(b",\n")?;
            }
            self.first = false;
            serde_json::to_writer(&mut self.out, &Value::Object(object)).map_err(std::io::Error::from)?;
            if self.lines {
                self.out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ResultError> {
        if !self.lines {
            self.out.write_all(b"]\n")?;
        }
        Ok(self.out.flush()?)
    }
}
