//! Connections: made, changed, deleted, restored; names are unique; secrets stay sealed.

use catalog::Engine;
use querent::model::PageRequest;
use querent::secrets::{Keyring, Sealed, Secret};
use querent::store::StoreErrorKind;
use querent::store::connections::{self, ConnectionChange, NewConnection};
use serde_json::json;

use super::store_suite;
use crate::harness::{TestStore, new_connection};

store_suite!(
    a_connection_is_kept_as_it_was_given,
    a_change_touches_only_what_it_names,
    names_are_unique_without_case_until_deleted,
    a_deleted_connection_is_gone_and_can_be_restored,
    restore_is_refused_when_the_name_is_taken,
    pages_hold_everything_once_in_order,
    a_uri_is_nowhere_in_plain_text,
);

async fn a_connection_is_kept_as_it_was_given(store: TestStore) {
    let new = new_connection("shop");
    let made = connections::create(&store.db, new.clone()).await.unwrap();
    let read = connections::get(&store.db, new.id).await.unwrap();
    assert_eq!(made, read);
    assert_eq!((read.name.as_str(), read.engine), ("shop", Engine::Postgres));
    assert_eq!(read.options, json!({"include": ["public.*"]}));
    assert_eq!(read.created_by.as_deref(), Some("owner"));
    assert_eq!(connections::find_by_name(&store.db, "SHOP").await.unwrap(), Some(read));
    assert_eq!(connections::find_by_name(&store.db, "other").await.unwrap(), None);
}

async fn a_change_touches_only_what_it_names(store: TestStore) {
    let made = store.connection("shop").await;
    let change = ConnectionChange { policy: Some(json!({"max_rows": 10})), ..ConnectionChange::default() };
    let changed = connections::update(&store.db, made.id, change, Some("ann")).await.unwrap();
    assert_eq!(changed.policy, json!({"max_rows": 10}));
    assert_eq!(changed.updated_by.as_deref(), Some("ann"));
    assert!(changed.updated_at >= made.updated_at);
    assert_eq!(
        (changed.name, changed.sealed_uri, changed.options),
        (made.name, made.sealed_uri, made.options)
    );
    assert_eq!(changed.created_at, made.created_at);
}

async fn names_are_unique_without_case_until_deleted(store: TestStore) {
    let first = store.connection("shop").await;
    let error = connections::create(&store.db, new_connection("Shop")).await.unwrap_err();
    assert_eq!((error.kind, error.code()), (StoreErrorKind::Conflict, "S011"));
    assert!(error.hint.is_some());
    connections::delete(&store.db, first.id, None).await.unwrap();
    connections::create(&store.db, new_connection("Shop")).await.unwrap();
}

async fn a_deleted_connection_is_gone_and_can_be_restored(store: TestStore) {
    let made = store.connection("shop").await;
    connections::delete(&store.db, made.id, Some("ann")).await.unwrap();
    assert_eq!(connections::get(&store.db, made.id).await.unwrap_err().kind, StoreErrorKind::NotFound);
    assert!(connections::list(&store.db, PageRequest::first()).await.unwrap().items.is_empty());
    let twice = connections::delete(&store.db, made.id, None).await.unwrap_err();
    assert_eq!(twice.kind, StoreErrorKind::NotFound);
    let restored = connections::restore(&store.db, made.id, Some("ann")).await.unwrap();
    assert_eq!((restored.name, restored.deleted_at), (made.name, None));
}

async fn restore_is_refused_when_the_name_is_taken(store: TestStore) {
    let made = store.connection("shop").await;
    connections::delete(&store.db, made.id, None).await.unwrap();
    store.connection("shop").await;
    let error = connections::restore(&store.db, made.id, None).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Conflict);
}

async fn pages_hold_everything_once_in_order(store: TestStore) {
    for number in 0..7 {
        store.connection(&format!("c{number}")).await;
    }
    let mut names = Vec::new();
    let mut cursor = None;
    loop {
        let request = PageRequest::read(Some(3), cursor.as_deref()).unwrap();
        let page = connections::list(&store.db, request).await.unwrap();
        assert!(page.items.len() <= 3);
        names.extend(page.items.into_iter().map(|c| c.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(names, ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]);
}

fn sealed_connection(name: &str, uri: &str, keys: &Keyring) -> NewConnection {
    let new = new_connection(name);
    let sealed = Sealed::seal(&Secret::new(uri), &new.id.to_string(), keys).unwrap();
    NewConnection { sealed_uri: sealed.to_string(), ..new }
}

async fn a_uri_is_nowhere_in_plain_text(store: TestStore) {
    let keys = Keyring::generate().unwrap();
    let new = sealed_connection("shop", "postgres://reader:correct-horse@db.example/shop", &keys);
    let made = connections::create(&store.db, new).await.unwrap();
    let opened = Sealed::parse(&made.sealed_uri).unwrap().open(&made.id.to_string(), &keys).unwrap();
    assert!(opened.expose().contains("correct-horse"));
    assert!(!serde_json::to_string(&made).unwrap().contains("sealed_uri"));
    assert_eq!(
        store.count("connections", "sealed_uri LIKE '%correct%' OR display_uri LIKE '%correct%'").await,
        0
    );
    for file in std::fs::read_dir(&store.folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|window| window == b"correct-horse"));
    }
}
