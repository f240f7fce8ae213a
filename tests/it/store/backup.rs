//! Backup and restore: the same content comes back, from under load and from one backend to the other; whatever goes wrong
//! leaves the store and the disk as they were.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use querent::backup::{self, Contents, Opener, Restore, Summary};
use querent::error::Error;
use querent::secrets::{Keyring, Secret};
use querent::store::embeddings::{self, Embedding};
use querent::store::portable::{self, Pages};
use querent::store::{Conn, Db, Dialect, audits, catalog, connections, migrate, settings};
use serde_json::{Value, json};

use super::snapshots::snapshot;
use super::{store_suite, work};
use crate::harness::{self, TestStore, new_connection};

store_suite!(
    everything_comes_back_on_the_same_backend,
    everything_goes_to_the_other_backend_and_back,
    a_backup_under_load_is_of_one_moment,
    a_store_in_use_is_not_overwritten_unless_told,
    a_damaged_backup_changes_nothing,
    a_locked_backup_opens_with_its_secret_alone,
    an_older_store_is_restored_and_brought_up_to_date,
    a_backup_that_is_given_up_leaves_no_file,
    files_of_the_data_folder_come_along_when_asked,
);

fn quiet(_: &str, _: u64) {}

fn contents(folder: &Path) -> Contents<'_> {
    Contents {
        opener: Opener::None,
        compressed: true,
        folder,
        results: false,
        attachments: false,
        keys: false,
    }
}

async fn save(store: &TestStore, name: &str) -> PathBuf {
    let file = store.folder.join(name);
    backup::save(&store.db, &file, contents(&store.folder), &quiet).await.unwrap();
    file
}

async fn restore(db: &Db, file: &Path) -> Result<Summary, Error> {
    let how = Restore { opener: Opener::None, folder: None, replace: false };
    backup::restore(db, file, how, &quiet).await
}

/// Something in many tables: more rows than one batch, documents, vectors, words of all sorts.
async fn furnish(store: &TestStore) {
    let shop = store.connection("shop").await;
    let tx = store.db.begin().await.unwrap();
    let prepared = catalog::prepare(Arc::new(snapshot(50))).await.unwrap();
    catalog::publish(&tx, shop.id, &prepared, None).await.unwrap();
    let vectors = vec![Embedding {
        kind: "table".to_owned(),
        subject: "public.entity".to_owned(),
        fingerprint: "x".to_owned(),
        vector: vec![0.1, -2.5, 1e-9],
    }];
    embeddings::put(&tx, shop.id, "m", vectors).await.unwrap();
    let words = json!({ "z": [1, 2.5, null, true], "a": "q\"\\ \u{1f600} \n", "big": 12345678901234567_u64 });
    settings::put(&tx, "words", words, Some("owner")).await.unwrap();
    tx.commit().await.unwrap();
    work::query(store, shop.id).await;
}

/// All rows by table; texts that are documents as documents.
async fn rows(db: &Db) -> Vec<(String, Vec<Vec<Value>>)> {
    let view = db.snapshot().await.unwrap();
    let mut all = Vec::new();
    for table in portable::tables(&view).await.unwrap() {
        let (mut pages, mut rows) = (Pages::new(&table), Vec::new());
        loop {
            let some = pages.next(&view).await.unwrap();
            if some.is_empty() {
                break;
            }
            rows.extend(some.into_iter().map(|row| row.into_iter().map(read).collect::<Vec<Value>>()));
        }
        rows.sort_by_key(|row| row[0].to_string());
        all.push((table.name.clone(), rows));
    }
    all
}

fn read(cell: Value) -> Value {
    match cell.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        Some(document) if document.is_object() || document.is_array() => document,
        _ => cell,
    }
}

/// A new store of the same or of the other backend.
async fn elsewhere<F: Future<Output = ()>>(dialect: Dialect, case: impl FnOnce(TestStore) -> F) {
    match dialect {
        Dialect::Sqlite => harness::on_sqlite(case).await,
        Dialect::Postgres => harness::on_postgres(case).await,
    }
}

async fn everything_comes_back_on_the_same_backend(store: TestStore) {
    furnish(&store).await;
    let file = save(&store, "whole.backup").await;
    let before = rows(&store.db).await;
    assert!(before.iter().any(|(name, rows)| name == "columns" && rows.len() == 600));
    let checked = backup::check(&file, Opener::None, &quiet).await.unwrap();
    elsewhere(store.db.dialect(), |other| async move {
        assert_eq!(restore(&other.db, &file).await.unwrap(), checked);
        assert_eq!(rows(&other.db).await, before);
        assert!(migrate::verify(&other.db).await.unwrap().differences.is_empty());
        migrate::require_current(&other.db).await.unwrap();
        // it is a store that works
        other.connection("another").await;
    })
    .await;
}

