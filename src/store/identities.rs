//! Whom an identity provider means, and sign-ins that are under way there.

use jiff::Timestamp;

use super::db::{Conn, args};
use super::error::Result;
use crate::model::{Id, clock};

/// The user that a provider's subject stands for.
///
/// # Errors
/// When the store fails.
pub async fn find(on: &impl Conn, provider: &str, subject: &str) -> Result<Option<Id>> {
    let sql =
        "UPDATE identities SET last_used_at = $3 WHERE provider = $1 AND subject = $2 RETURNING user_id";
    on.query_opt(sql, args![provider, subject, clock::now()]).await?.map(|row| row.id("user_id")).transpose()
}

/// Says whom a provider's subject stands for.
///
/// # Errors
/// A conflict when it stands for somebody.
pub async fn add(on: &impl Conn, provider: &str, subject: &str, user: Id) -> Result<()> {
    let sql = "INSERT INTO identities (provider, subject, user_id, created_at, last_used_at) \
               VALUES ($1, $2, $3, $4, $4)";
    on.execute(sql, args![provider, subject, user, clock::now()]).await.map(drop)
}

/// Keeps the state of a sign-in that begins; what has ended goes.
///
/// # Errors
/// When the store fails.
pub async fn begin(
    on: &impl Conn,
    state_hash: &str,
    provider: &str,
    return_to: &str,
    expires_at: Timestamp,
) -> Result<()> {
    on.execute("DELETE FROM oidc_states WHERE expires_at < $1", args![clock::now()]).await?;
    let sql = "INSERT INTO oidc_states (state_hash, provider, return_to, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5)";
    on.execute(sql, args![state_hash, provider, return_to, clock::now(), expires_at]).await.map(drop)
}

/// Uses a state up; gives the page to show afterwards, if the state holds for that provider.
///
/// # Errors
/// When the store fails.
pub async fn finish(on: &impl Conn, state_hash: &str, provider: &str) -> Result<Option<String>> {
    let sql =
        "DELETE FROM oidc_states WHERE state_hash = $1 AND provider = $2 RETURNING return_to, expires_at";
    let Some(row) = on.query_opt(sql, args![state_hash, provider]).await? else { return Ok(None) };
    let holds = row.time("expires_at")? > clock::now();
    Ok(if holds { Some(row.text("return_to")?) } else { None })
}
