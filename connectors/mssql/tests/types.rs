//! Every type as a column, and its values as they come through Arrow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use arrow::array::Array;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use catalog::Catalog;
use connector_api::{Connector, ConnectorError, CrawlOptions, ErrorKind, Limits};
use connector_mssql::{MssqlConnector, NATIVE_TYPE};
use futures::TryStreamExt;
use guard::Policy;
use support::Database;

/// Type, value as it is written, value as it is printed from Arrow, Arrow type.
fn cases() -> Vec<(&'static str, &'static str, &'static str, DataType)> {
    use DataType::*;
    let moment = || Timestamp(TimeUnit::Microsecond, None);
    let zoned = || Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let time = || Time64(TimeUnit::Microsecond);
    vec![
        ("bit", "1", "true", Boolean),
        ("tinyint", "255", "255", UInt8),
        ("smallint", "-32768", "-32768", Int16),
        ("int", "-2147483648", "-2147483648", Int32),
        ("bigint", "-9223372036854775807", "-9223372036854775807", Int64),
        ("real", "1.5", "1.5", Float32),
        ("float", "-2.5e300", "-2.5e300", Float64),
        ("decimal(12,2)", "-1234567890.05", "-1234567890.05", Decimal128(12, 2)),
        ("numeric(5,0)", "42", "42", Decimal128(5, 0)),
        (
            "decimal(38,10)",
            "'1234567890123456789012345678.0123456789'",
            "1234567890123456789012345678.0123456789",
            Decimal128(38, 10),
        ),
        ("money", "-922337.5806", "-922337.5806", Decimal128(19, 4)),
        ("smallmoney", "214748.3647", "214748.3647", Decimal128(10, 4)),
        ("char(5)", "'ab'", "ab   ", Utf8),
        ("varchar(40)", "'it''s'", "it's", Utf8),
        ("varchar(max)", "'long'", "long", Utf8),
        ("nchar(3)", "N'a'", "a  ", Utf8),
        ("nvarchar(40)", "N'Zoë \u{1f388} \\'", "Zoë \u{1f388} \\", Utf8),
        ("nvarchar(max)", "N'שלום'", "שלום", Utf8),
        ("text", "'long'", "long", Utf8),
        ("ntext", "N'long'", "long", Utf8),
        ("binary(3)", "0x00ff01", "00ff01", Binary),
        ("varbinary(9)", "0xdeadbeef00", "deadbeef00", Binary),
        ("varbinary(max)", "0xff", "ff", Binary),
        ("image", "0xff", "ff", Binary),
        ("date", "'2024-02-29'", "2024-02-29", Date32),
        ("date", "'0001-01-01'", "0001-01-01", Date32),
        ("time(3)", "'23:59:59.125'", "23:59:59.125", time()),
        ("time(7)", "'00:00:00.1234567'", "00:00:00.123456", time()),
        ("datetime", "'1969-12-31 23:59:59.997'", "1969-12-31T23:59:59.997", moment()),
        ("smalldatetime", "'2079-06-06 23:59:00'", "2079-06-06T23:59:00", moment()),
        ("datetime2(7)", "'2024-02-29 12:00:00.1234567'", "2024-02-29T12:00:00.123456", moment()),
        ("datetime2(0)", "'9999-12-31 23:59:59'", "9999-12-31T23:59:59", moment()),
        ("datetimeoffset(3)", "'2024-03-01 00:30:00.500 +01:30'", "2024-02-29T23:00:00.500Z", zoned()),
        (
            "uniqueidentifier",
            "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            Utf8,
        ),
        ("xml", "N'<a>1</a>'", "<a>1</a>", Utf8),
    ]
}

async fn result(database: &Database, sql: &str) -> Result<RecordBatch, ConnectorError> {
    let connector = MssqlConnector::new(&database.url("")).unwrap();
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap();
    let statement = guard::check(sql, &Catalog::new(snapshot), &Policy::default()).unwrap();
    let stream = connector.query(&statement, &Limits::default()).await?;
    let batches: Vec<_> = stream.batches.try_collect().await?;
    Ok(batches[0].clone())
}

