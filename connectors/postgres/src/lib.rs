//! Connector for PostgreSQL: a read-only session per statement, rows as Arrow batches, the catalog in one round trip.

mod arrow;
mod config;
mod decode;
mod error;
mod explain;
mod introspect;
mod pool;
mod privileges;
mod query;
mod session;
mod tls;
#[cfg(feature = "unguarded")]
mod unguarded;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use catalog::{Engine, Snapshot};
use connector_api::{
    Connector, ConnectorError, CrawlOptions, ErrorKind, Estimate, Limits, Progress, Reach, ResultStream,
    ServerInfo,
};
use guard::ReadOnly;

pub use crate::arrow::NATIVE_TYPE;
pub use crate::config::INFO;
use crate::config::Settings;
use crate::error::{While, from_driver};
use crate::pool::Sessions;
use crate::session::{Session, Standing};

/// How long the questions of a connection test may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to one PostgreSQL database.
pub struct PostgresConnector {
    sessions: Arc<Sessions>,
}

impl PostgresConnector {
    /// Takes a URL as [`INFO`] describes it. Nothing is connected yet.
    ///
    /// # Errors
    /// `BadConfig` for a URL that cannot be used, `Tls` when there is nothing to verify the server with.
    pub fn new(url: &str) -> Result<PostgresConnector, ConnectorError> {
        PostgresConnector::within(url, Reach::anywhere())
    }

    /// As [`PostgresConnector::new`], and connects only where it may.
    ///
    /// # Errors
    /// As [`PostgresConnector::new`].
    pub fn within(url: &str, reach: Reach) -> Result<PostgresConnector, ConnectorError> {
        let settings = Settings { reach, ..Settings::parse(url)? };
        Ok(PostgresConnector { sessions: Arc::new(Sessions::new(settings)?) })
    }

    fn text<'a>(&self, statement: &'a ReadOnly) -> Result<&'a str, ConnectorError> {
        match statement.engine() {
            Engine::Postgres => Ok(statement.sql()),
            engine => Err(ConnectorError::new(
                ErrorKind::Internal,
                format!("a statement checked for {engine} cannot run on PostgreSQL"),
            )),
        }
    }
}

#[async_trait]
impl Connector for PostgresConnector {
    async fn test(&self) -> Result<ServerInfo, ConnectorError> {
        let (session, ()) =
            Session::begin(&self.sessions, TEST_TIMEOUT, Standing::Login, async |_| Ok(())).await?;
        let info = ask_server(&session).await;
        session.end().await;
        info
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
        let text = self.text(statement)?.to_owned();
        query::run(Arc::clone(&self.sessions), text, limits).await
    }
}

const ABOUT: &str = "SELECT current_setting('server_version'), current_database()::text, \
     (SELECT version || ' ' || cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl)";

async fn ask_server(session: &Session) -> Result<ServerInfo, ConnectorError> {
    let client = session.client()?;
    let driver = |error| from_driver(&error, While::Working);
    let rows = client.query_typed(ABOUT, &[]).await.map_err(driver)?;
    let row =
        rows.first().ok_or_else(|| ConnectorError::new(ErrorKind::Internal, "the server said nothing"))?;
    let version: String = row.try_get(0).map_err(driver)?;
    let started = Instant::now();
    client.query_typed("SELECT 1", &[]).await.map_err(driver)?;
    let latency = started.elapsed();
    Ok(ServerInfo {
        engine: Engine::Postgres,
        version: version.split(' ').next().unwrap_or_default().to_owned(),
        database: row.try_get(1).map_err(driver)?,
        latency,
        tls: row.try_get(2).map_err(driver)?,
        privileges: privileges::privileges(client).await?,
    })
}

#[cfg(test)]
mod layer_two;
