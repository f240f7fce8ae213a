//! Contract cases of running statements: rows, caps, cancelling, errors, explaining.

use std::time::Duration;

use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use catalog::{Catalog, Engine};
use futures::StreamExt;
use guard::Policy;

use super::fixture::{Fixture, NUMBERS, cell, short};
use crate::{ConnectorError, ErrorKind, Limits, ResultStream, batch_bytes};

/// A bound that only a hanging connector reaches.
const HANGING: Duration = Duration::from_secs(30);

async fn drain(mut stream: ResultStream) -> (Vec<RecordBatch>, Option<ConnectorError>) {
    let mut batches = Vec::new();
    while let Some(item) = stream.batches.next().await {
        match item {
            Ok(batch) => batches.push(batch),
            Err(error) => {
                assert!(stream.batches.next().await.is_none(), "an error is the last item");
                return (batches, Some(error));
            }
        }
    }
    (batches, None)
}

async fn run(f: &Fixture, sql: &str, limits: &Limits) -> (Vec<RecordBatch>, Option<ConnectorError>) {
    let statement = f.checked(sql).await;
    match f.connector.query(&statement, limits).await {
        Ok(stream) => drain(stream).await,
        Err(error) => (Vec::new(), Some(error)),
    }
}

fn count(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// A long result comes in batches of the asked size, complete and in order.
pub async fn query_streams_rows_in_batches(f: &Fixture) {
    let limits = Limits { batch_rows: 1000, ..short() };
    let (batches, error) = run(f, "SELECT n FROM contract_numbers ORDER BY n", &limits).await;
    assert_eq!(error, None);
    assert_eq!(count(&batches) as u64, NUMBERS);
    assert!(batches.iter().all(|b| b.num_rows() <= 1000 && b.num_rows() > 0));
    let mut expected = 1_u64;
    for batch in &batches {
        for row in 0..batch.num_rows() {
            assert_eq!(cell(batch, 0, row), expected.to_string());
            expected += 1;
        }
    }
}

/// Values come as they are stored, NULL as NULL.
pub async fn query_keeps_values_and_nulls(f: &Fixture) {
    let sql = "SELECT id, name, born, balance FROM contract_customers ORDER BY id";
    let (batches, error) = run(f, sql, &short()).await;
    assert_eq!(error, None);
    let batch = arrow::compute::concat_batches(&batches[0].schema(), &batches).expect("one schema");
    assert_eq!(cell(&batch, 0, 0), "1");
    assert_eq!(cell(&batch, 1, 2), "Ève");
    assert_eq!(cell(&batch, 2, 0), f.expected().born);
    assert!(batch.column(2).is_null(1));
    assert_eq!(cell(&batch, 3, 2), "99999.99");
}

/// A result without rows still has its columns.
pub async fn query_of_nothing_has_a_schema(f: &Fixture) {
    let statement = f.checked("SELECT id, name FROM contract_customers WHERE id < 0").await;
    let stream = f.connector.query(&statement, &short()).await.expect("runs");
    assert_eq!(stream.schema.fields().len(), 2);
    assert_ne!(stream.schema.field(0).data_type(), &DataType::Null);
    let (batches, error) = drain(stream).await;
    assert_eq!((count(&batches), error), (0, None));
}

/// Columns are called as the statement calls them.
pub async fn query_gives_columns_their_names(f: &Fixture) {
    let statement =
        f.checked("SELECT count(*) AS how_many, max(name) AS \"Last One\" FROM contract_customers").await;
    let stream = f.connector.query(&statement, &short()).await.expect("runs");
    let names: Vec<_> = stream.schema.fields().iter().map(|c| c.name().clone()).collect();
    assert_eq!(names, ["how_many", "Last One"]);
    let (batches, _) = drain(stream).await;
    assert_eq!(cell(&batches[0], 0, 0), "3");
}

/// More rows than allowed: the allowed ones come, then the cap is reported.
pub async fn caps_rows(f: &Fixture) {
    let limits = Limits { max_rows: 2500, batch_rows: 1000, ..short() };
    let (batches, error) = run(f, "SELECT n FROM contract_numbers", &limits).await;
    assert_eq!(count(&batches), 2500);
    assert_eq!(error.expect("the cap is reported").kind, ErrorKind::RowCap);
}

/// Exactly as many rows as allowed is no cut.
pub async fn ends_exactly_at_the_row_cap_without_an_error(f: &Fixture) {
    let limits = Limits { max_rows: 2500, batch_rows: 500, ..short() };
    let (batches, error) = run(f, "SELECT n FROM contract_numbers WHERE n <= 2500", &limits).await;
    assert_eq!((count(&batches), error), (2500, None));
}

/// More bytes than allowed: what fits comes, then the cap is reported.
pub async fn caps_bytes(f: &Fixture) {
    let limits = Limits { max_bytes: 16 * 1024, ..short() };
    let (batches, error) = run(f, "SELECT n, 'padding padding' AS p FROM contract_numbers", &limits).await;
    assert_eq!(error.expect("the cap is reported").kind, ErrorKind::ByteCap);
    assert!(count(&batches) > 10);
    assert!(batches.iter().map(batch_bytes).sum::<u64>() <= 16 * 1024);
}

/// A statement that gives no row ends at its time limit.
pub async fn caps_time_while_no_row_comes(f: &Fixture) {
    let limits = Limits { timeout: Duration::from_millis(300), ..Limits::default() };
    let ended =
        tokio::time::timeout(HANGING, run(f, f.expected().endless.0, &limits)).await.expect("it ends");
    assert_eq!(ended.1.expect("the time limit is reported").kind, ErrorKind::Timeout);
}

/// A statement that keeps giving rows ends at its time limit.
pub async fn caps_time_while_rows_come(f: &Fixture) {
    let limits = Limits {
        timeout: Duration::from_millis(300),
        max_rows: u64::MAX,
        max_bytes: u64::MAX,
        ..Limits::default()
    };
    let ended =
        tokio::time::timeout(HANGING, run(f, f.expected().endless.1, &limits)).await.expect("it ends");
    assert_eq!(ended.1.expect("the time limit is reported").kind, ErrorKind::Timeout);
}

/// Dropping a stream ends the statement, so the only session is free again.
pub async fn dropping_a_stream_frees_its_session(f: &Fixture) {
    let statement = f.checked(f.expected().endless.1).await;
    let limits = Limits { max_rows: 200_000, timeout: Duration::from_secs(600), ..Limits::default() };
    let mut stream = f.connector.query(&statement, &limits).await.expect("starts");
    assert!(stream.batches.next().await.expect("a batch").is_ok());
    drop(stream);
    let value = tokio::time::timeout(HANGING, f.value("SELECT count(*) FROM contract_customers")).await;
    assert_eq!(value.expect("the session is freed").as_deref(), Ok("3"));
}

/// Dropping the future of a query that has not answered yet ends the statement as well.
pub async fn dropping_an_unanswered_query_frees_its_session(f: &Fixture) {
    let statement = f.checked(f.expected().endless.0).await;
    let limits = Limits { timeout: Duration::from_secs(600), ..Limits::default() };
    let started = async {
        let stream = f.connector.query(&statement, &limits).await?;
        Ok::<_, ConnectorError>(drain(stream).await)
    };
    assert!(tokio::time::timeout(Duration::from_millis(300), started).await.is_err(), "it is endless");
    let value = tokio::time::timeout(HANGING, f.value("SELECT count(*) FROM contract_customers")).await;
    assert_eq!(value.expect("the session is freed").as_deref(), Ok("3"));
}

/// While the only session works, a second statement is told so after a bounded wait.
pub async fn a_taken_session_is_reported_as_busy(f: &Fixture) {
    let endless = f.checked(f.expected().endless.1).await;
    let quick = f.checked("SELECT count(*) FROM contract_customers").await;
    let limits = Limits { max_rows: 200_000, timeout: Duration::from_secs(600), ..Limits::default() };
    let stream = f.connector.query(&endless, &limits).await.expect("starts");
    let second =
        tokio::time::timeout(HANGING, f.connector.query(&quick, &short())).await.expect("it does not hang");
    let error = second.map(|_| ()).expect_err("no session is free");
    assert_eq!(error.kind, ErrorKind::Busy);
    assert!(error.hint.is_some());
    drop(stream);
}

/// What the server refuses while running is an error with the engine's own code, without values.
pub async fn errors_of_statements_are_reported(f: &Fixture) {
    let (_, error) = run(f, failing(f.engine), &short()).await;
    let error = error.expect("an error");
    assert_eq!(error.kind, ErrorKind::Statement);
    assert!(error.engine_code.is_some());
    assert!(!error.message.contains("ada@example.org"), "{}", error.message);
}

/// After an error the session works on.
pub async fn errors_leave_the_session_usable(f: &Fixture) {
    assert!(run(f, failing(f.engine), &short()).await.1.is_some());
    assert_eq!(f.value("SELECT count(*) FROM contract_orders").await.as_deref(), Ok("4"));
}

/// A statement that fails on a row, not at its start.
fn failing(engine: Engine) -> &'static str {
    match engine {
        // SQLite hardly fails on values: abs() of the smallest integer does
        Engine::Sqlite => "SELECT abs(n * 0 - 9223372036854775807 - 1) AS x FROM contract_numbers",
        // what is no number is 0 there; what is too large fails
        Engine::Mysql | Engine::Mariadb => "SELECT n + 9223372036854775807 AS x FROM contract_numbers",
        Engine::Postgres | Engine::Mssql | Engine::Mongodb => {
            "SELECT CAST(email AS integer) AS x FROM contract_customers"
        }
    }
}

