//! What people say of a database: kept over crawls and renames, on both backends.

use std::sync::Arc;

use catalog::infer::{self, Proposal};
use catalog::{CommonValue, Engine, Snapshot, Statistics, ddl};
use querent::model::understanding::Tag;
use querent::model::{Connection, PageRequest, RelationshipState};
use querent::store::annotations::{self, AnnotationChange, Place, Rename};
use querent::store::{StoreErrorKind, connections, relationships};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    an_annotation_keeps_what_a_change_does_not_name,
    annotations_follow_renames,
    a_rename_does_not_overwrite_what_is_said_of_the_new_name,
    a_decision_is_kept_over_crawls,
    proposals_that_are_no_longer_concluded_go,
    relationships_follow_renames,
    unwanted_values_leave_the_store,
    understanding_is_noted_on_the_connection,
);

const SHOP: &str = "CREATE TABLE customers (id int PRIMARY KEY, name text);
    CREATE TABLE orders (id int PRIMARY KEY, customer_id int, note text);";

fn place(table: &str, column: Option<&str>) -> Place {
    Place { schema: "public".into(), table: table.into(), column: column.map(str::to_owned) }
}

fn described(text: &str) -> AnnotationChange {
    AnnotationChange { description: Some(Some(text.to_owned())), ..AnnotationChange::default() }
}

async fn say(store: &TestStore, connection: &Connection, at: &Place, change: AnnotationChange) {
    let tx = store.db.begin().await.unwrap();
    annotations::put(&tx, connection.id, at, change, Some("ann")).await.unwrap();
    tx.commit().await.unwrap();
}

fn concluded(sql: &str) -> Vec<Proposal> {
    infer::settle(infer::candidates(&ddl::read(sql, Engine::Postgres).snapshot))
}

async fn propose(store: &TestStore, connection: &Connection, proposals: &[Proposal]) {
    let tx = store.db.begin().await.unwrap();
    relationships::propose(&tx, connection.id, proposals).await.unwrap();
    tx.commit().await.unwrap();
}

async fn an_annotation_keeps_what_a_change_does_not_name(store: TestStore) {
    let connection = store.connection("shop").await;
    let at = place("customers", Some("name"));
    say(&store, &connection, &at, described("who buys")).await;
    let change = AnnotationChange {
        sensitivity: Some(Tag::parse("person_name")),
        values: Some(false),
        ..AnnotationChange::default()
    };
    say(&store, &connection, &at, change).await;
    let all = annotations::all(&store.db, connection.id).await.unwrap();
    let [said] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(said.description.as_deref(), Some("who buys"));
    assert_eq!((said.sensitivity.map(Tag::word).as_deref(), said.values), (Some("person_name"), false));
    assert_eq!((said.table.as_str(), said.column.as_deref()), ("customers", Some("name")));
    assert_eq!(said.updated_by.as_deref(), Some("ann"));

    let change = AnnotationChange { description: Some(None), sensitivity: Some(None), values: Some(true) };
    say(&store, &connection, &at, change).await;
    say(&store, &connection, &place("customers", None), described("people")).await;
    let page = annotations::list(&store.db, connection.id, PageRequest::first()).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!((page.items[0].column.as_deref(), page.items[1].description.as_deref()), (None, None));
    assert!(page.items[1].values && page.items[1].sensitivity.is_none());
}

async fn annotations_follow_renames(store: TestStore) {
    let connection = store.connection("shop").await;
    say(&store, &connection, &place("orders", Some("note")), described("what the customer wrote")).await;
    say(&store, &connection, &place("orders", None), described("what was bought")).await;
    let old = ddl::read(SHOP, Engine::Postgres).snapshot;
    let new = ddl::read(
        "CREATE TABLE customers (id int PRIMARY KEY, name text);
         CREATE TABLE purchase_orders (id int PRIMARY KEY, customer_id int, note text);",
        Engine::Postgres,
    );
    let diff = catalog::diff::diff(&old, &new.snapshot);
    let mut renames = annotations::renames(&diff, &new.snapshot);
    assert!(matches!(renames.as_slice(), [Rename::Table { .. }]), "{renames:?}");
    // told under the table's old name, as a diff does
    renames.insert(
        0,
        Rename::Column {
            schema: "public".into(),
            table: "orders".into(),
            old: "note".into(),
            new: "remark".into(),
        },
    );
    let tx = store.db.begin().await.unwrap();
    annotations::follow(&tx, connection.id, &renames).await.unwrap();
    tx.commit().await.unwrap();
    let mut all = annotations::all(&store.db, connection.id).await.unwrap();
    all.sort_by_key(|a| a.column.clone());
    let places: Vec<_> = all.iter().map(|a| (a.table.as_str(), a.column.as_deref())).collect();
    assert_eq!(places, [("purchase_orders", None), ("purchase_orders", Some("remark"))]);
}

async fn a_rename_does_not_overwrite_what_is_said_of_the_new_name(store: TestStore) {
    let connection = store.connection("shop").await;
    say(&store, &connection, &place("orders", Some("note")), described("old")).await;
    say(&store, &connection, &place("orders", Some("remark")), described("new")).await;
    let rename = Rename::Column {
        schema: "public".into(),
        table: "orders".into(),
        old: "note".into(),
        new: "remark".into(),
    };
    let tx = store.db.begin().await.unwrap();
    annotations::follow(&tx, connection.id, &[rename]).await.unwrap();
    tx.commit().await.unwrap();
    let all = annotations::all(&store.db, connection.id).await.unwrap();
    let said = all.iter().find(|a| a.column.as_deref() == Some("remark")).unwrap();
    assert_eq!(said.description.as_deref(), Some("new"));
}

