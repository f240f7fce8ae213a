//! Figures about stored values, from a bounded look at each table.
//!
//! At most `sample_rows` rows per table are read, and at most [`ALL_ROWS`] in all tables together; of a larger table
//! the rows at both ends of its primary key, so that old and new ones are seen. Long values and byte strings are not
//! read. A table that fails or takes too long is left without figures. Views are not looked at: reading them may cost
//! anything; tables of other servers neither.

use catalog::{Snapshot, Table, TableKind, TypeClass};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind, Tally};
use tiberius::Row;

use crate::decode;
use crate::privileges::quoted;
use crate::session::Session;

/// Rows read in all tables together, at the most.
const ALL_ROWS: u64 = 1_000_000;
/// Rows read of each table even when there are very many tables.
const LEAST_ROWS: u64 = 100;

/// Fills in statistics where there are none yet, and values where there are only other figures.
pub(super) async fn add(
    session: &mut Session,
    snapshot: &mut Snapshot,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let Some(most) = options.sample_rows else { return Ok(()) };
    let stored = snapshot.tables.iter().filter(|t| is_stored(t)).count().max(1) as u64;
    let rows = most.min((ALL_ROWS / stored).max(LEAST_ROWS));
    for table in snapshot.tables.iter_mut().filter(|t| is_stored(t)) {
        match session.rows(&statement(table, rows, options.max_value_length), &[]).await {
            Ok(found) => describe(table, &found, rows, options),
            Err(error)
                if matches!(error.kind, ErrorKind::Statement | ErrorKind::Timeout | ErrorKind::Denied) =>
            {
                let (table, code) = (table.name.as_str(), error.kind.code());
                tracing::warn!(table, code, "its values could not be sampled");
                session.again().await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_stored(table: &Table) -> bool {
    matches!(table.kind, TableKind::Table | TableKind::Partitioned) && !table.columns.is_empty()
}

fn statement(table: &Table, rows: u64, longest: usize) -> String {
    // a derived table needs a name for every column
    let cell = |(at, c): (usize, &catalog::Column)| {
        let value = cell(&quoted(&c.name), &c.native_type, c.class, longest);
        format!("{value} AS c{at}")
    };
    let columns: Vec<String> = table.columns.iter().enumerate().map(cell).collect();
    let (columns, from) = (columns.join(", "), format!("{}.{}", quoted(&table.schema), quoted(&table.name)));
    let key = table.primary_key.as_ref().map(|key| key.columns.iter().map(|c| quoted(c)).collect::<Vec<_>>());
    match key {
        Some(key) if table.row_estimate.is_some_and(|estimate| estimate > rows.saturating_mul(2)) => {
            let half = (rows / 2).max(1);
            let (up, down) = (key.join(", "), key.join(" DESC, "));
            format!(
                "SELECT * FROM (SELECT TOP ({half}) {columns} FROM {from} ORDER BY {up}) AS a UNION ALL \
                 SELECT * FROM (SELECT TOP ({half}) {columns} FROM {from} ORDER BY {down} DESC) AS z"
            )
        }
        _ => format!("SELECT TOP ({rows}) {columns} FROM {from}"),
    }
}

/// A value, or an empty text in place of one that is not read. Text is measured before it is sent.
fn cell(column: &str, native: &str, class: TypeClass, longest: usize) -> String {
    use TypeClass::{Bytes, Geometry, Json, Other, Text, Vector, Xml};
    match class {
        Bytes | Geometry | Vector | Xml | Json | Other => {
            format!("CASE WHEN {column} IS NULL THEN NULL ELSE N'' END")
        }
        // text and ntext take part in few expressions
        Text if matches!(native, "text" | "ntext") => {
            format!("CASE WHEN {column} IS NULL THEN NULL ELSE N'' END")
        }
        Text => {
            let bytes = longest.saturating_mul(4);
            format!("CASE WHEN DATALENGTH({column}) > {bytes} THEN N'' ELSE {column} END")
        }
        _ => column.to_owned(),
    }
}

fn describe(table: &mut Table, rows: &[Row], asked: u64, options: &CrawlOptions) {
    if rows.is_empty() {
        return;
    }
    let (count, whole) = (rows.len() as u64, (rows.len() as u64) < asked);
    let mut tallies: Vec<Tally> = table.columns.iter().map(|_| Tally::default()).collect();
    let mut text = String::new();
    for row in rows {
        for ((tally, column), (_, value)) in tallies.iter_mut().zip(&table.columns).zip(row.cells()) {
            if decode::is_null(value) {
                tally.null();
                continue;
            }
            text.clear();
            if decode::text(value, &mut text).is_ok() {
                // char(n) is filled up with spaces, which no comparison sees
                let padded = matches!(column.class, TypeClass::Text);
                tally.value(
                    if padded { text.trim_end_matches(' ') } else { &text },
                    column.class,
                    options.max_value_length,
                );
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
            Some(figures) if figures.common.is_empty() => {
                figures.common = seen.common;
                figures.distinct = figures.distinct.or(seen.distinct);
                figures.null_share = figures.null_share.or(seen.null_share);
            }
            Some(_) => {}
            None => column.statistics = Some(seen),
        }
    }
}
