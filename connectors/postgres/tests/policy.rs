//! Row filters and masks on a real server: what they take out is not told of by an error either.

#![allow(clippy::expect_used, clippy::panic)]

mod support;

use catalog::Catalog;
use connector_api::{Connector, CrawlOptions, Limits};
use connector_postgres::PostgresConnector;
use futures::StreamExt;
use guard::policy::{How, Mask, RowFilter};
use guard::{Policy, check};
use support::Database;

/// Costly to test, so that the server would rather test anything else first.
const FILTER: &str = "to_tsvector('simple', secret) @@ to_tsquery('simple', 'a')";

#[tokio::test(flavor = "multi_thread")]
async fn no_condition_is_tried_on_a_row_that_the_filter_takes_out() {
    let database = Database::new(&[
        "CREATE TABLE customers (id int, credit int, email text, secret text)",
        "INSERT INTO customers VALUES (1, 4, 'ann@example.org', 'a'), (2, 0, 'bob@example.org', 'x')",
    ])
    .await;
    let unfenced =
        format!("SELECT id FROM (SELECT * FROM customers WHERE {FILTER}) AS c WHERE 100 / credit > 1");
    assert!(
        database.admin.query(&unfenced, &[]).await.is_err(),
        "the server tries the cheaper condition first"
    );

    let connector = PostgresConnector::new(&database.url("sslmode=disable")).expect("a connector");
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("a crawl");
    let policy = Policy {
        hidden_columns: vec!["customers.secret".into()],
        masks: vec![Mask {
            columns: vec!["customers.email".into()],
            sensitivity: Vec::new(),
            how: How::Partial { keep_last: 3 },
        }],
        row_filters: vec![RowFilter { table: "customers".into(), predicate: FILTER.into() }],
        ..Policy::default()
    };
    let sql = "SELECT id, email FROM customers WHERE 100 / credit > 1";
    let read = check(sql, &Catalog::new(snapshot), &policy).expect("a read");
    let mut stream = connector.query(&read, &Limits::default()).await.expect("it starts");
    let mut rows = 0;
    while let Some(batch) = stream.batches.next().await {
        let batch = batch.expect("no error tells of the other row");
        rows += batch.num_rows();
        let text = format!("{:?}", batch.column(1));
        assert!(text.contains("****org") && !text.contains("ann"), "{text}");
    }
    assert_eq!(rows, 1);
}
