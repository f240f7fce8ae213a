//! A result on disk: an Arrow IPC file that pages and exports are read from, never held whole in memory.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;

use super::ResultError;

/// Key in the file's footer: the rows of each batch, so that a page far down is found without reading what is above it.
const BATCH_ROWS: &str = "querent.batch_rows";

/// What a spool file is written through.
pub type Out = BufWriter<File>;

/// Writes a spool file, through what seals it or as it is. It appears under its name only when it is whole.
pub struct SpoolWriter<W: Write = Out> {
    writer: FileWriter<W>,
    batch_rows: Vec<usize>,
    partial: PathBuf,
    path: PathBuf,
}

impl SpoolWriter {
    /// Starts a file that is not sealed.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, schema: &SchemaRef) -> Result<SpoolWriter, ResultError> {
        SpoolWriter::through(path, schema, Ok)
    }

    /// Ends a file that is not sealed.
    ///
    /// # Errors
    /// As [`SpoolWriter::finish_through`].
    pub fn finish(self) -> Result<(), ResultError> {
        self.finish_through(Ok)
    }
}

impl<W: Write> SpoolWriter<W> {
    /// Starts a file that is written through something else.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn through(
        path: &Path,
        schema: &SchemaRef,
        seal: impl FnOnce(Out) -> std::io::Result<W>,
    ) -> Result<SpoolWriter<W>, ResultError> {
        let partial = path.with_extension("partial");
        let writer = FileWriter::try_new(seal(BufWriter::new(File::create(&partial)?))?, schema)?;
        Ok(SpoolWriter { writer, batch_rows: Vec::new(), partial, path: path.to_owned() })
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        self.writer.write(batch)?;
        self.batch_rows.push(batch.num_rows());
        Ok(())
    }

    /// Ends the file, makes it durable and gives it its name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish_through(mut self, end: impl FnOnce(W) -> std::io::Result<Out>) -> Result<(), ResultError> {
        let rows: Vec<String> = self.batch_rows.iter().map(usize::to_string).collect();
        self.writer.write_metadata(BATCH_ROWS, rows.join(","));
        self.writer.finish()?;
        let file = end(self.writer.into_inner()?)?.into_inner().map_err(|e| e.into_error())?;
        file.sync_all()?;
        std::fs::rename(&self.partial, &self.path)?;
        Ok(())
    }

    /// Gives the file up and removes what was written of it.
    pub fn discard(self) {
        let partial = self.partial.clone();
        drop(self);
        if let Err(error) = std::fs::remove_file(&partial) {
            tracing::warn!(%error, "a partial result file could not be removed");
        }
    }
}

/// Reads a spool file batch by batch.
pub struct Spool<R: Read + Seek = File> {
    reader: FileReader<R>,
}

impl Spool {
    /// Opens a whole file that is not sealed.
    ///
    /// # Errors
    /// When it is missing or damaged.
    pub fn open(path: &Path) -> Result<Spool, ResultError> {
        Spool::over(File::open(path)?)
    }
}

impl<R: Read + Seek> Spool<R> {
    /// Reads a whole file through something else.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn over(file: R) -> Result<Spool<R>, ResultError> {
        Ok(Spool { reader: FileReader::try_new(file, None)? })
    }

    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        self.reader.schema()
    }

    /// Rows `offset` to `offset + limit`, as slices of the batches that hold them. What is before and after
    /// the page is not read.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn page(mut self, offset: usize, limit: usize) -> Result<Vec<RecordBatch>, ResultError> {
        let (first, mut skip) = self.batch_of(offset);
        if first >= self.reader.num_batches() {
            return Ok(Vec::new());
        }
        self.reader.set_index(first)?;
        let (mut left, mut pages) = (limit, Vec::new());
        for batch in self.reader.by_ref() {
            let batch = batch?;
            if skip >= batch.num_rows() {
                skip -= batch.num_rows();
                continue;
            }
            let take = left.min(batch.num_rows() - skip);
            pages.push(batch.slice(skip, take));
            (skip, left) = (0, left - take);
            if left == 0 {
                break;
            }
        }
        Ok(pages)
    }

    /// The batch that holds a row, and the row's place in it. A file that does not say is read from its start.
    fn batch_of(&self, offset: usize) -> (usize, usize) {
        let noted = self.reader.custom_metadata().get(BATCH_ROWS).map(String::as_str).unwrap_or_default();
        let (mut batch, mut skip) = (0, offset);
        for rows in noted.split(',').map_while(|rows| rows.parse::<usize>().ok()) {
            if skip < rows {
                break;
            }
            (batch, skip) = (batch + 1, skip - rows);
        }
        (batch, skip)
    }
}

impl<R: Read + Seek> Iterator for Spool<R> {
    type Item = Result<RecordBatch, ResultError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.reader.next()?.map_err(ResultError::from))
    }
}
