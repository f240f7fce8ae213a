//! Results: Arrow batches written as JSON, NDJSON, CSV, Arrow, Parquet, XLSX or a terminal table, and spooled to disk.
//!
//! Numbers keep their value: integers beyond 2^53 and decimals become JSON strings, because many readers would round them.

mod cell;
pub mod chart;
mod columnar;
mod moment;
mod names;
pub mod spool;
mod table;
mod text;
mod writer;
mod xlsx;

pub use cell::{column_type, is_number, json_cell, text_cell};
pub use names::unique_names;
pub use table::render_table;
pub use writer::{Format, Writer};

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// The file system or the client's connection refused.
    #[error("the result could not be written: {0}")]
    Io(#[from] std::io::Error),
    /// A value has no form in that format.
    #[error("the result could not be converted: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Parquet refused.
    #[error("the result could not be written as Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A spreadsheet has bounds of its own.
    #[error("the result could not be written as XLSX: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
}
