//! Connector for SQL Server and Azure SQL: a transaction per statement that is always rolled back, rows as Arrow
//! batches, the catalog from a fixed number of queries.

mod arrow;
mod config;
mod decode;
mod describe;
mod error;
mod explain;
mod hierarchy;
mod introspect;
mod pool;
mod privileges;
mod query;
mod session;
#[cfg(feature = "unguarded")]
mod unguarded;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use catalog::{Engine, Snapshot};
use connector_api::{
    Connector, ConnectorError, CrawlOptions, Estimate, Limits, Progress, Reach, ResultStream, ServerInfo,
};
use guard::ReadOnly;
use tiberius::EncryptionLevel;

pub use crate::arrow::NATIVE_TYPE;
pub use crate::config::INFO;
use crate::config::Settings;
use crate::pool::Sessions;
use crate::session::{Session, Work};

/// How long a question of a connection test may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to one database of a server.
pub struct MssqlConnector {
    sessions: Arc<Sessions>,
}

impl MssqlConnector {
    /// Takes a URL as [`INFO`] describes it. Nothing is connected yet.
    ///
    /// # Errors
    /// `BadConfig` for a URL that cannot be used.
    pub fn new(url: &str) -> Result<MssqlConnector, ConnectorError> {
        MssqlConnector::within(url, Reach::anywhere())
    }

    /// As [`MssqlConnector::new`], and connects only where it may.
    ///
    /// # Errors
    /// As [`MssqlConnector::new`].
    pub fn within(url: &str, reach: Reach) -> Result<MssqlConnector, ConnectorError> {
        let settings = Settings { reach, ..Settings::parse(url)? };
        Ok(MssqlConnector { sessions: Arc::new(Sessions::new(settings)?) })
    }

    fn text<'a>(&self, statement: &'a ReadOnly) -> Result<&'a str, ConnectorError> {
        match statement.engine() {
            Engine::Mssql => Ok(statement.sql()),
            engine => {
                Err(error::internal(&format!("a statement checked for {engine} cannot run on SQL Server")))
            }
        }
    }
}

#[async_trait]
impl Connector for MssqlConnector {
    async fn test(&self) -> Result<ServerInfo, ConnectorError> {
        let mut session = Session::begin(&self.sessions, TEST_TIMEOUT, Work::Catalog).await?;
        let info = ask_server(&mut session, self.sessions.settings.encryption).await;
        match info {
            Ok(info) => {
                session.end().await;
                Ok(info)
            }
            Err(error) => {
                session.abandon().await;
                Err(error)
            }
        }
    }

    async fn introspect(
        &self,
        options: &CrawlOptions,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Snapshot, ConnectorError> {
        introspect::introspect(&self.sessions, options, progress).await
    }

    async fn explain(&self, statement: &ReadOnly) -> Result<Estimate, ConnectorError> {
        explain::explain(&self.sessions, self.text(statement)?).await
    }

    async fn query(&self, statement: &ReadOnly, limits: &Limits) -> Result<ResultStream, ConnectorError> {
        query::run(Arc::clone(&self.sessions), self.text(statement)?.to_owned(), limits).await
    }
}

async fn ask_server(
    session: &mut Session,
    encryption: EncryptionLevel,
) -> Result<ServerInfo, ConnectorError> {
    let link = session.link_mut()?;
    let (version, database) = (link.version.clone(), link.database.clone());
    let started = Instant::now();
    session.rows("SELECT 1", &[]).await?;
    let latency = started.elapsed();
    let privileges = privileges::privileges(session, &database).await?;
    Ok(ServerInfo { engine: Engine::Mssql, version, database, latency, tls: tls(encryption), privileges })
}

/// What is known of TLS: the driver sets it up and tells neither version nor cipher.
fn tls(encryption: EncryptionLevel) -> Option<String> {
    match encryption {
        EncryptionLevel::Strict => Some("TLS before login (TDS 8.0)".to_owned()),
        EncryptionLevel::Required | EncryptionLevel::On => Some("TLS".to_owned()),
        EncryptionLevel::Off | EncryptionLevel::NotSupported => None,
    }
}

#[cfg(test)]
mod layer_two;
