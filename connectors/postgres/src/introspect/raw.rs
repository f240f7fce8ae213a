//! Reads the rows of the catalog queries: by position, an error instead of a panic when a server answers otherwise.

use connector_api::{ConnectorError, ErrorKind};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

/// The value at a position.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, ConnectorError> {
    row.try_get(index).map_err(|_| {
        ConnectorError::new(ErrorKind::Internal, "the server's catalog has another form than expected")
            .hint("PostgreSQL 12 and later are supported")
    })
}

/// A one-byte character.
pub(super) fn letter(row: &Row, index: usize) -> Result<char, ConnectorError> {
    Ok(char::from(u8::try_from(get::<i8>(row, index)?).unwrap_or(0)))
}

/// A text of one's own.
pub(super) fn text(row: &Row, index: usize) -> Result<String, ConnectorError> {
    get::<&str>(row, index).map(str::to_owned)
}

/// A text that may be NULL.
pub(super) fn maybe(row: &Row, index: usize) -> Result<Option<String>, ConnectorError> {
    Ok(get::<Option<&str>>(row, index)?.map(str::to_owned))
}
