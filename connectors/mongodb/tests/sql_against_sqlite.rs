//! SQL over documents gives the rows that SQLite gives on the same data laid flat: `data/statements.sql` over the shop of
//! `data/shop.json` (made-up documents with fields that are missing, null, nested and in arrays).

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use catalog::{Catalog, Engine, Table, nested};
use futures::StreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::{Client, Database};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use serde_json::Value;

const SHOP: &str = include_str!("data/shop.json");
const STATEMENTS: &str = include_str!("data/statements.sql");

/// A value in the form that both sides are compared in.
fn number(value: f64) -> String {
    // minus nothing is nothing
    format!("{:.6}", value + 0.0)
}

/// A statement, and the same for SQLite.
fn statements() -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in STATEMENTS.lines().filter(|l| !l.starts_with("--")) {
        match (line.strip_prefix("  "), found.last_mut()) {
            (Some(other), Some(last)) => last.1 = other.to_owned(),
            _ => found.push((line.to_owned(), line.to_owned())),
        }
    }
    found
}

fn shop() -> Value {
    serde_json::from_str(SHOP).unwrap()
}

fn shop_catalog(shop: &Value) -> Catalog {
    Catalog::new(catalog::ddl::read(&shop["fields"].to_string(), Engine::Mongodb).snapshot)
}

/// The server of the tests. Without one they cannot say anything, so they fail.
fn server() -> String {
    let real = std::env::var("QUERENT_TEST_MONGODB_URL").ok().filter(|url| !url.is_empty());
    real.or_else(|| std::env::var("QUERENT_TEST_DOCUMENTS_URL").ok()).unwrap_or_else(|| {
        panic!("QUERENT_TEST_DOCUMENTS_URL is not set: run tests/servers/documents.sh start")
    })
}

/// The shop's documents in a database of their own.
async fn loaded(client: &Client, shop: &Value, name: &str) {
    let database = client.database(name);
    database.drop().await.unwrap();
    for (collection, documents) in shop["documents"].as_object().unwrap() {
        let Bson::Array(documents) = Bson::try_from(documents.clone()).unwrap() else { panic!("no list") };
        let command = doc! { "insert": collection, "documents": documents };
        let answer = database.run_command(command).await.unwrap();
        assert!(!answer.contains_key("writeErrors"), "{collection}: {answer}");
    }
}

/// Rows of the pipeline that a statement becomes.
async fn by_pipeline(database: &Database, sql: &str, catalog: &Catalog) -> Vec<Vec<String>> {
    let read = guard::check(sql, catalog, &guard::Policy::default());
    let read = read.unwrap_or_else(|f| panic!("{sql}: {f:?}"));
    let pipeline = read.pipeline().unwrap();
    let stages = pipeline.stages.iter().map(|stage| {
        let stage = Bson::try_from(stage.clone()).unwrap();
        stage.as_document().unwrap().clone()
    });
    let found = database.collection::<Document>(&pipeline.collection).aggregate(stages).await;
    let mut found = found.unwrap_or_else(|e| panic!("{sql}: {e:?}\n{pipeline:?}"));
    let mut rows = Vec::new();
    while let Some(row) = found.next().await {
        let row = row.unwrap_or_else(|e| panic!("{sql}: {e:?}\n{pipeline:?}"));
        let names = (0..read.report().output.len()).map(|i| format!("c{i}"));
        rows.push(names.map(|name| cell(row.get(name).unwrap_or(&Bson::Null))).collect());
    }
    rows
}

fn cell(value: &Bson) -> String {
    match value {
        // arrays and documents have tables and columns of their own
        Bson::Null | Bson::Undefined | Bson::Array(_) | Bson::Document(_) => "NULL".to_owned(),
        Bson::Boolean(b) => number(f64::from(u8::from(*b))),
        Bson::Int32(n) => number(f64::from(*n)),
        Bson::Int64(n) => number(*n as f64),
        Bson::Double(n) => number(*n),
        Bson::Decimal128(n) => number(n.to_string().parse().unwrap()),
        Bson::String(text) => cell_of(text),
        Bson::DateTime(at) => cell_of(&at.try_to_rfc3339_string().unwrap()),
        other => panic!("{other:?}"),
    }
}

/// Numbers, truth values and dates in the form of SQLite's.
fn cell_of(text: &str) -> String {
    match text {
        "true" => return number(1.0),
        "false" => return number(0.0),
        _ => {}
    }
    if let Ok(value) = text.parse::<f64>() {
        return number(value);
    }
    let bytes = text.as_bytes();
    let dated = bytes.len() >= 19 && bytes.get(10) == Some(&b'T') && bytes.get(4) == Some(&b'-');
    if dated { text.get(..19).unwrap().replace('T', " ") } else { text.to_owned() }
}

