//! Prints how long it takes to keep a large schema, to find one changed column in it, and to say what that breaks:
//! `cargo run --release --example versions [-- TABLES [POSTGRES_URL | DATA_FOLDER]]`. Without a URL the store is a SQLite
//! file, in the data folder if one is named: there it stays, for `querent --data-dir DATA_FOLDER diff --on large`.

// a program for measuring stops at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;

use catalog::{
    Catalog, Column, CommonValue, Engine, ForeignKey, Key, Schema, Snapshot, Statistics, Table, TypeClass,
};
use guard::Policy;
use querent::impact;
use querent::model::{Connection, clock::Stopwatch, new_id};
use querent::store::catalog::{self as versions, Published};
use querent::store::connections::{self, NewConnection};
use querent::store::glossary::{self, NewTerm};
use querent::store::queries::{self, NewQuery};
use querent::store::{Conn, Db, evaluation_cases, migrate};
use serde_json::json;

/// Columns of a table.
const COLUMNS: u32 = 12;
/// Queries that somebody keeps. Some are over the table that changes, the others all over.
const QUERIES: usize = 500;
/// Glossary terms.
const TERMS: usize = 100;
/// Evaluation cases.
const CASES: usize = 100;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let tables = args.first().map_or(10_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let db = match args.get(1) {
        Some(url) if url.starts_with("postgres") => Db::open_postgres(url, 4).await.unwrap(),
        Some(folder) => Db::open_sqlite(&Path::new(folder).join("querent.db")).await.unwrap(),
        None => Db::open_sqlite(&folder.path().join("store.db")).await.unwrap(),
    };
    migrate::up(&db).await.unwrap();
    let connection = connections::create(&db, new_connection()).await.unwrap();
    let mut found = snapshot(tables);
    println!(
        "{:?} store, {tables} tables x {COLUMNS} columns, {QUERIES} queries, {TERMS} terms, {CASES} cases",
        db.dialect()
    );

    let first = publish(&db, &connection, "the first version", &found).await;
    publish(&db, &connection, "again, nothing changed", &found).await;
    let watch = Stopwatch::start();
    store_queries(&db, &connection, &found).await;
    store_knowledge(&db, &connection, &found).await;
    println!("{:<38} {:>6} ms", "queries checked and stored", watch.millis());

    found.tables[tables / 2].columns[3].name = "renamed".to_owned();
    let second = publish(&db, &connection, "one column renamed", &found).await;
    let counts = [rows(&db, "tables").await, rows(&db, "columns").await];
    println!("{:<38} tables {}, columns {}", "rows stored", counts[0], counts[1]);
    assert_eq!(counts, [tables + 1, tables * COLUMNS as usize + 1]);

    let (from, to) = (&first.version, &second.version);
    let watch = Stopwatch::start();
    let diff = versions::changes(&db, from, to).await.unwrap();
    println!("{:<38} {:>6} ms", "diff of neighbours, as kept", watch.millis());
    let watch = Stopwatch::start();
    let (old, new) = versions::sides(&db, from, to).await.unwrap();
    assert_eq!(catalog::diff::diff(&old, &new).changes.len(), diff.changes.len());
    println!("{:<38} {:>6} ms", "diff of any two, worked out", watch.millis());
    let watch = Stopwatch::start();
    versions::load(&db, to).await.unwrap();
    println!("{:<38} {:>6} ms", "the whole version loaded", watch.millis());
    let watch = Stopwatch::start();
    let felt = impact::between(&db, &connection, from, to).await.unwrap();
    println!("{:<38} {:>6} ms", "impact, asked for", watch.millis());
    let watch = Stopwatch::start();
    impact::check_with(&db, &connection, from, to, Arc::new(found)).await.unwrap();
    println!("{:<38} {:>6} ms", "impact at a crawl, stored", watch.millis());
    let watch = Stopwatch::start();
    impact::check(&db, &connection, from, to).await.unwrap();
    println!("{:<38} {:>6} ms", "impact as a job, stored", watch.millis());
    println!(
        "{} broken, {} repaired",
        felt.statements.len(),
        felt.statements.iter().filter(|s| s.repair.is_some()).count()
    );
}

async fn rows(db: &Db, table: &str) -> usize {
    let sql = format!("SELECT count(*) AS n FROM {table}");
    usize::try_from(db.query(&sql, &[]).await.unwrap()[0].int("n").unwrap()).unwrap()
}

