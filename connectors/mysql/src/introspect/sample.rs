//! Figures about stored values, from a bounded look at each table: the servers keep few of their own accord.
//!
//! At most `sample_rows` rows per table are read, and at most [`ALL_ROWS`] in all tables together; of a larger table
//! the rows at both ends of its primary key, so that old and new ones are seen. Long values and byte strings are not
//! read. A table that fails or takes too long is left without figures. Views are not looked at: reading them may cost
//! anything. Many tables are asked for in one message.

use catalog::{Snapshot, Table, TableKind, TypeClass};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind, Tally};
use mysql_async::Row;

use super::raw::maybe;
use crate::session::Session;

/// Rows read in all tables together, at the most.
const ALL_ROWS: u64 = 1_000_000;
/// Rows read of each table even when there are very many tables.
const LEAST_ROWS: u64 = 100;
/// Rows, statements and bytes of text of one message, at the most.
const MESSAGE_ROWS: u64 = 20_000;
const MESSAGE_TABLES: usize = 100;
const MESSAGE_BYTES: usize = 256 * 1024;

/// Fills in statistics where there are none yet, and values where there are only other figures.
pub(super) async fn add(
    session: &mut Session,
    snapshot: &mut Snapshot,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let Some(most) = options.sample_rows else { return Ok(()) };
    let mut tables: Vec<&mut Table> = snapshot.tables.iter_mut().filter(|t| is_stored(t)).collect();
    let rows = most.min((ALL_ROWS / tables.len().max(1) as u64).max(LEAST_ROWS));
    let mut rest = tables.as_mut_slice();
    while !rest.is_empty() {
        let statements = message(rest, rows, options.max_value_length);
        let (now, later) = rest.split_at_mut(statements.len().min(rest.len()));
        for (table, found) in now.iter_mut().zip(session.each(&statements).await?) {
            match found {
                Ok(found) => describe(table, &found, rows, options),
                Err(error)
                    if matches!(
                        error.kind,
                        ErrorKind::Statement | ErrorKind::Timeout | ErrorKind::Denied
                    ) =>
                {
                    let (table, code) = (&table.name, error.kind.code());
                    tracing::warn!(table, code, "its values could not be sampled");
                }
                Err(error) => return Err(error),
            }
        }
        rest = later;
    }
    Ok(())
}

/// The statements of the first tables that fit in one message: at least one.
fn message(tables: &[&mut Table], rows: u64, longest: usize) -> Vec<String> {
    let most = usize::try_from(MESSAGE_ROWS / rows.max(1)).unwrap_or(1).clamp(1, MESSAGE_TABLES);
    let (mut statements, mut bytes) = (Vec::new(), 0);
    for table in tables.iter().take(most) {
        let statement = statement(table, rows, longest);
        bytes += statement.len();
        if bytes > MESSAGE_BYTES && !statements.is_empty() {
            break;
        }
        statements.push(statement);
    }
    statements
}

fn is_stored(table: &Table) -> bool {
    matches!(table.kind, TableKind::Table | TableKind::Partitioned) && !table.columns.is_empty()
}

fn statement(table: &Table, rows: u64, longest: usize) -> String {
    let columns: Vec<String> =
        table.columns.iter().map(|c| cell(&quoted(&c.name), c.class, longest)).collect();
    let select =
        format!("SELECT {} FROM {}.{}", columns.join(", "), quoted(&table.schema), quoted(&table.name));
    let key = table.primary_key.as_ref().map(|key| key.columns.iter().map(|c| quoted(c)).collect::<Vec<_>>());
    match key {
        Some(key) if table.row_estimate.is_some_and(|estimate| estimate > rows.saturating_mul(2)) => {
            let half = (rows / 2).max(1);
            let (up, down) = (key.join(", "), key.join(" DESC, "));
            format!(
                "({select} ORDER BY {up} LIMIT {half}) UNION ALL ({select} ORDER BY {down} DESC LIMIT {half})"
            )
        }
        _ => format!("{select} LIMIT {rows}"),
    }
}

/// A value, or an empty text in place of one that is not read. Text is measured before it is sent.
fn cell(column: &str, class: TypeClass, longest: usize) -> String {
    use TypeClass::{Bit, Bytes, Enum, Geometry, Json, Other, Text, Vector, Xml};
    match class {
        Bytes | Geometry | Vector | Bit | Other => {
            format!("CASE WHEN {column} IS NULL THEN NULL ELSE '' END")
        }
        Text | Json | Xml | Enum => {
            let bytes = longest.saturating_mul(4);
            format!("CASE WHEN OCTET_LENGTH({column}) > {bytes} THEN '' ELSE {column} END")
        }
        _ => column.to_owned(),
    }
}

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn describe(table: &mut Table, rows: &[Row], asked: u64, options: &CrawlOptions) {
    if rows.is_empty() {
        return;
    }
    let (count, whole) = (rows.len() as u64, (rows.len() as u64) < asked);
    let mut tallies: Vec<Tally> = table.columns.iter().map(|_| Tally::default()).collect();
    for row in rows {
        for (index, (tally, column)) in tallies.iter_mut().zip(&table.columns).enumerate() {
            match maybe(row, index) {
                None => tally.null(),
                Some(value) => tally.value(&value, column.class, options.max_value_length),
            }
        }
    }
    if whole {
        table.row_estimate = Some(count);
    }
    for (column, tally) in table.columns.iter_mut().zip(tallies) {
        let seen = tally.statistics(column.class, count, whole, options);
        match &mut column.statistics {
            // the server's own figures are of the whole table
            Some(figures) => {
                if figures.common.is_empty() {
                    figures.common = seen.common;
                }
                figures.distinct = figures.distinct.or(seen.distinct);
            }
            None => column.statistics = Some(seen),
        }
    }
}
