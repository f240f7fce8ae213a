//! The suite that every connector passes, on MariaDB.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use catalog::Engine;
use connector_api::contract::{Fixture, setup};
use connector_mysql::MysqlConnector;
use support::Database;

async fn fixture() -> Fixture {
    let statements = setup(Engine::Mariadb);
    let database = Database::new(&statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let connector = MysqlConnector::new(&database.url("pool_size=1&pool_wait_ms=1500")).expect("a connector");
    Fixture {
        connector: Arc::new(connector),
        engine: Engine::Mariadb,
        schema: database.name.clone(),
        keep: Box::new(database),
    }
}

connector_api::contract_suite!(fixture);
