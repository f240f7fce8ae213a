//! CSV (RFC 4180), JSON (an array of objects) and NDJSON (an object a line).

use std::io::Write;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use serde_json::{Map, Value};

use super::cell::{is_null, push_text};
use super::{ResultError, json_cell, unique_names};

/// Bytes of lines that are collected before they are written.
const CHUNK: usize = 64 * 1024;

/// Writes CSV with a header line. NULL is an empty field, the empty text is `""`.
pub struct CsvWriter<W: Write> {
    out: W,
    line: String,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(schema: &SchemaRef, mut out: W) -> Result<CsvWriter<W>, ResultError> {
        let mut line = String::new();
        for (i, field) in schema.fields().iter().enumerate() {
            if i > 0 {
                line.push(',');
            }
            let start = line.len();
            line.push_str(field.name());
            quote_from(&mut line, start);
        }
        line.push_str("\r\n");
        out.write_all(line.as_bytes())?;
        Ok(CsvWriter { out, line })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        self.line.clear();
        for row in 0..batch.num_rows() {
            for (i, column) in batch.columns().iter().enumerate() {
                if i > 0 {
                    self.line.push(',');
                }
                if is_null(column, row) {
                    continue;
                }
                let start = self.line.len();
                push_text(column, row, &mut self.line)?;
                quote_from(&mut self.line, start);
            }
            self.line.push_str("\r\n");
            if self.line.len() >= CHUNK {
                self.out.write_all(self.line.as_bytes())?;
                self.line.clear();
            }
        }
        Ok(self.out.write_all(self.line.as_bytes())?)
    }

    pub(super) fn finish(mut self) -> Result<(), ResultError> {
        Ok(self.out.flush()?)
    }
}

/// Puts the field that starts there into quotes where it needs them.
fn quote_from(line: &mut String, start: usize) {
    let field = line.get(start..).unwrap_or_default();
    let bytes = field.as_bytes();
    let special = |byte: &u8| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    if !bytes.is_empty() && !bytes.iter().any(special) && field.trim().len() == bytes.len() {
        return;
    }
    let quoted = format!("\"{}\"", field.replace('"', "\"\""));
    line.truncate(start);
    line.push_str(&quoted);
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
