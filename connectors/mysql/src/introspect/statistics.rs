//! Figures that the server keeps of columns: MariaDB's `mysql.column_stats`, which ANALYZE TABLE ... PERSISTENT fills
//! and which few logins may read; and the number of distinct values that an index knows of its leading column.

use std::collections::HashMap;

use catalog::{Engine, Snapshot, Statistics};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind};

use super::assemble::Distinct;
use super::raw::{filled, maybe, text};
use crate::session::Session;

const COLUMN_STATS: &str = "SELECT db_name, table_name, column_name, CAST(nulls_ratio AS CHAR), min_value, max_value \
     FROM mysql.column_stats";

/// Fills in what the server knows. A login that may not read the table goes without.
pub(super) async fn add(
    session: &mut Session,
    snapshot: &mut Snapshot,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    if snapshot.engine != Engine::Mariadb {
        return Ok(());
    }
    let rows = match session.rows(COLUMN_STATS).await {
        Ok(rows) => rows,
        Err(error) if matches!(error.kind, ErrorKind::Denied | ErrorKind::Statement) => return Ok(()),
        Err(error) => return Err(error),
    };
    let by_column: HashMap<(String, String, String), _> =
        rows.iter().map(|row| ((text(row, 0), text(row, 1), text(row, 2)), row)).collect();
    for table in &mut snapshot.tables {
        for column in &mut table.columns {
            let key = (table.schema.clone(), table.name.clone(), column.name.clone());
            let Some(row) = by_column.get(&key) else { continue };
            let short =
                |index| filled(row, index).filter(|v: &String| v.chars().count() <= options.max_value_length);
            column.statistics = Some(Statistics {
                null_share: maybe(row, 3).and_then(|share| share.parse().ok()),
                min: short(4),
                max: short(5),
                ..Statistics::default()
            });
        }
    }
    Ok(())
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
