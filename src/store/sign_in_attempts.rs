//! Attempts to sign in, counted per key; what the keys stand for is known to `auth`. For all daemons on the store.

use jiff::Timestamp;

use super::db::{Conn, args};
use super::error::Result;

/// What is counted for a key, with the attempt that was just added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Attempts that did not succeed so far.
    pub failures: i64,
    /// No attempt is let through before that.
    pub blocked_until: Option<Timestamp>,
}

/// Counts an attempt, unless the key is blocked: then it gives what is there. What was before `forget` counts no more.
/// Give a transaction: the key is held until its end.
///
/// # Errors
/// When the store fails.
pub async fn add(on: &impl Conn, key: &str, now: Timestamp, forget: Timestamp) -> Result<Attempts> {
    let sql = "INSERT INTO sign_in_attempts AS s (key, failures, last_at, blocked_until) VALUES ($1, 1, $2, NULL) \
               ON CONFLICT (key) DO UPDATE SET \
               failures = CASE WHEN s.blocked_until > $2 THEN s.failures WHEN s.last_at < $3 THEN 1 \
                               ELSE s.failures + 1 END, \
               last_at = CASE WHEN s.blocked_until > $2 THEN s.last_at ELSE $2 END \
               RETURNING failures, blocked_until";
    let row = on.query_one("attempt", sql, args![key, now, forget]).await?;
    Ok(Attempts { failures: row.int("failures")?, blocked_until: row.opt_time("blocked_until")? })
}

/// Lets no attempt through before `until`.
///
/// # Errors
/// When the store fails.
pub async fn block(on: &impl Conn, key: &str, until: Timestamp) -> Result<()> {
    let sql = "UPDATE sign_in_attempts SET blocked_until = $2 WHERE key = $1";
    on.execute(sql, args![key, until]).await.map(drop)
}

/// Forgets what was counted.
///
/// # Errors
/// When the store fails.
pub async fn forget(on: &impl Conn, key: &str) -> Result<()> {
    on.execute("DELETE FROM sign_in_attempts WHERE key = $1", args![key]).await.map(drop)
}

/// Removes what counts no more; gives how many.
///
/// # Errors
/// When the store fails.
pub async fn purge(on: &impl Conn, before: Timestamp) -> Result<u64> {
    on.execute("DELETE FROM sign_in_attempts WHERE last_at < $1", args![before]).await
}
