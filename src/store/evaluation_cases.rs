//! Evaluation cases: questions about a registered database with their known answers.

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{Cursor, EvaluationCase, Id, Page, PageRequest, clock, new_id};

const COLUMNS: &str = "id, connection_id, question, gold_sql, schema_version_id, created_at, created_by, \
                       updated_at, updated_by, deleted_at";

fn read(row: &Row) -> Result<EvaluationCase> {
    Ok(EvaluationCase {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        question: row.text("question")?,
        gold_sql: row.text("gold_sql")?,
        schema_version_id: row.opt_id("schema_version_id")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
        deleted_at: row.opt_time("deleted_at")?,
    })
}

/// Stores a case.
///
/// # Errors
/// A broken reference when the connection is not there.
pub async fn create(
    on: &impl Conn,
    connection_id: Id,
    question: &str,
    gold_sql: &str,
    version: Option<Id>,
    by: &str,
) -> Result<EvaluationCase> {
    let sql = format!(
        "INSERT INTO evaluation_cases ({COLUMNS}, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7, NULL, $8) \
         RETURNING {COLUMNS}"
    );
    let args = args![new_id(), connection_id, question, gold_sql, version, clock::now(), by, on.workspace()];
    read(&on.query_one("evaluation case", &sql, args).await?)
}

/// Cases of a connection that are not deleted, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, connection_id: Id, page: PageRequest) -> Result<Page<EvaluationCase>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM evaluation_cases WHERE workspace_id = $5 AND connection_id = $1 AND deleted_at IS NULL \
         AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows =
        on.query(&sql, args![connection_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |c| Cursor { at: c.created_at, id: c.id })
}

/// Gives a case another statement, if it still has the one that the caller saw.
///
/// # Errors
/// Not found when it is gone or somebody changed it in between.
pub async fn set_sql(
    on: &impl Conn,
    id: Id,
    old: &str,
    new: &str,
    version: Id,
    by: &str,
) -> Result<EvaluationCase> {
    let sql = format!(
        "UPDATE evaluation_cases SET gold_sql = $3, schema_version_id = $4, updated_at = $5, updated_by = $6 \
         WHERE workspace_id = $7 AND id = $1 AND gold_sql = $2 AND deleted_at IS NULL RETURNING {COLUMNS}"
    );
    let args = args![id, old, new, version, clock::now(), by, on.workspace()];
    read(&on.query_one("evaluation case with that statement", &sql, args).await?)
}

/// Deletes a case.
///
/// # Errors
/// Not found.
pub async fn delete(on: &impl Conn, id: Id, by: &str) -> Result<()> {
    let sql = "UPDATE evaluation_cases SET deleted_at = $2, updated_at = $2, updated_by = $3 \
               WHERE workspace_id = $4 AND id = $1 AND deleted_at IS NULL";
    on.execute_one("evaluation case", sql, args![id, clock::now(), by, on.workspace()]).await
}
