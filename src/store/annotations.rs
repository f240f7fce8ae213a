//! What people say of tables and columns: one row an object, kept over crawls, moved along when an object is renamed.

use catalog::Snapshot;
use catalog::diff::{ChangeKind, Diff};

use super::db::{Conn, Row, Tx, args};
use super::error::Result;
use super::{of_workspace, read_page};
use crate::model::understanding::Tag;
use crate::model::{Annotation, Cursor, Id, Page, PageRequest, clock, new_id};

const COLUMNS: &str = "id, connection_id, schema_name, table_name, column_name, description, sensitivity, \
                       values_off, created_at, created_by, updated_at, updated_by";
/// Annotations of one connection that are read at once at the most.
const MOST: u32 = 500_000;

/// What an annotation is about. Without a column it is about the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Schema.
    pub schema: String,
    /// Table.
    pub table: String,
    /// Column.
    pub column: Option<String>,
}

/// What may be changed; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnnotationChange {
    /// A new description, or none any more.
    pub description: Option<Option<String>>,
    /// A person's word on sensitivity, or none any more.
    pub sensitivity: Option<Option<Tag>>,
    /// Whether stored values are kept.
    pub values: Option<bool>,
}

fn read(row: &Row) -> Result<Annotation> {
    Ok(Annotation {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        schema: row.text("schema_name")?,
        table: row.text("table_name")?,
        column: Some(row.text("column_name")?).filter(|name| !name.is_empty()),
        description: row.opt_text("description")?,
        sensitivity: row.opt_word("sensitivity", Tag::parse)?,
        values: !row.bool("values_off")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
    })
}

/// All annotations of a connection.
///
/// # Errors
/// When the store fails.
pub async fn all(on: &impl Conn, connection_id: Id) -> Result<Vec<Annotation>> {
    let mine = of_workspace(3);
    let sql = format!("SELECT {COLUMNS} FROM annotations WHERE {mine} AND connection_id = $1 LIMIT $2");
    on.query(&sql, args![connection_id, MOST, on.workspace()]).await?.iter().map(read).collect()
}

/// Annotations of a connection, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, connection_id: Id, page: PageRequest) -> Result<Page<Annotation>> {
    let mine = of_workspace(5);
    let sql = format!(
        "SELECT {COLUMNS} FROM annotations WHERE {mine} AND connection_id = $1 AND (created_at, id) < ($2, $3) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows =
        on.query(&sql, args![connection_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |a| Cursor { at: a.created_at, id: a.id })
}

/// Changes what is said of a place. An annotation that says nothing any more stays, as the trace of who emptied it.
///
/// # Errors
/// When the store fails.
pub async fn put(
    tx: &Tx,
    connection_id: Id,
    place: &Place,
    change: AnnotationChange,
    by: Option<&str>,
) -> Result<Annotation> {
    let column = place.column.as_deref().unwrap_or_default();
    let sql = format!(
        "SELECT {COLUMNS} FROM annotations WHERE connection_id = $1 AND schema_name = $2 AND table_name = $3 \
         AND column_name = $4"
    );
    let known = tx.query_opt(&sql, args![connection_id, &place.schema, &place.table, column]).await?;
    let known = known.as_ref().map(read).transpose()?;
    let description =
        change.description.unwrap_or_else(|| known.as_ref().and_then(|k| k.description.clone()));
    let sensitivity = change.sensitivity.unwrap_or_else(|| known.as_ref().and_then(|k| k.sensitivity));
    let values = change.values.unwrap_or_else(|| known.as_ref().is_none_or(|k| k.values));
    let sql = format!(
        "INSERT INTO annotations ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $10) \
         ON CONFLICT (connection_id, schema_name, table_name, column_name) DO UPDATE SET \
         description = excluded.description, sensitivity = excluded.sensitivity, values_off = excluded.values_off, \
         updated_at = excluded.updated_at, updated_by = excluded.updated_by RETURNING {COLUMNS}"
    );
    let args = args![
        new_id(),
        connection_id,
        &place.schema,
        &place.table,
        column,
        description,
        sensitivity.map(Tag::word),
        !values,
        clock::now(),
        by,
    ];
    read(&tx.query_one("annotation", &sql, args).await?)
}

/// Moves annotations along with what a new schema version renamed. What is said of the new name already stays.
///
/// # Errors
/// When the store fails.
pub async fn follow(tx: &Tx, connection_id: Id, renames: &[Rename]) -> Result<()> {
    for rename in renames {
        let (what, args) = match rename {
            Rename::Column { schema, table, old, new } => (
                "UPDATE annotations SET column_name = $5 WHERE connection_id = $1 AND schema_name = $2 \
                 AND table_name = $3 AND column_name = $4 AND NOT EXISTS (SELECT 1 FROM annotations AS other \
                 WHERE other.connection_id = $1 AND other.schema_name = $2 AND other.table_name = $3 \
                 AND other.column_name = $5)",
                args![connection_id, schema, table, old, new].to_vec(),
            ),
            Rename::Table { schema, old, new_schema, new } => (
                "UPDATE annotations SET schema_name = $4, table_name = $5 WHERE connection_id = $1 \
                 AND schema_name = $2 AND table_name = $3 AND NOT EXISTS (SELECT 1 FROM annotations AS other \
                 WHERE other.connection_id = $1 AND other.schema_name = $4 AND other.table_name = $5 \
                 AND other.column_name = annotations.column_name)",
                args![connection_id, schema, old, new_schema, new].to_vec(),
            ),
        };
        tx.execute(what, &args).await?;
    }
    Ok(())
}

/// A rename that a crawl noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rename {
    /// A column of a table under the table's old name.
    Column {
        /// Schema before.
        schema: String,
        /// Table before.
        table: String,
        /// Name before.
        old: String,
        /// Name now.
        new: String,
    },
    /// A table.
    Table {
        /// Schema before.
        schema: String,
        /// Name before.
        old: String,
        /// Schema now.
        new_schema: String,
        /// Name now.
        new: String,
    },
}

/// The renames of a diff: of columns first, as those are told under the old names of their tables.
pub fn renames(diff: &Diff, now: &Snapshot) -> Vec<Rename> {
    let columns = diff.changes.iter().filter(|c| c.kind == ChangeKind::ColumnRenamed).filter_map(|c| {
        Some(Rename::Column {
            schema: c.schema.clone(),
            table: c.table.clone()?,
            old: c.column.clone()?,
            new: c.after.clone()?,
        })
    });
    let tables = diff.changes.iter().filter(|c| c.kind == ChangeKind::TableRenamed).filter_map(|c| {
        let after = c.after.as_deref()?;
        let table = now.tables.iter().find(|t| t.full_name() == after)?;
        Some(Rename::Table {
            schema: c.schema.clone(),
            old: c.table.clone()?,
            new_schema: table.schema.clone(),
            new: table.name.clone(),
        })
    });
    columns.chain(tables).collect()
}
