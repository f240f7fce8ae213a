//! What the daemon keeps: one file per resource, each statement beside the function that decodes its rows.

pub mod chats;
pub mod connections;
pub mod db;
pub mod error;
pub mod migrate;

pub use db::{Conn, Db, Dialect, Row, Tx, Value};
pub use error::{Result, StoreError, StoreErrorKind};

use crate::model::{Cursor, Page};

/// A page of rows that were fetched with one more than the limit.
fn read_page<T>(
    rows: &[Row],
    limit: u32,
    read: impl Fn(&Row) -> Result<T>,
    place: impl Fn(&T) -> Cursor,
) -> Result<Page<T>> {
    let items = rows.iter().map(read).collect::<Result<Vec<T>>>()?;
    Ok(Page::from_overfetch(items, limit, place))
}
