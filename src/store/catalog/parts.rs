//! A snapshot taken apart into the rows of each versioned table.

use catalog::{Column, Routine, Schema, Snapshot, Table, fingerprint};
use serde::{Deserialize, Serialize};

use super::super::db::Value;
use super::figures::{self, FiguresRow};

/// One of the versioned tables.
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
    pub engine: catalog::Engine,
    pub server_version: String,
    pub database: String,
    pub search_path: Vec<String>,
}

/// A snapshot, ready to be stored.
pub(super) struct Prepared {
    pub fingerprint: String,
    pub facts: Facts,
    pub parts: Vec<Part>,
    pub figures: Vec<FiguresRow>,
    pub tables: i64,
    pub columns: i64,
}

/// Takes a snapshot apart. Pure work, some microseconds per table.
pub(super) fn prepare(snapshot: &Snapshot) -> Prepared {
    let (mut tables, mut columns, mut figures) = (Vec::new(), Vec::new(), Vec::new());
    for table in &snapshot.tables {
        let (kept, volatile) = figures::split(table);
        figures.push(FiguresRow::new(table, &volatile));
        columns.extend(kept.columns.iter().map(|column| column_row(&kept, column)));
        tables.push(table_row(&kept));
    }
    let hashes = tables.iter().map(|row| row.fingerprint.clone()).collect();
    Prepared {
        fingerprint: fingerprint::combine(snapshot, hashes),
        facts: Facts {
            engine: snapshot.engine,
            server_version: snapshot.server_version.clone(),
            database: snapshot.database.clone(),
            search_path: snapshot.search_path.clone(),
        },
        tables: count(tables.len()),
        columns: count(columns.len()),
        parts: vec![
            Part {
                table: "schemas",
                key: &["schema_name"],
                content: &["definition"],
                rows: snapshot.schemas.iter().map(schema_row).collect(),
            },
            Part {
                table: "tables",
                key: &["schema_name", "table_name"],
                content: &["kind", "comment", "definition"],
                rows: tables,
            },
            Part {
                table: "columns",
                key: &["schema_name", "table_name", "column_name"],
                content: &["native_type", "class", "comment"],
                rows: columns,
            },
            Part {
                table: "routines",
                key: &["schema_name", "signature"],
                content: &["definition"],
                rows: snapshot.routines.iter().map(routine_row).collect(),
            },
        ],
        figures,
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn schema_row(schema: &Schema) -> PartRow {
    let text = to_json_text(schema);
    PartRow { key: vec![schema.name.clone()], fingerprint: hash(&text), content: vec![Value::JsonText(text)] }
}

fn table_row(table: &Table) -> PartRow {
    PartRow {
        key: vec![table.schema.clone(), table.name.clone()],
        fingerprint: fingerprint::table(table),
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
