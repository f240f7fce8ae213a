//! Figures that a server keeps of columns: the histograms of MySQL, which ANALYZE TABLE ... UPDATE HISTOGRAM makes;
//! MariaDB's `mysql.column_stats`, which ANALYZE TABLE ... PERSISTENT fills and few logins may read; and the number of
//! distinct values that an index knows of its leading column.

use std::collections::HashMap;

use catalog::{CommonValue, Engine, Snapshot, Statistics, TypeClass};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind};
use mysql_async::Row;

use super::assemble::Distinct;
use super::histogram::{self, Histogram};
use super::raw::{filled, maybe, text};
use super::sql::Scope;
use crate::session::Session;

/// Fills in what the server knows. A login that may not read it goes without, as does a server that has none.
pub(super) async fn add(
    session: &mut Session,
    scope: &Scope,
    snapshot: &mut Snapshot,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let rows = match session.rows(&scope.statistics(snapshot.engine)).await {
        Ok(rows) => rows,
        Err(error) if matches!(error.kind, ErrorKind::Denied | ErrorKind::Statement) => return Ok(()),
        Err(error) => return Err(error),
    };
    let by_column: HashMap<(String, String, String), _> =
        rows.iter().map(|row| ((text(row, 0), text(row, 1), text(row, 2)), row)).collect();
    let engine = snapshot.engine;
    for table in &mut snapshot.tables {
        let rows = table.row_estimate;
        for column in &mut table.columns {
            let key = (table.schema.clone(), table.name.clone(), column.name.clone());
            let Some(row) = by_column.get(&key) else { continue };
            let known = match engine {
                Engine::Mariadb => of_mariadb(row, rows),
                _ => maybe(row, 3).and_then(|text| histogram::of_mysql(&text, &column.enum_labels)),
            };
            column.statistics = known.map(|known| statistics(known, column.class, options));
        }
    }
    Ok(())
}

/// Share of NULLs, least and largest value, rows a value has on average, and the histogram where it is a readable one.
fn of_mariadb(row: &Row, rows: Option<u64>) -> Option<Histogram> {
    let share = |index| maybe(row, index).and_then(|share| share.parse::<f64>().ok());
    let nulls = share(3);
    let mut known = filled(row, 7)
        .and_then(|text| histogram::of_mariadb(&text, nulls.unwrap_or_default()))
        .unwrap_or_default();
    if let (None, Some(rows), Some(each)) = (known.distinct, rows, share(6).filter(|each| *each > 0.0)) {
        known.distinct = Some((rows as f64 * (1.0 - nulls.unwrap_or_default()) / each).round());
    }
    Some(Histogram { nulls, min: filled(row, 4), max: filled(row, 5), ..known })
}

/// Within the bounds of what may be kept.
fn statistics(known: Histogram, class: TypeClass, options: &CrawlOptions) -> Statistics {
    let short = |value: &String| !value.is_empty() && value.chars().count() <= options.max_value_length;
    // text has no range worth a stored value
    let end = |value: Option<String>| {
        value.filter(short).filter(|_| !matches!(class, TypeClass::Text | TypeClass::Enum | TypeClass::Json))
    };
    let mut common: Vec<_> = known.common.into_iter().filter(|(value, _)| short(value)).collect();
    common.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    common.truncate(options.max_common_values);
    Statistics {
        null_share: known.nulls,
        distinct: known.distinct,
        common: common.into_iter().map(|(value, share)| CommonValue { value, share: Some(share) }).collect(),
        min: end(known.min),
        max: end(known.max),
    }
}

/// Fills in distinct values from the indexes where nothing else counted them.
pub(super) fn fill_in(snapshot: &mut Snapshot, distinct: &Distinct) {
    for table in &mut snapshot.tables {
        for column in &mut table.columns {
            let key = (table.schema.clone(), table.name.clone(), column.name.clone());
            let Some(values) = distinct.get(&key) else { continue };
            let figures = column.statistics.get_or_insert_with(Statistics::default);
            figures.distinct = figures.distinct.or(Some(*values));
        }
    }
}
