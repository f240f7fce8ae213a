//! Who belongs to a workspace, and as what.

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::access::{Member, WorkspaceRole};
use crate::model::{Cursor, Id, Page, PageRequest, clock};

const COLUMNS: &str = "m.user_id, u.kind, u.email, u.name, m.role, u.disabled_at IS NOT NULL AS disabled, \
                       m.created_at, m.created_by";
const FROM: &str = "memberships m JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL";

fn read(row: &Row) -> Result<Member> {
    Ok(Member {
        user_id: row.id("user_id")?,
        kind: row.text("kind")?,
        email: row.opt_text("email")?,
        name: row.text("name")?,
        role: row.word("role", WorkspaceRole::parse)?,
        disabled: row.bool("disabled")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
    })
}

/// Members of the workspace, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<Member>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE m.workspace_id = $4 AND (m.created_at, m.user_id) < ($1, $2) \
         ORDER BY m.created_at DESC, m.user_id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |m| Cursor { at: m.created_at, id: m.user_id })
}

/// A member of the workspace.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, user: Id) -> Result<Member> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE m.workspace_id = $1 AND m.user_id = $2");
    read(&on.query_one("member", &sql, args![on.workspace(), user]).await?)
}

/// A member of the workspace, if they are one.
///
/// # Errors
/// When the store fails.
pub async fn find(on: &impl Conn, user: Id) -> Result<Option<Member>> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE m.workspace_id = $1 AND m.user_id = $2");
    on.query_opt(&sql, args![on.workspace(), user]).await?.as_ref().map(read).transpose()
}

/// Makes somebody a member of the workspace, or gives them another role there.
///
/// # Errors
/// A broken reference when there is no such user.
pub async fn put(on: &impl Conn, user: Id, role: WorkspaceRole, by: &str) -> Result<()> {
    let sql = "INSERT INTO memberships (workspace_id, user_id, role, created_at, created_by) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace_id, user_id) DO UPDATE SET role = excluded.role";
    on.execute(sql, args![on.workspace(), user, role.as_str(), clock::now(), by]).await.map(drop)
}

/// Takes somebody out of the workspace; their keys for it end with that.
///
/// # Errors
/// Not found.
pub async fn remove(on: &impl Conn, user: Id) -> Result<()> {
    let sql = "DELETE FROM memberships WHERE workspace_id = $1 AND user_id = $2";
    on.execute_one("member", sql, args![on.workspace(), user]).await?;
    let keys =
        "UPDATE api_keys SET revoked_at = $3 WHERE workspace_id = $1 AND user_id = $2 AND revoked_at IS NULL";
    on.execute(keys, args![on.workspace(), user, clock::now()]).await.map(drop)
}

/// Holds the owners of the workspace until the transaction ends, and counts them: so that the last one stays.
///
/// # Errors
/// When the store fails.
pub async fn count_owners(on: &impl Conn) -> Result<i64> {
    // an update and no SELECT ... FOR UPDATE, which SQLite does not know; it changes nothing
    let sql = "UPDATE memberships SET role = role WHERE workspace_id = $1 AND role = 'owner' AND user_id IN \
               (SELECT id FROM users WHERE disabled_at IS NULL AND deleted_at IS NULL)";
    on.execute(sql, args![on.workspace()]).await.map(|n| i64::try_from(n).unwrap_or(i64::MAX))
}
