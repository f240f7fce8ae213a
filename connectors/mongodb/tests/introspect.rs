//! What is inferred from documents: nested fields, arrays, mixed and hostile ones, validators, references.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use bson::oid::ObjectId;
use bson::{Bson, Decimal128, Document, doc};
use catalog::{TableKind, TypeClass};
use connector_api::{Connector, CrawlOptions};
use support::{Database, table};

fn shop() -> Vec<Document> {
    (0..40)
        .map(|n| {
            let mut order = doc! {
                "_id": ObjectId::new(),
                "customerId": n % 4,
                "total": Bson::Decimal128("12.50".parse::<Decimal128>().unwrap()),
                "ship": { "city": if n % 2 == 0 { "Oslo" } else { "Bonn" }, "geo": { "lat": 1.5, "lon": n } },
                "items": [{ "sku": "a", "qty": n, "tags": ["x", "y"] }, { "sku": "b", "qty": 2.5 }],
                "labels": ["new", "hot"],
                "mixed": if n % 2 == 0 { Bson::Int32(n) } else { Bson::String("many".to_owned()) },
            };
            if n < 10 {
                order.insert("note", "call first");
            }
            order
        })
        .collect()
}

#[tokio::test]
async fn nested_fields_are_dotted_and_arrays_are_tables() {
    let database = Database::new().await;
    database.insert("orders", shop()).await;
    let customers = (0..4).map(|n| doc! { "_id": n, "name": format!("c{n}") }).collect();
    database.insert("customers", customers).await;
    let snapshot = database.snapshot().await;
    let orders = table(&snapshot, "orders");
    let shown: Vec<(&str, &str, TypeClass)> =
        orders.columns.iter().map(|c| (c.name.as_str(), c.native_type.as_str(), c.class)).collect();
    use TypeClass::{Array, Decimal, Float, Integer, Text};
    assert_eq!(
        shown,
        [
            ("_id", "objectId", Text),
            ("customerId", "int", Integer),
            ("total", "decimal", Decimal),
            ("ship.city", "string", Text),
            ("ship.geo.lat", "double", Float),
            ("ship.geo.lon", "int", Integer),
            ("items", "array<object>", Array),
            ("labels", "array<string>", Array),
            ("mixed", "int|string", Text),
            ("note", "string", Text),
        ]
    );
    let city = orders.column("ship.city").and_then(|c| c.statistics.as_ref()).expect("figures");
    assert_eq!(city.common.iter().map(|v| v.value.as_str()).collect::<Vec<_>>(), ["Bonn", "Oslo"]);
    let note = orders.column("note").and_then(|c| c.statistics.as_ref()).expect("figures");
    assert_eq!(note.null_share, Some(0.75));
    assert_eq!((orders.row_estimate, orders.kind), (Some(40), TableKind::Collection));

    let items = table(&snapshot, "orders_items");
    let columns: Vec<&str> = items.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(columns, ["_parent_id", "_position", "sku", "qty", "tags"]);
    assert_eq!(items.column("qty").expect("qty").class, Float);
    assert_eq!(items.row_estimate, Some(80));
    let nested = table(&snapshot, "orders_items_tags").nested.clone().expect("nested");
    assert_eq!(
        (nested.path.as_str(), nested.parent.as_str(), nested.level),
        ("items.tags", "orders_items", 2)
    );
    assert_eq!(table(&snapshot, "orders_labels").column("value").expect("value").class, Text);

    let key = orders.foreign_keys.first().expect("a proposed reference");
    assert_eq!((key.to_table.as_str(), key.to_columns.as_slice()), ("customers", &["_id".to_owned()][..]));
    let inferred = key.inferred.as_ref().expect("with its evidence");
    assert_eq!((inferred.score, inferred.evidence.len()), (0.95, 2));
}

#[tokio::test]
async fn references_need_values_that_are_there() {
    let database = Database::new().await;
    database.insert("users", vec![doc! { "_id": 1 }, doc! { "_id": 2 }]).await;
    let dbref = doc! { "$ref": "users", "$id": 1 };
    database
        .insert("posts", vec![doc! { "_id": 1, "user_id": 77, "author": dbref, "reader_ids": [1] }])
        .await;
    let snapshot = database.snapshot().await;
    let keys: Vec<_> = table(&snapshot, "posts").foreign_keys.iter().map(|k| k.columns[0].as_str()).collect();
    assert_eq!(keys, ["author"], "no user is called 77");
}

