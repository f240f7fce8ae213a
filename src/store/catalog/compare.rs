//! What changed between two versions, from the rows that are valid in one of them and not in the other.

use std::collections::{HashMap, HashSet};

use catalog::diff::{Diff, diff};
use catalog::{Routine, Schema, Snapshot, Table};
use serde::de::DeserializeOwned;

use super::super::db::{Conn, Row, Value, args};
use super::super::error::Result;
use super::figures;
use super::load::{definitions, figures_rows, read_figures};
use super::parts::Facts;
use super::publish::{CHUNK, Gone, off_thread};
use crate::model::{Id, SchemaVersion};

/// The changes from one version of a connection to another, in either direction. Neighbours carry theirs; others are
/// compared by the tables that differ.
///
/// # Errors
/// When the store fails.
pub async fn changes(on: &impl Conn, from: &SchemaVersion, to: &SchemaVersion) -> Result<Diff> {
    if from.id == to.id {
        return Ok(Diff::default());
    }
    if to.ordinal == from.ordinal + 1 {
        let sql = "SELECT CAST(changes AS text) AS changes FROM schema_versions WHERE id = $1";
        let row = on.query_one("schema version", sql, args![to.id]).await?;
        if row.opt_text("changes")?.is_some() {
            return row.document("changes");
        }
    }
    let (old, new) = sides(on, from, to).await?;
    off_thread(move || diff(&old, &new)).await
}

/// Both versions without the tables that are the same in both. Figures are in neither.
///
/// # Errors
/// When the store fails.
pub async fn sides(on: &impl Conn, from: &SchemaVersion, to: &SchemaVersion) -> Result<(Snapshot, Snapshot)> {
    Ok((side(on, from, to).await?, side(on, to, from).await?))
}

/// What a version has that the other lacks.
async fn side(on: &impl Conn, version: &SchemaVersion, other: &SchemaVersion) -> Result<Snapshot> {
    // each form follows an index, so that the cost is that of what differs
    let sql = if version.ordinal < other.ordinal {
        "SELECT CAST(definition AS text) AS definition FROM tables WHERE connection_id = $1 \
         AND to_version > $2 AND to_version <= $3 AND from_version <= $2"
    } else {
        "SELECT CAST(definition AS text) AS definition FROM tables WHERE connection_id = $1 \
         AND from_version > $3 AND from_version <= $2 AND (to_version IS NULL OR to_version > $2)"
    };
    let rows = on.query(sql, args![version.connection_id, version.ordinal, other.ordinal]).await?;
    let facts = facts(on, version).await?;
    let (schemas, routines) = small_parts(on, version).await?;
    Ok(Snapshot {
        engine: facts.engine,
        server_version: facts.server_version,
        database: facts.database,
        search_path: facts.search_path,
        schemas,
        tables: off_thread(move || read_sorted(&rows)).await??,
        routines,
    })
}

fn read_sorted(rows: &[Row]) -> Result<Vec<Table>> {
    let mut tables = rows.iter().map(|row| row.document("definition")).collect::<Result<Vec<Table>>>()?;
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    Ok(tables)
}

/// What a version says besides its rows.
pub(super) async fn facts(on: &impl Conn, version: &SchemaVersion) -> Result<Facts> {
    let sql = "SELECT facts FROM schema_versions WHERE id = $1";
    on.query_one("schema version", sql, args![version.id]).await?.document("facts")
}

/// The schemas and routines of a version.
pub(super) async fn small_parts(
    on: &impl Conn,
    version: &SchemaVersion,
) -> Result<(Vec<Schema>, Vec<Routine>)> {
    fn read<T: DeserializeOwned>(rows: &[Row]) -> Result<Vec<T>> {
        rows.iter().map(|row| row.document("definition")).collect()
    }
    let schemas = definitions(on, "schemas", version).await?;
    let routines = definitions(on, "routines", version).await?;
    Ok((read(&schemas)?, read(&routines)?))
}

/// Tables by the keys of their rows, with the figures of the last crawl.
pub(super) async fn changed_tables(on: &impl Conn, connection_id: Id, wanted: &[Gone]) -> Result<Vec<Table>> {
    let marks: Vec<String> = (1..=CHUNK).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT CAST(definition AS text) AS definition FROM tables WHERE id IN ({})",
        marks.join(", ")
    );
    let mut rows = Vec::with_capacity(wanted.len());
    for chunk in wanted.chunks(CHUNK) {
        let padding = chunk.last().into_iter().cycle();
        let ids: Vec<Value> = chunk.iter().chain(padding).take(CHUNK).map(|g| Value::from(g.id)).collect();
        rows.extend(on.query(&sql, &ids).await?);
    }
    let figures = figures_of(on, connection_id, wanted).await?;
    off_thread(move || {
        let mut snapshot = Snapshot { tables: read_sorted(&rows)?, ..Snapshot::default() };
        figures::put_back(&mut snapshot, figures);
        Ok(snapshot.tables)
    })
    .await?
}

async fn figures_of(
    on: &impl Conn,
    connection_id: Id,
    wanted: &[Gone],
) -> Result<HashMap<(String, String), figures::Figures>> {
    if wanted.len() > CHUNK {
        return read_figures(&figures_rows(on, connection_id).await?);
    }
    let sql = "SELECT schema_name, table_name, CAST(figures AS text) AS figures FROM table_figures \
               WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3";
    let mut rows = Vec::new();
    for table in wanted {
        rows.extend(on.query(sql, args![connection_id, &table.schema, &table.name]).await?);
    }
    read_figures(&rows)
}

/// The older snapshot, from the newer one and what differs between both (see [`sides`]).
pub fn patched(newer: &Snapshot, old: Snapshot, new: &Snapshot) -> Snapshot {
    let come: HashSet<(&str, &str)> =
        new.tables.iter().map(|t| (t.schema.as_str(), t.name.as_str())).collect();
    let same = newer.tables.iter().filter(|t| !come.contains(&(t.schema.as_str(), t.name.as_str())));
    let mut tables = old.tables;
    tables.extend(same.cloned());
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    Snapshot { tables, ..old }
}
