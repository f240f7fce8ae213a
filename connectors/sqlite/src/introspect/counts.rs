//! Row estimates. From ANALYZE's figures when there are any; else the largest row number of an ordinary table (too high
//! by the rows deleted since) or, for a table WITHOUT ROWID, a count that stops at [`COUNTED`].

use std::collections::{HashMap, HashSet};

use catalog::{Snapshot, TableKind};
use connector_api::ConnectorError;

use super::facts::{Facts, Reader, identifier};

/// Tables asked by one statement.
pub(crate) const BATCH: usize = 250;
/// Rows counted at the most in a table without row numbers.
pub(crate) const COUNTED: u64 = 100_000;

/// Fills in the estimates of stored tables.
pub(crate) fn estimate(
    reader: &mut Reader<'_>,
    snapshot: &mut Snapshot,
    facts: &Facts,
) -> Result<(), ConnectorError> {
    let analyzed = analyzed(facts);
    let without_rowid: HashSet<&str> =
        facts.relations.iter().filter(|r| r.without_rowid).map(|r| r.name.as_str()).collect();
    let mut asked = Vec::new();
    for (index, table) in snapshot.tables.iter_mut().enumerate() {
        if table.kind != TableKind::Table {
            continue;
        }
        table.row_estimate = analyzed.get(table.name.as_str()).copied();
        if table.row_estimate.is_none() {
            let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            let rowid = rowid_name(&columns).filter(|_| !without_rowid.contains(table.name.as_str()));
            asked.push((index, count_of(&table.name, rowid)));
        }
    }
    for batch in asked.chunks(BATCH) {
        let selects: Vec<String> =
            batch.iter().map(|(index, count)| format!("SELECT {index}, ({count})")).collect();
        let rows = reader.all(&selects.join(" UNION ALL "), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        for (index, count) in rows {
            let table = usize::try_from(index).ok().and_then(|index| snapshot.tables.get_mut(index));
            if let Some(table) = table {
                table.row_estimate = Some(u64::try_from(count.unwrap_or(0)).unwrap_or(0));
            }
        }
    }
    Ok(())
}

fn count_of(table: &str, rowid: Option<&str>) -> String {
    let table = identifier(table);
    match rowid {
        Some(rowid) => format!("SELECT max({rowid}) FROM main.{table}"),
        None => format!("SELECT count(*) FROM (SELECT 1 FROM main.{table} LIMIT {COUNTED})"),
    }
}

/// A name of the row number that no column hides.
pub(crate) fn rowid_name(columns: &[&str]) -> Option<&'static str> {
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| !columns.iter().any(|c| c.eq_ignore_ascii_case(name)))
}

/// Row counts by table: the first figure of any of its lines.
fn analyzed(facts: &Facts) -> HashMap<&str, u64> {
    let mut found: HashMap<&str, u64> = HashMap::new();
    for line in &facts.stats {
        let Some(rows) = line.stat.split(' ').next().and_then(|n| n.parse::<u64>().ok()) else { continue };
        // a partial index counts its own rows only
        let most = found.entry(line.table.as_str()).or_insert(0);
        *most = rows.max(*most);
    }
    found
}
