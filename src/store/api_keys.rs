//! Keys for programs, each of one workspace. Of the key a hash alone is kept.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::access::{ApiKey, SystemRole, WorkspaceRole};
use crate::model::{Cursor, Id, Page, PageRequest, clock, new_id};

const COLUMNS: &str = "id, workspace_id, user_id, name, prefix, scopes, per_minute, created_at, created_by, \
                       expires_at, last_used_at, last_address, revoked_at";

fn read(row: &Row) -> Result<ApiKey> {
    let scopes = row.opt_json("scopes")?.and_then(|words| serde_json::from_value(words).ok());
    Ok(ApiKey {
        id: row.id("id")?,
        workspace_id: row.id("workspace_id")?,
        user_id: row.id("user_id")?,
        name: row.text("name")?,
        prefix: row.text("prefix")?,
        scopes,
        per_minute: row.opt_int("per_minute")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        expires_at: row.opt_time("expires_at")?,
        last_used_at: row.opt_time("last_used_at")?,
        last_address: row.opt_text("last_address")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}

/// A key to be kept.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// For whom it works.
    pub user_id: Id,
    /// Name.
    pub name: String,
    /// Its first letters.
    pub prefix: String,
    /// Its hash.
    pub token_hash: String,
    /// Words of actions; none: all that its owner may do.
    pub scopes: Option<Vec<String>>,
    /// Requests a minute.
    pub per_minute: Option<i64>,
    /// Ends at.
    pub expires_at: Option<Timestamp>,
}

/// Keeps a key in the workspace.
///
/// # Errors
/// A broken reference when there is no such user.
pub async fn create(on: &impl Conn, new: NewApiKey, by: &str) -> Result<ApiKey> {
    let sql = format!(
        "INSERT INTO api_keys (id, workspace_id, user_id, name, prefix, token_hash, scopes, per_minute, created_at, \
         created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING {COLUMNS}"
    );
    let scopes = new.scopes.map(Json::from);
    let args = args![
        new_id(),
        on.workspace(),
        new.user_id,
        new.name,
        new.prefix,
        new.token_hash,
        scopes,
        new.per_minute,
        clock::now(),
        by,
        new.expires_at,
    ];
    read(&on.query_one("key", &sql, args).await?)
}

/// Keys of the workspace, newest first; of all, or of one user.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, user: Option<Id>, page: PageRequest) -> Result<Page<ApiKey>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM api_keys WHERE workspace_id = $4 AND (created_at, id) < ($1, $2) \
         AND ($5 OR user_id = $6) ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let (all, user) = (user.is_none(), user.unwrap_or_else(Id::nil));
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace(), all, user]).await?;
    read_page(&rows, page.limit(), read, |k| Cursor { at: k.created_at, id: k.id })
}

/// A key of the workspace.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<ApiKey> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1 AND workspace_id = $2");
    read(&on.query_one("key", &sql, args![id, on.workspace()]).await?)
}

/// Takes a key back.
///
/// # Errors
/// Not found.
pub async fn revoke(on: &impl Conn, id: Id) -> Result<ApiKey> {
    let sql = format!(
        "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND workspace_id = $2 \
         RETURNING {COLUMNS}"
    );
    read(&on.query_one("key", &sql, args![id, on.workspace(), clock::now()]).await?)
}

/// A key that opens, with the roles of its owner.
#[derive(Debug, Clone)]
pub struct Open {
    /// The key.
    pub key: ApiKey,
    /// `person` or `service`.
    pub kind: String,
    /// Its owner's role in the installation.
    pub system_role: SystemRole,
    /// Its owner's role in the key's workspace.
    pub role: WorkspaceRole,
}

/// The key with a hash: not ended, not taken back, its owner a member who is not disabled. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn open(on: &impl Conn, token_hash: &str) -> Result<Option<Open>> {
    let columns = COLUMNS.split(", ").map(|c| format!("k.{}", c.trim())).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "SELECT {columns}, u.kind, u.system_role, m.role FROM api_keys k \
         JOIN users u ON u.id = k.user_id \
         JOIN memberships m ON m.user_id = k.user_id AND m.workspace_id = k.workspace_id \
         JOIN workspaces w ON w.id = k.workspace_id \
         WHERE k.token_hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2) \
         AND u.disabled_at IS NULL AND u.deleted_at IS NULL AND w.deleted_at IS NULL"
    );
    let row = on.query_opt(&sql, args![token_hash, clock::now()]).await?;
    row.map(|row| {
        Ok(Open {
            key: read(&row)?,
            kind: row.text("kind")?,
            system_role: row.word("system_role", SystemRole::parse)?,
            role: row.word("role", WorkspaceRole::parse)?,
        })
    })
    .transpose()
}

/// Says that a key is used. For the daemon's own store.
///
/// # Errors
/// When the store fails.
pub async fn used(on: &impl Conn, id: Id, at: Timestamp, address: Option<&str>) -> Result<()> {
    let sql = "UPDATE api_keys SET last_used_at = $2, last_address = $3 WHERE id = $1 \
               AND (last_used_at IS NULL OR last_used_at < $2)";
    on.execute(sql, args![id, at, address]).await.map(drop)
}

/// Lets a request pass at a pace, on all daemons together (the generic cell rate algorithm): each costs `interval`
/// microseconds, and `burst` microseconds may be owed. `None`: it passes; otherwise the microseconds to wait.
///
/// # Errors
/// When the store fails.
pub async fn pace(on: &impl Conn, id: Id, now: Timestamp, interval: i64, burst: i64) -> Result<Option<i64>> {
    let now = now.as_microsecond();
    let sql = "UPDATE api_keys SET paced_until = CASE WHEN paced_until > $2 THEN paced_until ELSE $2 END + $3 \
               WHERE id = $1 AND (paced_until IS NULL OR paced_until <= $4)";
    if on.execute(sql, args![id, now, interval, now.saturating_add(burst)]).await? > 0 {
        return Ok(None);
    }
    let row = on.query_opt("SELECT paced_until FROM api_keys WHERE id = $1", args![id]).await?;
    let until = row.map(|row| row.opt_int("paced_until")).transpose()?.flatten().unwrap_or(now);
    Ok(Some((until - now - burst).max(1)))
}
