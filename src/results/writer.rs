//! One writer over all formats: batches in, bytes out, never the whole result in memory.

use std::io::Write;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::ResultError;
use super::columnar::{ArrowWriter, ParquetWriter};
use super::text::{CsvWriter, JsonWriter};
use super::xlsx::XlsxWriter;

/// A format that results are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Format {
    Csv,
    Json,
    Ndjson,
    Arrow,
    Parquet,
    Xlsx,
}

impl Format {
    /// All formats, as listed to people.
    pub const ALL: [Format; 6] =
        [Format::Csv, Format::Json, Format::Ndjson, Format::Arrow, Format::Parquet, Format::Xlsx];

    /// Reads a name (`csv`, `jsonl` ...).
    pub fn parse(text: &str) -> Option<Format> {
        match text.to_ascii_lowercase().as_str() {
            "csv" => Some(Format::Csv),
            "json" => Some(Format::Json),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "arrow" | "ipc" => Some(Format::Arrow),
            "parquet" => Some(Format::Parquet),
            "xlsx" | "excel" => Some(Format::Xlsx),
            _ => None,
        }
    }

    /// Media type of the whole document.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Arrow => "application/vnd.apache.arrow.stream",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// File name's ending.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Arrow => "arrow",
            Format::Parquet => "parquet",
            Format::Xlsx => "xlsx",
        }
    }
}

/// Writes batches of one schema in one format. [`Writer::finish`] ends the document.
pub enum Writer<W: Write + Send> {
    #[doc(hidden)]
    Csv(CsvWriter<W>),
    #[doc(hidden)]
    Json(JsonWriter<W>),
    #[doc(hidden)]
    Arrow(Box<ArrowWriter<W>>),
    #[doc(hidden)]
    Parquet(Box<ParquetWriter<W>>),
    #[doc(hidden)]
    Xlsx(Box<XlsxWriter<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// Starts a document.
    ///
    /// # Errors
    /// When the head cannot be written.
    pub fn new(format: Format, schema: &SchemaRef, out: W) -> Result<Writer<W>, ResultError> {
        Ok(match format {
            Format::Csv => Writer::Csv(CsvWriter::new(schema, out)?),
            Format::Json => Writer::Json(JsonWriter::array(schema, out)?),
            Format::Ndjson => Writer::Json(JsonWriter::lines(schema, out)),
            Format::Arrow => Writer::Arrow(Box::new(ArrowWriter::new(schema, out)?)),
            Format::Parquet => Writer::Parquet(Box::new(ParquetWriter::new(schema, out)?)),
            Format::Xlsx => Writer::Xlsx(Box::new(XlsxWriter::new(schema, out)?)),
        })
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// When writing fails, or the format's own bounds are passed (XLSX: 1,048,575 rows).
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        match self {
            Writer::Csv(w) => w.write(batch),
            Writer::Json(w) => w.write(batch),
            Writer::Arrow(w) => w.write(batch),
            Writer::Parquet(w) => w.write(batch),
            Writer::Xlsx(w) => w.write(batch),
        }
    }

    /// Ends the document.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> Result<(), ResultError> {
        match self {
            Writer::Csv(w) => w.finish(),
            Writer::Json(w) => w.finish(),
            Writer::Arrow(w) => w.finish(),
            Writer::Parquet(w) => w.finish(),
            Writer::Xlsx(w) => w.finish(),
        }
    }
}
