//! The shared contract, run on SQLite files.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use catalog::Engine;
use connector_api::contract::{Fixture, setup};
use connector_sqlite::SqliteConnector;

async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contract.db");
    let writer = rusqlite::Connection::open(&path).unwrap();
    for statement in setup(Engine::Sqlite) {
        writer.execute_batch(&statement).unwrap();
    }
    let url = format!("sqlite:{}?max_connections=1&pool_timeout_ms=1000", path.display());
    Fixture {
        connector: Arc::new(SqliteConnector::open(&url).unwrap()),
        engine: Engine::Sqlite,
        schema: "main".to_owned(),
        keep: Box::new(folder),
    }
}

connector_api::contract_suite!(fixture);
