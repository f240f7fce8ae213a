//! Single tables of a version: its names without reading a definition, the tables that somebody needs, and what refers
//! to what.

use std::collections::HashMap;

use catalog::Table;

use super::super::db::{Conn, Dialect, Row, Value};
use super::super::error::Result;
use super::figures;
use super::latest;
use super::publish::{CHUNK, off_thread};
use crate::model::{Id, SchemaVersion};

/// A table of a version, by its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Key of the row.
    pub id: Id,
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
}

/// One version whose tables are picked.
#[derive(Debug, Clone)]
pub struct Picker {
    version: SchemaVersion,
    is_latest: bool,
}

impl Picker {
    /// Prepares for picking. As with [`super::load`], tables of the latest version carry the figures of the last crawl.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new(on: &impl Conn, version: &SchemaVersion) -> Result<Picker> {
        let is_latest = latest(on, version.connection_id).await?.is_some_and(|v| v.id == version.id);
        Ok(Picker { version: version.clone(), is_latest })
    }

    /// The condition of rows that hold in the version, and its arguments from `$1` on.
    fn holding(&self) -> (&'static str, Vec<Value>) {
        // what holds now has an index of its own
        if self.is_latest {
            return (
                "t.connection_id = $1 AND t.to_version IS NULL",
                vec![self.version.connection_id.into()],
            );
        }
        let held =
            "t.connection_id = $1 AND t.from_version <= $2 AND (t.to_version IS NULL OR t.to_version > $2)";
        (held, vec![self.version.connection_id.into(), self.version.ordinal.into()])
    }

    /// All tables, by schema and name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn names(&self, on: &impl Conn) -> Result<Vec<Named>> {
        let (held, args) = self.holding();
        let sql = format!("SELECT t.id, t.schema_name, t.table_name FROM tables AS t WHERE {held}");
        let read = |row: &Row| {
            Ok(Named { id: row.id("id")?, schema: row.text("schema_name")?, name: row.text("table_name")? })
        };
        let mut names = on.query(&sql, &args).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
        names.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
        Ok(names)
    }

    /// The tables of these rows, by the rows' keys.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn tables(&self, on: &impl Conn, wanted: &[Id]) -> Result<HashMap<Id, Table>> {
        let marks: Vec<String> = (1..=CHUNK).map(|place| format!("${place}")).collect();
        let figures = if self.is_latest { "CAST(f.figures AS text)" } else { "CAST(NULL AS text)" };
        let join = match self.is_latest {
            true => {
                "LEFT JOIN table_figures AS f ON f.connection_id = t.connection_id \
                     AND f.schema_name = t.schema_name AND f.table_name = t.table_name"
            }
            false => "",
        };
        let sql = format!(
            "SELECT t.id, CAST(t.definition AS text) AS definition, {figures} AS figures FROM tables AS t {join} \
             WHERE t.id IN ({})",
            marks.join(", ")
        );
        let mut rows = Vec::with_capacity(wanted.len());
        for chunk in wanted.chunks(CHUNK) {
            // padded with the last, so that one prepared statement does for every length
            let padding = chunk.last().into_iter().cycle();
            let ids: Vec<Value> =
                chunk.iter().chain(padding).take(CHUNK).map(|id| Value::from(*id)).collect();
            rows.extend(on.query(&sql, &ids).await?);
        }
        off_thread(move || rows.iter().map(read_table).collect()).await?
    }

    /// All references of tables, declared and inferred: the row of the table, and schema and name of that which it refers
    /// to. One pass over the definitions, in the database.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn references(&self, on: &impl Conn) -> Result<Vec<(Id, String, String)>> {
        let (held, args) = self.holding();
        let to = "k.value ->> 'to_schema' AS to_schema, k.value ->> 'to_table' AS to_table";
        let listed = |document: &str, list: &str| match on.dialect() {
            Dialect::Postgres => format!("jsonb_array_elements({document} -> '{list}') AS k(value)"),
            Dialect::Sqlite => format!("json_each({document}, '$.{list}') AS k"),
        };
        let keys = listed("t.definition", "foreign_keys");
        let sql = format!("SELECT t.id, {to} FROM tables AS t CROSS JOIN {keys} WHERE {held}");
        let mut rows = on.query(&sql, &args).await?;
        if self.is_latest {
            let keys = listed("f.figures", "inferred");
            let sql = format!(
                "SELECT t.id, {to} FROM table_figures AS f JOIN tables AS t ON t.connection_id = f.connection_id \
                 AND t.schema_name = f.schema_name AND t.table_name = f.table_name CROSS JOIN {keys} \
                 WHERE f.connection_id = $1 AND {held}"
            );
            rows.extend(on.query(&sql, &args).await?);
        }
        rows.iter().map(|row| Ok((row.id("id")?, row.text("to_schema")?, row.text("to_table")?))).collect()
    }
}

fn read_table(row: &Row) -> Result<(Id, Table)> {
    let mut table: Table = row.document("definition")?;
    if row.opt_text("figures")?.is_some() {
        figures::join(&mut table, row.document("figures")?);
    }
    Ok((row.id("id")?, table))
}
