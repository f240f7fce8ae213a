//! Migrations: up, down, up again; drift is noticed; starters at the same time do not collide; nothing is left half.

use querent::store::{Conn, Db, StoreErrorKind, migrate};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    up_and_down_and_up_again,
    a_changed_migration_is_noticed,
    an_unknown_migration_is_noticed,
    starters_at_the_same_time_wait_for_one_another,
    a_failing_migration_leaves_nothing_behind,
);

async fn undo_all(db: &Db) {
    let count = migrate::known(db.dialect()).len();
    assert_eq!(migrate::down(db, count).await.unwrap().len(), count);
}

async fn up_and_down_and_up_again(store: TestStore) {
    migrate::require_current(&store.db).await.unwrap();
    assert!(migrate::up(&store.db).await.unwrap().is_empty());
    undo_all(&store.db).await;
    assert!(migrate::status(&store.db).await.unwrap().iter().all(|s| s.applied_at.is_none()));
    let error = migrate::require_current(&store.db).await.unwrap_err();
    assert_eq!((error.kind, error.code()), (StoreErrorKind::NotMigrated, "S005"));
    let missing = store.db.query("SELECT name FROM connections", &[]).await.unwrap_err();
    assert_eq!(missing.kind, StoreErrorKind::NotMigrated);
    assert_eq!(migrate::up(&store.db).await.unwrap().len(), migrate::known(store.db.dialect()).len());
    store.connection("shop").await;
}

async fn a_changed_migration_is_noticed(store: TestStore) {
    store.db.execute("UPDATE migrations SET checksum = 'other' WHERE version = 2", &[]).await.unwrap();
    for result in [
        migrate::up(&store.db).await.map(drop),
        migrate::down(&store.db, 1).await.map(drop),
        migrate::status(&store.db).await.map(drop),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Migration);
        assert!(error.message.contains("0002"), "{error}");
        assert!(error.hint.unwrap().contains("migrate down"));
    }
}

async fn an_unknown_migration_is_noticed(store: TestStore) {
    let sql = "INSERT INTO migrations (version, name, checksum, applied_at) \
               SELECT 9999, '9999_future', 'x', applied_at FROM migrations WHERE version = 1";
    store.db.execute(sql, &[]).await.unwrap();
    let error = migrate::up(&store.db).await.unwrap_err();
    assert!(error.message.contains("9999_future"), "{error}");
    assert!(error.hint.unwrap().contains("newer version"));
}

async fn starters_at_the_same_time_wait_for_one_another(store: TestStore) {
    undo_all(&store.db).await;
    let starters: Vec<_> = (0..4)
        .map(|_| {
            let db = store.db.clone();
            tokio::spawn(async move { migrate::up(&db).await.unwrap().len() })
        })
        .collect();
    let mut applied = 0;
    for starter in starters {
        applied += starter.await.unwrap();
    }
    assert_eq!(applied, migrate::known(store.db.dialect()).len());
}

async fn a_failing_migration_leaves_nothing_behind(store: TestStore) {
    undo_all(&store.db).await;
    // a table in the way of the first migration's last one
    store.db.execute("CREATE TABLE audits (x integer)", &[]).await.unwrap();
    let error = migrate::up(&store.db).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Migration);
    assert!(migrate::status(&store.db).await.unwrap().iter().all(|s| s.applied_at.is_none()));
    let half = store.db.query("SELECT name FROM connections", &[]).await.unwrap_err();
    assert_eq!(half.kind, StoreErrorKind::NotMigrated);
    store.db.execute("DROP TABLE audits", &[]).await.unwrap();
    migrate::up(&store.db).await.unwrap();
}
