//! A result as a table for the terminal.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::cell::is_null;
use super::{ResultError, is_number, text_cell};

/// Longest text shown in a cell; longer ones end with an ellipsis.
const MAX_CELL: usize = 60;

/// The first `max_rows` rows as a table, with a last line that counts what is shown and what is not.
///
/// # Errors
/// When a value has no text form.
pub fn render_table(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    max_rows: usize,
) -> Result<String, ResultError> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(schema.fields().iter().map(|f| cut(f.name())));
    let total: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let mut shown = 0;
    for batch in batches {
        for row in 0..batch.num_rows().min(max_rows - shown) {
            let cells = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
                let text =
                    if is_null(column, row) { "NULL".to_owned() } else { cut(&text_cell(column, row)?) };
                let numeric = is_number(field);
                let align = if numeric { CellAlignment::Right } else { CellAlignment::Left };
                Ok(Cell::new(text).set_alignment(align))
            });
            table.add_row(cells.collect::<Result<Vec<_>, ResultError>>()?);
            shown += 1;
        }
    }
    let count = match (total, shown) {
        (1, 1) => "1 row".to_owned(),
        (t, s) if t == s => format!("{t} rows"),
        (t, s) => format!("{s} of {t} rows shown"),
    };
    Ok(format!("{table}\n({count})"))
}

/// One line without control characters: a stored value must not steer the terminal.
fn cut(text: &str) -> String {
    let flat: String =
        text.chars().take(MAX_CELL + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if flat.chars().count() <= MAX_CELL {
        return flat;
    }
    flat.chars().take(MAX_CELL - 1).chain(['…']).collect()
}
