//! PostgreSQL's types on their whole way: a table with every kind of column, asked through the guard, run, spooled, and
//! exported in every format with its values.

use std::io::Cursor;

use arrow::record_batch::RecordBatch;
use guard::Policy;
use querent::app::{Desk, Setup};
use querent::config;
use querent::exec::json_rows;
use querent::model::new_id;
use querent::register::{self, Registration};
use querent::results::{Format, text_cell};
use querent::store::queries::{self, NewQuery};
use querent::store::{Conn, Db};
use serde_json::{Value, json};

use crate::harness::on_postgres;

/// Type, literal, and the value in JSON.
fn cases() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("bool", "true", json!(true)),
        ("int2", "-32768", json!(-32768)),
        ("int4", "2147483647", json!(2_147_483_647)),
        ("int8", "9007199254740992", json!(9_007_199_254_740_992_i64)),
        ("int8", "9223372036854775807", json!("9223372036854775807")),
        ("float4", "0.1", json!(0.1)),
        ("float8", "-2.5e300", json!(-2.5e300)),
        ("float8", "NaN", json!("NaN")),
        ("numeric(12,2)", "-1234567890.05", json!("-1234567890.05")),
        (
            "numeric",
            "100000000000000000000000000000000.0000123",
            json!("100000000000000000000000000000000.0000123"),
        ),
        ("money", "1234.50", json!("1234.50")),
        ("text", "Zoë, \"quoted\"\nline", json!("Zoë, \"quoted\"\nline")),
        ("text", "", json!("")),
        ("char(5)", "ab", json!("ab   ")),
        ("bytea", "\\xdeadbeef00", json!("\\xdeadbeef00")),
        ("date", "2024-02-29", json!("2024-02-29")),
        ("date", "infinity", json!("infinity")),
        ("time", "23:59:59.999999", json!("23:59:59.999999")),
        ("time", "24:00", json!("24:00:00")),
        ("timetz", "04:05:06.789-08:30", json!("04:05:06.789-08:30")),
        ("timestamp", "1969-12-31 23:59:59.5", json!("1969-12-31 23:59:59.5")),
        ("timestamp", "-infinity", json!("-infinity")),
        ("timestamptz", "2024-01-01 00:00:00+02", json!("2023-12-31 22:00:00+00:00")),
        ("interval", "1 year 2 mons 3 days 04:05:06.789", json!("P1Y2M3DT4H5M6.789S")),
        ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", json!("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ("json", "{\"a\" : 1}", json!("{\"a\" : 1}")),
        ("jsonb", "{\"a\": 1.10}", json!("{\"a\": 1.10}")),
        ("xml", "<a>b</a>", json!("<a>b</a>")),
        ("inet", "192.168.0.1/24", json!("192.168.0.1/24")),
        ("cidr", "10.0.0.0/8", json!("10.0.0.0/8")),
        ("macaddr", "08:00:2b:01:02:03", json!("08:00:2b:01:02:03")),
        ("bit(4)", "1010", json!("1010")),
        ("varbit", "101", json!("101")),
        ("point", "(1.5,2)", json!("(1.5,2)")),
        ("box", "(1,1),(0,0)", json!("(1,1),(0,0)")),
        ("tsvector", "'cat':3", json!("'cat':3")),
        ("int4range", "[1,5)", json!("[1,5)")),
        ("tstzrange", "[,]", json!("(,)")),
        ("datemultirange", "{}", json!("{}")),
        ("int4[]", "{1,NULL,3}", json!([1, null, 3])),
        ("text[]", "{a,\"b c\"}", json!(["a", "b c"])),
        ("numeric(5,2)[]", "{1.50}", json!(["1.50"])),
        ("public.mood", "happy", json!("happy")),
        ("public.price", "9.90", json!("9.90")),
        ("public.vector(3)", "[1,2,3]", json!("[1,2,3]")),
    ]
}

async fn fill(db: &Db) {
    // The store's migrations have brought the vector extension.
    for sql in ["CREATE TYPE mood AS ENUM ('sad', 'happy')", "CREATE DOMAIN price AS numeric(10,2)"] {
        db.execute(sql, &[]).await.unwrap();
    }
    let columns: Vec<String> = cases().iter().enumerate().map(|(n, c)| format!("c{n} {}", c.0)).collect();
    db.execute(&format!("CREATE TABLE every_type (id int PRIMARY KEY, {})", columns.join(", ")), &[])
        .await
        .unwrap();
    let literals: Vec<String> =
        cases().iter().map(|c| format!("'{}'::{}", c.1.replace('\'', "''"), c.0)).collect();
    db.execute(&format!("INSERT INTO every_type VALUES (1, {})", literals.join(", ")), &[]).await.unwrap();
    db.execute("INSERT INTO every_type (id) VALUES (2)", &[]).await.unwrap();
}

