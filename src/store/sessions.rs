//! Sessions: sign-ins that hold. Of the token a hash alone is kept.

use jiff::Timestamp;

use super::db::{Conn, Row, args};
use super::error::Result;
use crate::access::{Session, SystemRole};
use crate::model::{Id, clock, new_id};

const COLUMNS: &str = "id, user_id, method, address, agent, created_at, last_seen_at, expires_at";
/// Sessions that one person can have; a further one ends the oldest.
const MAX_SESSIONS: i64 = 50;

fn read(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.id("id")?,
        user_id: row.id("user_id")?,
        method: row.text("method")?,
        address: row.opt_text("address")?,
        agent: row.opt_text("agent")?,
        created_at: row.time("created_at")?,
        last_seen_at: row.time("last_seen_at")?,
        expires_at: row.time("expires_at")?,
        current: false,
    })
}

/// A sign-in to be kept.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Whose.
    pub user_id: Id,
    /// Hash of the token.
    pub token_hash: String,
    /// How they signed in.
    pub method: String,
    /// From where.
    pub address: Option<String>,
    /// With what.
    pub agent: Option<String>,
    /// Ends then in any case.
    pub expires_at: Timestamp,
}

/// Keeps a session; the oldest of a person with very many end.
///
/// # Errors
/// When the store fails.
pub async fn create(on: &impl Conn, new: NewSession) -> Result<Session> {
    let trim = "DELETE FROM sessions WHERE user_id = $1 AND id IN (SELECT id FROM sessions WHERE user_id = $1 \
                ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $2)";
    on.execute(trim, args![new.user_id, MAX_SESSIONS - 1]).await?;
    let sql = format!(
        "INSERT INTO sessions ({COLUMNS}, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) RETURNING {COLUMNS}"
    );
    let now = clock::now();
    let args =
        args![new_id(), new.user_id, new.method, new.address, new.agent, now, new.expires_at, new.token_hash];
    read(&on.query_one("session", &sql, args).await?)
}

/// A session that a token opens, and the role of its owner.
#[derive(Debug, Clone)]
pub struct Open {
    /// The session.
    pub session: Session,
    /// Its owner's role in the installation.
    pub system_role: SystemRole,
}

/// The session of a token: not ended, used since `idle_since`, its owner not disabled.
///
/// # Errors
/// When the store fails.
pub async fn open(on: &impl Conn, token_hash: &str, idle_since: Timestamp) -> Result<Option<Open>> {
    let sql = "SELECT s.id, s.user_id, s.method, s.address, s.agent, s.created_at, s.last_seen_at, s.expires_at, \
               u.system_role FROM sessions s JOIN users u ON u.id = s.user_id \
               WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND u.disabled_at IS NULL \
               AND u.deleted_at IS NULL AND u.kind = 'person'";
    let row = on.query_opt(sql, args![token_hash, clock::now(), idle_since]).await?;
    row.map(|row| Ok(Open { session: read(&row)?, system_role: row.word("system_role", SystemRole::parse)? }))
        .transpose()
}

/// Says that a session is used.
///
/// # Errors
/// When the store fails.
pub async fn seen(on: &impl Conn, id: Id, at: Timestamp) -> Result<()> {
    let sql = "UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at < $2";
    on.execute(sql, args![id, at]).await.map(drop)
}

/// Sessions of a person that hold, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, user: Id, idle_since: Timestamp) -> Result<Vec<Session>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sessions WHERE user_id = $1 AND expires_at > $2 AND last_seen_at > $3 \
         ORDER BY created_at DESC, id DESC LIMIT {MAX_SESSIONS}"
    );
    on.query(&sql, args![user, clock::now(), idle_since]).await?.iter().map(read).collect()
}

/// Ends a session of a person.
///
/// # Errors
/// Not found.
pub async fn end(on: &impl Conn, user: Id, id: Id) -> Result<()> {
    on.execute_one("session", "DELETE FROM sessions WHERE id = $1 AND user_id = $2", args![id, user]).await
}

/// Ends all sessions of a person; gives how many.
///
/// # Errors
/// When the store fails.
pub async fn end_all(on: &impl Conn, user: Id) -> Result<u64> {
    on.execute("DELETE FROM sessions WHERE user_id = $1", args![user]).await
}
