//! What changes without the schema changing: taken out of a table before it is stored, and put back when it is loaded.

use std::collections::{BTreeMap, HashMap};

use catalog::{Column, ForeignKey, Sensitivity, Snapshot, Statistics, Table};
use serde::{Deserialize, Serialize};

use super::super::db::{Conn, Tx, Value, args};
use super::super::error::Result;
use super::parts::{hash, to_json_text};
use crate::model::{Id, clock};

/// The volatile part of a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Figures {
    row_estimate: Option<u64>,
    size_bytes: Option<u64>,
    partitions: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inferred: Vec<ForeignKey>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    columns: BTreeMap<String, ColumnFigures>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct ColumnFigures {
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<Statistics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitivity: Option<Sensitivity>,
}

/// Splits a table into what is versioned and what is not.
pub(super) fn split(table: &Table) -> (Table, Figures) {
    let mut kept = table.clone();
    let mut figures = Figures {
        row_estimate: kept.row_estimate.take(),
        size_bytes: kept.size_bytes.take(),
        ..Figures::default()
    };
    if let Some(partitioning) = &mut kept.partitioning {
        figures.partitions = Some(std::mem::take(&mut partitioning.partitions));
    }
    let (declared, inferred) = kept.foreign_keys.drain(..).partition(|key| key.inferred.is_none());
    kept.foreign_keys = declared;
    figures.inferred = inferred;
    for column in &mut kept.columns {
        if let Some(taken) = take_column(column) {
            figures.columns.insert(column.name.clone(), taken);
        }
    }
    (kept, figures)
}

fn take_column(column: &mut Column) -> Option<ColumnFigures> {
    let (statistics, sensitivity) = (column.statistics.take(), column.sensitivity.take());
    (statistics.is_some() || sensitivity.is_some()).then_some(ColumnFigures { statistics, sensitivity })
}

/// Undoes [`split`].
pub(super) fn join(table: &mut Table, mut figures: Figures) {
    table.row_estimate = figures.row_estimate;
    table.size_bytes = figures.size_bytes;
    if let (Some(partitioning), Some(partitions)) = (&mut table.partitioning, figures.partitions) {
        partitioning.partitions = partitions;
    }
    table.foreign_keys.append(&mut figures.inferred);
    for column in &mut table.columns {
        if let Some(found) = figures.columns.remove(&column.name) {
            column.statistics = found.statistics;
            column.sensitivity = found.sensitivity;
        }
    }
}

/// Figures of one table, ready to be stored.
pub(super) struct FiguresRow {
    schema: String,
    table: String,
    fingerprint: String,
    text: String,
}

impl FiguresRow {
    pub(super) fn new(table: &Table, figures: &Figures) -> FiguresRow {
        let text = to_json_text(figures);
        let (schema, table) = (table.schema.clone(), table.name.clone());
        FiguresRow { schema, table, fingerprint: hash(&text), text }
    }
}

/// Brings the stored figures to what the crawl found; rows that did not change are not written.
pub(super) async fn store(tx: &Tx, connection_id: Id, rows: Vec<FiguresRow>) -> Result<()> {
    let sql = "SELECT schema_name, table_name, fingerprint FROM table_figures WHERE connection_id = $1";
    let mut stored = HashMap::new();
    for row in tx.query(sql, args![connection_id]).await? {
        stored.insert((row.text("schema_name")?, row.text("table_name")?), row.text("fingerprint")?);
    }
    let now = clock::now();
    let mut changed: Vec<Vec<Value>> = Vec::new();
    for row in rows {
        let FiguresRow { schema, table, fingerprint, text } = row;
        let key = (schema, table);
        if stored.remove(&key).as_ref() != Some(&fingerprint) {
            let (schema, table) = key;
            let figures = Value::JsonText(text);
            changed.push(vec![
                connection_id.into(),
                schema.into(),
                table.into(),
                fingerprint.into(),
                figures,
                now.into(),
            ]);
        }
    }
    let gone = "DELETE FROM table_figures WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3";
    for (schema, table) in stored.keys() {
        tx.execute(gone, args![connection_id, schema, table]).await?;
    }
    tx.insert_many(
        "table_figures (connection_id, schema_name, table_name, fingerprint, figures, updated_at)",
        "ON CONFLICT (connection_id, schema_name, table_name) DO UPDATE SET \
         fingerprint = excluded.fingerprint, figures = excluded.figures, updated_at = excluded.updated_at",
        changed,
    )
    .await
}

/// Puts the stored figures into a snapshot of the latest version.
pub(super) fn put_back(snapshot: &mut Snapshot, mut stored: HashMap<(String, String), Figures>) {
    for table in &mut snapshot.tables {
        if let Some(figures) = stored.remove(&(table.schema.clone(), table.name.clone())) {
            join(table, figures);
        }
    }
}
