//! Events of answers while they are given, so that a stream that broke can be gone on with by any daemon.

use std::time::Duration;

use serde_json::Value as Json;

use super::db::{Conn, Tx, args};
use super::error::Result;
use crate::model::{Id, MessageStatus, clock};

/// Events are kept for that long.
pub const KEPT: Duration = Duration::from_secs(3600);
/// Pieces that one look gives at the most.
const LOOK: u32 = 200;

/// A piece of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The answer's message.
    pub message: Id,
    /// Its workspace.
    pub workspace: Id,
    /// Number of the last event in it.
    pub seq: i64,
    /// Events as `[number, [parts]]`.
    pub events: Json,
}

/// Stores pieces of any streams.
///
/// # Errors
/// When the store fails.
pub async fn add(tx: &Tx, pieces: Vec<Piece>) -> Result<()> {
    let at = clock::now();
    let rows =
        pieces.into_iter().map(|p| args![p.message, p.seq, p.workspace, p.events, at].to_vec()).collect();
    let into = "stream_events (message_id, seq, workspace_id, events, at)";
    // a daemon that slept over its lease may write what another has written since: the first holds
    tx.insert_many(into, "ON CONFLICT (message_id, seq) DO NOTHING", rows).await
}

/// How far an answer is, and its events after a number, in order.
///
/// # Errors
/// Not found when there is no such message.
pub async fn after(on: &impl Conn, message: Id, seq: i64) -> Result<(MessageStatus, Vec<Json>)> {
    // looked at before the events: an answer that has ended then has written all of them
    let sql = "SELECT status FROM chat_messages WHERE workspace_id = $2 AND id = $1";
    let row = on.query_one("message", sql, args![message, on.workspace()]).await?;
    let status = row.word("status", MessageStatus::parse)?;
    let sql = "SELECT events FROM stream_events WHERE workspace_id = $4 AND message_id = $1 AND seq > $2 \
               ORDER BY seq LIMIT $3";
    let rows = on.query(sql, args![message, seq, LOOK, on.workspace()]).await?;
    Ok((status, rows.iter().map(|row| row.json("events")).collect::<Result<_>>()?))
}

/// The number of the last event that is stored of an answer; 0 when none is.
///
/// # Errors
/// When the store fails.
pub async fn last(on: &impl Conn, message: Id) -> Result<i64> {
    let sql =
        "SELECT coalesce(max(seq), 0) AS n FROM stream_events WHERE workspace_id = $2 AND message_id = $1";
    on.query_one("message", sql, args![message, on.workspace()]).await?.int("n")
}

/// Clears away events that are too old.
///
/// # Errors
/// When the store fails.
pub async fn clear(on: &impl Conn) -> Result<u64> {
    on.execute("DELETE FROM stream_events WHERE at < $1", args![clock::before(KEPT)]).await
}
