//! Every type as a column, and its values as they come through Arrow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod support;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::array_value_to_string;
use catalog::Catalog;
use connector_api::{Connector, CrawlOptions, Limits};
use connector_mysql::MysqlConnector;
use futures::TryStreamExt;
use guard::Policy;
use support::{Database, Server};

/// Type, value as it is written, value as it is printed from Arrow, Arrow type.
fn cases(server: Server) -> Vec<(&'static str, &'static str, &'static str, DataType)> {
    use DataType::*;
    let micros = || Timestamp(TimeUnit::Microsecond, None);
    let instant = || Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    let mut cases = vec![
        ("tinyint", "-128", "-128", Int8),
        ("tinyint(1)", "2", "2", Int8),
        ("tinyint unsigned", "255", "255", UInt8),
        ("smallint", "-32768", "-32768", Int16),
        ("smallint unsigned", "65535", "65535", UInt16),
        ("mediumint", "-8388608", "-8388608", Int32),
        ("mediumint unsigned", "16777215", "16777215", UInt32),
        ("int", "-2147483648", "-2147483648", Int32),
        ("int unsigned zerofill", "4294967295", "4294967295", UInt32),
        ("bigint", "-9223372036854775808", "-9223372036854775808", Int64),
        ("bigint unsigned", "18446744073709551615", "18446744073709551615", UInt64),
        ("year", "1901", "1901", UInt16),
        ("bit(1)", "b'1'", "1", UInt64),
        ("bit(64)", "18446744073709551615", "18446744073709551615", UInt64),
        ("float", "1.5", "1.5", Float32),
        ("double", "-2.5e300", "-2.5e300", Float64),
        ("decimal(12,2)", "-1234567890.05", "-1234567890.05", Decimal128(12, 2)),
        ("decimal(10,2) unsigned", "0.07", "0.07", Decimal128(10, 2)),
        ("decimal(5,0)", "42", "42", Decimal128(5, 0)),
        (
            "decimal(38,10)",
            "1234567890123456789012345678.0123456789",
            "1234567890123456789012345678.0123456789",
            Decimal128(38, 10),
        ),
        ("decimal(60,3)", "-0.050", "-0.050", Utf8),
        ("char(5)", "'ab'", "ab", Utf8),
        ("varchar(40)", "'Zoë \u{1f388} \\\\'", "Zoë \u{1f388} \\", Utf8),
        ("varchar(40) character set latin1", "'Zoë'", "Zoë", Utf8),
        ("longtext", "'long'", "long", Utf8),
        ("enum('a','b')", "'b'", "b", Utf8),
        ("set('r','w')", "'r,w'", "r,w", Utf8),
        // MariaDB keeps the text, MySQL the meaning
        ("json", "'{\"a\": 1.10}'", server.pick("{\"a\": 1.10}", "{\"a\": 1.1}"), Utf8),
        ("binary(3)", "x'00ff01'", "00ff01", Binary),
        ("varbinary(9)", "x'deadbeef00'", "deadbeef00", Binary),
        ("blob", "x'ff'", "ff", Binary),
        ("date", "'2024-02-29'", "2024-02-29", Date32),
        ("date", "'0001-01-01'", "0001-01-01", Date32),
        ("datetime(6)", "'1969-12-31 23:59:59.5'", "1969-12-31T23:59:59.500", micros()),
        ("timestamp", "'2024-01-01 00:00:00'", "2024-01-01T00:00:00Z", instant()),
        ("timestamp(3)", "'1970-01-01 00:00:01.5'", "1970-01-01T00:00:01.500Z", instant()),
        ("time", "'-838:59:59'", "-838:59:59", Utf8),
        ("time(3)", "'25:00:00.125'", "25:00:00.125", Utf8),
        ("time", "'00:00:00'", "00:00:00", Utf8),
        (
            "point",
            "ST_GeomFromText('POINT(1 2)', 3857)",
            "0101000000000000000000f03f0000000000000040",
            Binary,
        ),
        ("geometry", "ST_GeomFromText('POINT(1 2)')", "0101000000000000000000f03f0000000000000040", Binary),
    ];
    cases.extend(server.pick(
        vec![
            ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", Utf8),
            ("inet6", "'::1'", "::1", Utf8),
        ],
        vec![("vector(2)", "STRING_TO_VECTOR('[1,2]')", "0000803f00000040", Binary)],
    ));
    cases
}

