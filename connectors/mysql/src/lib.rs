//! Connector for MySQL and MariaDB: a read-only session per statement, rows as Arrow batches, the catalog from a fixed
//! number of queries.

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
use mysql_async::Row;

pub use crate::arrow::NATIVE_TYPE;
pub use crate::config::INFO;
use crate::config::Settings;
use crate::pool::Sessions;
use crate::session::{Session, Work};

/// How long the questions of a connection test may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to one server, or to one database of it.
pub struct MysqlConnector {
    sessions: Arc<Sessions>,
}

impl MysqlConnector {
    /// Takes a URL as [`INFO`] describes it. Nothing is connected yet.
    ///
    /// # Errors
    /// `BadConfig` for a URL that cannot be used, `Tls` when there is nothing to verify the server with.
    pub fn new(url: &str) -> Result<MysqlConnector, ConnectorError> {
        MysqlConnector::within(url, Reach::anywhere())
    }

    /// As [`MysqlConnector::new`], and connects only where it may.
    ///
    /// # Errors
    /// As [`MysqlConnector::new`].
    pub fn within(url: &str, reach: Reach) -> Result<MysqlConnector, ConnectorError> {
        let settings = Settings { reach, ..Settings::parse(url)? };
        Ok(MysqlConnector { sessions: Arc::new(Sessions::new(settings)?) })
    }

    fn text<'a>(&self, statement: &'a ReadOnly) -> Result<&'a str, ConnectorError> {
        match statement.engine() {
            // which of the two it is, the session says
            Engine::Mysql | Engine::Mariadb => Ok(statement.sql()),
            engine => Err(ConnectorError::new(
                ErrorKind::Internal,
                format!("a statement checked for {engine} cannot run on MySQL or MariaDB"),
            )),
        }
    }
}

#[async_trait]
impl Connector for MysqlConnector {
    async fn test(&self) -> Result<ServerInfo, ConnectorError> {
        let mut session = Session::begin(&self.sessions, TEST_TIMEOUT, Work::Catalog).await?;
        let info = ask_server(&mut session, self.sessions.settings.database.as_deref()).await;
        session.leave().await;
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
        query::run(Arc::clone(&self.sessions), text, Some(statement.engine()), limits).await
    }
}

async fn ask_server(session: &mut Session, database: Option<&str>) -> Result<ServerInfo, ConnectorError> {
    let database = match database {
        Some(name) => introspect::found(session, name).await?,
        None => String::new(),
    };
    let link = session.link_mut()?;
    let (engine, version) = (link.engine, link.version.clone());
    let tls = tls(&session
        .rows("SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_version', 'Ssl_cipher')")
        .await?);
    let started = Instant::now();
    session.rows("SELECT 1").await?;
    let latency = started.elapsed();
    let privileges = privileges::privileges(session, &database).await?;
    let database = if database.is_empty() { "(all databases)".to_owned() } else { database };
    Ok(ServerInfo { engine, version, database, latency, tls, privileges })
}

/// Version and cipher; both are empty without TLS.
fn tls(rows: &[Row]) -> Option<String> {
    let value = |name: &str| {
        let named =
            rows.iter().find(|row| row.get_opt::<String, _>(0).is_some_and(|n| n.is_ok_and(|n| n == name)));
        named.and_then(|row| row.get_opt::<String, _>(1)).and_then(Result::ok).filter(|v| !v.is_empty())
    };
    Some(format!("{} {}", value("Ssl_version")?, value("Ssl_cipher")?))
}

#[cfg(test)]
mod layer_two;
