//! Daemons on the store: each says from time to time that it lives, so that others know whose work is abandoned.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::db::{Conn, Row, args};
use super::error::Result;
use crate::model::{Id, clock};

/// A daemon that gives no sign for that long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

const COLUMNS: &str = "id, name, version, started_at, heartbeat_at, draining";

/// A daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Daemon {
    /// Key, new at each start.
    pub id: Uuid,
    /// Its machine's process.
    pub name: String,
    /// The program's version.
    pub version: String,
    /// Started at.
    pub started_at: Timestamp,
    /// Its last sign of life.
    pub heartbeat_at: Timestamp,
    /// Whether it takes no new work and ends soon.
    pub draining: bool,
}

fn read(row: &Row) -> Result<Daemon> {
    Ok(Daemon {
        id: row.id("id")?,
        name: row.text("name")?,
        version: row.text("version")?,
        started_at: row.time("started_at")?,
        heartbeat_at: row.time("heartbeat_at")?,
        draining: row.bool("draining")?,
    })
}

/// Says that a daemon lives, the first time as much as later: one whose record went away comes back.
///
/// # Errors
/// When the store fails.
pub async fn beat(on: &impl Conn, id: Id, name: &str, draining: bool) -> Result<()> {
    let sql = format!(
        "INSERT INTO daemons ({COLUMNS}) VALUES ($1, $2, $3, $4, $4, $5) \
         ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, draining = excluded.draining"
    );
    on.execute(&sql, args![id, name, env!("CARGO_PKG_VERSION"), clock::now(), draining]).await.map(drop)
}

/// Takes a daemon off the list: what it had at work is abandoned from now on. Long dead ones go with it.
///
/// # Errors
/// When the store fails.
pub async fn leave(on: &impl Conn, id: Id) -> Result<()> {
    let sql = "DELETE FROM daemons WHERE id = $1 OR heartbeat_at < $2";
    on.execute(sql, args![id, clock::before(FORGOTTEN)]).await.map(drop)
}

/// All that gave a sign of life within a while, the oldest first.
///
/// # Errors
/// When the store fails.
pub async fn living(on: &impl Conn, lease: Duration) -> Result<Vec<Daemon>> {
    let sql =
        format!("SELECT {COLUMNS} FROM daemons WHERE heartbeat_at > $1 ORDER BY started_at, id LIMIT 1000");
    on.query(&sql, args![clock::before(lease)]).await?.iter().map(read).collect()
}
