//! An entry for text that nobody checked (feature `unguarded`): it measures the session without the guard. The product
//! never has it; `tests/tidy.rs` holds that no manifest turns the feature on.

use std::sync::Arc;

use connector_api::{ConnectorError, Limits, ResultStream};

use crate::{MssqlConnector, query};

impl MssqlConnector {
    /// Runs text in the session as it is.
    ///
    /// # Errors
    /// What the session or the server refuses it with.
    pub async fn query_unguarded(&self, sql: &str, limits: &Limits) -> Result<ResultStream, ConnectorError> {
        query::run(Arc::clone(&self.sessions), sql.to_owned(), limits).await
    }
}
