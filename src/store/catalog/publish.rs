//! Publishing: a crawl's snapshot becomes a schema version, if it differs from the last, in the caller's transaction.

use std::collections::HashMap;
use std::sync::Arc;

use catalog::Snapshot;
use catalog::diff::{Diff, diff, next_version};

use super::super::db::{Conn, Tx, Value, args};
use super::super::error::{Result, StoreError, StoreErrorKind};
use super::parts::{Part, PartRow, Prepared, prepare};
use super::{figures, latest, load, read_version};
use crate::model::{Id, SchemaVersion, clock, new_id};

/// Keys of rows that one statement closes.
const CHUNK: usize = 200;
/// Changes that a version's one-line summary names.
const NAMED_CHANGES: usize = 3;
/// Characters of that summary at the most.
const SUMMARY: usize = 400;

/// What came of a crawl.
#[derive(Debug, Clone)]
pub struct Published {
    /// The version that holds now.
    pub version: SchemaVersion,
    /// The changes that made it, against the version before; `None` when nothing changed, or at the first crawl.
    pub diff: Option<Diff>,
    /// Whether the crawl made it.
    pub is_new: bool,
}

/// Stores what a crawl found. Without a change only the figures are refreshed and the old version holds.
///
/// # Errors
/// Not found when the connection is gone; otherwise when the store fails.
pub async fn publish(
    tx: &Tx,
    connection_id: Id,
    snapshot: Arc<Snapshot>,
    crawl_id: Option<Id>,
) -> Result<Published> {
    // takes the connection for this transaction: two crawls cannot make the same version
    let touch = "UPDATE connections SET updated_at = updated_at WHERE id = $1 AND deleted_at IS NULL";
    tx.execute_one("connection", touch, args![connection_id]).await?;

    let found = snapshot.clone();
    let mut prepared = off_thread(move || prepare(&found)).await?;
    figures::store(tx, connection_id, std::mem::take(&mut prepared.figures)).await?;
    let before = latest(tx, connection_id).await?;
    if let Some(version) = &before
        && version.fingerprint == prepared.fingerprint
    {
        return Ok(Published { version: version.clone(), diff: None, is_new: false });
    }
    let changes = match &before {
        None => None,
        Some(version) => {
            let old = load(tx, version).await?;
            Some(off_thread(move || diff(&old, &snapshot)).await?)
        }
    };
    let version = add_version(tx, connection_id, &prepared, before, changes.as_ref(), crawl_id).await?;
    for part in std::mem::take(&mut prepared.parts) {
        store_part(tx, connection_id, version.ordinal, part).await?;
    }
    Ok(Published { version, diff: changes, is_new: true })
}

async fn add_version(
    tx: &Tx,
    connection_id: Id,
    prepared: &Prepared,
    before: Option<SchemaVersion>,
    changes: Option<&Diff>,
    crawl_id: Option<Id>,
) -> Result<SchemaVersion> {
    let (ordinal, (major, minor)) = match (&before, changes) {
        (Some(before), Some(changes)) => (before.ordinal + 1, number_after(before, changes)),
        _ => (1, (1, 0)),
    };
    let summary = match changes {
        Some(changes) => summarize(changes),
        None => format!("first crawl: {} tables, {} columns", prepared.tables, prepared.columns),
    };
    let facts = serde_json::to_value(&prepared.facts).unwrap_or_default();
    let sql = format!(
        "INSERT INTO schema_versions ({}, facts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         RETURNING {}",
        super::VERSION,
        super::VERSION
    );
    let args = args![
        new_id(),
        connection_id,
        ordinal,
        major,
        minor,
        &prepared.fingerprint,
        summary,
        prepared.tables,
        prepared.columns,
        crawl_id,
        clock::now(),
        facts,
    ];
    read_version(&tx.query_one("schema version", &sql, args).await?)
}

/// A change that the diff does not speak of (a search path) raises the second number.
fn number_after(before: &SchemaVersion, changes: &Diff) -> (i64, i64) {
    let narrow = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    let current = (narrow(before.major), narrow(before.minor));
    let (major, minor) = next_version(current, changes);
    if (major, minor) == current { (before.major, before.minor + 1) } else { (major.into(), minor.into()) }
}

fn summarize(changes: &Diff) -> String {
    let count = changes.changes.len();
    let mut lines: Vec<String> = changes.changes.iter().take(NAMED_CHANGES).map(|c| c.line()).collect();
    match count {
        0 => return "settings of the database changed".to_owned(),
        1 => {}
        _ => lines.insert(0, format!("{count} changes, {} breaking", changes.breaking().count())),
    }
    if count > NAMED_CHANGES {
        lines.push("...".to_owned());
    }
    lines.join("; ").chars().take(SUMMARY).collect()
}

/// Closes rows that changed or went, adds those that changed or came.
async fn store_part(tx: &Tx, connection_id: Id, ordinal: i64, part: Part) -> Result<()> {
    let key = part.key.join(", ");
    let sql = format!(
        "SELECT id, fingerprint, {key} FROM {} WHERE connection_id = $1 AND to_version IS NULL",
        part.table
    );
    let mut valid: HashMap<Vec<String>, (Id, String)> = HashMap::new();
    for row in tx.query(&sql, args![connection_id]).await? {
        let key = part.key.iter().map(|column| row.text(column)).collect::<Result<Vec<_>>>()?;
        valid.insert(key, (row.id("id")?, row.text("fingerprint")?));
    }
    let (mut ended, mut added) = (Vec::new(), HashMap::new());
    for row in part.rows {
        match valid.remove(&row.key) {
            Some((_, fingerprint)) if fingerprint == row.fingerprint => continue,
            Some((id, _)) => ended.push(id),
            None => {}
        }
        // names that an engine gave twice count once
        added.insert(row.key.clone(), row);
    }
    ended.extend(valid.into_values().map(|(id, _)| id));
    end(tx, part.table, ordinal, &ended).await?;
    let into = format!(
        "{} (id, connection_id, from_version, fingerprint, {key}, {})",
        part.table,
        part.content.join(", ")
    );
    let rows = added.into_values().map(|row| values(connection_id, ordinal, row)).collect();
    tx.insert_many(&into, "", rows).await
}

fn values(connection_id: Id, ordinal: i64, row: PartRow) -> Vec<Value> {
    let mut values: Vec<Value> =
        vec![new_id().into(), connection_id.into(), ordinal.into(), row.fingerprint.into()];
    values.extend(row.key.into_iter().map(Value::from));
    values.extend(row.content);
    values
}

async fn end(tx: &Tx, table: &str, ordinal: i64, ids: &[Id]) -> Result<()> {
    let marks: Vec<String> = (2..CHUNK + 2).map(|place| format!("${place}")).collect();
    let sql = format!("UPDATE {table} SET to_version = $1 WHERE id IN ({})", marks.join(", "));
    for chunk in ids.chunks(CHUNK) {
        // padded with the last, so that one prepared statement does for every length
        let padding = chunk.last().into_iter().cycle();
        let ids = chunk.iter().chain(padding).take(CHUNK).map(Value::from);
        let args: Vec<Value> = std::iter::once(Value::Int(ordinal)).chain(ids).collect();
        tx.execute(&sql, &args).await?;
    }
    Ok(())
}

/// Work that takes some milliseconds on a large schema, off the async threads.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| StoreError::new(StoreErrorKind::Internal, "work on a schema version was abandoned"))
}