async fn a_decision_is_kept_over_crawls(store: TestStore) {
    let connection = store.connection("shop").await;
    let found = concluded(SHOP);
    propose(&store, &connection, &found).await;
    let known = relationships::all(&store.db, connection.id).await.unwrap();
    let [one] = known.as_slice() else { panic!("{known:?}") };
    assert_eq!(one.line(), "public.orders (customer_id) -> public.customers (id)");
    assert!(one.score >= infer::RETRIEVAL && !one.evidence.is_empty());

    let tx = store.db.begin().await.unwrap();
    let rejected = relationships::decide(&tx, one.id, RelationshipState::Rejected, "ann").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((rejected.state, rejected.decided_by.as_deref()), (RelationshipState::Rejected, Some("ann")));
    // the next crawl concludes the same, the one after it nothing
    propose(&store, &connection, &found).await;
    propose(&store, &connection, &[]).await;
    assert_eq!(relationships::all(&store.db, connection.id).await.unwrap(), std::slice::from_ref(&rejected));
    let of = |state| relationships::list(&store.db, connection.id, Some(state), PageRequest::first());
    assert!(of(RelationshipState::Proposed).await.unwrap().items.is_empty());
    assert_eq!(of(RelationshipState::Rejected).await.unwrap().items, [rejected]);
    let nobody = relationships::get(&store.db, querent::model::new_id()).await.unwrap_err();
    assert_eq!(nobody.kind, StoreErrorKind::NotFound);
}

async fn proposals_that_are_no_longer_concluded_go(store: TestStore) {
    let connection = store.connection("shop").await;
    let mut found = concluded(SHOP);
    propose(&store, &connection, &found).await;
    let before = relationships::all(&store.db, connection.id).await.unwrap();
    propose(&store, &connection, &found).await;
    assert_eq!(relationships::all(&store.db, connection.id).await.unwrap(), before, "nothing new is written");
    found[0].score = 0.6;
    propose(&store, &connection, &found).await;
    let changed = relationships::all(&store.db, connection.id).await.unwrap();
    assert_eq!((changed[0].id, changed[0].score), (before[0].id, 0.6));
    propose(&store, &connection, &[]).await;
    assert!(relationships::all(&store.db, connection.id).await.unwrap().is_empty());
}

async fn relationships_follow_renames(store: TestStore) {
    let connection = store.connection("shop").await;
    propose(&store, &connection, &concluded(SHOP)).await;
    let id = relationships::all(&store.db, connection.id).await.unwrap()[0].id;
    let schema = || "public".to_owned();
    let renames = [
        Rename::Column {
            schema: schema(),
            table: "orders".into(),
            old: "customer_id".into(),
            new: "buyer_id".into(),
        },
        Rename::Table {
            schema: schema(),
            old: "customers".into(),
            new_schema: schema(),
            new: "buyers".into(),
        },
    ];
    let tx = store.db.begin().await.unwrap();
    relationships::decide(&tx, id, RelationshipState::Approved, "ann").await.unwrap();
    relationships::follow(&tx, connection.id, &renames).await.unwrap();
    tx.commit().await.unwrap();
    let kept = relationships::get(&store.db, id).await.unwrap();
    assert_eq!(kept.line(), "public.orders (buyer_id) -> public.buyers (id)");
    assert_eq!(kept.state, RelationshipState::Approved);
}

fn with_values() -> Snapshot {
    let mut snapshot = ddl::read(SHOP, Engine::Postgres).snapshot;
    let value = |value: &str| CommonValue { value: value.to_owned(), share: Some(0.5) };
    for column in snapshot.tables.iter_mut().flat_map(|t| &mut t.columns) {
        column.statistics = Some(Statistics {
            null_share: Some(0.1),
            distinct: Some(2.0),
            common: vec![value("first"), value("second")],
            min: Some("first".into()),
            max: Some("second".into()),
        });
    }
    snapshot
}

async fn unwanted_values_leave_the_store(store: TestStore) {
    let connection = store.connection("shop").await;
    let prepared = querent::store::catalog::prepare(Arc::new(with_values())).await.unwrap();
    let tx = store.db.begin().await.unwrap();
    let published = querent::store::catalog::publish(&tx, connection.id, &prepared, None).await;
    let version = published.unwrap().version;
    let places = [place("orders", Some("note")), place("nowhere", Some("x"))];
    querent::store::catalog::forget_values(&tx, connection.id, &places).await.unwrap();
    tx.commit().await.unwrap();
    let loaded = querent::store::catalog::load(&store.db, &version).await.unwrap();
    let orders = loaded.table("public", "orders").unwrap();
    let note = orders.column("note").unwrap().statistics.clone().unwrap();
    assert_eq!((note.common.len(), note.min, note.max), (0, None, None));
    assert_eq!((note.distinct, note.null_share), (Some(2.0), Some(0.1)), "figures stay");
    let other = orders.column("customer_id").unwrap().statistics.clone().unwrap();
    assert_eq!(other.common.len(), 2);
}

async fn understanding_is_noted_on_the_connection(store: TestStore) {
    let connection = store.connection("shop").await;
    assert_eq!(connection.understood_at, None);
    let tx = store.db.begin().await.unwrap();
    connections::understood(&tx, connection.id).await.unwrap();
    tx.commit().await.unwrap();
    let after = connections::get(&store.db, connection.id).await.unwrap();
    assert!(after.understood_at.is_some());
    assert_eq!(after.updated_at, connection.updated_at, "the way in stays open");
}