/// The documents as tables, those of arrays and all.
fn flat(shop: &Value, catalog: &Catalog) -> Connection {
    let lite = Connection::open_in_memory().unwrap();
    lite.execute_batch("PRAGMA case_sensitive_like = 1").unwrap();
    for (name, of) in [("ceil", f64::ceil as fn(f64) -> f64), ("floor", f64::floor)] {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        lite.create_scalar_function(name, 1, flags, move |c| Ok(c.get::<Option<f64>>(0)?.map(of))).unwrap();
    }
    for table in &catalog.snapshot().tables {
        let columns: Vec<String> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        lite.execute_batch(&format!("CREATE TABLE \"{}\" ({})", table.name, columns.join(", "))).unwrap();
        let marks = vec!["?"; columns.len()].join(", ");
        let mut insert = lite.prepare(&format!("INSERT INTO \"{}\" VALUES ({marks})", table.name)).unwrap();
        let collection = table.nested.as_ref().map_or(&table.name, |n| &n.collection);
        for document in shop["documents"][collection].as_array().unwrap() {
            for (positions, element) in elements(catalog, table, document) {
                let values =
                    table.columns.iter().map(|c| value_of(table, &c.name, document, &positions, element));
                insert.execute(rusqlite::params_from_iter(values)).unwrap();
            }
        }
    }
    lite
}

/// The rows of a table in a document: itself, or the elements of its arrays with their positions.
fn elements<'d>(catalog: &Catalog, table: &Table, document: &'d Value) -> Vec<(Vec<usize>, &'d Value)> {
    let Some(found) = &table.nested else { return vec![(Vec::new(), document)] };
    let parent = catalog.find_table(None, &found.parent).unwrap();
    let above = parent.nested.as_ref().map(|n| format!("{}.", n.path)).unwrap_or_default();
    let path = found.path.strip_prefix(&above).unwrap();
    let mut rows = Vec::new();
    for (positions, element) in elements(catalog, parent, document) {
        let array = get(element, path).and_then(Value::as_array).into_iter().flatten();
        for (i, inner) in array.enumerate() {
            rows.push((positions.iter().copied().chain([i]).collect(), inner));
        }
    }
    rows
}

fn get<'d>(value: &'d Value, path: &str) -> Option<&'d Value> {
    path.split('.').try_fold(value, |value, part| value.get(part))
}

fn value_of(
    table: &Table,
    column: &str,
    document: &Value,
    positions: &[usize],
    element: &Value,
) -> rusqlite::types::Value {
    use rusqlite::types::Value as Lite;
    let level = (1..=positions.len()).find(|l| nested::position_column(*l) == column);
    if let (Some(position), true) = (level.and_then(|l| positions.get(l - 1)), table.nested.is_some()) {
        return Lite::Integer(i64::try_from(*position).unwrap());
    }
    let scalar = table.nested.as_ref().is_some_and(|n| n.scalar && column == nested::VALUE);
    let found = match (scalar, column == nested::PARENT_ID) {
        (true, _) => Some(element),
        (_, true) => document.get("_id"),
        _ => get(element, column),
    };
    match found {
        Some(Value::Bool(b)) => Lite::Integer(i64::from(*b)),
        Some(Value::Number(n)) => n.as_i64().map(Lite::Integer).unwrap_or(Lite::Real(n.as_f64().unwrap())),
        Some(Value::String(text)) => Lite::Text(text.clone()),
        Some(Value::Object(fields)) if fields.contains_key("$date") => {
            let text = fields["$date"].as_str().unwrap();
            Lite::Text(text.replace('T', " ").trim_end_matches('Z').to_owned())
        }
        // arrays and documents have tables and columns of their own
        None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => Lite::Null,
    }
}

fn by_sqlite(lite: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut statement = lite.prepare(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let count = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap_or_else(|e| panic!("{sql}: {e}")) {
        let cells = (0..count).map(|i| match row.get_ref(i).unwrap() {
            ValueRef::Null => "NULL".to_owned(),
            ValueRef::Integer(n) => number(n as f64),
            ValueRef::Real(n) => number(n),
            ValueRef::Text(text) => cell_of(std::str::from_utf8(text).unwrap()),
            ValueRef::Blob(_) => panic!("{sql}: bytes"),
        });
        found.push(cells.collect());
    }
    found
}

/// Whether the statement itself says in which order its rows come.
fn is_ordered(sql: &str) -> bool {
    sql.rsplit(')').next().is_some_and(|tail| tail.contains("ORDER BY"))
}

#[tokio::test]
async fn statements_give_the_rows_of_sqlite() {
    let shop = shop();
    let catalog = shop_catalog(&shop);
    let lite = flat(&shop, &catalog);
    let client = Client::with_uri_str(server()).await.unwrap();
    let name = format!("querent_sql_{}", std::process::id());
    loaded(&client, &shop, &name).await;
    let database = client.database(&name);
    let statements = statements();
    assert!(statements.len() >= 80, "{}", statements.len());
    let mut wrong: BTreeMap<&str, String> = BTreeMap::new();
    for (sql, other) in &statements {
        let mut mine = by_pipeline(&database, sql, &catalog).await;
        let mut theirs = by_sqlite(&lite, other);
        if !is_ordered(sql) {
            mine.sort();
            theirs.sort();
        }
        if mine != theirs {
            let at = mine.iter().zip(&theirs).position(|(a, b)| a != b).unwrap_or(0);
            let (a, b) = (mine.get(at), theirs.get(at));
            wrong.insert(
                sql,
                format!("{} and {} rows; {at}: {a:?} instead of {b:?}", mine.len(), theirs.len()),
            );
        }
    }
    client.database(&name).drop().await.unwrap();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), statements.len());
}
