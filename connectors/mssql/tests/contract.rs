//! The suite that every connector passes, on the test server or on SQL Server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use catalog::Engine;
use connector_api::contract::{Fixture, setup};
use connector_mssql::MssqlConnector;
use support::Database;

async fn fixture() -> Fixture {
    let statements = setup(Engine::Mssql);
    let database = Database::new(&statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let connector = MssqlConnector::new(&database.url("pool_size=1&pool_wait_ms=1500")).expect("a connector");
    Fixture {
        connector: Arc::new(connector),
        engine: Engine::Mssql,
        schema: "dbo".to_owned(),
        keep: Box::new(database),
    }
}

connector_api::contract_suite!(fixture);
