//! Arrow IPC streams and Parquet files.

use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::cell::is_null;
use super::{ResultError, text_cell, unique_names};

/// Rows of a row group of Parquet. A group is held in memory until it is written, so this bounds an export's memory;
/// readers skip and read in parallel by groups, which wants thousands of rows in each.
const GROUP_ROWS: usize = 131_072;
/// Bytes of a group, for wide rows.
const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// Writes the Arrow IPC stream form.
pub struct ArrowWriter<W: Write>(StreamWriter<W>);

impl<W: Write> ArrowWriter<W> {
    pub(super) fn new(schema: &SchemaRef, out: W) -> Result<ArrowWriter<W>, ResultError> {
        Ok(ArrowWriter(StreamWriter::try_new(out, schema)?))
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        Ok(self.0.write(batch)?)
    }

    pub(super) fn finish(mut self) -> Result<(), ResultError> {
        Ok(self.0.finish()?)
    }
}

/// Writes Parquet. Types that Parquet lacks (intervals, NULL-only columns) become text; doubled names are numbered.
pub struct ParquetWriter<W: Write + Send> {
    inner: parquet::arrow::ArrowWriter<W>,
    schema: SchemaRef,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(super) fn new(schema: &SchemaRef, out: W) -> Result<ParquetWriter<W>, ResultError> {
        let fields: Vec<Field> = schema
            .fields()
            .iter()
            .zip(unique_names(schema))
            .map(|(field, name)| Field::new(name, storable(field.data_type()), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_max_row_group_bytes(Some(GROUP_BYTES))
            .build();
        let inner = parquet::arrow::ArrowWriter::try_new(out, schema.clone(), Some(properties))?;
        Ok(ParquetWriter { inner, schema })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ResultError> {
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (column, field) in batch.columns().iter().zip(self.schema.fields()) {
            if column.data_type() == field.data_type() {
                columns.push(column.clone());
                continue;
            }
            let texts = (0..column.len())
                .map(|row| if is_null(column, row) { Ok(None) } else { text_cell(column, row).map(Some) })
                .collect::<Result<Vec<_>, _>>()?;
            columns.push(Arc::new(arrow::array::StringArray::from(texts)));
        }
        Ok(self.inner.write(&RecordBatch::try_new(self.schema.clone(), columns)?)?)
    }

    pub(super) fn finish(self) -> Result<(), ResultError> {
        self.inner.close()?;
        Ok(())
    }
}

fn storable(ty: &DataType) -> DataType {
    if lacking(ty) { DataType::Utf8 } else { ty.clone() }
}

fn lacking(ty: &DataType) -> bool {
    match ty {
        DataType::Null | DataType::Interval(_) | DataType::Duration(_) => true,
        DataType::List(item) | DataType::LargeList(item) => lacking(item.data_type()),
        _ => false,
    }
}
