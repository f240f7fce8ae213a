//! The whole store as rows that either backend can hold: for backups.
//!
//! A row is a JSON array of cells in the form in which SQLite keeps them: keys as text, moments as microseconds, truth
//! values as 0 and 1, documents as their text; bytes and vectors in base64. What a cell is, the column that takes it says.

mod cell;
mod load;
mod shape;

pub use cell::normalized;
pub use load::{check_references, clear, fill, is_empty, put_off_references};
pub use shape::{Kind, Table, order, tables};

use serde_json::Value as Json;

use super::db::{Conn, Dialect, Row, Value};
use super::error::Result;

/// Rows of one read: documents of wide tables take some hundred kilobytes each.
pub const BATCH: usize = 200;

/// The rows of a table, batch by batch in the order of its key.
pub struct Pages<'t> {
    table: &'t Table,
    after: Option<Vec<Value>>,
    ended: bool,
}

impl<'t> Pages<'t> {
    /// From the first row on.
    pub fn new(table: &'t Table) -> Pages<'t> {
        Pages { table, after: None, ended: false }
    }

    /// The next rows; none at the end. Give the same transaction each time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn next(&mut self, on: &impl Conn) -> Result<Vec<Vec<Json>>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let sql = self.statement(on.dialect());
        let rows = on.query(&sql, self.after.as_deref().unwrap_or_default()).await?;
        self.ended = rows.len() < BATCH;
        let width = self.table.columns.len();
        // behind the columns stands the key, as the next statement takes it
        self.after = rows.last().map(|row| row.values().iter().skip(width).cloned().collect());
        rows.iter().map(|row| self.cells(row)).collect()
    }

    fn statement(&self, dialect: Dialect) -> String {
        let read = |column: &shape::Column| match (dialect, column.kind) {
            // as text: numbers of a document keep all their digits
            (Dialect::Postgres, Kind::Json) => format!("\"{}\"::text", column.name),
            (Dialect::Postgres, Kind::Vector) => format!("vector_send(\"{}\")", column.name),
            _ => format!("\"{}\"", column.name),
        };
        let key: Vec<String> = self.table.key.iter().map(|name| format!("\"{name}\"")).collect();
        let columns: Vec<String> = self.table.columns.iter().map(read).chain(key.iter().cloned()).collect();
        let key = key.join(", ");
        let from = match &self.after {
            None => String::new(),
            Some(after) => {
                let marks: Vec<String> = (1..=after.len()).map(|place| format!("${place}")).collect();
                format!("WHERE ({key}) > ({})", marks.join(", "))
            }
        };
        format!(
            "SELECT {} FROM \"{}\" {from} ORDER BY {key} LIMIT {BATCH}",
            columns.join(", "),
            self.table.name
        )
    }

    fn cells(&self, row: &Row) -> Result<Vec<Json>> {
        let pairs = row.values().iter().zip(&self.table.columns);
        pairs.map(|(value, column)| cell::encode(value, column)).collect()
    }
}

/// What a table holds, whatever the order: rows, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Content {
    /// Rows.
    pub rows: u64,
    sum: [u64; 4],
}

impl Content {
    /// Adds a row of a table, in the form in which that table keeps it: two texts of one document are the same.
    pub fn add(&mut self, table: &Table, dialect: Dialect, row: &[Json]) {
        let mut hash = blake3::Hasher::new();
        for (cell, column) in row.iter().zip(&table.columns) {
            let text = cell::canonical(cell, column.kind, dialect);
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        for (sum, part) in self.sum.iter_mut().zip(hash.finalize().as_bytes().chunks_exact(8)) {
            *sum = sum.wrapping_add(part.try_into().map_or(0, u64::from_le_bytes));
        }
        self.rows += 1;
    }
}

/// What a table holds now.
///
/// # Errors
/// When the store fails.
pub async fn content(on: &impl Conn, table: &Table) -> Result<Content> {
    let (mut pages, mut content) = (Pages::new(table), Content::default());
    loop {
        let rows = pages.next(on).await?;
        if rows.is_empty() {
            return Ok(content);
        }
        rows.iter().for_each(|row| content.add(table, on.dialect(), row));
    }
}
