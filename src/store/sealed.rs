//! Where sealed texts stand: the list that a rotation of keys goes through. Whoever keeps another sealed text adds its
//! place here; the statements are the same for all.
//!
//! A rotation is the daemon's own work over all workspaces, so the statements name none.

use super::db::{Conn, args};
use super::error::Result;
use crate::model::Id;

/// A column of sealed texts. The table's key is `id`.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Table.
    pub table: &'static str,
    /// Column; rows where it is null hold no secret.
    pub column: &'static str,
    /// The name that a row's text is sealed for.
    pub bound_to: fn(Id) -> String,
}

/// Every place.
pub const PLACES: &[Place] =
    &[Place { table: "connections", column: "sealed_uri", bound_to: |id| id.to_string() }];

/// A sealed text and its row.
#[derive(Debug, Clone)]
pub struct Text {
    /// The row's key.
    pub id: Id,
    /// The text.
    pub text: String,
}

/// The texts of a place after a row, in the order of keys, so many at the most. Those of deleted records too.
///
/// # Errors
/// When the store fails.
pub async fn after(on: &impl Conn, place: &Place, id: Id, limit: u32) -> Result<Vec<Text>> {
    let Place { table, column, .. } = place;
    let sql = format!(
        "SELECT id, {column} AS sealed FROM {table} WHERE id > $1 AND {column} IS NOT NULL ORDER BY id LIMIT $2"
    );
    let rows = on.query(&sql, args![id, limit]).await?;
    rows.iter().map(|row| Ok(Text { id: row.id("id")?, text: row.text("sealed")? })).collect()
}

/// Puts a text that was sealed anew in the place of the old one; gives whether it still stood there.
///
/// # Errors
/// When the store fails.
pub async fn replace(on: &impl Conn, place: &Place, old: &Text, new: &str) -> Result<bool> {
    let Place { table, column, .. } = place;
    let sql = format!("UPDATE {table} SET {column} = $3 WHERE id = $1 AND {column} = $2");
    Ok(on.execute(&sql, args![old.id, old.text.clone(), new]).await? > 0)
}
