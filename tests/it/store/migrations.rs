//! Migrations: up, down, up again; drift is noticed; starters at the same time do not collide; nothing is left half.

use querent::store::migrate::{self, Contract, Migration, Phase};
use querent::store::{Conn, Db, Dialect, StoreErrorKind};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    up_and_down_and_up_again,
    a_changed_migration_is_noticed,
    an_unknown_migration_is_noticed,
    starters_at_the_same_time_wait_for_one_another,
    a_failing_migration_leaves_nothing_behind,
    an_older_program_works_with_expand_steps_of_a_newer_one,
    an_older_program_refuses_other_steps_of_a_newer_one,
    a_store_from_before_there_were_phases_is_accepted,
    contract_steps_wait_until_they_are_asked_for,
    a_new_store_gets_contract_steps_at_once,
    tables_are_made_anew_without_losing_what_refers_to_them,
    a_rebuild_that_breaks_references_is_undone,
);

/// A migration of a later version of the program.
const LATER: Migration = Migration {
    version: 9001,
    name: "9001_later",
    phase: Phase::Expand,
    rebuilds: false,
    up: "CREATE TABLE later (x integer)",
    down: "DROP TABLE later",
};

/// The program's migrations and some more.
fn with(db: &Db, more: &[Migration]) -> Vec<Migration> {
    [migrate::known(db.dialect()), more].concat()
}

fn names(more: &[Migration]) -> Vec<String> {
    more.iter().map(|m| m.name.to_owned()).collect()
}

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

async fn an_older_program_works_with_expand_steps_of_a_newer_one(store: TestStore) {
    let applied = migrate::apply(&store.db, &with(&store.db, &[LATER]), Contract::WhenAlone).await.unwrap();
    assert_eq!(applied, names(&[LATER]));
    migrate::require_current(&store.db).await.unwrap();
    assert!(migrate::up(&store.db).await.unwrap().is_empty());
    let status = migrate::status(&store.db).await.unwrap().pop().unwrap();
    assert_eq!((status.known, status.name.as_str(), status.phase.as_str()), (false, LATER.name, "expand"));
    // it does not know how to undo it, and nothing before it is undone over its head
    let error = migrate::down(&store.db, 1).await.unwrap_err();
    assert!(error.message.contains(LATER.name), "{error}");
    assert_eq!(migrate::undo(&store.db, &with(&store.db, &[LATER]), 1).await.unwrap(), names(&[LATER]));
}

async fn an_older_program_refuses_other_steps_of_a_newer_one(store: TestStore) {
    for phase in [Phase::Contract, Phase::Breaking] {
        let newer = with(&store.db, &[Migration { phase, ..LATER }]);
        migrate::apply(&store.db, &newer, Contract::Now).await.unwrap();
        for result in [migrate::up(&store.db).await.map(drop), migrate::require_current(&store.db).await] {
            let error = result.unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Migration);
            assert!(error.message.contains(LATER.name), "{error}");
        }
        migrate::undo(&store.db, &newer, 1).await.unwrap();
    }
}

async fn a_store_from_before_there_were_phases_is_accepted(store: TestStore) {
    store.db.execute("ALTER TABLE migrations DROP COLUMN phase", &[]).await.unwrap();
    migrate::require_current(&store.db).await.unwrap();
    let later = with(&store.db, &[LATER]);
    assert_eq!(migrate::apply(&store.db, &later, Contract::WhenAlone).await.unwrap(), names(&[LATER]));
    migrate::require_current(&store.db).await.unwrap();
}

async fn contract_steps_wait_until_they_are_asked_for(store: TestStore) {
    let contract = Migration {
        version: 9002,
        name: "9002_contract",
        phase: Phase::Contract,
        up: "CREATE TABLE tidied (x integer)",
        down: "DROP TABLE tidied",
        ..LATER
    };
    let after = Migration {
        version: 9003,
        name: "9003_after",
        up: "CREATE TABLE after_all (x integer)",
        down: "DROP TABLE after_all",
        ..LATER
    };
    let list = with(&store.db, &[contract, after]);
    let applied = migrate::apply(&store.db, &list, Contract::WhenAlone).await.unwrap();
    assert_eq!(applied, names(&[after]), "an expand step does not wait for it");
    let status = migrate::status_of(&store.db, &list).await.unwrap();
    let open: Vec<_> = status.iter().filter(|s| s.applied_at.is_none()).map(|s| s.name.as_str()).collect();
    assert_eq!(open, [contract.name]);
    assert_eq!(migrate::apply(&store.db, &list, Contract::Now).await.unwrap(), names(&[contract]));
}

