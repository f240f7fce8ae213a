//! Schema versions: what crawls found, kept so that a version stores only what changed.
//!
//! Rows of schemas, tables, columns and routines are valid from one version (inclusive) to another (exclusive). Figures
//! that change without the schema changing (rows, sizes, statistics, inferred references) are kept apart, the last
//! crawl's alone.

mod compare;
mod figures;
mod load;
mod parts;
mod pick;
mod publish;
mod retention;
mod search;

pub use compare::{changes, patched, sides};
pub use figures::forget_values;
pub use load::{load, table};
pub use parts::{Prepared, prepare};
pub use pick::{Named, Picker};
pub use publish::{Published, publish};
pub use retention::{Keep, trim};
pub use search::{Hit, history, search};

use super::db::{Conn, Row, args};
use super::error::Result;
use super::{of_workspace, read_page};
use crate::model::{Cursor, Id, Page, PageRequest, SchemaVersion};

const VERSION: &str = "id, connection_id, ordinal, major, minor, fingerprint, summary, table_count, \
                       column_count, crawl_id, created_at";

fn read_version(row: &Row) -> Result<SchemaVersion> {
    Ok(SchemaVersion {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        ordinal: row.int("ordinal")?,
        major: row.int("major")?,
        minor: row.int("minor")?,
        fingerprint: row.text("fingerprint")?,
        summary: row.text("summary")?,
        table_count: row.int("table_count")?,
        column_count: row.int("column_count")?,
        crawl_id: row.opt_id("crawl_id")?,
        created_at: row.time("created_at")?,
    })
}

/// The version of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<SchemaVersion> {
    let mine = of_workspace(2);
    let sql = format!("SELECT {VERSION} FROM schema_versions WHERE {mine} AND id = $1");
    read_version(&on.query_one("schema version", &sql, args![id, on.workspace()]).await?)
}

/// The version that holds now; `None` before the first crawl.
///
/// # Errors
/// When the store fails.
pub async fn latest(on: &impl Conn, connection_id: Id) -> Result<Option<SchemaVersion>> {
    let mine = of_workspace(2);
    let sql = format!(
        "SELECT {VERSION} FROM schema_versions WHERE {mine} AND connection_id = $1 ORDER BY ordinal DESC LIMIT 1"
    );
    on.query_opt(&sql, args![connection_id, on.workspace()]).await?.as_ref().map(read_version).transpose()
}

/// The version of a number, as people write it (`2.1`).
///
/// # Errors
/// When the store fails.
pub async fn find(
    on: &impl Conn,
    connection_id: Id,
    major: i64,
    minor: i64,
) -> Result<Option<SchemaVersion>> {
    let mine = of_workspace(4);
    let sql = format!(
        "SELECT {VERSION} FROM schema_versions WHERE {mine} AND connection_id = $1 AND major = $2 AND minor = $3"
    );
    on.query_opt(&sql, args![connection_id, major, minor, on.workspace()])
        .await?
        .as_ref()
        .map(read_version)
        .transpose()
}

/// Versions of a connection, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, connection_id: Id, page: PageRequest) -> Result<Page<SchemaVersion>> {
    let mine = of_workspace(5);
    let sql = format!(
        "SELECT {VERSION} FROM schema_versions WHERE {mine} AND connection_id = $1 AND (created_at, id) < ($2, $3) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows =
        on.query(&sql, args![connection_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read_version, |v| Cursor { at: v.created_at, id: v.id })
}