#[tokio::test]
async fn every_type_keeps_its_values() {
    let cases = cases();
    let columns: Vec<_> = cases.iter().enumerate().map(|(n, case)| format!("c{n} {} NULL", case.0)).collect();
    let values: Vec<_> = cases.iter().map(|case| case.1).collect();
    let nulls = vec!["NULL"; cases.len()];
    let database = Database::new(&[
        &format!("CREATE TABLE every (id int PRIMARY KEY, {})", columns.join(", ")),
        &format!("INSERT INTO every VALUES (1, {})", values.join(", ")),
        &format!("INSERT INTO every VALUES (2, {})", nulls.join(", ")),
    ])
    .await;
    let names: Vec<_> = (0..cases.len()).map(|n| format!("c{n}")).collect();
    let sql = format!("SELECT {} FROM every ORDER BY id", names.join(", "));
    let batch = result(&database, &sql).await.unwrap();
    for (n, (ty, _, shown, arrow_type)) in cases.iter().enumerate() {
        let column = batch.column(n);
        assert_eq!(column.data_type(), arrow_type, "{ty}");
        assert_eq!(array_value_to_string(column, 0).unwrap(), *shown, "{ty}");
        assert!(column.is_null(1), "{ty}");
        let schema = batch.schema();
        assert_eq!(schema.field(n).metadata().get(NATIVE_TYPE).map(String::as_str), Some(*ty), "{ty}");
    }
}

#[tokio::test]
async fn columns_that_are_never_null_keep_their_values_too() {
    // the server sends these in other forms than those that may be NULL
    let database = Database::new(&[
        "CREATE TABLE fixed (a bit NOT NULL, b tinyint NOT NULL, c smallint NOT NULL, d int NOT NULL, e bigint NOT NULL, \
         f real NOT NULL, g float NOT NULL, h money NOT NULL, i smallmoney NOT NULL, j datetime NOT NULL, \
         k smalldatetime NOT NULL)",
        "INSERT INTO fixed VALUES (0, 1, 2, 3, 4, 5.5, 6.5, 7.0001, 8.0001, '2024-01-02 03:04:05', '2024-01-02 03:04:00')",
    ])
    .await;
    let batch = result(&database, "SELECT a, b, c, d, e, f, g, h, i, j, k FROM fixed").await.unwrap();
    let shown: Vec<_> = batch.columns().iter().map(|c| array_value_to_string(c, 0).unwrap()).collect();
    let expected = ["false", "1", "2", "3", "4", "5.5", "6.5", "7.0001", "8.0001"];
    assert_eq!(shown[..9], expected);
    assert_eq!(shown[9..], ["2024-01-02T03:04:05", "2024-01-02T03:04:00"]);
}

#[tokio::test]
async fn a_variant_is_text_whatever_it_holds() {
    let database = Database::new(&[
        "CREATE TABLE mixed (id int PRIMARY KEY, v sql_variant NULL)",
        "INSERT INTO mixed VALUES (1, CAST(7 AS int)), (2, CAST(N'text' AS nvarchar(10))), \
         (3, CAST(1.50 AS decimal(5,2))), (4, CAST('2024-02-29' AS date)), (5, NULL)",
    ])
    .await;
    let batch = result(&database, "SELECT v FROM mixed ORDER BY id").await.unwrap();
    let column = batch.column(0);
    let shown: Vec<_> = (0..4).map(|row| array_value_to_string(column, row).unwrap()).collect();
    assert_eq!(shown, ["7", "text", "1.50", "2024-02-29"]);
    assert!(column.is_null(4));
}

#[tokio::test]
async fn types_of_assemblies_are_a_path_or_an_error_that_helps() {
    let database = Database::new(&[
        "CREATE TABLE places (id int PRIMARY KEY, node hierarchyid NULL, spot geography NULL)",
        "INSERT INTO places (id, node) VALUES (1, CAST('/1/2/' AS hierarchyid))",
    ])
    .await;
    let batch = result(&database, "SELECT node FROM places").await.unwrap();
    assert_eq!(array_value_to_string(batch.column(0), 0).unwrap(), "/1/2/");
    let error = result(&database, "SELECT spot FROM places").await.expect_err("it cannot be read");
    assert_eq!(error.kind, ErrorKind::Statement);
    assert!(error.hint.is_some_and(|hint| hint.contains("CAST(spot AS")));
}

#[tokio::test]
async fn an_amount_that_would_lose_digits_is_an_error_that_helps() {
    let database = Database::new(&[
        "CREATE TABLE amounts (id int PRIMARY KEY, m money NOT NULL)",
        "INSERT INTO amounts VALUES (1, CAST('922337203685477.5807' AS money))",
    ])
    .await;
    let error = result(&database, "SELECT m FROM amounts").await.expect_err("it cannot be carried");
    assert!(error.hint.is_some_and(|hint| hint.contains("decimal(19,4)")));
    let batch = result(&database, "SELECT CAST(m AS decimal(19,4)) AS m FROM amounts").await.unwrap();
    assert_eq!(array_value_to_string(batch.column(0), 0).unwrap(), "922337203685477.5807");
}
