//! Retention: versions that nobody needs any more go, and with them the rows that no remaining version holds.

use std::collections::{HashMap, HashSet};

use super::super::db::{Conn, Tx, Value, args};
use super::super::error::Result;
use crate::model::{Id, JobKind, clock};

/// Tables whose rows are valid from one version to another, and what names a row within a version.
const VERSIONED: [(&str, &[&str]); 4] = [
    ("schemas", &["schema_name"]),
    ("tables", &["schema_name", "table_name"]),
    ("columns", &["schema_name", "table_name", "column_name"]),
    ("routines", &["schema_name", "signature"]),
];
/// Microseconds of a day.
const DAY: i64 = 86_400 * 1_000_000;

/// How long versions are kept. A version stays when one of the two keeps it; with neither, all stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many.
    pub versions: Option<u32>,
    /// Those found in the last so many days.
    pub days: Option<u32>,
}

/// Removes what is not kept; gives the number of versions removed. The latest stays, and so does a version that an
/// approved query, an evaluation case or an impact that is still open refers to.
///
/// # Errors
/// When the store fails.
pub async fn trim(tx: &Tx, connection_id: Id, keep: Keep) -> Result<usize> {
    if keep.versions.is_none() && keep.days.is_none() {
        return Ok(0);
    }
    let sql = "SELECT id, created_at FROM schema_versions WHERE connection_id = $1 ORDER BY ordinal DESC";
    let rows = tx.query(sql, args![connection_id]).await?;
    let newest = usize::try_from(keep.versions.unwrap_or(0)).unwrap_or(usize::MAX).max(1);
    let oldest = keep.days.map(|days| clock::now().as_microsecond().saturating_sub(DAY * i64::from(days)));
    let referred = referred(tx, connection_id).await?;
    let mut removed = 0;
    for row in rows.iter().skip(newest) {
        let (id, at) = (row.id("id")?, row.time("created_at")?.as_microsecond());
        if referred.contains(&id) || oldest.is_some_and(|oldest| at >= oldest) {
            continue;
        }
        tx.execute_one("schema version", "DELETE FROM schema_versions WHERE id = $1", args![id]).await?;
        removed += 1;
    }
    if removed > 0 {
        for (table, key) in VERSIONED {
            close_ranks(tx, table, connection_id).await?;
            join_equals(tx, table, key, connection_id).await?;
        }
    }
    Ok(removed)
}

async fn referred(tx: &Tx, connection_id: Id) -> Result<HashSet<Id>> {
    let sql = "SELECT schema_version_id AS id FROM queries \
               WHERE connection_id = $1 AND state IN ('approved', 'broken') AND deleted_at IS NULL \
               UNION SELECT schema_version_id FROM evaluation_cases WHERE connection_id = $1 AND deleted_at IS NULL \
               UNION SELECT from_version_id FROM impacts WHERE connection_id = $1 AND resolved_at IS NULL \
               UNION SELECT to_version_id FROM impacts WHERE connection_id = $1 AND resolved_at IS NULL";
    let rows = tx.query(sql, args![connection_id]).await?;
    let mut versions = asked_for(tx, connection_id).await?;
    let referred = rows.iter().map(|row| row.opt_id("id")).collect::<Result<Vec<_>>>()?;
    versions.extend(referred.into_iter().flatten());
    Ok(versions)
}

/// Versions that a job is still to compare.
async fn asked_for(tx: &Tx, connection_id: Id) -> Result<HashSet<Id>> {
    let sql =
        "SELECT payload FROM jobs WHERE connection_id = $1 AND kind = $2 AND state IN ('queued', 'running')";
    let mut versions = HashSet::new();
    for row in tx.query(sql, args![connection_id, JobKind::Impact.as_str()]).await? {
        let payload = row.json("payload")?;
        let named = ["from", "to"].into_iter().filter_map(|end| payload.get(end)?.as_str());
        versions.extend(named.filter_map(|id| Id::parse_str(id).ok()));
    }
    Ok(versions)
}

/// Rows that no remaining version holds go; the others begin and end at versions that remain.
async fn close_ranks(tx: &Tx, table: &str, connection_id: Id) -> Result<()> {
    let gone = format!(
        "DELETE FROM {table} WHERE connection_id = $1 AND to_version IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM schema_versions AS v WHERE v.connection_id = {table}.connection_id \
          AND v.ordinal >= {table}.from_version AND v.ordinal < {table}.to_version)"
    );
    tx.execute(&gone, args![connection_id]).await?;
    for end in ["from_version", "to_version"] {
        let sql = format!(
            "UPDATE {table} SET {end} = (SELECT min(v.ordinal) FROM schema_versions AS v \
             WHERE v.connection_id = {table}.connection_id AND v.ordinal >= {table}.{end}) \
             WHERE connection_id = $1 AND {end} IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM schema_versions AS v WHERE v.connection_id = {table}.connection_id \
              AND v.ordinal = {table}.{end})"
        );
        tx.execute(&sql, args![connection_id]).await?;
    }
    Ok(())
}

/// What changed in a version that went, and changed back, is the same on both sides of it: one row holds for both.
async fn join_equals(tx: &Tx, table: &str, key: &[&str], connection_id: Id) -> Result<()> {
    let same: Vec<String> = key.iter().map(|column| format!("b.{column} = a.{column}")).collect();
    let sql = format!(
        "SELECT a.id, b.id AS later, b.to_version FROM {table} AS a JOIN {table} AS b \
         ON b.connection_id = a.connection_id AND b.from_version = a.to_version AND b.fingerprint = a.fingerprint \
         AND {} WHERE a.connection_id = $1 AND a.to_version IS NOT NULL",
        same.join(" AND ")
    );
    let mut next: HashMap<Id, (Id, Option<i64>)> = HashMap::new();
    for row in tx.query(&sql, args![connection_id]).await? {
        next.insert(row.id("id")?, (row.id("later")?, row.opt_int("to_version")?));
    }
    let joined: HashSet<Id> = next.values().map(|(later, _)| *later).collect();
    // before the others: of two rows with one key one alone may hold now
    for id in &joined {
        tx.execute(&format!("DELETE FROM {table} WHERE id = $1"), args![*id]).await?;
    }
    let longer = format!("UPDATE {table} SET to_version = $2 WHERE id = $1");
    for first in next.keys().filter(|id| !joined.contains(*id)) {
        let (mut id, mut end) = (*first, None);
        while let Some((later, until)) = next.get(&id) {
            (id, end) = (*later, *until);
        }
        let end = end.map_or(Value::Null, Value::Int);
        tx.execute(&longer, &[Value::from(*first), end]).await?;
    }
    Ok(())
}
