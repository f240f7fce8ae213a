//! Publishing: a crawl's snapshot becomes a schema version, if it differs from the last, in the caller's transaction.
//!
//! Fingerprints are compared first; only tables whose fingerprint differs are read, compared column by column, and
//! written.

use std::collections::{HashMap, HashSet};

use catalog::diff::{Diff, diff, next_version};
use catalog::{Snapshot, Table};

use super::super::db::{Conn, Tx, Value, args};
use super::super::error::{Result, StoreError, StoreErrorKind};
use super::compare::{changed_tables, facts, small_parts};
use super::parts::{self, Part, PartRow, Prepared};
use super::{figures, latest, read_version};
use crate::model::{Id, SchemaVersion, clock, new_id};

/// Tables whose rows are made and written at once.
pub(super) const AT_ONCE: usize = 500;
/// Keys that one statement names.
pub(super) const CHUNK: usize = 200;
/// Changes that a version's one-line summary names.
const NAMED_CHANGES: usize = 3;
/// Characters of that summary at the most.
const SUMMARY: usize = 400;
/// Changes that are kept with a version; where there are more, they are worked out again when somebody asks.
const KEPT_CHANGES: usize = 5_000;

/// What came of a crawl.
#[derive(Debug, Clone)]
pub struct Published {
    /// The version that holds now.
    pub version: SchemaVersion,
    /// The version that held before, when the crawl made a new one.
    pub before: Option<SchemaVersion>,
    /// The changes that made it, against the version before; `None` when nothing changed, or at the first crawl.
    pub diff: Option<Diff>,
    /// Whether the crawl made it.
    pub is_new: bool,
}

/// A table's row that holds no longer.
pub(super) struct Gone {
    pub id: Id,
    pub schema: String,
    pub name: String,
}

/// What differs from the version that holds.
#[derive(Default)]
struct Differing {
    gone: Vec<Gone>,
    /// Places in the snapshot.
    come: Vec<usize>,
}

/// Stores what a crawl found. Without a change only the figures are refreshed and the old version holds.
///
/// # Errors
/// Not found when the connection is gone; otherwise when the store fails.
pub async fn publish(
    tx: &Tx,
    connection_id: Id,
    prepared: &Prepared,
    crawl_id: Option<Id>,
) -> Result<Published> {
    // takes the connection for this transaction: two crawls cannot make the same version
    let touch = "UPDATE connections SET updated_at = updated_at WHERE id = $1 AND deleted_at IS NULL";
    tx.execute_one("connection", touch, args![connection_id]).await?;

    let before = latest(tx, connection_id).await?;
    if let Some(version) = &before
        && version.fingerprint == prepared.fingerprint
    {
        figures::store(tx, connection_id, prepared).await?;
        return Ok(Published { version: version.clone(), before: None, diff: None, is_new: false });
    }
    let differing = match &before {
        Some(_) => differing(tx, connection_id, prepared).await?,
        None => Differing { gone: Vec::new(), come: distinct(&prepared.snapshot.tables) },
    };
    // before the figures are overwritten: those of the old tables are evidence of renames
    let changes = match &before {
        Some(version) => Some(changes(tx, version, prepared, &differing).await?),
        None => None,
    };
    figures::store(tx, connection_id, prepared).await?;
    let version =
        add_version(tx, connection_id, prepared, before.as_ref(), changes.as_ref(), crawl_id).await?;
    store_parts(tx, connection_id, version.ordinal, prepared, differing).await?;
    Ok(Published { version, before, diff: changes, is_new: true })
}

/// Places of tables; a name that an engine gave twice counts once.
fn distinct(tables: &[Table]) -> Vec<usize> {
    let mut seen = HashSet::new();
    let first = |(_, t): &(usize, &Table)| seen.insert((t.schema.clone(), t.name.clone()));
    tables.iter().enumerate().filter(first).map(|(place, _)| place).collect()
}

