//! Invitations: links into a workspace. Of the link's token a hash alone is kept.

use jiff::Timestamp;

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::access::{Invitation, SystemRole, WorkspaceRole};
use crate::model::{Cursor, Id, Page, PageRequest, clock, new_id};

const COLUMNS: &str = "id, workspace_id, email, role, system_role, created_at, created_by, expires_at, accepted_at, \
                       revoked_at";

fn read(row: &Row) -> Result<Invitation> {
    Ok(Invitation {
        id: row.id("id")?,
        workspace_id: row.id("workspace_id")?,
        email: row.text("email")?,
        role: row.word("role", WorkspaceRole::parse)?,
        system_role: row.word("system_role", SystemRole::parse)?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        expires_at: row.time("expires_at")?,
        accepted_at: row.opt_time("accepted_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}

/// A link to be kept.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// For whom, in small letters.
    pub email: String,
    /// Role in the workspace.
    pub role: WorkspaceRole,
    /// Role in the installation, for those who are new.
    pub system_role: SystemRole,
    /// Hash of the link's token.
    pub token_hash: String,
    /// Ends at.
    pub expires_at: Timestamp,
}

/// Keeps a link into the workspace. Older ones for the same person are taken back.
///
/// # Errors
/// When the store fails.
pub async fn create(on: &impl Conn, new: NewInvitation, by: &str) -> Result<Invitation> {
    let now = clock::now();
    let older = "UPDATE invitations SET revoked_at = $3 WHERE workspace_id = $1 AND email = $2 \
                 AND accepted_at IS NULL AND revoked_at IS NULL";
    on.execute(older, args![on.workspace(), &new.email, now]).await?;
    let sql = format!(
        "INSERT INTO invitations (id, workspace_id, token_hash, email, role, system_role, created_at, created_by, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {COLUMNS}"
    );
    let (role, system_role) = (new.role.as_str(), new.system_role.as_str());
    let args = args![
        new_id(),
        on.workspace(),
        new.token_hash,
        new.email,
        role,
        system_role,
        now,
        by,
        new.expires_at
    ];
    read(&on.query_one("invitation", &sql, args).await?)
}

/// Links into the workspace, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<Invitation>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM invitations WHERE workspace_id = $4 AND (created_at, id) < ($1, $2) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |i| Cursor { at: i.created_at, id: i.id })
}

/// Takes a link back.
///
/// # Errors
/// Not found, also when it was accepted.
pub async fn revoke(on: &impl Conn, id: Id) -> Result<Invitation> {
    let sql = format!(
        "UPDATE invitations SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND workspace_id = $2 \
         AND accepted_at IS NULL RETURNING {COLUMNS}"
    );
    read(&on.query_one("invitation", &sql, args![id, on.workspace(), clock::now()]).await?)
}

/// The invitation of a token, if it can still be accepted. For the daemon's own store: who holds the link has no
/// workspace yet.
///
/// # Errors
/// When the store fails.
pub async fn open(on: &impl Conn, token_hash: &str) -> Result<Option<Invitation>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM invitations WHERE token_hash = $1 AND accepted_at IS NULL AND revoked_at IS NULL \
         AND expires_at > $2 AND workspace_id IN (SELECT id FROM workspaces WHERE deleted_at IS NULL)"
    );
    on.query_opt(&sql, args![token_hash, clock::now()]).await?.as_ref().map(read).transpose()
}

/// Invitations of an address that can still be accepted. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn open_for(on: &impl Conn, email: &str) -> Result<Vec<Invitation>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM invitations WHERE email = $1 AND accepted_at IS NULL AND revoked_at IS NULL \
         AND expires_at > $2 AND workspace_id IN (SELECT id FROM workspaces WHERE deleted_at IS NULL) \
         ORDER BY created_at LIMIT 100"
    );
    on.query(&sql, args![email, clock::now()]).await?.iter().map(read).collect()
}

/// Marks an invitation as accepted; false when somebody was faster. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn accept(on: &impl Conn, id: Id) -> Result<bool> {
    let sql = "UPDATE invitations SET accepted_at = $2 WHERE id = $1 AND accepted_at IS NULL AND revoked_at IS NULL";
    Ok(on.execute(sql, args![id, clock::now()]).await? > 0)
}
