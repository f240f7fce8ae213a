//! Vectors: kept, replaced, removed, and the nearest found, with the same distances on both backends.

use querent::model::Id;
use querent::store::embeddings::{self, Embedding};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(the_nearest_come_first, what_changed_is_replaced_and_what_went_is_removed);

fn embedding(kind: &str, subject: &str, vector: &[f32]) -> Embedding {
    Embedding {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        fingerprint: format!("{vector:?}"),
        vector: vector.to_vec(),
    }
}

async fn put(store: &TestStore, connection: Id, model: &str, vectors: Vec<Embedding>) {
    let tx = store.db.begin().await.unwrap();
    embeddings::put(&tx, connection, model, vectors).await.unwrap();
    tx.commit().await.unwrap();
}

async fn the_nearest_come_first(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let other = store.connection("other").await.id;
    let vectors = vec![
        embedding("table", "same", &[2.0, 0.0, 0.0]),
        embedding("table", "near", &[1.0, 1.0, 0.0]),
        embedding("table", "across", &[0.0, 0.0, 1.0]),
        embedding("table", "opposite", &[-1.0, 0.0, 0.0]),
        embedding("table", "of another length", &[1.0, 0.0]),
        embedding("column", "of another kind", &[1.0, 0.0, 0.0]),
    ];
    put(&store, connection, "m", vectors).await;
    put(&store, connection, "other model", vec![embedding("table", "x", &[1.0, 0.0, 0.0])]).await;
    put(&store, other, "m", vec![embedding("table", "y", &[1.0, 0.0, 0.0])]).await;
    let near = embeddings::nearest(&store.db, connection, "m", "table", &[1.0, 0.0, 0.0], 10).await.unwrap();
    let subjects: Vec<&str> = near.iter().map(|n| n.subject.as_str()).collect();
    assert_eq!(subjects, ["same", "near", "across", "opposite"]);
    let expected = [0.0, 1.0 - 1.0 / 2.0_f64.sqrt(), 1.0, 2.0];
    for (found, expected) in near.iter().zip(expected) {
        assert!((found.distance - expected).abs() < 1e-6, "{found:?}");
    }
    let two = embeddings::nearest(&store.db, connection, "m", "table", &[1.0, 0.0, 0.0], 2).await.unwrap();
    assert_eq!(two, near[..2]);
}

async fn what_changed_is_replaced_and_what_went_is_removed(store: TestStore) {
    let connection = store.connection("shop").await.id;
    let many: Vec<Embedding> =
        (1..=1200).map(|n| embedding("column", &format!("c{n:04}"), &[n as f32, 1.0])).collect();
    put(&store, connection, "m", many).await;
    put(&store, connection, "m", vec![embedding("column", "c0001", &[0.0, 5.0])]).await;
    let kept = embeddings::kept(&store.db, connection, "m").await.unwrap();
    assert_eq!(kept.len(), 1200);
    let near = embeddings::nearest(&store.db, connection, "m", "column", &[0.0, 1.0], 1).await.unwrap();
    assert_eq!(near[0].subject, "c0001");
    let gone = [("column".to_owned(), "c0001".to_owned())];
    let tx = store.db.begin().await.unwrap();
    embeddings::remove(&tx, connection, "m", &gone).await.unwrap();
    tx.commit().await.unwrap();
    let near = embeddings::nearest(&store.db, connection, "m", "column", &[0.0, 1.0], 1).await.unwrap();
    assert_eq!(near[0].subject, "c0002");
}
