//! Figures that the server keeps of columns: its histograms, as far as the login may see them. A histogram of few steps,
//! between which there is nothing, is the list of a column's values with their counts.

use std::collections::HashMap;

use catalog::{CommonValue, Snapshot, Statistics, Table, TypeClass};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind};
use tiberius::{ColumnData, Row};

use super::assemble::{Numbers, object};
use super::raw::{filled, number};
use super::sql;
use crate::decode;
use crate::session::Session;

/// Fills in what the server knows. A server that does not have the function, or a login that may not call it, goes
/// without.
pub(super) async fn add(
    session: &mut Session,
    snapshot: &mut Snapshot,
    numbers: &Numbers,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let rows = match session.rows(sql::HISTOGRAMS, &[]).await {
        Ok(rows) => rows,
        Err(error) if matches!(error.kind, ErrorKind::Denied | ErrorKind::Statement | ErrorKind::Timeout) => {
            tracing::debug!(code = error.kind.code(), "the server's histograms cannot be read");
            return session.again().await;
        }
        Err(error) => return Err(error),
    };
    let mut histograms: HashMap<(i64, u64), Vec<&Row>> = HashMap::new();
    for row in &rows {
        histograms.entry((object(row), number(row, 1).unwrap_or_default())).or_default().push(row);
    }
    for table in &mut snapshot.tables {
        let Some(table_number) = numbers.get(&(table.schema.clone(), table.name.clone())) else { continue };
        for at in 0..table.columns.len() {
            let position = table.columns.get(at).map(|column| u64::from(column.position)).unwrap_or_default();
            if let Some(steps) = histograms.get(&(*table_number, position)) {
                fill(table, at, steps, options);
            }
        }
    }
    Ok(())
}

fn fill(table: &mut Table, at: usize, steps: &[&Row], options: &CrawlOptions) {
    let Some(column) = table.columns.get_mut(at) else { return };
    let figures = figures(steps, column.class, options);
    if figures != Statistics::default() {
        column.statistics = Some(figures);
    }
}

/// The figures of one histogram. More than one may be kept of a column: the steps of the first are looked at, which end
/// where the steps' number begins anew.
fn figures(steps: &[&Row], class: TypeClass, options: &CrawlOptions) -> Statistics {
    let length =
        steps.windows(2).position(|pair| step(pair[1]) <= step(pair[0])).map_or(steps.len(), |at| at + 1);
    let steps = steps.get(..length).unwrap_or_default();
    let whole = steps.first().and_then(|row| number(row, 3)) == Some(steps.len() as u64);
    let rows = steps.first().and_then(|row| number(row, 2)).unwrap_or_default();
    let ends = || steps.iter().filter_map(|row| key(row, options));
    let mut figures = Statistics::default();
    if has_range(class) {
        (figures.min, figures.max) = (ends().next(), ends().next_back());
    }
    // rows between the steps are of values that are not told
    if !whole || rows == 0 || steps.iter().any(|row| figure(row, 6) > 0.0) {
        return figures;
    }
    let nulls: f64 =
        steps.iter().filter(|row| filled(row, 5).is_none() && is_null(row)).map(|row| figure(row, 7)).sum();
    figures.null_share = Some((nulls / rows as f64).clamp(0.0, 1.0));
    let values = || steps.iter().filter(|row| !is_null(row));
    figures.distinct = Some(values().count() as f64);
    let mut common: Vec<(String, f64)> =
        values().filter_map(|row| Some((key(row, options)?, figure(row, 7) / rows as f64))).collect();
    common.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    common.truncate(options.max_common_values);
    let value = |(value, share): (String, f64)| CommonValue { value, share: Some(share.clamp(0.0, 1.0)) };
    figures.common = common.into_iter().map(value).collect();
    figures
}

fn step(row: &Row) -> Option<u64> {
    number(row, 4)
}

fn is_null(row: &Row) -> bool {
    row.cells().nth(5).is_none_or(|(_, value)| decode::is_null(value))
}

/// A step's value, unless it is too long to be kept.
fn key(row: &Row, options: &CrawlOptions) -> Option<String> {
    let text = filled(row, 5)?;
    let text = text.trim_end_matches(' ');
    (!text.is_empty() && text.chars().count() <= options.max_value_length).then(|| text.to_owned())
}

/// Counts of rows are kept as `real`.
fn figure(row: &Row, index: usize) -> f64 {
    match row.cells().nth(index).map(|(_, value)| value) {
        Some(ColumnData::F32(Some(x))) => f64::from(*x),
        Some(ColumnData::F64(Some(x))) => *x,
        _ => number(row, index).unwrap_or_default() as f64,
    }
}

/// Text has no range worth a stored value.
fn has_range(class: TypeClass) -> bool {
    use TypeClass::{Date, Decimal, Float, Integer, Timestamp, TimestampTz};
    matches!(class, Integer | Decimal | Float | Date | Timestamp | TimestampTz)
}