async fn app(folder: &std::path::Path) -> Desk {
    let flags = vec![("data_dir".to_owned(), folder.display().to_string())];
    let config = config::load(&config::Sources { flags, ..config::Sources::default() }).unwrap();
    Setup::new(config).desk().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_survives_every_format() {
    on_postgres(|store| async move {
        fill(&store.db).await;
        let app = app(&store.folder).await;
        let new =
            Registration { name: "types".into(), url: store.place.clone().into(), ..Registration::default() };
        let (connection, _) = register::create(&app.db, &app.sources, new, "owner").await.unwrap();
        let database = app.sources.database(connection.id).await.unwrap();
        let run = app.crawler.begin(connection.id, None).await.unwrap();
        app.crawler.run(&database, run, &|_| {}).await.unwrap();
        let source = app.sources.get(connection.id).await.unwrap();
        let (version, index) = source.catalog().unwrap();
        let sql = "SELECT * FROM every_type ORDER BY id";
        let statement = guard::check(sql, index.catalog(), &Policy::default()).unwrap();
        let new = NewQuery {
            id: new_id(),
            connection_id: connection.id,
            chat_message_id: None,
            question: None,
            sql: sql.into(),
            canonical_sql: statement.sql().into(),
            schema_version_id: Some(version.id),
            reading: statement.report().reading.clone(),
            report: json!({}),
            source: "user".into(),
            confidence: None,
            created_by: None,
        };
        let query = queries::create(&app.db, new).await.unwrap();
        let finished = app.exec.run(&source, &query, &statement, |_| {}).await.unwrap();
        assert_eq!(finished.execution.row_count, Some(2));

        let id = finished.execution.id;
        let page = app.exec.rows(id, 0, 10).await.unwrap();
        for (n, (native, literal, expected)) in cases().iter().enumerate() {
            assert_eq!(page.rows[0][n + 1], *expected, "{native} {literal}");
            assert_eq!(page.rows[1][n + 1], Value::Null, "{native}");
        }
        let spooled: Vec<RecordBatch> = app.exec.spool(id).await.unwrap().map(Result::unwrap).collect();
        for format in Format::ALL {
            let bytes = export(&app, id, format).await;
            compare(format, &bytes, &spooled, &page.rows);
        }
        app.db.close().await;
    })
    .await;
}

async fn export(app: &Desk, id: querent::model::Id, format: Format) -> Vec<u8> {
    let mut pieces = app.exec.export(id, format).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.recv().await {
        bytes.extend_from_slice(&piece.unwrap());
    }
    bytes
}

/// Reads the export back and holds it against what was spooled.
fn compare(format: Format, bytes: &[u8], spooled: &[RecordBatch], rows: &[Vec<Value>]) {
    match format {
        Format::Csv => {
            let mut reader = csv::Reader::from_reader(bytes);
            for (row, record) in reader.records().enumerate() {
                let record = record.unwrap();
                for (column, field) in record.iter().enumerate() {
                    assert_eq!(field, text_cell(spooled[0].column(column), row).unwrap(), "column {column}");
                }
            }
        }
        Format::Json => {
            let objects: Vec<serde_json::Map<String, Value>> = serde_json::from_slice(bytes).unwrap();
            assert_eq!(objects.iter().map(|o| o.values().cloned().collect()).collect::<Vec<Vec<_>>>(), rows);
        }
        Format::Ndjson => {
            let text = std::str::from_utf8(bytes).unwrap();
            let objects: Vec<serde_json::Map<String, Value>> =
                text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
            assert_eq!(objects.iter().map(|o| o.values().cloned().collect()).collect::<Vec<Vec<_>>>(), rows);
        }
        Format::Arrow => {
            let reader = arrow::ipc::reader::StreamReader::try_new(Cursor::new(bytes), None).unwrap();
            let read: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
            assert_eq!(json_rows(&read).unwrap(), rows);
        }
        Format::Parquet => {
            let bytes = bytes::Bytes::copy_from_slice(bytes);
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
            let read: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
            assert_eq!(json_rows(&read).unwrap(), rows);
        }
        // A zip archive; what is in it is held by the tests of the writers.
        Format::Xlsx => assert_eq!(&bytes[..2], b"PK"),
    }
}
