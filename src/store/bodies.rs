//! Small results as they lie on disk, sealed: where several daemons share a store, so that each can give them.

use super::db::{Conn, args};
use super::error::Result;
use crate::model::clock;

/// Keeps a result's file.
///
/// # Errors
/// When the store fails.
pub async fn put(on: &impl Conn, path: &str, body: Vec<u8>) -> Result<()> {
    let sql = "INSERT INTO result_bodies (path, workspace_id, body, created_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (path) DO UPDATE SET body = excluded.body, created_at = excluded.created_at";
    on.execute(sql, args![path, on.workspace(), body, clock::now()]).await.map(drop)
}

/// A result's file, if it is kept.
///
/// # Errors
/// When the store fails.
pub async fn get(on: &impl Conn, path: &str) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT body FROM result_bodies WHERE workspace_id = $2 AND path = $1";
    on.query_opt(sql, args![path, on.workspace()]).await?.map(|row| row.bytes("body")).transpose()
}
