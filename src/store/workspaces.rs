//! Workspaces, and who belongs to them.

use super::db::{Conn, args};
use super::error::Result;
use crate::access::WorkspaceRole;
use crate::model::Id;

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
