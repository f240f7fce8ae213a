//! Links to a new password: the newest of a person alone holds, once. Of the link's token a hash alone is kept.

use jiff::Timestamp;

use super::db::{Conn, args};
use super::error::Result;
use crate::model::{Id, clock};

/// Keeps a link in the place of the one before.
///
/// # Errors
/// A broken reference when there is no such user.
pub async fn put(on: &impl Conn, user: Id, token_hash: &str, expires_at: Timestamp, by: &str) -> Result<()> {
    let sql = "INSERT INTO password_resets (user_id, token_hash, created_at, created_by, expires_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, \
               created_at = excluded.created_at, created_by = excluded.created_by, expires_at = excluded.expires_at";
    on.execute(sql, args![user, token_hash, clock::now(), by, expires_at]).await.map(drop)
}

/// Whose password a token changes; it is used up with that.
///
/// # Errors
/// When the store fails.
pub async fn take(on: &impl Conn, token_hash: &str) -> Result<Option<Id>> {
    let sql = "DELETE FROM password_resets WHERE token_hash = $1 RETURNING user_id, expires_at";
    let Some(row) = on.query_opt(sql, args![token_hash]).await? else { return Ok(None) };
    Ok((row.time("expires_at")? > clock::now()).then_some(row.id("user_id")?))
}
