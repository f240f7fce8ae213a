//! Arrow batches as rows of cells that the evaluation compares.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type};
use arrow::record_batch::RecordBatch;
use nl2sql::eval::Cell;

use crate::results::{is_number, text_cell};

/// Adds a batch's rows.
pub fn push(batch: &RecordBatch, rows: &mut Vec<Vec<Cell>>) {
    for row in 0..batch.num_rows() {
        rows.push(
            batch
                .columns()
                .iter()
                .zip(batch.schema().fields())
                .map(|(column, field)| cell(column, field, row))
                .collect(),
        );
    }
}

fn cell(array: &ArrayRef, field: &Field, row: usize) -> Cell {
    if array.is_null(row) {
        return Cell::Null;
    }
    match array.data_type() {
        DataType::Boolean => Cell::Int(array.as_boolean().value(row).into()),
        DataType::Float64 => Cell::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => Cell::Float(array.as_primitive::<Float32Type>().value(row).into()),
        DataType::Binary => Cell::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        _ => {
            let text = text_cell(array, row).unwrap_or_default();
            if is_number(field) { number(text) } else { Cell::Text(text) }
        }
    }
}

fn number(text: String) -> Cell {
    if let Ok(whole) = text.parse() {
        return Cell::Int(whole);
    }
    match text.parse() {
        Ok(float) => Cell::Float(float),
        Err(_) => Cell::Text(text),
    }
}
