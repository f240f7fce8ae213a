//! Glossary terms: words of the business with their meaning in SQL.

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{Cursor, GlossaryTerm, Id, Page, PageRequest, clock, new_id};

const COLUMNS: &str = "id, connection_id, term, definition, table_name, expression, row_filter, \
                       schema_version_id, created_at, created_by, updated_at, updated_by, deleted_at";

/// A term to be stored.
#[derive(Debug, Clone)]
pub struct NewTerm {
    /// Connection.
    pub connection_id: Id,
    /// The word.
    pub term: String,
    /// What it means.
    pub definition: String,
    /// The table that it is about.
    pub table_name: Option<String>,
    /// A value over the table.
    pub expression: Option<String>,
    /// A condition on the table's rows.
    pub row_filter: Option<String>,
    /// The schema version it was checked against.
    pub schema_version_id: Option<Id>,
}

fn read(row: &Row) -> Result<GlossaryTerm> {
    Ok(GlossaryTerm {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        term: row.text("term")?,
        definition: row.text("definition")?,
        table_name: row.opt_text("table_name")?,
        expression: row.opt_text("expression")?,
        row_filter: row.opt_text("row_filter")?,
        schema_version_id: row.opt_id("schema_version_id")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
        deleted_at: row.opt_time("deleted_at")?,
    })
}

/// Stores a term.
///
/// # Errors
/// A conflict when the connection has the term already.
pub async fn create(on: &impl Conn, new: NewTerm, by: &str) -> Result<GlossaryTerm> {
    let sql = format!(
        "INSERT INTO glossary_terms ({COLUMNS}, workspace_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $10, NULL, $11) RETURNING {COLUMNS}"
    );
    let args = args![
        new_id(),
        new.connection_id,
        new.term,
        new.definition,
        new.table_name,
        new.expression,
        new.row_filter,
        new.schema_version_id,
        clock::now(),
        by,
        on.workspace(),
    ];
    read(&on.query_one("glossary term", &sql, args).await?)
}

/// Terms of a connection that are not deleted, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, connection_id: Id, page: PageRequest) -> Result<Page<GlossaryTerm>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM glossary_terms WHERE workspace_id = $5 AND connection_id = $1 AND deleted_at IS NULL \
         AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows =
        on.query(&sql, args![connection_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |t| Cursor { at: t.created_at, id: t.id })
}

/// The term of that key, if it is not deleted.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<GlossaryTerm> {
    let sql = format!(
        "SELECT {COLUMNS} FROM glossary_terms WHERE workspace_id = $2 AND id = $1 AND deleted_at IS NULL"
    );
    read(&on.query_one("glossary term", &sql, args![id, on.workspace()]).await?)
}

/// What a term means in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermSql {
    /// The table that it is about.
    pub table_name: Option<String>,
    /// A value over the table.
    pub expression: Option<String>,
    /// A condition on the table's rows.
    pub row_filter: Option<String>,
}

/// Gives a term another meaning in SQL, if nobody changed it since the caller saw it.
///
/// # Errors
/// Not found when it is gone or somebody changed it in between.
pub async fn set_sql(
    on: &impl Conn,
    seen: &GlossaryTerm,
    new: TermSql,
    version: Option<Id>,
    by: &str,
) -> Result<()> {
    let sql = "UPDATE glossary_terms SET table_name = $3, expression = $4, row_filter = $5, \
               schema_version_id = $6, updated_at = $7, updated_by = $8 \
               WHERE workspace_id = $9 AND id = $1 AND updated_at = $2 AND deleted_at IS NULL";
    let TermSql { table_name, expression, row_filter } = new;
    let args = args![
        seen.id,
        seen.updated_at,
        table_name,
        expression,
        row_filter,
        version,
        clock::now(),
        by,
        on.workspace()
    ];
    on.execute_one("glossary term as it was", sql, args).await
}

/// Deletes a term; its name is free then.
///
/// # Errors
/// Not found.
pub async fn delete(on: &impl Conn, id: Id, by: &str) -> Result<()> {
    let sql = "UPDATE glossary_terms SET deleted_at = $2, updated_at = $2, updated_by = $3 \
               WHERE workspace_id = $4 AND id = $1 AND deleted_at IS NULL";
    on.execute_one("glossary term", sql, args![id, clock::now(), by, on.workspace()]).await
}
