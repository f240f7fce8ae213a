//! An entry for text that nobody checked (feature `unguarded`): it measures the read-only session without the guard.
//! The product never has it; `tests/tidy.rs` holds that no manifest turns the feature on.

use std::sync::Arc;

use connector_api::{ConnectorError, Limits, ResultStream};

use crate::config::Settings;
use crate::pool::Sessions;
use crate::{MysqlConnector, query};

impl MysqlConnector {
    /// As [`MysqlConnector::new`], with the URL's database for names that have none: attacks that name their tables
    /// so would otherwise be stopped by that alone.
    ///
    /// # Errors
    /// As there.
    pub fn in_database(url: &str) -> Result<MysqlConnector, ConnectorError> {
        let mut settings = Settings::parse(url)?;
        settings.default_database.clone_from(&settings.database);
        Ok(MysqlConnector { sessions: Arc::new(Sessions::new(settings)?) })
    }

    /// Runs text in the read-only session as it is.
    ///
    /// # Errors
    /// What the session or the server refuses it with.
    pub async fn query_unguarded(&self, sql: &str, limits: &Limits) -> Result<ResultStream, ConnectorError> {
        query::run(Arc::clone(&self.sessions), sql.to_owned(), None, limits).await
    }
}