/// A statement checked against a catalog that is older than the database.
pub async fn a_table_that_went_away_is_a_statement_error(f: &Fixture) {
    let mut snapshot = f.snapshot().await;
    let mut gone = f.table("contract_numbers").await;
    gone.name = "contract_gone".to_owned();
    snapshot.tables.push(gone);
    let statement = guard::check("SELECT n FROM contract_gone", &Catalog::new(snapshot), &Policy::default())
        .expect("the catalog knows it");
    let error = match f.connector.query(&statement, &short()).await {
        Ok(stream) => drain(stream).await.1.expect("an error"),
        Err(error) => error,
    };
    assert_eq!(error.kind, ErrorKind::Statement);
    assert!(error.hint.is_some_and(|hint| hint.contains("crawl")), "it says that a crawl helps");
}

/// The plan is given as the engine prints it, and nothing is run for it.
pub async fn explains(f: &Fixture) {
    let statement = f.checked(f.expected().endless.0).await;
    let explained =
        tokio::time::timeout(HANGING, f.connector.explain(&statement)).await.expect("it is quick");
    let estimate = explained.expect("a plan");
    assert!(!estimate.plan.trim().is_empty());
    assert!(estimate.cost.is_none_or(f64::is_finite) && estimate.rows.is_none_or(f64::is_finite));
}

/// A statement checked for another engine is not run: its text has other rules.
pub async fn refuses_a_statement_of_another_engine(f: &Fixture) {
    let other = if f.engine == Engine::Sqlite { Engine::Postgres } else { Engine::Sqlite };
    let mut snapshot = f.snapshot().await;
    snapshot.engine = other;
    let statement =
        guard::check("SELECT 1 AS one", &Catalog::new(snapshot), &Policy::default()).expect("a read");
    let error = f.connector.query(&statement, &short()).await.map(|_| ()).expect_err("refused");
    assert_eq!(error.kind, ErrorKind::Internal);
}
