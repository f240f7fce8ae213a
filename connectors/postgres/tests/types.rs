//! Every built-in type as a column, and its values as they come through Arrow.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use catalog::Catalog;
use connector_api::{Connector, ConnectorError, CrawlOptions, ErrorKind, Limits};
use connector_postgres::{NATIVE_TYPE, PostgresConnector};
use futures::TryStreamExt;
use guard::Policy;
use support::Database;

/// Type, value as a literal, value as it is printed from Arrow, Arrow type.
fn cases() -> Vec<(&'static str, &'static str, &'static str, DataType)> {
    use DataType::*;
    let micros = || Timestamp(TimeUnit::Microsecond, None);
    let zoned = || Timestamp(TimeUnit::Microsecond, Some("+00:00".into()));
    vec![
        ("bool", "true", "true", Boolean),
        ("int2", "-32768", "-32768", Int16),
        ("int4", "-2147483648", "-2147483648", Int32),
        ("int8", "9223372036854775807", "9223372036854775807", Int64),
        ("oid", "4294967295", "4294967295", Int64),
        ("xid", "4000000000", "4000000000", Int64),
        ("cid", "7", "7", Int64),
        ("xid8", "18446744073709551615", "18446744073709551615", Utf8),
        ("float4", "1.5", "1.5", Float32),
        ("float8", "-2.5e300", "-2.5e300", Float64),
        ("numeric(12,2)", "-1234567890.05", "-1234567890.05", Decimal128(12, 2)),
        (
            "numeric(38,10)",
            "1234567890123456789012345678.0123456789",
            "1234567890123456789012345678.0123456789",
            Decimal128(38, 10),
        ),
        ("numeric(5,0)", "42", "42", Decimal128(5, 0)),
        (
            "numeric",
            "100000000000000000000000000000000000000000.00001230",
            "100000000000000000000000000000000000000000.00001230",
            Utf8,
        ),
        ("numeric(60,3)", "-0.050", "-0.050", Utf8),
        ("numeric(3,-2)", "12345", "12300", Utf8),
        ("numeric(3,5)", "0.00123", "0.00123", Utf8),
        ("money", "1234.50", "1234.50", Decimal128(19, 2)),
        ("text", "Zoë 'quoted' 🎈", "Zoë 'quoted' 🎈", Utf8),
        ("varchar(10)", "abc", "abc", Utf8),
        ("char(5)", "ab", "ab   ", Utf8),
        ("\"char\"", "x", "x", Utf8),
        ("name", "some_name", "some_name", Utf8),
        ("bytea", "\\xdeadbeef00", "deadbeef00", Binary),
        ("date", "2024-02-29", "2024-02-29", Date32),
        ("time", "23:59:59.999999", "23:59:59.999999", Time64(TimeUnit::Microsecond)),
        ("timetz", "04:05:06.789-08:30", "04:05:06.789-08:30", Utf8),
        ("timestamp", "1969-12-31 23:59:59.5", "1969-12-31T23:59:59.500", micros()),
        ("timestamptz", "2024-01-01 00:00:00+02", "2023-12-31T22:00:00Z", zoned()),
        ("interval", "1 year 2 mons 3 days 04:05:06.789", "P1Y2M3DT4H5M6.789S", Utf8),
        ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", Utf8),
        ("json", "{\"a\" : 1}", "{\"a\" : 1}", Utf8),
        ("jsonb", "{\"a\" : 1.10}", "{\"a\": 1.10}", Utf8),
        ("jsonpath", "$.\"a\"[*]", "$.\"a\"[*]", Utf8),
        ("xml", "<a>b</a>", "<a>b</a>", Utf8),
        ("inet", "192.168.0.1/24", "192.168.0.1/24", Utf8),
        ("inet", "::1", "::1", Utf8),
        ("cidr", "10.0.0.0/8", "10.0.0.0/8", Utf8),
        ("cidr", "2001:db8::/32", "2001:db8::/32", Utf8),
        ("macaddr", "08:00:2b:01:02:03", "08:00:2b:01:02:03", Utf8),
        ("macaddr8", "08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03:04:05", Utf8),
        ("bit(10)", "1010110011", "1010110011", Utf8),
        ("varbit", "101", "101", Utf8),
        ("pg_lsn", "16/B374D848", "16/B374D848", Utf8),
        ("point", "(1.5,2)", "(1.5,2)", Utf8),
        ("line", "{1,2,3}", "{1,2,3}", Utf8),
        ("lseg", "[(0,0),(1,1)]", "[(0,0),(1,1)]", Utf8),
        ("box", "(1,1),(0,0)", "(1,1),(0,0)", Utf8),
        ("path", "((0,0),(1,1))", "((0,0),(1,1))", Utf8),
        ("polygon", "((0,0),(1,0),(1,1))", "((0,0),(1,0),(1,1))", Utf8),
        ("circle", "<(0,0),2>", "<(0,0),2>", Utf8),
        ("tsvector", "'cat':3 'rat':2", "'cat':3 'rat':2", Utf8),
        ("tsquery", "'cat' & !'rat'", "'cat' & !'rat'", Utf8),
        ("int4range", "[1,5)", "[1,5)", Utf8),
        ("int8range", "(,5)", "(,5)", Utf8),
        ("numrange", "[1.5,2.5]", "[1.5,2.5]", Utf8),
        ("daterange", "[2024-01-01,2024-02-01)", "[2024-01-01,2024-02-01)", Utf8),
        ("tsrange", "empty", "empty", Utf8),
        ("tstzrange", "[,]", "(,)", Utf8),
        ("int4multirange", "{[1,3),[5,7)}", "{[1,3),[5,7)}", Utf8),
        ("datemultirange", "{}", "{}", Utf8),
        ("tid", "(0,1)", "(0,1)", Utf8),
        ("pg_snapshot", "10:20:10,14", "10:20:10,14", Utf8),
        ("regclass", "pg_catalog.pg_class", "pg_class", Utf8),
        ("regtype", "integer", "integer", Utf8),
        ("int2vector", "1 2 3", "[1, 2, 3]", List(Arc::new(Field::new("item", Int16, true)))),
        ("oidvector", "1 2", "[1, 2]", List(Arc::new(Field::new("item", Int64, true)))),
        ("refcursor", "c1", "c1", Utf8),
        ("aclitem", "postgres=r/postgres", "postgres=r/postgres", Utf8),
        ("public.mood", "happy", "happy", Utf8),
        ("public.price", "9.90", "9.90", Decimal128(10, 2)),
        ("public.pair", "(1,\"a b\")", "(1,\"a b\")", Utf8),
        ("public.hstore", "\"a\"=>\"1\"", "\"a\"=>\"1\"", Utf8),
        ("public.citext", "Case", "Case", Utf8),
        ("public.vector(3)", "[1,2,3]", "[1,2,3]", Utf8),
        ("public.vector(3)[]", "{\"[1,2,3]\"}", "{\"[1,2,3]\"}", Utf8),
        ("int4range[]", "{\"[1,5)\"}", "{\"[1,5)\"}", Utf8),
    ]
}

