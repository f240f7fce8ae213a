//! Plans without running anything, snapshots where the database allows them, and sessions that are used again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use catalog::Catalog;
use connector_api::{Connector, CrawlOptions, ErrorKind, Limits};
use connector_mssql::MssqlConnector;
use guard::{Policy, ReadOnly};
use support::Database;
use test_tds::{Fault, Options, SqlError};

const SETUP: &[&str] = &["CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)"];

async fn checked(connector: &MssqlConnector) -> ReadOnly {
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    guard::check("SELECT id FROM t", &Catalog::new(snapshot), &Policy::default()).expect("a read")
}

#[tokio::test]
async fn a_plan_tells_cost_and_rows() {
    let database = Database::new(SETUP).await;
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let estimate = connector.explain(&checked(&connector).await).await.expect("a plan");
    assert!(estimate.plan.contains("<ShowPlanXML"));
    assert!(estimate.cost.is_some_and(|cost| cost >= 0.0) && estimate.rows.is_some_and(|rows| rows >= 0.0));
}

#[tokio::test]
async fn a_login_that_may_not_ask_for_plans_is_told_what_it_lacks() {
    let database = Database::ours(Options::default(), SETUP).await;
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let statement = checked(&connector).await;
    let denied = SqlError::new(262, "SHOWPLAN permission denied in database 'querent'.".to_owned());
    database.server().fail_next("SHOWPLAN_XML", Fault::Error(denied));
    let error = connector.explain(&statement).await.expect_err("no plan");
    assert_eq!((error.kind, error.engine_code.as_deref()), (ErrorKind::Denied, Some("262")));
    assert!(error.hint.is_some_and(|hint| hint.contains("GRANT SHOWPLAN")));
}

#[tokio::test]
async fn a_statement_has_a_snapshot_where_the_database_allows_it() {
    let database = Database::ours(Options::default(), SETUP).await;
    let snapshot = "TRANSACTION ISOLATION LEVEL SNAPSHOT";
    let seen = SqlError::new(3952, "a snapshot was asked for".to_owned());
    database.server().fail_always(snapshot, Fault::Error(seen));
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let statement = checked(&connector).await;
    assert!(connector.query(&statement, &Limits::default()).await.is_ok());
    database.run("ALTER DATABASE querent SET ALLOW_SNAPSHOT_ISOLATION ON").await;
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    // the catalog is not asked in a snapshot
    assert!(connector.test().await.is_ok());
    let error = connector.query(&statement, &Limits::default()).await.map(|_| ()).expect_err("it is seen");
    assert_eq!(error.engine_code.as_deref(), Some("3952"));
}

#[tokio::test]
async fn an_idle_session_that_the_server_closed_is_replaced() {
    let database = Database::ours(Options::default(), SETUP).await;
    let connector = MssqlConnector::new(&database.url("pool_size=1")).unwrap();
    connector.test().await.expect("it connects");
    let sessions = database.server().counts().sessions;
    connector.test().await.expect("the same session works again");
    assert_eq!(database.server().counts().sessions, sessions);
    database.server().fail_next("BEGIN TRANSACTION", Fault::CutAfter(0));
    connector.test().await.expect("a new session works");
}
