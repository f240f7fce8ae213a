//! A snapshot prepared for comparison with what is stored, and the rows of what turns out to differ.

use std::sync::Arc;

use catalog::{Column, Engine, Routine, Schema, Snapshot, Table, fingerprint, parallel};
use serde::{Deserialize, Serialize};

use super::super::db::Value;
use super::super::error::Result;
use super::figures;
use super::publish::off_thread;

/// The versioned table of tables.
pub(super) const TABLES: &str = "tables";
/// The versioned table of their columns.
pub(super) const COLUMNS: &str = "columns";

/// Rows of one versioned table.
pub(super) struct Part {
    /// Its name in the store.
    pub table: &'static str,
    /// Columns that name a row within a version.
    pub key: &'static [&'static str],
    /// Columns besides the key and the fingerprint.
    pub content: &'static [&'static str],
    /// What the crawl found.
    pub rows: Vec<PartRow>,
}

/// One row of a versioned table.
pub(super) struct PartRow {
    pub key: Vec<String>,
    pub fingerprint: String,
    pub content: Vec<Value>,
}

/// What a version says besides its rows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    pub engine: Engine,
    pub server_version: String,
    pub database: String,
    pub search_path: Vec<String>,
}

/// What a crawl found, with the fingerprints by which it is compared. Made before the transaction that stores it.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) snapshot: Arc<Snapshot>,
    /// Of everything.
    pub(super) fingerprint: String,
    /// Of each table, in the snapshot's order.
    pub(super) tables: Arc<Vec<String>>,
    /// Of each table's figures, in the snapshot's order.
    pub(super) figures: Arc<Vec<String>>,
}

impl Prepared {
    /// What the crawl found.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    pub(super) fn facts(&self) -> Facts {
        Facts {
            engine: self.snapshot.engine,
            server_version: self.snapshot.server_version.clone(),
            database: self.snapshot.database.clone(),
            search_path: self.snapshot.search_path.clone(),
        }
    }

    pub(super) fn table_count(&self) -> i64 {
        count(self.snapshot.tables.len())
    }

    pub(super) fn column_count(&self) -> i64 {
        count(self.snapshot.tables.iter().map(|t| t.columns.len()).sum())
    }
}

/// Prepares a snapshot, off the async threads: some microseconds a table.
///
/// # Errors
/// When the work is abandoned because the program ends.
pub async fn prepare(snapshot: Arc<Snapshot>) -> Result<Prepared> {
    off_thread(move || {
        let tables = fingerprint::tables(&snapshot.tables);
        let figures = parallel::map(&snapshot.tables, |table| hash(&figures::text(table)));
        let fingerprint = fingerprint::combine(&snapshot, tables.clone());
        Prepared { snapshot, fingerprint, tables: Arc::new(tables), figures: Arc::new(figures) }
    })
    .await
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

pub(super) fn schemas(snapshot: &Snapshot) -> Part {
    Part {
        table: "schemas",
        key: &["schema_name"],
        content: &["definition"],
        rows: snapshot.schemas.iter().map(schema_row).collect(),
    }
}

pub(super) fn routines(snapshot: &Snapshot) -> Part {
    Part {
        table: "routines",
        key: &["schema_name", "signature"],
        content: &["definition"],
        rows: snapshot.routines.iter().map(routine_row).collect(),
    }
}

/// Rows of the tables at these places of the snapshot, and rows of their columns.
pub(super) fn tables(prepared: &Prepared, places: &[usize]) -> (Part, Part) {
    let (mut tables, mut columns) = (Vec::with_capacity(places.len()), Vec::new());
    for place in places {
        let (Some(table), Some(fingerprint)) =
            (prepared.snapshot.tables.get(*place), prepared.tables.get(*place))
        else {
            continue;
        };
        let kept = figures::without(table);
        columns.extend(kept.columns.iter().map(|column| column_row(&kept, column)));
        tables.push(table_row(&kept, fingerprint));
    }
    let tables = Part {
        table: TABLES,
        key: &["schema_name", "table_name"],
        content: &["kind", "comment", "definition"],
        rows: tables,
    };
    let columns = Part {
        table: COLUMNS,
        key: &["schema_name", "table_name", "column_name"],
        content: &["native_type", "class", "comment"],
        rows: columns,
    };
    (tables, columns)
}

fn schema_row(schema: &Schema) -> PartRow {
    let text = to_json_text(schema);
    PartRow { key: vec![schema.name.clone()], fingerprint: hash(&text), content: vec![Value::JsonText(text)] }
}

fn table_row(table: &Table, fingerprint: &str) -> PartRow {
    PartRow {
        key: vec![table.schema.clone(), table.name.clone()],
        fingerprint: fingerprint.to_owned(),
        content: vec![
            word(&table.kind).into(),
            table.comment.as_deref().into(),
            Value::JsonText(to_json_text(table)),
        ],
    }
}

/// A column's row leaves its position out, so that a new column before it does not store it again.
fn column_row(table: &Table, column: &Column) -> PartRow {
    let class = word(&column.class);
    let text = format!("{}\0{class}\0{:?}", column.native_type, column.comment);
    PartRow {
        key: vec![table.schema.clone(), table.name.clone(), column.name.clone()],
        fingerprint: hash(&text),
        content: vec![column.native_type.as_str().into(), class.into(), column.comment.as_deref().into()],
    }
}

fn routine_row(routine: &Routine) -> PartRow {
    PartRow {
        key: vec![routine.schema.clone(), format!("{}({})", routine.name, routine.arguments)],
        fingerprint: fingerprint::routine(routine),
        content: vec![Value::JsonText(to_json_text(routine))],
    }
}

/// The word under which serde writes a plain enum variant.
fn word(variant: &impl Serialize) -> String {
    to_json_text(variant).trim_matches('"').to_owned()
}

/// Types of the catalog hold only text, numbers and lists: writing them cannot fail.
pub(super) fn to_json_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub(super) fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}
