//! Workspaces, and who belongs to them.

use super::db::{Conn, Row, args};
use super::error::Result;
use crate::access::{Workspace, WorkspaceRole};
use crate::model::{Id, clock};

/// The workspace of a key or slug, and the user's role in it; `None` when there is none or the user is no member. For the
/// daemon's own store: whoever asks has no workspace yet.
///
/// # Errors
/// When the store fails.
pub async fn of_member(on: &impl Conn, user: Id, named: &str) -> Result<Option<(Id, WorkspaceRole)>> {
    let sql = "SELECT w.id, m.role FROM workspaces w JOIN memberships m ON m.workspace_id = w.id \
               WHERE m.user_id = $1 AND (w.slug = $2 OR w.id = $3) AND w.deleted_at IS NULL";
    let id = Id::parse_str(named).unwrap_or_else(|_| Id::nil());
    let row = on.query_opt(sql, args![user, named, id]).await?;
    row.map(|row| Ok((row.id("id")?, row.word("role", WorkspaceRole::parse)?))).transpose()
}

fn read(row: &Row) -> Result<Workspace> {
    Ok(Workspace {
        id: row.id("id")?,
        name: row.text("name")?,
        slug: row.text("slug")?,
        role: None,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
    })
}

const COLUMNS: &str = "id, name, slug, created_at, created_by, updated_at";

/// The first workspace that somebody became a member of. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn first_of(on: &impl Conn, user: Id) -> Result<Option<(Id, WorkspaceRole)>> {
    let sql = "SELECT w.id, m.role FROM workspaces w JOIN memberships m ON m.workspace_id = w.id \
               WHERE m.user_id = $1 AND w.deleted_at IS NULL ORDER BY m.created_at, w.id LIMIT 1";
    let row = on.query_opt(sql, args![user]).await?;
    row.map(|row| Ok((row.id("id")?, row.word("role", WorkspaceRole::parse)?))).transpose()
}

/// Workspaces of somebody with their role, by name; the first 500. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn of_user(on: &impl Conn, user: Id) -> Result<Vec<Workspace>> {
    let sql = "SELECT w.id, w.name, w.slug, w.created_at, w.created_by, w.updated_at, m.role FROM workspaces w \
               JOIN memberships m ON m.workspace_id = w.id WHERE m.user_id = $1 AND w.deleted_at IS NULL \
               ORDER BY w.name, w.id LIMIT 500";
    let with_role =
        |row: &Row| Ok(Workspace { role: Some(row.word("role", WorkspaceRole::parse)?), ..read(row)? });
    on.query(sql, args![user]).await?.iter().map(with_role).collect()
}

/// Memberships of somebody that somebody else gave, as short name, key and role. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn given_by(on: &impl Conn, user: Id, by: &str) -> Result<Vec<(String, Id, WorkspaceRole)>> {
    let sql = "SELECT w.slug, w.id, m.role FROM workspaces w JOIN memberships m ON m.workspace_id = w.id \
               WHERE m.user_id = $1 AND m.created_by = $2 AND w.deleted_at IS NULL ORDER BY w.id LIMIT 500";
    let read = |row: &Row| Ok((row.text("slug")?, row.id("id")?, row.word("role", WorkspaceRole::parse)?));
    on.query(sql, args![user, by]).await?.iter().map(read).collect()
}

/// The key of the workspace with a short name. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn by_slug(on: &impl Conn, slug: &str) -> Result<Option<Id>> {
    let sql = "SELECT id FROM workspaces WHERE slug = $1 AND deleted_at IS NULL";
    on.query_opt(sql, args![slug]).await?.map(|row| row.id("id")).transpose()
}

/// Makes a workspace.
///
/// # Errors
/// A conflict when the short name is taken.
pub async fn create(on: &impl Conn, id: Id, name: &str, slug: &str, by: &str) -> Result<Workspace> {
    let sql = format!(
        "INSERT INTO workspaces (id, name, slug, created_at, created_by, updated_at, updated_by) \
         VALUES ($1, $2, $3, $4, $5, $4, $5) RETURNING {COLUMNS}"
    );
    read(&on.query_one("workspace", &sql, args![id, name, slug, clock::now(), by]).await?)
}

/// The workspace.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn) -> Result<Workspace> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces WHERE id = $1 AND deleted_at IS NULL");
    read(&on.query_one("workspace", &sql, args![on.workspace()]).await?)
}

/// Renames the workspace; what is left out stays.
///
/// # Errors
/// Not found; a conflict when the short name is taken.
pub async fn change(on: &impl Conn, name: Option<&str>, slug: Option<&str>, by: &str) -> Result<Workspace> {
    let sql = format!(
        "UPDATE workspaces SET name = COALESCE($2, name), slug = COALESCE($3, slug), updated_at = $4, updated_by = $5 \
         WHERE id = $1 AND deleted_at IS NULL RETURNING {COLUMNS}"
    );
    read(&on.query_one("workspace", &sql, args![on.workspace(), name, slug, clock::now(), by]).await?)
}

/// Closes the workspace: nobody reaches it any more.
///
/// # Errors
/// Not found.
pub async fn close(on: &impl Conn, by: &str) -> Result<()> {
    let sql = "UPDATE workspaces SET deleted_at = $2, updated_at = $2, updated_by = $3 \
               WHERE id = $1 AND deleted_at IS NULL";
    on.execute_one("workspace", sql, args![on.workspace(), clock::now(), by]).await
}