async fn differing(tx: &Tx, connection_id: Id, prepared: &Prepared) -> Result<Differing> {
    let sql = "SELECT id, fingerprint, schema_name, table_name FROM tables \
               WHERE connection_id = $1 AND to_version IS NULL";
    let mut valid = HashMap::new();
    for row in tx.query(sql, args![connection_id]).await? {
        let key = (row.text("schema_name")?, row.text("table_name")?);
        valid.insert(key, (row.id("id")?, row.text("fingerprint")?));
    }
    let mut out = Differing::default();
    for place in distinct(&prepared.snapshot.tables) {
        let Some(table) = prepared.snapshot.tables.get(place) else { continue };
        let key = (table.schema.clone(), table.name.clone());
        match valid.remove(&key) {
            Some((_, fingerprint)) if prepared.tables.get(place) == Some(&fingerprint) => continue,
            Some((id, _)) => out.gone.push(Gone { id, schema: key.0, name: key.1 }),
            None => {}
        }
        out.come.push(place);
    }
    out.gone.extend(valid.into_iter().map(|((schema, name), (id, _))| Gone { id, schema, name }));
    Ok(out)
}

/// Equal tables cannot differ, so only the others are laid side by side.
async fn changes(
    tx: &Tx,
    before: &SchemaVersion,
    prepared: &Prepared,
    differing: &Differing,
) -> Result<Diff> {
    let facts = facts(tx, before).await?;
    let (schemas, routines) = small_parts(tx, before).await?;
    let tables = changed_tables(tx, before.connection_id, &differing.gone).await?;
    let (snapshot, come) = (prepared.snapshot.clone(), differing.come.clone());
    off_thread(move || {
        let old = Snapshot {
            engine: facts.engine,
            search_path: facts.search_path,
            schemas,
            tables,
            routines,
            ..Snapshot::default()
        };
        let new = Snapshot {
            engine: snapshot.engine,
            search_path: snapshot.search_path.clone(),
            schemas: snapshot.schemas.clone(),
            tables: come.iter().filter_map(|place| snapshot.tables.get(*place)).cloned().collect(),
            routines: snapshot.routines.clone(),
            ..Snapshot::default()
        };
        diff(&old, &new)
    })
    .await
}

async fn add_version(
    tx: &Tx,
    connection_id: Id,
    prepared: &Prepared,
    before: Option<&SchemaVersion>,
    changes: Option<&Diff>,
    crawl_id: Option<Id>,
) -> Result<SchemaVersion> {
    let (ordinal, (major, minor)) = match (before, changes) {
        (Some(before), Some(changes)) => (before.ordinal + 1, number_after(before, changes)),
        _ => (1, (1, 0)),
    };
    let (tables, columns) = (prepared.table_count(), prepared.column_count());
    let summary = match changes {
        Some(changes) => summarize(changes),
        None => format!("first crawl: {tables} tables, {columns} columns"),
    };
    let facts = serde_json::to_value(prepared.facts()).unwrap_or_default();
    let kept = changes.filter(|changes| changes.changes.len() <= KEPT_CHANGES);
    let sql = format!(
        "INSERT INTO schema_versions ({}, facts, changes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING {}",
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
        tables,
        columns,
        crawl_id,
        clock::now(),
        facts,
        kept.map(|changes| Value::JsonText(parts::to_json_text(changes))),
    ];
    read_version(&tx.query_one("schema version", &sql, args).await?)
}

/// A change that the diff does not speak of raises the second number.
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

async fn store_parts(
    tx: &Tx,
    connection_id: Id,
    ordinal: i64,
    prepared: &Prepared,
    differing: Differing,
) -> Result<()> {
    let Differing { gone, come } = differing;
    let mut known = valid_columns(tx, connection_id, &gone).await?;
    end(tx, parts::TABLES, ordinal, &gone.iter().map(|g| g.id).collect::<Vec<_>>()).await?;
    // a part at a time: the rows of ten thousand tables take more room than the tables
    for places in come.chunks(AT_ONCE) {
        let (copy, places) = (prepared.clone(), places.to_vec());
        let (tables, columns) = off_thread(move || parts::tables(&copy, &places)).await?;
        add(tx, connection_id, ordinal, tables, |_| true).await?;
        merge(tx, connection_id, ordinal, columns, &mut known).await?;
    }
    let left: Vec<Id> = known.into_values().map(|(id, _)| id).collect();
    end(tx, parts::COLUMNS, ordinal, &left).await?;
    for part in [parts::schemas(&prepared.snapshot), parts::routines(&prepared.snapshot)] {
        let mut known = valid(tx, connection_id, &part).await?;
        let table = part.table;
        merge(tx, connection_id, ordinal, part, &mut known).await?;
        let left: Vec<Id> = known.into_values().map(|(id, _)| id).collect();
        end(tx, table, ordinal, &left).await?;
    }
    Ok(())
}

