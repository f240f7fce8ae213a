//! Rows and pages of tables, and histograms of the columns whose statistics were asked for.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::facts::Facts;
use super::objects::Ids;
use super::rows::{Rows, int, run, text};
use crate::error::{Result, SqlError};
use crate::schema::{Relation, Schema};
use crate::sql::scope::quote;

/// Steps that a histogram has at the most.
const STEPS: i64 = 200;
/// Bytes of a page.
const PAGE: i64 = 8192;

/// How many rows a table has, and how much room they take.
pub(crate) fn measure(lite: &Connection, relation: &Relation) -> Result<(i64, i64)> {
    let count = format!("SELECT count(*) FROM {}", quote(&relation.full_name()));
    let rows: i64 = lite.query_row(&count, [], |r| r.get(0)).map_err(|e| SqlError::from_sqlite(&e))?;
    let width: i64 = relation
        .columns
        .iter()
        .map(|c| match c.column.ty.measures().0 {
            -1 => 256,
            bytes => i64::from(bytes).min(256),
        })
        .sum();
    Ok((rows, (rows * (width + 8) + PAGE - 1) / PAGE))
}

/// Rows and pages of a table, written again.
pub(crate) fn recount(lite: &Connection, relation: &Relation, object: i64) -> Result<()> {
    let (rows, pages) = measure(lite, relation)?;
    run(
        lite,
        &format!(
            "UPDATE \"sys.partitions\" SET rows = CASE WHEN partition_number = 1 THEN {rows} ELSE 0 END \
             WHERE object_id = {object};\
             UPDATE \"sys.dm_db_partition_stats\" SET row_count = CASE WHEN partition_number = 1 THEN {rows} ELSE 0 END, \
             used_page_count = {pages}, reserved_page_count = {pages}, in_row_data_page_count = {pages} \
             WHERE object_id = {object};\
             UPDATE \"sys.allocation_units\" SET total_pages = {pages}, used_pages = {pages}, data_pages = {pages} \
             WHERE container_id IN (SELECT hobt_id FROM \"sys.partitions\" WHERE object_id = {object})"
        ),
    )
}

/// Statistics of every column of the tables whose statistics were asked for.
pub(crate) fn fill(
    rows: &Rows<'_>,
    lite: &Connection,
    schema: &Schema,
    facts: &Facts,
    ids: &mut Ids,
) -> Result<()> {
    for (in_schema, name) in &facts.statistics {
        let Some(relation) = schema.find(&[in_schema.clone(), name.clone()], "") else { continue };
        let object = ids.of(&relation.full_name());
        let (count, _) = measure(lite, &relation)?;
        for (at, column) in relation.columns.iter().enumerate().filter(|(_, c)| c.computed.is_none()) {
            let number = at as i64 + 2;
            let ty = &column.column.ty;
            if ty.is_binary() || ty.has_table_name() || ty.length() == Some(0) {
                continue;
            }
            let steps = histogram(rows, lite, &relation, &column.column.name, (object, number))?;
            rows.add(
                "stats",
                &[
                    ("object_id", int(object)),
                    ("name", text(format!("_WA_Sys_{number:08X}_{object:08X}"))),
                    ("stats_id", int(number)),
                    ("auto_created", int(1)),
                    ("has_filter", int(0)),
                ],
            )?;
            rows.add(
                "stats_columns",
                &[
                    ("object_id", int(object)),
                    ("stats_id", int(number)),
                    ("stats_column_id", int(1)),
                    ("column_id", int(at as i64 + 1)),
                ],
            )?;
            rows.add(
                "dm_db_stats_properties",
                &[
                    ("object_id", int(object)),
                    ("stats_id", int(number)),
                    ("rows", int(count)),
                    ("rows_sampled", int(count)),
                    ("steps", int(steps)),
                    ("unfiltered_rows", int(count)),
                    ("modification_counter", int(0)),
                ],
            )?;
        }
    }
    Ok(())
}

/// One step a distinct value, as far as there is room; rows between two steps belong to the upper one.
fn histogram(
    rows: &Rows<'_>,
    lite: &Connection,
    relation: &Relation,
    column: &str,
    (object, number): (i64, i64),
) -> Result<i64> {
    let (table, name) = (quote(&relation.full_name()), quote(column));
    let grouped = format!(
        "WITH v AS (SELECT {name} AS value, count(*) AS n, row_number() OVER (ORDER BY {name}) AS at, sum(count(*)) OVER (ORDER BY {name}) AS upto FROM {table} \
         GROUP BY {name}), t AS (SELECT max(at) AS last FROM v) \
         SELECT value, n, at, upto FROM v, t WHERE last <= {STEPS} OR at = 1 OR at = last \
         OR at * ({STEPS} - 1) / last <> (at - 1) * ({STEPS} - 1) / last ORDER BY at"
    );
    let mut statement = lite.prepare(&grouped).map_err(|e| SqlError::from_sqlite(&e))?;
    let found = statement.query_map([], |row| {
        Ok((row.get::<_, Value>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
    });
    let found = found.map_err(|e| SqlError::from_sqlite(&e))?;
    let (mut step, mut before, mut counted) = (0, 0, 0);
    for row in found {
        let (value, equal, at, upto) = row.map_err(|e| SqlError::from_sqlite(&e))?;
        step += 1;
        let (between, rows_between) = ((at - before - 1).max(0), upto - equal - counted);
        (before, counted) = (at, upto);
        rows.add(
            "dm_db_stats_histogram",
            &[
                ("object_id", int(object)),
                ("stats_id", int(number)),
                ("step_number", int(step)),
                ("range_high_key", value),
                ("range_rows", Value::Real(rows_between as f64)),
                ("equal_rows", Value::Real(equal as f64)),
                ("distinct_range_rows", int(between)),
                ("average_range_rows", Value::Real(1.0)),
            ],
        )?;
    }
    Ok(step)
}
