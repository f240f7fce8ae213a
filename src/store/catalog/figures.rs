//! What changes without the schema changing: taken out of a table before it is stored, and put back when it is loaded.

use std::collections::{BTreeMap, HashMap, HashSet};

use catalog::{Column, ForeignKey, Sensitivity, Snapshot, Statistics, Table};
use serde::{Deserialize, Serialize};

use super::super::annotations::Place;
use super::super::db::{Conn, Tx, Value, args};
use super::super::error::Result;
use super::parts::{Prepared, hash, to_json_text};
use super::publish::AT_ONCE;
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

/// As [`Figures`], borrowed: most tables' figures are only written out to be compared.
#[derive(Serialize)]
struct Seen<'a> {
    row_estimate: Option<u64>,
    size_bytes: Option<u64>,
    partitions: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inferred: Vec<&'a ForeignKey>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    columns: BTreeMap<&'a str, SeenColumn<'a>>,
}

#[derive(Serialize)]
struct SeenColumn<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<&'a Statistics>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensitivity: Option<Sensitivity>,
}

/// A table's figures, written out.
pub(super) fn text(table: &Table) -> String {
    let figured = |c: &&Column| c.statistics.is_some() || c.sensitivity.is_some();
    to_json_text(&Seen {
        row_estimate: table.row_estimate,
        size_bytes: table.size_bytes,
        partitions: table.partitioning.as_ref().map(|p| p.partitions),
        inferred: table.foreign_keys.iter().filter(|k| k.inferred.is_some()).collect(),
        columns: table.columns.iter().filter(figured).map(|c| (c.name.as_str(), seen(c))).collect(),
    })
}

fn seen(column: &Column) -> SeenColumn<'_> {
    SeenColumn { statistics: column.statistics.as_ref(), sensitivity: column.sensitivity }
}

/// A table as it is versioned: without its figures.
pub(super) fn without(table: &Table) -> Table {
    let mut kept = table.clone();
    (kept.row_estimate, kept.size_bytes) = (None, None);
    if let Some(partitioning) = &mut kept.partitioning {
        partitioning.partitions = 0;
    }
    kept.foreign_keys.retain(|key| key.inferred.is_none());
    for column in &mut kept.columns {
        (column.statistics, column.sensitivity) = (None, None);
    }
    kept
}

/// Undoes [`without`].
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

/// Brings the stored figures to what the crawl found; rows that did not change are not written.
pub(super) async fn store(tx: &Tx, connection_id: Id, prepared: &Prepared) -> Result<()> {
    let sql = "SELECT schema_name, table_name, fingerprint FROM table_figures WHERE connection_id = $1";
    let mut stored = HashMap::new();
    for row in tx.query(sql, args![connection_id]).await? {
        stored.insert((row.text("schema_name")?, row.text("table_name")?), row.text("fingerprint")?);
    }
    let (mut changed, mut met) = (Vec::new(), HashSet::new());
    for (table, fingerprint) in prepared.snapshot.tables.iter().zip(prepared.figures.iter()) {
        let key = (table.schema.clone(), table.name.clone());
        // names that an engine gave twice count once
        if met.insert(key.clone()) && stored.remove(&key).as_ref() != Some(fingerprint) {
            changed.push((table, fingerprint));
        }
    }
    let gone = "DELETE FROM table_figures WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3";
    for (schema, table) in stored.keys() {
        tx.execute(gone, args![connection_id, schema, table]).await?;
    }
    let now = clock::now();
    let row = |(table, fingerprint): (&Table, &String)| -> Vec<Value> {
        let figures = Value::JsonText(text(table));
        let name = (Value::from(&table.schema), Value::from(&table.name));
        vec![connection_id.into(), name.0, name.1, fingerprint.into(), figures, now.into()]
    };
    for some in changed.chunks(AT_ONCE) {
        tx.insert_many(
            "table_figures (connection_id, schema_name, table_name, fingerprint, figures, updated_at)",
            "ON CONFLICT (connection_id, schema_name, table_name) DO UPDATE SET \
             fingerprint = excluded.fingerprint, figures = excluded.figures, updated_at = excluded.updated_at",
            some.iter().copied().map(row).collect(),
        )
        .await?;
    }
    Ok(())
}

/// Puts the stored figures into a snapshot of the latest version.
pub(super) fn put_back(snapshot: &mut Snapshot, mut stored: HashMap<(String, String), Figures>) {
    for table in &mut snapshot.tables {
        if let Some(figures) = stored.remove(&(table.schema.clone(), table.name.clone())) {
            join(table, figures);
        }
    }
}

/// Takes the stored values of columns out of the stored figures.
///
/// # Errors
/// When the store fails.
pub async fn forget_values(tx: &Tx, connection_id: Id, places: &[Place]) -> Result<()> {
    for place in places {
        let Some(column) = &place.column else { continue };
        let sql = "SELECT CAST(figures AS text) AS figures FROM table_figures \
                   WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3";
        let key = args![connection_id, &place.schema, &place.table];
        let Some(row) = tx.query_opt(sql, key).await? else { continue };
        let mut figures: Figures = row.document("figures")?;
        let statistics = figures.columns.get_mut(column).and_then(|c| c.statistics.as_mut());
        let Some(statistics) =
            statistics.filter(|s| !s.common.is_empty() || s.min.is_some() || s.max.is_some())
        else {
            continue;
        };
        statistics.common.clear();
        (statistics.min, statistics.max) = (None, None);
        let text = to_json_text(&figures);
        let sql = "UPDATE table_figures SET fingerprint = $4, figures = $5, updated_at = $6 \
                   WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3";
        let fingerprint = hash(&text);
        let figures = Value::JsonText(text);
        let (schema, table) = (&place.schema, &place.table);
        tx.execute(sql, args![connection_id, schema, table, fingerprint, figures, clock::now()]).await?;
    }
    Ok(())
}
