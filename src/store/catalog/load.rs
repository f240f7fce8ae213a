//! Loading a schema version back into a snapshot.

use std::collections::HashMap;

use catalog::{Snapshot, Table};
use serde::de::DeserializeOwned;

use super::super::db::{Conn, Row, args};
use super::super::error::{Result, StoreError, StoreErrorKind};
use super::figures::{self, Figures};
use super::latest;
use super::parts::Facts;
use super::publish::off_thread;
use crate::model::{Id, SchemaVersion};

/// Threads that read one version at the most.
const MOST_THREADS: usize = 8;
/// Rows that are worth a thread of their own.
const WORTH_A_THREAD: usize = 500;

/// The snapshot of a version. The latest one carries the figures of the last crawl, older ones carry none.
///
/// # Errors
/// When the store fails.
pub async fn load(on: &impl Conn, version: &SchemaVersion) -> Result<Snapshot> {
    let facts = on
        .query_one("schema version", "SELECT facts FROM schema_versions WHERE id = $1", args![version.id])
        .await?;
    let facts: Facts = facts.document("facts")?;
    let schemas = definitions(on, "schemas", version).await?;
    let tables = definitions(on, "tables", version).await?;
    let routines = definitions(on, "routines", version).await?;
    let is_latest = latest(on, version.connection_id).await?.is_some_and(|v| v.id == version.id);
    let figures = if is_latest { figures_rows(on, version.connection_id).await? } else { Vec::new() };
    off_thread(move || {
        let mut snapshot = Snapshot {
            engine: facts.engine,
            server_version: facts.server_version,
            database: facts.database,
            search_path: facts.search_path,
            schemas: read_all(&schemas)?,
            tables: in_parts(&tables, read_all::<Table>)?,
            routines: read_all(&routines)?,
        };
        figures::put_back(&mut snapshot, in_parts(&figures, figures_list)?.into_iter().collect());
        sort(&mut snapshot);
        Ok(snapshot)
    })
    .await?
}

/// One table of a version by its name `schema.table`, as [`load`] gives it; `None` when the version has none.
///
/// # Errors
/// When the store fails.
pub async fn table(on: &impl Conn, version: &SchemaVersion, name: &str) -> Result<Option<Table>> {
    let sql = "SELECT CAST(definition AS text) AS definition FROM tables WHERE connection_id = $1 \
               AND from_version <= $2 AND (to_version IS NULL OR to_version > $2) \
               AND schema_name || '.' || table_name = $3 ORDER BY schema_name LIMIT 1";
    let row = on.query_opt(sql, args![version.connection_id, version.ordinal, name]).await?;
    let Some(row) = row else { return Ok(None) };
    let mut table: Table = row.document("definition")?;
    if latest(on, version.connection_id).await?.is_none_or(|v| v.id != version.id) {
        return Ok(Some(table));
    }
    let sql = "SELECT CAST(figures AS text) AS figures FROM table_figures \
               WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3";
    if let Some(row) = on.query_opt(sql, args![version.connection_id, &table.schema, &table.name]).await? {
        figures::join(&mut table, row.document("figures")?);
    }
    Ok(Some(table))
}

pub(super) async fn definitions(on: &impl Conn, table: &str, version: &SchemaVersion) -> Result<Vec<Row>> {
    // as text: read straight into its type, without a document in between
    let sql = format!(
        "SELECT CAST(definition AS text) AS definition FROM {table} WHERE connection_id = $1 \
         AND from_version <= $2 AND (to_version IS NULL OR to_version > $2)"
    );
    on.query(&sql, args![version.connection_id, version.ordinal]).await
}

pub(super) async fn figures_rows(on: &impl Conn, connection_id: Id) -> Result<Vec<Row>> {
    let sql = "SELECT schema_name, table_name, CAST(figures AS text) AS figures FROM table_figures \
               WHERE connection_id = $1";
    on.query(sql, args![connection_id]).await
}

fn read_all<T: DeserializeOwned>(rows: &[Row]) -> Result<Vec<T>> {
    rows.iter().map(|row| row.document("definition")).collect()
}

/// Figures by schema and table.
type Named = ((String, String), Figures);

pub(super) fn read_figures(rows: &[Row]) -> Result<HashMap<(String, String), Figures>> {
    Ok(figures_list(rows)?.into_iter().collect())
}

fn figures_list(rows: &[Row]) -> Result<Vec<Named>> {
    rows.iter()
        .map(|row| Ok(((row.text("schema_name")?, row.text("table_name")?), row.document("figures")?)))
        .collect()
}

/// Reads many rows on all processors: documents of ten thousand tables are tens of megabytes.
fn in_parts<T: Send>(rows: &[Row], read: impl Fn(&[Row]) -> Result<Vec<T>> + Sync) -> Result<Vec<T>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if threads == 1 || rows.len() < WORTH_A_THREAD * 2 {
        return read(rows);
    }
    let part = rows.len().div_ceil(threads).max(WORTH_A_THREAD);
    std::thread::scope(|scope| {
        let read = &read;
        let parts: Vec<_> = rows.chunks(part).map(|rows| scope.spawn(move || read(rows))).collect();
        let mut all = Vec::with_capacity(rows.len());
        for part in parts {
            let part = part.join().map_err(|_| {
                StoreError::new(StoreErrorKind::Internal, "reading a schema version was abandoned")
            })?;
            all.extend(part?);
        }
        Ok(all)
    })
}

/// Here and not in SQL: collations of the backends differ.
fn sort(snapshot: &mut Snapshot) {
    snapshot.schemas.sort_by(|a, b| a.name.cmp(&b.name));
    snapshot.tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    snapshot
        .routines
        .sort_by(|a, b| (&a.schema, &a.name, &a.arguments).cmp(&(&b.schema, &b.name, &b.arguments)));
}
