//! Checked pipelines: values of every type, caps, errors, and that nothing goes on running for a reader who left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Decimal128, doc};
use connector_api::{Connector, ConnectorError, ErrorKind, Limits};
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use support::Database;

async fn rows(database: &Database, collection: &str, pipeline: Value) -> Result<RecordBatch, ConnectorError> {
    let checked = database.checked(collection, pipeline).await;
    let stream = database.connector("").aggregate(&checked, &Limits::default()).await?;
    let schema = stream.schema.clone();
    let batches: Vec<RecordBatch> = stream.batches.try_collect().await?;
    Ok(arrow::compute::concat_batches(&schema, &batches).expect("one schema"))
}

fn cell(batch: &RecordBatch, name: &str, row: usize) -> String {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("{name} in {:?}", batch.schema()));
    arrow::util::display::array_value_to_string(column, row).expect("a printable value")
}

#[tokio::test]
async fn values_come_as_they_are_stored() {
    let database = Database::new().await;
    let id = ObjectId::parse_str("65a1b2c3d4e5f60718293a4b").unwrap();
    let uuid = bson::Uuid::parse_str("0192e2a0-7b7a-7c3d-8f00-0123456789ab").unwrap();
    let exact: Decimal128 = "12345678901234567890.123456".parse().unwrap();
    database
        .insert(
            "all",
            vec![
                doc! {
                    "_id": id, "small": 1, "large": i64::MAX, "real": 0.5, "exact": exact, "text": "Ève 🐢",
                    "yes": true, "at": DateTime::from_millis(1_700_000_000_123), "uuid": uuid,
                    "bytes": Binary { subtype: BinarySubtype::Generic, bytes: vec![0, 255] },
                    "deep": { "list": [1, { "at": DateTime::from_millis(0) }] }, "list": ["a", "b"],
                },
                doc! { "_id": ObjectId::new(), "small": Bson::Null },
            ],
        )
        .await;
    let batch = rows(&database, "all", json!([{ "$sort": { "large": -1 } }])).await.expect("it runs");
    for (name, expected) in [
        ("_id", "65a1b2c3d4e5f60718293a4b"),
        ("small", "1"),
        ("large", "9223372036854775807"),
        ("real", "0.5"),
        ("exact", "12345678901234567890.123456"),
        ("text", "Ève 🐢"),
        ("yes", "true"),
        ("at", "2023-11-14T22:13:20.123Z"),
        ("uuid", "0192e2a0-7b7a-7c3d-8f00-0123456789ab"),
        ("bytes", "00ff"),
        ("list", r#"["a","b"]"#),
        ("deep", r#"{"list":[1,{"at":"1970-01-01T00:00:00Z"}]}"#),
    ] {
        assert_eq!(cell(&batch, name, 0), expected, "{name}");
    }
    for column in batch.columns().iter().skip(1) {
        assert!(column.is_null(1), "what is not there is NULL");
    }
    assert_eq!(batch.schema().field_with_name("large").unwrap().data_type(), &DataType::Int64);
}

#[tokio::test]
async fn a_value_of_another_type_is_told_and_not_lost() {
    let database = Database::new().await;
    let mut documents: Vec<_> = (0..3000).map(|n| doc! { "_id": n, "n": n }).collect();
    documents[1500].insert("n", "not a number");
    database.insert("mostly", documents).await;
    let connector = database.connector("");
    let checked = database.checked("mostly", json!([{ "$project": { "_id": 0, "n": 1 } }])).await;
    let stream = connector.aggregate(&checked, &Limits::default()).await.expect("it starts");
    let error = stream.batches.try_collect::<Vec<_>>().await.expect_err("a text among numbers");
    assert_eq!(error.kind, ErrorKind::Statement);
    assert!(error.message.contains('n') && !error.message.contains("not a number"), "{error:?}");
}

#[tokio::test]
async fn errors_name_the_code_and_no_values() {
    let database = Database::new().await;
    database.insert("words", vec![doc! { "w": "secret@example.org" }]).await;
    let error =
        rows(&database, "words", json!([{ "$project": { "n": { "$toInt": "$w" } } }])).await.unwrap_err();
    assert_eq!((error.kind, error.engine_code.as_deref()), (ErrorKind::Statement, Some("241")));
    assert!(!format!("{error:?}").contains("secret"));
}

/// Asks the server until nothing of this database runs any more.
async fn until_nothing_runs(database: &Database) -> Duration {
    let started = Instant::now();
    loop {
        let running =
            database.admin.database("admin").run_command(doc! { "currentOp": 1 }).await.expect("it tells");
        let ours = |op: &Bson| {
            let op = op.as_document().and_then(|op| op.get_document("command").ok());
            op.is_some_and(|c| {
                c.get_str("$db").is_ok_and(|db| db == database.name) && !c.contains_key("currentOp")
            })
        };
        if !running.get_array("inprog").expect("a list").iter().any(ours) {
            return started.elapsed();
        }
        assert!(started.elapsed() < Duration::from_secs(20), "the pipeline still runs");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_ends_when_its_reader_leaves() {
    let database = Database::new().await;
    let numbers = (0..3000).map(|n| doc! { "_id": n, "n": n, "k": 1 }).collect();
    database.insert("numbers", numbers).await;
    let joined = json!([
        { "$lookup": { "from": "numbers", "localField": "k", "foreignField": "k", "as": "b" } }, { "$unwind": "$b" },
        { "$lookup": { "from": "numbers", "localField": "k", "foreignField": "k", "as": "c" } }, { "$unwind": "$c" },
        { "$match": { "$expr": { "$lt": [{ "$add": ["$n", "$b.n", "$c.n"] }, 0] } } },
        { "$project": { "_id": 0, "n": 1 } },
    ]);
    let silent = database.checked("numbers", joined).await;
    let connector = database.connector("pool_size=1");
    let limits = Limits { timeout: Duration::from_secs(600), ..Limits::default() };
    let begun = tokio::time::timeout(Duration::from_millis(300), connector.aggregate(&silent, &limits)).await;
    assert!(begun.is_err(), "no row comes");
    assert!(until_nothing_runs(&database).await < Duration::from_secs(5));
    let quick = database.checked("numbers", json!([{ "$count": "n" }])).await;
    let stream = connector.aggregate(&quick, &limits).await.expect("the place is free");
    assert_eq!(stream.batches.collect::<Vec<_>>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_went_away_is_not_an_empty_one() {
    let database = Database::new().await;
    database.insert("here", vec![doc! { "n": 1 }]).await;
    let checked = database.checked("here", json!([{ "$count": "n" }])).await;
    database.run(doc! { "drop": "here" }).await;
    let error = database.connector("").aggregate(&checked, &Limits::default()).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Statement);
    assert!(error.hint.is_some_and(|hint| hint.contains("crawl")));
}
