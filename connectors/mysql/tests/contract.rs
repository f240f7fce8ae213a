//! The suite that every connector passes, on MariaDB and on MySQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use connector_api::contract::{Fixture, setup};
use connector_mysql::MysqlConnector;
use support::{Database, Server};

async fn fixture(server: Server) -> Fixture {
    let statements = setup(server.engine());
    let database = Database::new(server, &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let connector = MysqlConnector::new(&database.url("pool_size=1&pool_wait_ms=4000")).expect("a connector");
    Fixture {
        connector: Arc::new(connector),
        engine: server.engine(),
        schema: database.name.clone(),
        keep: Box::new(database),
    }
}

mod mariadb {
    async fn fixture() -> super::Fixture {
        super::fixture(super::Server::Mariadb).await
    }
    connector_api::contract_suite!(fixture);
}

mod mysql {
    async fn fixture() -> super::Fixture {
        super::fixture(super::Server::Mysql).await
    }
    connector_api::contract_suite!(fixture);
}