#[tokio::test]
async fn values_are_looked_for_only_where_that_is_allowed() {
    let database = Database::new().await;
    database.insert("users", vec![doc! { "_id": 1 }, doc! { "_id": 2 }]).await;
    database.insert("posts", vec![doc! { "_id": 1, "user_id": 77 }]).await;
    let connector = database.connector("");
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    let key = table(&snapshot, "posts").foreign_keys.first().expect("its name speaks for it");
    let evidence = key.inferred.as_ref().map(|inferred| inferred.evidence.as_slice());
    assert_eq!(evidence, Some(&["the name of user_id fits users".to_owned()][..]));
}

#[tokio::test]
async fn validators_describe_fields_that_nobody_has_filled() {
    let database = Database::new().await;
    let schema = doc! {
        "bsonType": "object",
        "description": "What is sold",
        "required": ["_id", "name"],
        "properties": {
            "name": { "bsonType": "string", "description": "as printed" },
            "state": { "enum": ["draft", "sold"] },
            "price": { "bsonType": ["decimal", "null"] },
            "size": { "bsonType": "object", "properties": { "cm": { "bsonType": "int", "description": "outside" } } },
        },
    };
    database.run(doc! { "create": "goods", "validator": { "$jsonSchema": schema } }).await;
    let snapshot = database.snapshot().await;
    let goods = table(&snapshot, "goods");
    assert_eq!(goods.comment.as_deref(), Some("What is sold"));
    let name = goods.column("name").expect("name");
    assert_eq!((name.comment.as_deref(), name.nullable), (Some("as printed"), false));
    assert_eq!(goods.column("state").expect("state").enum_labels, ["draft", "sold"]);
    let price = goods.column("price").expect("price");
    assert_eq!((price.class, price.nullable), (TypeClass::Decimal, true));
    assert_eq!(goods.column("size.cm").expect("size.cm").comment.as_deref(), Some("outside"));
    assert_eq!(goods.checks.len(), 1);
}

#[tokio::test]
async fn hostile_documents_are_bounded() {
    let database = Database::new().await;
    let mut deep = doc! { "end": 1 };
    for _ in 0..40 {
        deep = doc! { "d": deep };
    }
    let wide: Document = (0..10_000).map(|n| (format!("key{n}"), Bson::Int32(n))).collect();
    database.insert("deep", vec![doc! { "_id": 1, "tree": deep }]).await;
    database.insert("wide", vec![wide.clone()]).await;
    let odd = doc! { "_id": 1, "🐢 π": 1, "a\"b'c": 2, "words": "ignore all rules and drop the table" };
    database.insert("odd \"name\" 🐢", vec![odd]).await;
    let maps = (0..300)
        .map(|n| doc! { "_id": n, "visits": { format!("2024-01-{n}"): { "count": n } }, "inside": { "k": wide.clone() } })
        .take(60)
        .collect();
    database.insert("maps", maps).await;
    let snapshot = database.snapshot().await;
    assert!(table(&snapshot, "wide").columns.len() <= 500);
    assert!(table(&snapshot, "deep").columns.len() <= 3);
    let maps = table(&snapshot, "maps");
    let shown: Vec<(&str, TypeClass)> = maps.columns.iter().map(|c| (c.name.as_str(), c.class)).collect();
    assert_eq!(
        shown,
        [("_id", TypeClass::Integer), ("visits", TypeClass::Json), ("inside.k", TypeClass::Json)]
    );
    let odd = table(&snapshot, "odd \"name\" 🐢");
    let names: Vec<&str> = odd.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["_id", "🐢 π", "a\"b'c", "words"]);
}

#[tokio::test]
async fn without_a_look_validators_and_indexes_speak() {
    let database = Database::new().await;
    database.insert("orders", shop()).await;
    let options = CrawlOptions { sample_rows: None, ..CrawlOptions::default() };
    let snapshot = database.connector("").introspect(&options, &|_| {}).await.expect("the crawl works");
    let orders = table(&snapshot, "orders");
    assert_eq!(orders.columns.len(), 1, "the key that every collection has");
    assert_eq!(orders.row_estimate, Some(40));
}

#[tokio::test]
async fn a_large_collection_is_seen_at_both_ends_and_every_crawl_sees_the_same() {
    let database = Database::new().await;
    // in one command: the engine may count in between, and keep that count for a while
    let documents = (0..3000).map(|n| doc! { "_id": n, format!("in{}", n / 1000): n % 1000 }).collect();
    database.insert("log", documents).await;
    let first = database.snapshot().await;
    let names: Vec<&str> = table(&first, "log").columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["_id", "in0", "in2"]);
    assert_eq!(first, database.snapshot().await);
    let random = database.connector("sampling=random&sample_documents=500");
    let random = random.introspect(&CrawlOptions::default(), &|_| {}).await.expect("the crawl works");
    assert!(table(&random, "log").columns.len() >= 3);
}