const TYPES: &[&str] = &[
    "CREATE EXTENSION hstore",
    "CREATE EXTENSION citext",
    "CREATE EXTENSION vector",
    "CREATE TYPE mood AS ENUM ('sad', 'happy')",
    "CREATE DOMAIN price AS numeric(10,2)",
    "CREATE TYPE pair AS (a int, b text)",
];

async fn run(database: &Database, sql: &str) -> Result<RecordBatch, ConnectorError> {
    let connector = PostgresConnector::new(&database.url("")).expect("a connector");
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    let statement = guard::check(sql, &Catalog::new(snapshot), &Policy::default())
        .unwrap_or_else(|findings| panic!("{sql}: {findings:?}"));
    let result = connector.query(&statement, &Limits::default()).await?;
    let schema = Arc::clone(&result.schema);
    let batches: Vec<_> = result.batches.try_collect().await?;
    Ok(arrow::compute::concat_batches(&schema, &batches).expect("one schema"))
}

fn shown(array: &ArrayRef, row: usize) -> String {
    array_value_to_string(array, row).expect("a printable value")
}

#[tokio::test]
async fn every_type_keeps_its_value() {
    let database = Database::new(TYPES).await;
    let cases = cases();
    let columns: Vec<_> = cases.iter().enumerate().map(|(n, c)| format!("c{n} {}", c.0)).collect();
    database.run(&format!("CREATE TABLE every_type (id int PRIMARY KEY, {})", columns.join(", "))).await;
    let literals: Vec<_> = cases.iter().map(|c| format!("'{}'::{}", c.1.replace('\'', "''"), c.0)).collect();
    database.run(&format!("INSERT INTO every_type VALUES (1, {})", literals.join(", "))).await;
    database.run("INSERT INTO every_type (id) VALUES (2)").await;

    let batch = run(&database, "SELECT * FROM every_type ORDER BY id DESC").await.expect("it runs");
    assert_eq!((batch.num_rows(), batch.num_columns()), (2, cases.len() + 1));
    assert_eq!(shown(batch.column(0), 0), "2", "the order is kept");
    for (index, (native, _, expected, kind)) in cases.iter().enumerate() {
        let column = batch.column(index + 1);
        assert_eq!(column.data_type(), kind, "{native}");
        assert!(column.is_null(0), "{native}");
        assert_eq!(shown(column, 1), *expected, "{native}");
        assert_eq!(batch.schema().field(index + 1).name(), &format!("c{index}"));
    }
}

#[tokio::test]
async fn texts_of_intervals_are_those_of_the_server() {
    let values = [
        "0",
        "-1 day",
        "1 mon -3 days -00:00:00.5",
        "-1 year -2 mons +3 days -04:05:06",
        "100000:00:00",
        "1 us",
    ];
    let rows: Vec<_> = values.iter().enumerate().map(|(n, v)| format!("({n}, '{v}'::interval)")).collect();
    let database = Database::new(&["CREATE TABLE i (id int, v interval)"]).await;
    database.run(&format!("INSERT INTO i VALUES {}", rows.join(", "))).await;
    let batch = run(&database, "SELECT v FROM i ORDER BY id").await.expect("it runs");
    database.run("SET intervalstyle = iso_8601").await;
    for row in 0..values.len() {
        assert_eq!(
            shown(batch.column(0), row),
            database.value(&format!("SELECT v FROM i WHERE id = {row}")).await
        );
    }
}

