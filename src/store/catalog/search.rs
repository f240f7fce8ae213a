//! Finding tables and columns of the latest version by name or comment, and the versions in which one table changed.

use serde::Serialize;

use super::super::db::{Conn, Dialect, Row, args};
use super::super::error::Result;
use super::{VERSION, of_workspace, read_version};
use crate::model::{Id, SchemaVersion};

/// Hits at the most.
const MAX_HITS: u32 = 200;
/// Versions of one table's history at the most.
const MAX_HISTORY: u32 = 500;

/// A table or column that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Schema.
    pub schema: String,
    /// Table.
    pub table: String,
    /// Column; `None` for the table itself.
    pub column: Option<String>,
    /// The column's type, or the kind of table.
    pub native_type: String,
    /// Comment.
    pub comment: Option<String>,
}

fn read(row: &Row) -> Result<Hit> {
    Ok(Hit {
        schema: row.text("schema_name")?,
        table: row.text("table_name")?,
        column: row.opt_text("column_name")?,
        native_type: row.text("native_type")?,
        comment: row.opt_text("comment")?,
    })
}

/// Tables and columns whose name or comment holds a text: equal names first, then those that begin with it, then others.
///
/// # Errors
/// When the store fails.
pub async fn search(on: &impl Conn, connection_id: Id, text: &str, limit: u32) -> Result<Vec<Hit>> {
    // SQLite's own knows ASCII alone
    let lower = match on.dialect() {
        Dialect::Postgres => "lower",
        Dialect::Sqlite => "unicode_lower",
    };
    let mine = of_workspace(6);
    let side = |table: &str, name: &str, column: &str, kind: &str| {
        format!(
            "SELECT schema_name, table_name, {column} AS column_name, {kind} AS native_type, comment, \
             CASE WHEN {lower}({name}) = {lower}($2) THEN 0 WHEN {lower}({name}) LIKE $4 ESCAPE '!' THEN 1 \
             WHEN {lower}({name}) LIKE $3 ESCAPE '!' THEN 2 ELSE 3 END AS place, length({name}) AS size \
             FROM {table} WHERE {mine} AND connection_id = $1 AND to_version IS NULL \
             AND ({lower}({name}) LIKE $3 ESCAPE '!' OR {lower}(comment) LIKE $3 ESCAPE '!')"
        )
    };
    let sql = format!(
        "SELECT schema_name, table_name, column_name, native_type, comment FROM ({} UNION ALL {}) AS hits \
         ORDER BY place, size, schema_name, table_name, column_name LIMIT $5",
        side("tables", "table_name", "CAST(NULL AS text)", "kind"),
        side("columns", "column_name", "column_name", "native_type"),
    );
    let begins = format!("{}%", escape(&text.to_lowercase()));
    let holds = format!("%{begins}");
    let rows = on
        .query(&sql, args![connection_id, text, holds, begins, limit.min(MAX_HITS), on.workspace()])
        .await?;
    rows.iter().map(read).collect()
}

fn escape(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// The versions in which a table came or changed, newest first.
///
/// # Errors
/// When the store fails.
pub async fn history(
    on: &impl Conn,
    connection_id: Id,
    schema: &str,
    table: &str,
) -> Result<Vec<SchemaVersion>> {
    let mine = of_workspace(5);
    let sql = format!(
        "SELECT {VERSION} FROM schema_versions WHERE {mine} AND connection_id = $1 AND ordinal IN \
         (SELECT from_version FROM tables WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3) \
         ORDER BY ordinal DESC LIMIT $4"
    );
    let rows = on.query(&sql, args![connection_id, schema, table, MAX_HISTORY, on.workspace()]).await?;
    rows.iter().map(read_version).collect()
}