async fn publish(db: &Db, connection: &Connection, what: &str, found: &Snapshot) -> Published {
    let found = Arc::new(found.clone());
    let watch = Stopwatch::start();
    let prepared = versions::prepare(found).await.unwrap();
    let outside = watch.millis();
    let tx = db.begin().await.unwrap();
    let published = versions::publish(&tx, connection.id, &prepared, None).await.unwrap();
    tx.commit().await.unwrap();
    println!("{what:<38} {:>6} ms ({outside} ms of it before the transaction)", watch.millis());
    published
}

async fn store_queries(db: &Db, connection: &Connection, found: &Snapshot) {
    let catalog = Catalog::new(found.clone());
    let tables = found.tables.len();
    for number in 0..QUERIES {
        let place = if number % 20 == 0 { tables / 2 } else { number * 7919 % tables };
        let name = &found.tables[place].name;
        let other = &found.tables[number * 104_729 % tables].name;
        let sql = match number % 3 {
            0 => format!("SELECT field_04, count(*) AS n FROM {name} WHERE field_05 = 'x' GROUP BY field_04"),
            1 => format!(
                "SELECT a.field_04, b.field_06 FROM {name} AS a JOIN {other} AS b ON b.field_01 = a.field_02"
            ),
            _ => format!("SELECT max(field_07) FROM {name} WHERE field_01 IN (SELECT field_03 FROM {other})"),
        };
        let proof = guard::check(&sql, &catalog, &Policy::default()).unwrap();
        let new = NewQuery {
            id: new_id(),
            connection_id: connection.id,
            chat_message_id: None,
            question: Some(format!("question {number}")),
            canonical_sql: proof.sql().to_owned(),
            sql,
            schema_version_id: None,
            reading: proof.report().reading.clone(),
            report: serde_json::to_value(proof.report()).unwrap(),
            source: "user".to_owned(),
            confidence: None,
            created_by: None,
        };
        queries::create(db, new).await.unwrap();
    }
}

async fn store_knowledge(db: &Db, connection: &Connection, found: &Snapshot) {
    let name = |number: usize| found.tables[number * 6151 % found.tables.len()].name.clone();
    for number in 0..TERMS {
        let term = NewTerm {
            connection_id: connection.id,
            term: format!("term {number}"),
            definition: "what people mean by it".to_owned(),
            table_name: Some(name(number)),
            expression: Some("count(field_04)".to_owned()),
            row_filter: Some("field_05 = 'x'".to_owned()),
            schema_version_id: None,
        };
        glossary::create(db, term, "figures").await.unwrap();
    }
    for number in 0..CASES {
        let sql = format!("SELECT min(field_08) FROM {} WHERE field_09 <> 'y'", name(number + TERMS));
        let question = format!("case {number}");
        evaluation_cases::create(db, connection.id, &question, &sql, None, "figures").await.unwrap();
    }
}

fn new_connection() -> NewConnection {
    NewConnection {
        id: new_id(),
        name: "large".to_owned(),
        engine: Engine::Postgres,
        sealed_uri: "none".to_owned(),
        display_uri: "none".to_owned(),
        privacy: "names".to_owned(),
        options: json!({}),
        policy: json!({}),
        created_by: None,
    }
}

fn snapshot(tables: usize) -> Snapshot {
    Snapshot {
        engine: Engine::Postgres,
        database: "large".to_owned(),
        search_path: vec!["public".to_owned()],
        schemas: vec![Schema { name: "public".to_owned(), comment: None }],
        tables: (0..tables).map(table).collect(),
        ..Snapshot::default()
    }
}

fn table(number: usize) -> Table {
    Table {
        schema: "public".to_owned(),
        name: format!("entity_{number:05}"),
        comment: Some(format!("things of sort {number}")),
        row_estimate: Some(number as u64 * 10),
        columns: (1..=COLUMNS).map(column).collect(),
        primary_key: Some(Key { name: None, columns: vec!["field_01".to_owned()] }),
        foreign_keys: vec![ForeignKey {
            columns: vec!["field_02".to_owned()],
            to_schema: "public".to_owned(),
            to_table: "entity_00000".to_owned(),
            to_columns: vec!["field_01".to_owned()],
            ..ForeignKey::default()
        }],
        ..Table::default()
    }
}

fn column(position: u32) -> Column {
    let common = ["red", "green", "blue", "black", "white"];
    Column {
        position,
        name: format!("field_{position:02}"),
        native_type: "character varying(40)".to_owned(),
        class: TypeClass::Text,
        nullable: position > 1,
        statistics: Some(Statistics {
            null_share: Some(0.25),
            distinct: Some(5.0),
            common: common.iter().map(|v| CommonValue { value: (*v).to_owned(), share: Some(0.2) }).collect(),
            ..Statistics::default()
        }),
        ..Column::default()
    }
}
