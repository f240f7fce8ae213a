//! Drift of the store's own schema: whatever was changed behind the migrations' back is named, and looking leaves no trace.

use querent::store::migrate::{self, Contract, Drift, Migration, Phase};
use querent::store::{Conn, Dialect};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    a_store_as_its_migrations_made_it_has_no_drift,
    what_was_changed_by_hand_is_named,
    a_store_that_is_not_migrated_to_the_end_has_no_drift,
    what_a_newer_program_added_is_no_drift,
    looking_leaves_nothing_behind,
);

fn names(drift: &Drift) -> Vec<&str> {
    drift.differences.iter().map(|d| d.what.as_str()).collect()
}

async fn a_store_as_its_migrations_made_it_has_no_drift(store: TestStore) {
    store.connection("shop").await;
    let drift = migrate::verify(&store.db).await.unwrap();
    assert_eq!(names(&drift), Vec::<&str>::new());
    assert!(drift.compared > 100, "{}", drift.compared);
}

async fn what_was_changed_by_hand_is_named(store: TestStore) {
    for sql in [
        "ALTER TABLE crawls ADD COLUMN note text",
        "DROP INDEX impacts_version_idx",
        "CREATE INDEX by_hand ON audits (action)",
        "CREATE TABLE by_hand_too (x integer)",
    ] {
        store.db.execute(sql, &[]).await.unwrap();
    }
    let drift = migrate::verify(&store.db).await.unwrap();
    let found = names(&drift);
    for what in [
        "column crawls.note",
        "column by_hand_too.x",
        "index by_hand",
        "index impacts_version_idx",
        "table by_hand_too",
    ] {
        assert!(found.contains(&what), "{what} is not among {found:?}");
    }
    let gone = drift.differences.iter().find(|d| d.what == "index impacts_version_idx").unwrap();
    assert!(gone.made.as_ref().unwrap().contains("to_version_id") && gone.found.is_none(), "{gone:?}");
    let other = match store.db.dialect() {
        Dialect::Sqlite => "table crawls",
        Dialect::Postgres => "column crawls.note",
    };
    assert!(found.contains(&other), "{found:?}");
    assert_eq!(found.len(), if store.db.dialect() == Dialect::Sqlite { 6 } else { 5 }, "{found:?}");
}

async fn a_store_that_is_not_migrated_to_the_end_has_no_drift(store: TestStore) {
    migrate::down(&store.db, 2).await.unwrap();
    assert_eq!(names(&migrate::verify(&store.db).await.unwrap()), Vec::<&str>::new());
}

async fn what_a_newer_program_added_is_no_drift(store: TestStore) {
    let later = Migration {
        version: 9001,
        name: "9001_later",
        phase: Phase::Expand,
        rebuilds: false,
        up: "ALTER TABLE connections ADD COLUMN later text; CREATE TABLE later (x integer)",
        down: "",
    };
    let list = [migrate::known(store.db.dialect()), &[later]].concat();
    migrate::apply(&store.db, &list, Contract::WhenAlone).await.unwrap();
    assert_eq!(names(&migrate::verify_of(&store.db, &list).await.unwrap()), Vec::<&str>::new());
    let drift = migrate::verify(&store.db).await.unwrap();
    assert_eq!(drift.newer, ["9001_later"]);
    assert_eq!(names(&drift), Vec::<&str>::new());
}

async fn looking_leaves_nothing_behind(store: TestStore) {
    let first = migrate::verify(&store.db).await.unwrap();
    assert_eq!(migrate::verify(&store.db).await.unwrap(), first);
    if store.db.dialect() == Dialect::Postgres {
        let sql = "SELECT count(*) AS n FROM pg_namespace WHERE nspname LIKE 'querent%'";
        assert_eq!(store.db.query(sql, &[]).await.unwrap()[0].int("n").unwrap(), 0);
    }
}
