//! Connecting: what is there, what the login may do, and errors that say what to do next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use bson::doc;
use catalog::Engine;
use connector_api::{Connector, ConnectorError, ErrorKind, ServerInfo};
use connector_mongodb::MongodbConnector;
use support::Database;

async fn test(url: &str) -> Result<ServerInfo, ConnectorError> {
    MongodbConnector::new(url)?.test().await
}

async fn kind(url: &str) -> ErrorKind {
    let error = test(url).await.expect_err("it does not connect");
    assert!(error.hint.is_some(), "{error:?}");
    error.kind
}

#[tokio::test]
async fn says_what_is_there_and_that_anybody_may_write() {
    let database = Database::new().await;
    database.insert("a", vec![doc! { "x": 1 }]).await;
    database.run(doc! { "create": "v", "viewOn": "a", "pipeline": [] }).await;
    let info = test(&database.url("")).await.expect("it connects");
    assert_eq!((info.engine, info.database.as_str()), (Engine::Mongodb, database.name.as_str()));
    assert_eq!((info.privileges.readable_tables, info.tls), (2, None));
    if !support::is_real() {
        assert_eq!(info.privileges.can_write.len(), 1, "there is no access control");
        assert!(info.privileges.fixes[0].contains("createUser"));
    }
}

#[tokio::test]
async fn says_what_is_missing() {
    assert_eq!(kind("mongodb://127.0.0.1:1/shop?connect_timeout=1").await, ErrorKind::Unreachable);
    assert_eq!(kind("mongodb://no-such-host.invalid/shop?connect_timeout=1").await, ErrorKind::Unreachable);
    assert_eq!(kind("mongodb://127.0.0.1:1/shop?tls=true&tlsCAFile=gone.pem").await, ErrorKind::BadConfig);
}

#[tokio::test]
async fn a_login_that_the_server_does_not_know_is_told_without_its_password() {
    let database = Database::new().await;
    let url = database.url("connect_timeout=3").replace("mongodb://", "mongodb://ada:geheim@");
    let error = test(&url).await.expect_err("there are no logins");
    assert!(
        matches!(error.kind, ErrorKind::BadLogin | ErrorKind::Unreachable | ErrorKind::Statement),
        "{error:?}"
    );
    assert!(!format!("{error:?}").contains("geheim"));
}
