//! Results on the terminal, in files and in pipes.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use connector_api::ErrorKind;
use connector_api::ResultStream;
use futures::StreamExt;

use super::args::{OutputArgs, OutputFormat};
use crate::error::{Class, Error, Result};
use crate::results::{Format, ResultError, Writer, render_table};

/// How a printed result ended.
pub struct Printed {
    /// Rows printed or written.
    pub rows: u64,
    /// What cut it short, if anything did.
    pub cut: Option<String>,
}

/// Where batches go as they come.
pub enum Sink {
    /// Kept until the end, for a table.
    Table { schema: SchemaRef, batches: Vec<RecordBatch>, show: usize, out: Box<dyn Write + Send> },
    /// Written at once.
    Format(Box<Writer<Box<dyn Write + Send>>>),
}

impl Sink {
    /// Opens the place that the flags name.
    ///
    /// # Errors
    /// When the file cannot be made, or binary data would go to a terminal.
    pub fn open(args: &OutputArgs, schema: &SchemaRef) -> Result<Sink> {
        let out = place(args)?;
        let Some(format) = format_of(args.format) else {
            return Ok(Sink::Table { schema: schema.clone(), batches: Vec::new(), show: args.show, out });
        };
        Ok(Sink::Format(Box::new(Writer::new(format, schema, out).map_err(failed)?)))
    }

    /// Takes a batch.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, batch: RecordBatch) -> Result<()> {
        match self {
            Sink::Table { batches, .. } => batches.push(batch),
            Sink::Format(writer) => writer.write(&batch).map_err(failed)?,
        }
        Ok(())
    }

    /// Ends the output.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<()> {
        match self {
            Sink::Table { schema, batches, show, mut out } => {
                let table = render_table(&schema, &batches, show).map_err(failed)?;
                writeln!(out, "{table}").and_then(|()| out.flush()).map_err(|e| failed(e.into()))
            }
            Sink::Format(writer) => writer.finish().map_err(failed),
        }
    }
}

/// Prints a running result as it comes. A cap that cut it is told, not hidden.
///
/// # Errors
/// When the statement fails or the output cannot be written.
pub async fn print(mut stream: ResultStream, args: &OutputArgs) -> Result<Printed> {
    let mut sink = Sink::open(args, &stream.schema)?;
    let mut printed = Printed { rows: 0, cut: None };
    while let Some(item) = stream.batches.next().await {
        match item {
            Ok(batch) => {
                printed.rows += batch.num_rows() as u64;
                sink.write(batch)?;
            }
            Err(error) if matches!(error.kind, ErrorKind::RowCap | ErrorKind::ByteCap) => {
                printed.cut = Some(error.message);
            }
            Err(error) => return Err(error.into()),
        }
    }
    sink.finish()?;
    Ok(printed)
}

/// Tells a cut on standard error, where it does not mix with the data.
pub fn tell_cut(cut: Option<&str>) {
    if let Some(cut) = cut {
        eprintln!("warning: the result is not whole: {cut}");
    }
}

fn place(args: &OutputArgs) -> Result<Box<dyn Write + Send>> {
    if let Some(path) = &args.out {
        let file = File::create(path).map_err(|e| {
            Error::new("K003", Class::BadInput, format!("{} cannot be written: {e}", path.display()))
        })?;
        return Ok(Box::new(BufWriter::new(file)));
    }
    let binary = matches!(args.format, OutputFormat::Parquet | OutputFormat::Arrow | OutputFormat::Xlsx);
    if binary && std::io::stdout().is_terminal() {
        return Err(Error::new("K004", Class::BadInput, "this form is not for a terminal")
            .hint("Add --out FILE, or send the output into a pipe."));
    }
    Ok(Box::new(BufWriter::new(std::io::stdout())))
}

fn format_of(format: OutputFormat) -> Option<Format> {
    match format {
        OutputFormat::Table => None,
        OutputFormat::Csv => Some(Format::Csv),
        OutputFormat::Json => Some(Format::Json),
        OutputFormat::Ndjson => Some(Format::Ndjson),
        OutputFormat::Parquet => Some(Format::Parquet),
        OutputFormat::Arrow => Some(Format::Arrow),
        OutputFormat::Xlsx => Some(Format::Xlsx),
    }
}

/// Code of a result whose reader went away: it had what it wanted, so the program ends quietly.
pub const READER_GONE: &str = "K060";

fn failed(error: ResultError) -> Error {
    let gone = match &error {
        ResultError::Io(error) | ResultError::Arrow(arrow::error::ArrowError::IoError(_, error)) => {
            error.kind() == std::io::ErrorKind::BrokenPipe
        }
        _ => false,
    };
    if gone {
        return Error::new(READER_GONE, Class::Cancelled, "the reader of the result went away");
    }
    Error::new("K005", Class::Internal, error.to_string())
}
