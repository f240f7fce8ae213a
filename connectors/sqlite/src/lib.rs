//! Connector for SQLite files: opened read-only, introspected by set-based queries, answered in Arrow batches.

mod arrow;
#[cfg(test)]
mod attacks;
mod authorize;
mod config;
mod error;
mod explain;
mod functions;
mod introspect;
mod pool;
mod privileges;
mod query;
mod session;
#[cfg(feature = "unguarded")]
mod unguarded;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use catalog::{Engine, Snapshot};
use connector_api::{
    Connector, ConnectorError, CrawlOptions, Estimate, Limits, Progress, ResultStream, ServerInfo,
};
use guard::ReadOnly;

pub use config::{Config, INFO};

use crate::error::{When, from_sqlite, internal};
use crate::pool::Pool;
use crate::session::Session;

/// A connection to one SQLite file.
pub struct SqliteConnector {
    config: Config,
    pool: Arc<Pool>,
}

impl SqliteConnector {
    /// Reads a URL. The file is opened by the first use.
    ///
    /// # Errors
    /// `BadConfig` when the URL cannot be used.
    pub fn open(url: &str) -> Result<SqliteConnector, ConnectorError> {
        Ok(SqliteConnector::new(Config::parse(url)?))
    }

    /// A connector of a configuration.
    pub fn new(config: Config) -> SqliteConnector {
        SqliteConnector { pool: Pool::new(config.clone()), config }
    }
}

#[async_trait]
impl Connector for SqliteConnector {
    async fn test(&self) -> Result<ServerInfo, ConnectorError> {
        let config = self.config.clone();
        let work = tokio::task::spawn_blocking(move || server_info(&config));
        work.await.map_err(|_| internal("the thread of the test ended early"))?
    }

    async fn introspect(
        &self,
        options: &CrawlOptions,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Snapshot, ConnectorError> {
        introspect::introspect(&self.config, options, progress).await
    }

    async fn explain(&self, statement: &ReadOnly) -> Result<Estimate, ConnectorError> {
        explain::explain(&self.pool, statement).await
    }

    async fn query(&self, statement: &ReadOnly, limits: &Limits) -> Result<ResultStream, ConnectorError> {
        query::query(&self.pool, statement, limits).await
    }
}

/// Opens a session of its own: the setup with its reading back is part of what is tested.
fn server_info(config: &Config) -> Result<ServerInfo, ConnectorError> {
    let started = Instant::now();
    let session = Session::open(config)?;
    let count = "SELECT count(*) FROM pragma_table_list \
         WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let readable = session
        .own(|c| c.query_row(count, [], |row| row.get::<_, i64>(0)))
        .map_err(|error| from_sqlite(&error, When::Opening))?;
    Ok(ServerInfo {
        engine: Engine::Sqlite,
        version: rusqlite::version().to_owned(),
        database: config.database(),
        latency: started.elapsed(),
        tls: None,
        privileges: privileges::privileges(session.path(), u64::try_from(readable).unwrap_or(0)),
    })
}