async fn column(database: &Database, params: &str, sql: &str) -> ArrayRef {
    let connector = MysqlConnector::new(&database.url(params)).unwrap();
    let options = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let snapshot = connector.introspect(&options, &|_| {}).await.unwrap();
    let statement = guard::check(sql, &Catalog::new(snapshot), &Policy::default()).unwrap();
    let stream = connector.query(&statement, &Limits::default()).await.unwrap();
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    Arc::clone(batches[0].column(0))
}

async fn every_type_keeps_its_values(server: Server) {
    let cases = cases(server);
    let columns: Vec<_> = cases.iter().enumerate().map(|(n, case)| format!("c{n} {} NULL", case.0)).collect();
    let values: Vec<_> = cases.iter().map(|case| case.1).collect();
    let nulls = vec!["NULL"; cases.len()];
    let database = Database::new(
        server,
        &[
            &format!("CREATE TABLE every ({})", columns.join(", ")),
            &format!("INSERT INTO every VALUES ({}), ({})", values.join(", "), nulls.join(", ")),
        ],
    )
    .await;
    let connector = MysqlConnector::new(&database.url("")).unwrap();
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap();
    let names: Vec<_> = (0..cases.len()).map(|n| format!("c{n}")).collect();
    let sql = format!("SELECT {} FROM every", names.join(", "));
    let statement = guard::check(&sql, &Catalog::new(snapshot), &Policy::default()).unwrap();
    let stream = connector.query(&statement, &Limits::default()).await.unwrap();
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    let batch = &batches[0];
    for (n, (ty, _, shown, arrow_type)) in cases.iter().enumerate() {
        let column = batch.column(n);
        assert_eq!(column.data_type(), arrow_type, "{ty}");
        assert_eq!(array_value_to_string(column, 0).unwrap(), *shown, "{ty}");
        assert!(column.is_null(1), "{ty}");
    }
}

async fn dates_that_are_none_are_null_or_text(server: Server) {
    let database = Database::new(
        server,
        &[
            "SET SESSION sql_mode = ''",
            "CREATE TABLE zero (id int PRIMARY KEY, d date, m datetime(2), i timestamp NULL)",
            "INSERT INTO zero VALUES (1, '0000-00-00', '0000-00-00', '0000-00-00'), \
         (2, '2024-00-10', '2024-05-00', NULL), \
         (3, '2024-05-06', '2024-05-06 07:08:09.25', '2024-05-06 07:08:09')",
        ],
    )
    .await;
    let days = column(&database, "", "SELECT d FROM zero ORDER BY id").await;
    assert_eq!((days.is_null(0), days.is_null(1), days.is_null(2)), (true, true, false));
    let days = column(&database, "zero_dates=text", "SELECT d FROM zero ORDER BY id").await;
    let texts: Vec<_> = days.as_string::<i32>().iter().flatten().collect();
    assert_eq!(texts, ["0000-00-00", "2024-00-10", "2024-05-06"]);
    let instants = column(&database, "", "SELECT i FROM zero ORDER BY id").await;
    assert_eq!((instants.is_null(0), instants.is_null(2)), (true, false));
    let moments = column(&database, "zero_dates=text", "SELECT m FROM zero ORDER BY id").await;
    let texts: Vec<_> = moments.as_string::<i32>().iter().flatten().collect();
    assert_eq!(texts, ["0000-00-00 00:00:00.00", "2024-05-00 00:00:00.00", "2024-05-06 07:08:09.25"]);
}

/// An instant is the same whatever clock the session that wrote it had, and the server's.
async fn instants_are_told_in_utc(server: Server) {
    let database = Database::new(
        server,
        &[
            "CREATE TABLE moments (id int PRIMARY KEY, i timestamp NULL, wall datetime)",
            "SET SESSION time_zone = '+03:00'",
            "INSERT INTO moments VALUES (1, '2024-01-01 00:30:00', '2024-01-01 00:30:00')",
        ],
    )
    .await;
    let instants = column(&database, "", "SELECT i FROM moments").await;
    assert_eq!(array_value_to_string(&instants, 0).unwrap(), "2023-12-31T21:30:00Z");
    let wall = column(&database, "", "SELECT wall FROM moments").await;
    assert_eq!(array_value_to_string(&wall, 0).unwrap(), "2024-01-01T00:30:00");
    let computed = column(&database, "", "SELECT MAX(i) FROM moments WHERE i < '2023-12-31 22:00:00'").await;
    assert_eq!(array_value_to_string(&computed, 0).unwrap(), "2023-12-31T21:30:00Z");
}

on_every_server!(instants_are_told_in_utc, every_type_keeps_its_values, dates_that_are_none_are_null_or_text,);