#[tokio::test]
async fn texts_of_numbers_are_those_of_the_server() {
    let values = [
        "0",
        "0.0",
        "-0.00010",
        "10000",
        "9999.9999",
        "12345678.00000001",
        "1e20",
        "1e-20",
        "NaN",
        "-Infinity",
    ];
    let rows: Vec<_> = values.iter().enumerate().map(|(n, v)| format!("({n}, '{v}', '{v}')")).collect();
    let database = Database::new(&["CREATE TABLE n (id int, v numeric, d numeric)"]).await;
    database.run(&format!("INSERT INTO n VALUES {}", rows.join(", "))).await;
    let batch = run(&database, "SELECT v FROM n ORDER BY id").await.expect("it runs");
    for row in 0..values.len() {
        assert_eq!(
            shown(batch.column(0), row),
            database.value(&format!("SELECT v FROM n WHERE id = {row}")).await
        );
    }
    let decimals = ["0", "0.01", "-99999999.99", "12345.60", "10000", "0.10"];
    let rows: Vec<_> = decimals.iter().enumerate().map(|(n, v)| format!("({n}, {v})")).collect();
    database.run("CREATE TABLE d (id int, v numeric(10,2))").await;
    database.run(&format!("INSERT INTO d VALUES {}", rows.join(", "))).await;
    let batch = run(&database, "SELECT v FROM d ORDER BY id").await.expect("it runs");
    let values: Vec<_> = batch.column(0).as_primitive::<Decimal128Type>().values().to_vec();
    assert_eq!(values, [0, 1, -9_999_999_999, 1_234_560, 1_000_000, 10]);
}

#[tokio::test]
async fn arrays_become_lists() {
    let database = Database::new(&[
        "CREATE TYPE mood AS ENUM ('sad', 'happy')",
        "CREATE TABLE a (id int, ints int[], texts text[], moods mood[], prices numeric(10,2)[], grid int[])",
        "INSERT INTO a VALUES (1, '{1,NULL,3}', '{\"a,b\",c}', '{happy}', '{1.50}', '{1,2}'), \
         (2, '{}', NULL, '{sad,happy}', '{}', NULL), (3, '{4}', '{NULL}', NULL, NULL, '{{1,2},{3,4}}')",
    ])
    .await;
    let batch =
        run(&database, "SELECT ints, texts, moods, prices FROM a ORDER BY id").await.expect("it runs");
    let column = |n: usize| (0..3).map(|row| shown(batch.column(n), row)).collect::<Vec<_>>();
    assert_eq!(column(0), ["[1, , 3]", "[]", "[4]"]);
    assert_eq!(column(1), ["[a,b, c]", "", "[]"]);
    assert_eq!(column(2), ["[happy]", "[sad, happy]", ""]);
    assert_eq!(column(3), ["[1.50]", "[]", ""]);
    assert!(batch.column(1).is_null(1) && !batch.column(0).is_null(1));
    let error = run(&database, "SELECT grid FROM a ORDER BY id").await.expect_err("lists have one dimension");
    assert_eq!(error.kind, ErrorKind::Statement);
    assert!(error.message.contains("grid") && error.hint.is_some_and(|h| h.contains("CAST(grid AS text)")));
    let batch =
        run(&database, "SELECT CAST(grid AS text) AS grid FROM a ORDER BY id").await.expect("it runs");
    assert_eq!(shown(batch.column(0), 2), "{{1,2},{3,4}}");
}

#[tokio::test]
async fn what_arrow_has_no_value_for_is_never_lost_silently() {
    let database = Database::new(&[
        "CREATE TABLE e (id int, t timestamptz, d date, n numeric(10,2))",
        "INSERT INTO e VALUES (1, 'infinity', 'infinity', 'NaN'), (2, '-infinity', '-infinity', 1)",
    ])
    .await;
    let batch = run(&database, "SELECT t, d FROM e ORDER BY id").await.expect("it runs");
    let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    assert_eq!((times.value(0), times.value(1)), (i64::MAX, i64::MIN));
    let error = run(&database, "SELECT n FROM e").await.expect_err("a decimal cannot be NaN");
    assert!(error.message.contains('n') && error.hint.is_some());
}

#[tokio::test]
async fn columns_say_what_they_were_on_the_server() {
    let database = Database::new(&["CREATE TABLE j (id int, doc jsonb, tags text[])"]).await;
    let batch =
        run(&database, "SELECT doc, tags, count(*) AS n FROM j GROUP BY doc, tags").await.expect("it runs");
    let natives: Vec<_> = batch.schema().fields().iter().map(|f| f.metadata()[NATIVE_TYPE].clone()).collect();
    assert_eq!(natives, ["jsonb", "text[]", "int8"]);
    assert_eq!(batch.column(2).as_primitive::<Int64Type>().len(), 0);
}
