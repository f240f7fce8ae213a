//! The connector for MongoDB: its driver, its sessions, the schema that is inferred from documents.
//!
//! What runs is a pipeline that the guard made from a checked statement, or checked itself: there is no way from here to
//! a command that writes.

mod arrow;
mod config;
mod decode;
mod error;
mod explain;
mod gate;
mod introspect;
mod pool;
mod privileges;
mod query;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bson::doc;
use catalog::{Engine, Snapshot};
use connector_api::{
    Connector, ConnectorError, CrawlOptions, ErrorKind, Estimate, Limits, Progress, Reach, ResultStream,
    ServerInfo,
};
use guard::ReadOnly;
use guard::pipeline::ReadPipeline;

pub use crate::arrow::NATIVE_TYPE;
pub use crate::config::INFO;
use crate::config::Settings;
use crate::error::{While, from_driver};
use crate::pool::Sessions;

/// How long the questions of a connection test may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection to one database of one server or set of servers.
pub struct MongodbConnector {
    sessions: Arc<Sessions>,
}

impl MongodbConnector {
    /// Takes a URL as [`INFO`] describes it. Nothing is connected yet.
    ///
    /// # Errors
    /// `BadConfig` for a URL that cannot be used.
    pub fn new(url: &str) -> Result<MongodbConnector, ConnectorError> {
        MongodbConnector::within(url, Reach::anywhere())
    }

    /// As [`MongodbConnector::new`], and connects only where it may.
    ///
    /// # Errors
    /// As [`MongodbConnector::new`].
    pub fn within(url: &str, reach: Reach) -> Result<MongodbConnector, ConnectorError> {
        let settings = Settings { reach, ..Settings::parse(url)? };
        Ok(MongodbConnector { sessions: Arc::new(Sessions::new(settings)) })
    }
}

/// The collection and the stages of a statement.
fn compiled(statement: &ReadOnly) -> Result<(&str, &[serde_json::Value]), ConnectorError> {
    let here = Some(statement).filter(|statement| statement.engine() == Engine::Mongodb);
    let compiled = here.and_then(ReadOnly::pipeline).ok_or_else(|| {
        let engine = statement.engine();
        ConnectorError::new(
            ErrorKind::Internal,
            format!("a statement checked for {engine} has no pipeline that could run on MongoDB"),
        )
    })?;
    Ok((compiled.collection.as_str(), compiled.stages.as_slice()))
}

#[async_trait]
impl Connector for MongodbConnector {
    async fn test(&self) -> Result<ServerInfo, ConnectorError> {
        let _place = self.sessions.place().await?;
        let asked = tokio::time::timeout(TEST_TIMEOUT, ask_server(&self.sessions));
        asked.await.unwrap_or_else(|_| Err(error::unreachable("the server did not answer in time")))
    }

    async fn introspect(
        &self,
        options: &CrawlOptions,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Snapshot, ConnectorError> {
        introspect::introspect(&self.sessions, options, progress).await
    }

    async fn explain(&self, statement: &ReadOnly) -> Result<Estimate, ConnectorError> {
        explain::explain(&self.sessions, compiled(statement)?).await
    }

    async fn query(&self, statement: &ReadOnly, limits: &Limits) -> Result<ResultStream, ConnectorError> {
        let work = query::Work::of_statement(compiled(statement)?, statement.report())?;
        query::run(Arc::clone(&self.sessions), work, limits).await
    }

    async fn aggregate(
        &self,
        pipeline: &ReadPipeline,
        limits: &Limits,
    ) -> Result<ResultStream, ConnectorError> {
        query::run(Arc::clone(&self.sessions), query::Work::of_pipeline(pipeline)?, limits).await
    }
}

async fn ask_server(sessions: &Sessions) -> Result<ServerInfo, ConnectorError> {
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Connecting);
    let database = sessions.database().await?;
    let build = database.run_command(doc! { "buildInfo": 1 }).await.map_err(driver)?;
    let version = build.get_str("version").unwrap_or_default().to_owned();
    let started = Instant::now();
    database.run_command(doc! { "ping": 1 }).await.map_err(driver)?;
    let latency = started.elapsed();
    let privileges = privileges::privileges(sessions, &database).await?;
    Ok(ServerInfo {
        engine: Engine::Mongodb,
        version,
        database: sessions.settings.database.clone(),
        latency,
        // the driver does not tell the version; it connects with a verified certificate or not at all
        tls: sessions.settings.tls.then(|| "TLS, certificate verified".to_owned()),
        privileges,
    })
}