async fn a_new_store_gets_contract_steps_at_once(store: TestStore) {
    undo_all(&store.db).await;
    let list = with(&store.db, &[Migration { phase: Phase::Contract, ..LATER }]);
    assert_eq!(migrate::apply(&store.db, &list, Contract::WhenAlone).await.unwrap().len(), list.len());
}

/// Two tables, one refers to the other and goes with it.
const PAIR: Migration = Migration {
    up: "CREATE TABLE owners (id integer PRIMARY KEY, name text); \
         CREATE TABLE pets (id integer PRIMARY KEY, owner integer REFERENCES owners (id) ON DELETE CASCADE); \
         INSERT INTO owners VALUES (1, 'a'); INSERT INTO pets VALUES (1, 1);",
    down: "DROP TABLE pets; DROP TABLE owners;",
    ..LATER
};

async fn tables_are_made_anew_without_losing_what_refers_to_them(store: TestStore) {
    let (up, down) = match store.db.dialect() {
        Dialect::Sqlite => (
            "CREATE TABLE anew (id integer PRIMARY KEY, name text NOT NULL); \
             INSERT INTO anew SELECT id, name FROM owners; DROP TABLE owners; ALTER TABLE anew RENAME TO owners;",
            "CREATE TABLE anew (id integer PRIMARY KEY, name text); \
             INSERT INTO anew SELECT id, name FROM owners; DROP TABLE owners; ALTER TABLE anew RENAME TO owners;",
        ),
        Dialect::Postgres => (
            "ALTER TABLE owners ALTER COLUMN name SET NOT NULL",
            "ALTER TABLE owners ALTER COLUMN name DROP NOT NULL",
        ),
    };
    let rebuild = Migration { version: 9002, name: "9002_rebuild", rebuilds: true, up, down, ..LATER };
    let last = Migration { version: 9003, name: "9003_last", ..LATER };
    let list = with(&store.db, &[PAIR, rebuild, last]);
    assert_eq!(migrate::apply(&store.db, &list, Contract::WhenAlone).await.unwrap().len(), 3);
    assert_eq!(store.count("pets", "owner = 1").await, 1);
    let nameless = store.db.execute("INSERT INTO owners (id) VALUES (2)", &[]).await;
    assert!(nameless.is_err(), "the new form does not hold");
    // references hold again, for this session too
    let error = store.db.execute("INSERT INTO pets VALUES (2, 7)", &[]).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::BrokenReference);
    assert_eq!(migrate::undo(&store.db, &list, 2).await.unwrap().len(), 2);
    assert_eq!(store.count("pets", "owner = 1").await, 1);
    store.db.execute("INSERT INTO owners (id) VALUES (2)", &[]).await.unwrap();
}

async fn a_rebuild_that_breaks_references_is_undone(store: TestStore) {
    let up = match store.db.dialect() {
        Dialect::Sqlite => "DROP TABLE owners; CREATE TABLE owners (id integer PRIMARY KEY, name text);",
        Dialect::Postgres => "DELETE FROM owners; INSERT INTO pets VALUES (3, 1);",
    };
    let rebuild = Migration { version: 9002, name: "9002_rebuild", rebuilds: true, up, down: "", ..LATER };
    let error =
        migrate::apply(&store.db, &with(&store.db, &[PAIR, rebuild]), Contract::WhenAlone).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Migration);
    assert!(error.message.contains(rebuild.name), "{error}");
    assert_eq!(store.count("owners", "name = 'a'").await, 1);
    assert_eq!(store.count("pets", "owner = 1").await, 1);
    let error = store.db.execute("INSERT INTO pets VALUES (2, 7)", &[]).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::BrokenReference);
}
