//! An entry for text that nobody checked (feature `unguarded`): it measures the read-only session without the guard.
//! The product never has it; `tests/tidy.rs` holds that no manifest turns the feature on.

use connector_api::{ConnectorError, Limits, ResultStream};

use crate::{SqliteConnector, query};

impl SqliteConnector {
    /// Runs text in the read-only session as it is.
    ///
    /// # Errors
    /// What the session or SQLite refuses it with.
    pub async fn query_unguarded(&self, sql: &str, limits: &Limits) -> Result<ResultStream, ConnectorError> {
        query::run(&self.pool, sql.to_owned(), limits).await
    }
}
