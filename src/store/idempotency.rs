//! Requests that carried an `Idempotency-Key`, and what was answered: a repeat gets the same answer, not a second record.
//!
//! An attempt is written as `started` before its work and as `done` after it. The two are not one transaction with the
//! work, which may take minutes and has transactions of its own. So a daemon that dies in between leaves the work as far
//! as it came, and an attempt whose lease runs out: the next request with the key does the work again then. Work that was
//! committed in that window may be done twice, none is lost.

use std::time::Duration;

use super::db::{Conn, Dialect, Row, args};
use super::error::{Result, StoreError, StoreErrorKind};
use crate::model::{Id, clock, new_id};

/// An answer is given again for that long.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Old ones that a new one clears away at the most.
const CLEARED: u32 = 100;

/// What a client asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks: a key of one caller says nothing to another.
    pub caller: String,
    /// Method and path.
    pub route: String,
    /// Names what the client chose.
    pub key: String,
    /// Hash of the body.
    pub body_hash: String,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Where the new record is.
    pub location: Option<String>,
    /// JSON; `None` when it was too large to keep.
    pub body: Option<String>,
}

/// What a key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The caller does the work, under this key of the attempt.
    Started(Id),
    /// It was done before.
    Done(Response),
    /// Another attempt is at it.
    InFlight,
    /// The key belongs to a request with another body.
    OtherBody,
}

/// Takes a key for an attempt, unless it is taken. An attempt whose lease ran out, or an answer that is too old, gives
/// way. Some old ones are cleared away on the way.
///
/// # Errors
/// When the store fails.
pub async fn claim(on: &impl Conn, request: &Request, lease: Duration) -> Result<Claim> {
    clear(on).await?;
    let (id, now) = (new_id(), clock::now());
    let sql = "INSERT INTO idempotency (id, caller, route, key, body_hash, state, lease_until, created_at, \
               workspace_id) VALUES ($1, $2, $3, $4, $5, 'started', $6, $7, $9) \
               ON CONFLICT (caller, route, key) DO UPDATE SET id = excluded.id, body_hash = excluded.body_hash, \
               state = 'started', lease_until = excluded.lease_until, status = NULL, location = NULL, \
               response = NULL, created_at = excluded.created_at \
               WHERE (idempotency.lease_until IS NULL AND idempotency.created_at < $8) \
               OR (idempotency.lease_until < $7 AND idempotency.body_hash = excluded.body_hash)";
    let Request { caller, route, key, body_hash } = request;
    let args = args![
        id,
        caller,
        route,
        key,
        body_hash,
        clock::after(lease),
        now,
        clock::before(KEPT),
        on.workspace()
    ];
    if on.execute(sql, args).await? > 0 {
        return Ok(Claim::Started(id));
    }
    let sql = "SELECT body_hash, status, location, response FROM idempotency \
               WHERE workspace_id = $4 AND caller = $1 AND route = $2 AND key = $3";
    match on.query_opt(sql, args![caller, route, key, on.workspace()]).await? {
        Some(row) => read(&row, body_hash),
        // given up in this moment: the next try finds it free
        None => Ok(Claim::InFlight),
    }
}

fn read(row: &Row, body_hash: &str) -> Result<Claim> {
    if row.text("body_hash")? != body_hash {
        return Ok(Claim::OtherBody);
    }
    let Some(status) = row.opt_int("status")? else { return Ok(Claim::InFlight) };
    let status = u16::try_from(status)
        .map_err(|_| StoreError::new(StoreErrorKind::Decode, "the stored status is no HTTP status"))?;
    Ok(Claim::Done(Response { status, location: row.opt_text("location")?, body: row.opt_text("response")? }))
}

/// Clears away answers that are too old and attempts that were abandoned that long ago.
async fn clear(on: &impl Conn) -> Result<()> {
    let others = match on.dialect() {
        // whoever clears away the same ones at the same time takes others
        Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
        Dialect::Sqlite => "",
    };
    // materialized: chosen once, so that the limit holds whatever the plan
    let sql = format!(
        "WITH old AS MATERIALIZED (SELECT id FROM idempotency WHERE created_at < $1 \
         AND (lease_until IS NULL OR lease_until < $1) ORDER BY created_at LIMIT $2 {others}) \
         DELETE FROM idempotency WHERE id IN (SELECT id FROM old)"
    );
    on.execute(&sql, args![clock::before(KEPT), CLEARED]).await.map(drop)
}

/// Says that an attempt is still at work.
///
/// # Errors
/// Not found when another took over.
pub async fn renew(on: &impl Conn, id: Id, lease: Duration) -> Result<()> {
    let sql = "UPDATE idempotency SET lease_until = $2 WHERE id = $1 AND state = 'started'";
    on.execute_one("attempt", sql, args![id, clock::after(lease)]).await
}

/// Keeps what was answered.
///
/// # Errors
/// Not found when another took over.
pub async fn finish(on: &impl Conn, id: Id, response: &Response) -> Result<()> {
    let sql = "UPDATE idempotency SET state = 'done', lease_until = NULL, status = $2, location = $3, \
               response = $4 WHERE id = $1 AND state = 'started'";
    let Response { status, location, body } = response;
    let args = args![id, i64::from(*status), location.as_deref(), body.as_deref()];
    on.execute_one("attempt", sql, args).await
}

/// Gives a key back: the work failed, so the next request with it tries again.
///
/// # Errors
/// When the store fails.
pub async fn release(on: &impl Conn, id: Id) -> Result<()> {
    let sql = "DELETE FROM idempotency WHERE id = $1 AND state = 'started'";
    on.execute(sql, args![id]).await.map(drop)
}
