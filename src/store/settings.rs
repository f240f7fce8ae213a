//! Settings that the daemon keeps for itself, by key.

use serde_json::Value as Json;

use super::db::{Conn, args};
use super::error::Result;
use crate::model::clock;

/// The value of a key.
///
/// # Errors
/// When the store fails.
pub async fn get(on: &impl Conn, key: &str) -> Result<Option<Json>> {
    let row = on.query_opt("SELECT value FROM settings WHERE key = $1", args![key]).await?;
    row.map(|row| row.json("value")).transpose()
}

/// Sets a key, whether it is there or not.
///
/// # Errors
/// When the store fails.
pub async fn put(on: &impl Conn, key: &str, value: Json, by: Option<&str>) -> Result<()> {
    let sql = "INSERT INTO settings (key, value, updated_at, updated_by) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, \
               updated_by = excluded.updated_by";
    on.execute(sql, args![key, value, clock::now(), by]).await.map(drop)
}

/// Sets a key only if it is not there yet; gives whether it did.
///
/// # Errors
/// When the store fails.
pub async fn put_new(on: &impl Conn, key: &str, value: Json, by: Option<&str>) -> Result<bool> {
    let sql = "INSERT INTO settings (key, value, updated_at, updated_by) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (key) DO NOTHING";
    Ok(on.execute(sql, args![key, value, clock::now(), by]).await? > 0)
}

/// Takes a key away; gives whether it was there.
///
/// # Errors
/// When the store fails.
pub async fn delete(on: &impl Conn, key: &str) -> Result<bool> {
    Ok(on.execute("DELETE FROM settings WHERE key = $1", args![key]).await? > 0)
}