async fn everything_goes_to_the_other_backend_and_back(store: TestStore) {
    furnish(&store).await;
    let (file, before) = (save(&store, "there.backup").await, rows(&store.db).await);
    let (here, there) = match store.db.dialect() {
        Dialect::Sqlite => (Dialect::Sqlite, Dialect::Postgres),
        Dialect::Postgres => (Dialect::Postgres, Dialect::Sqlite),
    };
    elsewhere(there, |other| async move {
        restore(&other.db, &file).await.unwrap();
        assert!(migrate::verify(&other.db).await.unwrap().differences.is_empty());
        other.connection("only there").await;
        let back = save(&other, "back.backup").await;
        elsewhere(here, |third| async move {
            restore(&third.db, &back).await.unwrap();
            third.db.execute("DELETE FROM connections WHERE name = 'only there'", &[]).await.unwrap();
            assert_eq!(rows(&third.db).await, before);
        })
        .await;
    })
    .await;
}

async fn a_backup_under_load_is_of_one_moment(store: TestStore) {
    furnish(&store).await;
    let (ended, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = {
        let (db, ended, acknowledged) = (store.db.clone(), ended.clone(), acknowledged.clone());
        tokio::spawn(async move {
            let mut number = 0_u64;
            while !ended.load(Ordering::SeqCst) {
                number += 1;
                // three tables in one transaction: the first, one in the middle, and one of the last that are read
                let tx = db.begin().await.unwrap();
                settings::put(&tx, &format!("load/{number:08}"), json!(number), None).await.unwrap();
                connections::create(&tx, new_connection(&format!("load {number:08}"))).await.unwrap();
                audits::add(&tx, "owner", "load", &number.to_string(), json!({})).await.unwrap();
                tx.commit().await.unwrap();
                acknowledged.store(number, Ordering::SeqCst);
            }
        })
    };
    for round in 0..3 {
        let from = acknowledged.load(Ordering::SeqCst) + 20;
        while acknowledged.load(Ordering::SeqCst) < from {
            tokio::task::yield_now().await;
        }
        let least = acknowledged.load(Ordering::SeqCst);
        let file = save(&store, &format!("load{round}.backup")).await;
        let most = acknowledged.load(Ordering::SeqCst) + 1;
        elsewhere(store.db.dialect(), |other| async move {
            restore(&other.db, &file).await.unwrap();
            let n = other.count("settings", "key LIKE 'load/%'").await;
            assert_eq!(other.count("connections", "name LIKE 'load %'").await, n);
            assert_eq!(other.count("audits", "action = 'load'").await, n);
            let last = other.count("settings", &format!("key = 'load/{n:08}'")).await;
            assert_eq!(last, 1, "there is a gap before {n}");
            assert!((least..=most).contains(&(n as u64)), "{n} is not between {least} and {most}");
        })
        .await;
    }
    ended.store(true, Ordering::SeqCst);
    writer.await.unwrap();
}

async fn a_store_in_use_is_not_overwritten_unless_told(store: TestStore) {
    store.connection("backed up").await;
    let file = save(&store, "a.backup").await;
    store.connection("later").await;
    let error = restore(&store.db, &file).await.unwrap_err();
    assert_eq!(error.code, "B005");
    assert_eq!(store.count("connections", "1 = 1").await, 2);
    let how = Restore { opener: Opener::None, folder: None, replace: true };
    backup::restore(&store.db, &file, how, &quiet).await.unwrap();
    assert_eq!(store.count("connections", "name = 'backed up'").await, 1);
    assert_eq!(store.count("connections", "1 = 1").await, 1);
    let again = backup::save(&store.db, &file, contents(&store.folder), &quiet).await.unwrap_err();
    assert_eq!(again.code, "B007", "a backup is not overwritten");
}

async fn a_damaged_backup_changes_nothing(store: TestStore) {
    furnish(&store).await;
    let file = save(&store, "whole.backup").await;
    let before = rows(&store.db).await;
    let whole = std::fs::read(&file).unwrap();
    let damaged = store.folder.join("damaged.backup");
    let mut changed = whole.clone();
    let middle = changed.len() * 2 / 3;
    changed[middle] ^= 1;
    for bytes in [&whole[..whole.len() - 1], &whole[..middle], &changed, b"no backup", b""] {
        std::fs::write(&damaged, bytes).unwrap();
        let how = Restore { opener: Opener::None, folder: None, replace: true };
        let error = backup::restore(&store.db, &damaged, how, &quiet).await.unwrap_err();
        assert_eq!(error.code, "B002", "{error}");
        assert_eq!(rows(&store.db).await, before);
    }
    store.connection("still works").await;
}

async fn a_locked_backup_opens_with_its_secret_alone(store: TestStore) {
    store.connection("shop").await;
    let keys = || Opener::Keyring(Box::new(Keyring::generate().unwrap()));
    let word = |word: &str| Opener::Passphrase(Secret::new(word));
    for (number, (right, wrong)) in [(word("right"), word("wrong")), (keys(), keys())].into_iter().enumerate()
    {
        let file = store.folder.join(format!("{number}.backup"));
        let locked = Contents { opener: right.clone(), compressed: false, ..contents(&store.folder) };
        backup::save(&store.db, &file, locked, &quiet).await.unwrap();
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(4).any(|w| w == b"shop"), "a name can be read in a locked file");
        for opener in [wrong, Opener::None] {
            let how = Restore { opener, folder: None, replace: true };
            let error = backup::restore(&store.db, &file, how, &quiet).await.unwrap_err();
            assert_eq!(error.code, "B003");
        }
        assert_eq!(
            backup::check(&file, right, &quiet).await.unwrap().tables as usize,
            rows(&store.db).await.len()
        );
    }
    let open = Contents { keys: true, ..contents(&store.folder) };
    let error = backup::save(&store.db, &store.folder.join("keys.backup"), open, &quiet).await.unwrap_err();
    assert_eq!(error.code, "B007", "master keys in a file that anybody can read");
}

