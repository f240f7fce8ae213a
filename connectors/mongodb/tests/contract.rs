//! The suite that every connector passes, on documents.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use catalog::Engine;
use connector_api::contract::{Fixture, commands};
use support::Database;

async fn fixture() -> Fixture {
    let database = Database::new().await;
    for command in commands() {
        database.run_json(command).await;
    }
    Fixture {
        connector: Arc::new(database.connector("pool_size=1&pool_wait_ms=1500")),
        engine: Engine::Mongodb,
        schema: database.name.clone(),
        keep: Box::new(database),
    }
}

connector_api::contract_suite!(fixture);