/// Rows that hold, by their key.
type Valid = HashMap<Vec<String>, (Id, String)>;

async fn valid(tx: &Tx, connection_id: Id, part: &Part) -> Result<Valid> {
    let sql = format!(
        "SELECT id, fingerprint, {} FROM {} WHERE connection_id = $1 AND to_version IS NULL",
        part.key.join(", "),
        part.table
    );
    let mut valid = Valid::new();
    for row in tx.query(&sql, args![connection_id]).await? {
        let key = part.key.iter().map(|column| row.text(column)).collect::<Result<Vec<_>>>()?;
        valid.insert(key, (row.id("id")?, row.text("fingerprint")?));
    }
    Ok(valid)
}

/// The columns of tables that changed or went.
async fn valid_columns(tx: &Tx, connection_id: Id, gone: &[Gone]) -> Result<Valid> {
    let columns = ["schema_name", "table_name", "column_name"];
    let base = "SELECT id, fingerprint, schema_name, table_name, column_name FROM columns \
                WHERE connection_id = $1 AND to_version IS NULL";
    let mut rows = Vec::new();
    if gone.len() > CHUNK {
        rows = tx.query(base, args![connection_id]).await?;
    } else {
        let sql = format!("{base} AND schema_name = $2 AND table_name = $3");
        for table in gone {
            rows.extend(tx.query(&sql, args![connection_id, &table.schema, &table.name]).await?);
        }
    }
    let wanted: HashSet<(&str, &str)> = gone.iter().map(|g| (g.schema.as_str(), g.name.as_str())).collect();
    let mut valid = Valid::new();
    for row in rows {
        let key = columns.iter().map(|column| row.text(column)).collect::<Result<Vec<_>>>()?;
        if let [schema, table, _] = key.as_slice()
            && wanted.contains(&(schema.as_str(), table.as_str()))
        {
            valid.insert(key, (row.id("id")?, row.text("fingerprint")?));
        }
    }
    Ok(valid)
}

/// Closes rows that changed, adds those that changed or came; `known` keeps those that were not met.
async fn merge(tx: &Tx, connection_id: Id, ordinal: i64, part: Part, known: &mut Valid) -> Result<()> {
    let (mut ended, mut added, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for row in &part.rows {
        // names that an engine gave twice count once
        let first = seen.insert(&row.key);
        let same = match known.remove(&row.key).filter(|_| first) {
            Some((id, fingerprint)) if fingerprint != row.fingerprint => {
                ended.push(id);
                false
            }
            before => before.is_some(),
        };
        added.push(first && !same);
    }
    end(tx, part.table, ordinal, &ended).await?;
    let mut added = added.into_iter();
    add(tx, connection_id, ordinal, part, |_| added.next().unwrap_or(false)).await
}

/// Adds the wanted rows of a part.
async fn add(
    tx: &Tx,
    connection_id: Id,
    ordinal: i64,
    part: Part,
    wanted: impl FnMut(&PartRow) -> bool,
) -> Result<()> {
    let into = format!(
        "{} (id, connection_id, from_version, fingerprint, {}, {})",
        part.table,
        part.key.join(", "),
        part.content.join(", ")
    );
    let wanted = part.rows.into_iter().filter(wanted);
    let rows = wanted.map(|row| values(connection_id, ordinal, row)).collect();
    tx.insert_many(&into, "", rows).await
}

fn values(connection_id: Id, ordinal: i64, row: PartRow) -> Vec<Value> {
    let mut values: Vec<Value> =
        vec![new_id().into(), connection_id.into(), ordinal.into(), Value::from(row.fingerprint)];
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