async fn an_older_store_is_restored_and_brought_up_to_date(store: TestStore) {
    let newest = migrate::known(store.db.dialect()).len();
    migrate::down(&store.db, newest - 8).await.unwrap();
    settings::put(&store.db, "old", json!(1), None).await.unwrap();
    let file = save(&store, "old.backup").await;
    elsewhere(store.db.dialect(), |other| async move {
        restore(&other.db, &file).await.unwrap();
        migrate::require_current(&other.db).await.unwrap();
        assert!(migrate::verify(&other.db).await.unwrap().differences.is_empty());
        assert_eq!(other.count("settings", "key = 'old'").await, 1);
    })
    .await;
}

async fn a_backup_that_is_given_up_leaves_no_file(store: TestStore) {
    furnish(&store).await;
    let file = store.folder.join("given-up.backup");
    let stop = tokio::sync::Notify::new();
    let report = |what: &str, _: u64| {
        if what == "columns" {
            stop.notify_one();
        }
    };
    tokio::select! {
        done = backup::save(&store.db, &file, contents(&store.folder), &report) => panic!("it came to its end: {done:?}"),
        () = stop.notified() => {}
    }
    let left: Vec<_> = std::fs::read_dir(&store.folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("given-up")), "{left:?}");
}

async fn files_of_the_data_folder_come_along_when_asked(store: TestStore) {
    for (path, text) in [
        ("results/one.arrow", "rows"),
        ("results/two.partial", "half"),
        ("attachments/ab/cd", "a picture"),
        ("secret.key", "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"),
    ] {
        let path = store.folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let opener = Opener::Passphrase(Secret::new("p"));
    let file = store.folder.join("files.backup");
    let all = Contents {
        opener: opener.clone(),
        results: true,
        attachments: true,
        keys: true,
        ..contents(&store.folder)
    };
    assert_eq!(backup::save(&store.db, &file, all, &quiet).await.unwrap().files, 3);
    elsewhere(store.db.dialect(), |other| async move {
        let how = |folder| Restore { opener: opener.clone(), folder: Some(folder), replace: false };
        // keys of another store are in the way: nothing comes
        std::fs::write(other.folder.join("secret.key"), "1 other").unwrap();
        let error = backup::restore(&other.db, &file, how(&other.folder), &quiet).await.unwrap_err();
        assert_eq!(error.code, "B007");
        assert!(!other.folder.join("results/one.arrow").exists());
        std::fs::remove_file(other.folder.join("secret.key")).unwrap();
        backup::restore(&other.db, &file, how(&other.folder), &quiet).await.unwrap();
        let text = |path: &str| std::fs::read_to_string(other.folder.join(path)).unwrap();
        assert_eq!(
            (text("results/one.arrow"), text("attachments/ab/cd")),
            ("rows".to_owned(), "a picture".to_owned())
        );
        assert!(text("secret.key").starts_with("1 AAAA"));
        assert!(!other.folder.join("results/two.partial").exists());
    })
    .await;
}
