//! Values: SQLite's dynamic types become Arrow columns without losing one.

#![allow(clippy::unwrap_used)]

use arrow::array::{Array, BinaryArray, BooleanArray, Float64Array, Int64Array};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use catalog::Catalog;
use connector_api::{Connector, CrawlOptions, Limits};
use connector_sqlite::SqliteConnector;
use futures::TryStreamExt;
use guard::Policy;

/// The result of a statement over a database made by other statements, in one batch.
async fn result(setup: &str, sql: &str) -> RecordBatch {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(setup).unwrap();
    let connector = SqliteConnector::open(&format!("sqlite:{}", path.display())).unwrap();
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap();
    let statement = guard::check(sql, &Catalog::new(snapshot), &Policy::default()).unwrap();
    let stream = connector.query(&statement, &Limits::default()).await.unwrap();
    let schema = stream.schema.clone();
    let batches: Vec<RecordBatch> = stream.batches.try_collect().await.unwrap();
    concat_batches(&schema, &batches).unwrap()
}

fn texts(batch: &RecordBatch, column: usize) -> Vec<String> {
    (0..batch.num_rows()).map(|row| array_value_to_string(batch.column(column), row).unwrap()).collect()
}

fn types(batch: &RecordBatch) -> Vec<DataType> {
    batch.schema().fields().iter().map(|f| f.data_type().clone()).collect()
}

#[tokio::test]
async fn pure_columns_keep_their_types() {
    let batch = result(
        "CREATE TABLE t(i INTEGER, r REAL, s TEXT, b BLOB, flag BOOLEAN, d DATE); \
         INSERT INTO t VALUES (9223372036854775807, 0.1, 'é', x'00ff', 1, '2024-01-31'), \
         (-9223372036854775808, 9e999, '', x'', 0, '2024-02-01 10:00'), (NULL, NULL, NULL, NULL, NULL, NULL)",
        "SELECT i, r, s, b, flag, d FROM t",
    )
    .await;
    use DataType::{Binary, Boolean, Float64, Int64, Utf8};
    assert_eq!(types(&batch), [Int64, Float64, Utf8, Binary, Boolean, Utf8]);
    let integers = batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
    assert_eq!((integers.value(0), integers.value(1)), (i64::MAX, i64::MIN));
    let floats = batch.column(1).as_any().downcast_ref::<Float64Array>().unwrap();
    assert_eq!(floats.value(0), 0.1);
    assert!(floats.value(1).is_infinite());
    let bytes = batch.column(3).as_any().downcast_ref::<BinaryArray>().unwrap();
    assert_eq!(bytes.value(0), [0, 255]);
    let flags = batch.column(4).as_any().downcast_ref::<BooleanArray>().unwrap();
    assert!(flags.value(0) && !flags.value(1));
    assert_eq!(texts(&batch, 5)[..2], ["2024-01-31", "2024-02-01 10:00"]);
    assert!((0..6).all(|column| batch.column(column).is_null(2)));
}

#[tokio::test]
async fn mixed_columns_become_the_narrowest_type_that_holds_all() {
    let batch = result(
        "CREATE TABLE t(number, large, word, bytes, flag BOOLEAN); \
         INSERT INTO t VALUES (1, 9007199254740993, 5, x'0aff', 1), (2.5, 0.5, 'five', 'text', 2), \
         (NULL, NULL, 5.25, 7, 0)",
        "SELECT number, large, word, bytes, flag FROM t",
    )
    .await;
    use DataType::{Float64, Int64, Utf8};
    assert_eq!(types(&batch), [Float64, Utf8, Utf8, Utf8, Int64]);
    assert_eq!(texts(&batch, 0)[..2], ["1.0", "2.5"]);
    assert_eq!(texts(&batch, 1)[..2], ["9007199254740993", "0.5"], "a double could not hold it");
    assert_eq!(texts(&batch, 2), ["5", "five", "5.25"]);
    assert_eq!(texts(&batch, 3), ["X'0AFF'", "text", "7"]);
    let storage = batch.schema().field(2).metadata().get("sqlite.storage").cloned();
    assert_eq!(storage.as_deref(), Some("integer real text"));
}

#[tokio::test]
async fn text_that_is_no_utf8_comes_as_its_bytes() {
    let batch = result(
        "CREATE TABLE t(s TEXT); INSERT INTO t VALUES (CAST(x'41ff42' AS TEXT)), ('plain')",
        "SELECT s FROM t",
    )
    .await;
    assert_eq!(texts(&batch, 0), ["X'41FF42'", "plain"]);
}

#[tokio::test]
async fn columns_of_null_alone_follow_their_declaration() {
    let batch = result(
        "CREATE TABLE t(i BIGINT, r DOUBLE, s VARCHAR(9), b BLOB, n NUMERIC, u); INSERT INTO t DEFAULT VALUES",
        "SELECT i, r, s, b, n, u FROM t",
    )
    .await;
    use DataType::{Binary, Float64, Int64, Utf8};
    assert_eq!(types(&batch)[..5], [Int64, Float64, Utf8, Binary, Utf8]);
    assert!((0..6).all(|column| batch.column(column).is_null(0)));
}

/// More rows than are held back; the value that does not fit comes near the end.
const LONG: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER); \
     INSERT INTO t WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 30000) SELECT n, n FROM s;";

#[tokio::test]
async fn a_late_value_of_another_type_is_kept() {
    let batch =
        result(&format!("{LONG} UPDATE t SET v = 'odd' WHERE id = 29999"), "SELECT id, v FROM t ORDER BY id")
            .await;
    assert_eq!(types(&batch), [DataType::Int64, DataType::Utf8]);
    assert_eq!(batch.num_rows(), 30_000);
    let values = texts(&batch, 1);
    assert_eq!((values[0].as_str(), values[29_998].as_str(), values[29_999].as_str()), ("1", "odd", "30000"));
}

#[tokio::test]
async fn a_late_fraction_makes_the_column_a_float() {
    let batch =
        result(&format!("{LONG} UPDATE t SET v = 0.5 WHERE id = 30000"), "SELECT id, v FROM t ORDER BY id")
            .await;
    assert_eq!(types(&batch), [DataType::Int64, DataType::Float64]);
    let floats = batch.column(1).as_any().downcast_ref::<Float64Array>().unwrap();
    assert_eq!((floats.value(0), floats.value(29_999)), (1.0, 0.5));
}

#[tokio::test]
async fn a_long_result_of_text_comes_complete_in_one_pass() {
    let batch = result(LONG, "SELECT 'row ' || id AS r FROM t ORDER BY id").await;
    let values = texts(&batch, 0);
    assert_eq!((values.len(), values[0].as_str(), values[29_999].as_str()), (30_000, "row 1", "row 30000"));
}
