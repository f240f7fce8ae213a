//! Transactions: all or none, whatever way they end; writers at the same time lose nothing.

use querent::store::connections::{self, ConnectionChange};
use querent::store::{Conn, StoreErrorKind, Value};

use super::store_suite;
use crate::harness::{TestStore, new_connection};

store_suite!(
    a_committed_transaction_holds,
    a_dropped_transaction_leaves_nothing,
    a_transaction_after_a_failure_cannot_be_committed,
    an_abandoned_statement_does_not_block_the_store,
    writers_at_the_same_time_lose_nothing,
    readers_see_only_what_was_committed,
    values_come_back_as_they_went_in,
    a_nul_in_a_text_is_no_error,
);

async fn a_committed_transaction_holds(store: TestStore) {
    let tx = store.db.begin().await.unwrap();
    connections::create(&tx, new_connection("a")).await.unwrap();
    connections::create(&tx, new_connection("b")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.count("connections", "1 = 1").await, 2);
}

async fn a_dropped_transaction_leaves_nothing(store: TestStore) {
    let tx = store.db.begin().await.unwrap();
    connections::create(&tx, new_connection("a")).await.unwrap();
    drop(tx);
    let tx = store.db.begin().await.unwrap();
    connections::create(&tx, new_connection("b")).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(store.count("connections", "1 = 1").await, 0);
    // and the store goes on working
    store.connection("a").await;
}

async fn a_transaction_after_a_failure_cannot_be_committed(store: TestStore) {
    let tx = store.db.begin().await.unwrap();
    connections::create(&tx, new_connection("a")).await.unwrap();
    let conflict = connections::create(&tx, new_connection("a")).await.unwrap_err();
    assert_eq!(conflict.kind, StoreErrorKind::Conflict);
    assert!(tx.commit().await.is_err());
    assert_eq!(store.count("connections", "1 = 1").await, 0);
}

async fn an_abandoned_statement_does_not_block_the_store(store: TestStore) {
    for _ in 0..20 {
        let tx = store.db.begin().await.unwrap();
        // polled once, then dropped with the statement on its way
        let mut create = Box::pin(connections::create(&tx, new_connection("a")));
        let _ = futures::poll!(&mut create);
        drop(create);
        drop(tx);
    }
    assert_eq!(store.count("connections", "1 = 1").await, 0);
    store.connection("a").await;
}

async fn writers_at_the_same_time_lose_nothing(store: TestStore) {
    let target = store.connection("counter").await;
    let zero = ConnectionChange { options: Some(0.into()), ..ConnectionChange::default() };
    connections::update(&store.db, target.id, zero, None).await.unwrap();
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (db, id) = (store.db.clone(), target.id);
            tokio::spawn(async move {
                for round in 0..10 {
                    let tx = db.begin().await.unwrap();
                    // takes the record for this transaction on both backends
                    let touched = "UPDATE connections SET updated_at = updated_at WHERE id = $1";
                    tx.execute(touched, &[Value::Uuid(id)]).await.unwrap();
                    let seen = connections::get(&tx, id).await.unwrap().options.as_i64().unwrap();
                    let next =
                        ConnectionChange { options: Some((seen + 1).into()), ..ConnectionChange::default() };
                    connections::update(&tx, id, next, None).await.unwrap();
                    connections::create(&tx, new_connection(&format!("{writer}-{round}"))).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(connections::get(&store.db, target.id).await.unwrap().options, 80);
    assert_eq!(store.count("connections", "1 = 1").await, 81);
}

async fn readers_see_only_what_was_committed(store: TestStore) {
    let tx = store.db.begin().await.unwrap();
    connections::create(&tx, new_connection("a")).await.unwrap();
    assert_eq!(store.count("connections", "1 = 1").await, 0);
    tx.commit().await.unwrap();
    assert_eq!(store.count("connections", "1 = 1").await, 1);
}

async fn values_come_back_as_they_went_in(store: TestStore) {
    let document =
        serde_json::json!({"big": 9_007_199_254_740_993_i64, "text": "Grüße '$1' \"?\" \\", "none": null});
    let made = store.connection("Ünï'cödé $1 ?2").await;
    let change = ConnectionChange { options: Some(document.clone()), ..ConnectionChange::default() };
    let changed = connections::update(&store.db, made.id, change, None).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.options), ("Ünï'cödé $1 ?2", document));
    assert_eq!(changed.created_at, made.created_at);
    assert_eq!(changed.updated_by, None);
}

async fn a_nul_in_a_text_is_no_error(store: TestStore) {
    let made = store.connection("a\0b").await;
    let options = serde_json::json!({"value": "x\0y", "path": "\\u0000"});
    let change = ConnectionChange { options: Some(options), ..ConnectionChange::default() };
    let changed = connections::update(&store.db, made.id, change, None).await.unwrap();
    assert_eq!(changed.name.replace('\u{fffd}', "\0"), "a\0b");
    assert_eq!(changed.options["path"], "\\u0000");
    assert_eq!(changed.options["value"].as_str().unwrap().replace('\u{fffd}', "\0"), "x\0y");
}
