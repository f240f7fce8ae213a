//! The master keys: who keeps them, their rotation over both stores, and what becomes of what was sealed before.

mod command;
mod vault;

use std::path::Path;

use querent::config::{KeySource, SecretSettings, VaultSettings};
use querent::error::{Class, Error};
use querent::model::{Id, JobState};
use querent::rekey::{self, Resealed, Usage};
use querent::secrets::{Keeper, Keys, Sealed, Secret};
use querent::store::connections::{self, NewConnection};
use querent::store::{self, Conn};

use crate::harness::{TestStore, new_connection};
use crate::store::store_suite;
use crate::test_app::TestApp;
use vault::{FakeVault, TOKEN};

store_suite!(
    a_rotation_that_was_broken_off_goes_on_and_the_old_key_can_go,
    a_text_that_does_not_open_is_told_and_its_key_stays,
    texts_of_a_file_move_to_vault_and_back,
);

async fn keep(store: &TestStore, keys: &Keys, number: usize) -> Id {
    let new = new_connection(&format!("c{number}"));
    let secret = Secret::new(format!("postgres://u:hunter{number}@h/d"));
    let sealed_uri = keys.seal(&secret, &new.id.to_string()).await.unwrap();
    connections::create(&store.db, NewConnection { sealed_uri, ..new }).await.unwrap().id
}

async fn opened(store: &TestStore, keys: &Keys, id: Id) -> String {
    let row = store.db.query("SELECT sealed_uri FROM connections WHERE id = $1", &[id.into()]).await.unwrap();
    let text = row[0].text("sealed_uri").unwrap();
    keys.unseal(&text, &id.to_string()).await.unwrap().expose().to_owned()
}

fn used(keeper: Keeper, version: u32, texts: u64) -> Usage {
    Usage { place: "connections.sealed_uri".into(), key: Some((keeper, version)), texts }
}

async fn a_rotation_that_was_broken_off_goes_on_and_the_old_key_can_go(store: TestStore) {
    let keys = Keys::of_file(&store.folder.join("secret.key")).await.unwrap();
    let mut ids = Vec::new();
    for number in 0..450 {
        ids.push(keep(&store, &keys, number).await);
    }
    connections::delete(&store.db, ids[7], None).await.unwrap();
    assert_eq!(rekey::usage(&store.db).await.unwrap(), [used(Keeper::Local, 1, 450)]);
    let (version, job) = rekey::rotate(&store.db, &keys, "owner").await.unwrap();
    assert_eq!((version, job.unwrap().kind.as_str()), (2, "reseal"));
    // a second rotation finds the job waiting
    assert_eq!(rekey::rotate(&store.db, &keys, "owner").await.unwrap(), (3, None));

    // it ends in the middle, as when the daemon stops
    let stop = |_: Resealed| Err(Error::new("J007", Class::Cancelled, "told to stop"));
    assert_eq!(rekey::reseal(&store.db, &keys, stop).await.unwrap_err().code, "J007");
    let half = rekey::usage(&store.db).await.unwrap();
    assert_eq!(half, [used(Keeper::Local, 1, 250), used(Keeper::Local, 3, 200)]);
    // keys that are needed stay
    assert_eq!(rekey::prune(&store.db, &keys, "owner").await.unwrap(), [2]);
    assert_eq!(opened(&store, &keys, ids[449]).await, "postgres://u:hunter449@h/d");

    let done = rekey::reseal(&store.db, &keys, |_| Ok(())).await.unwrap();
    assert_eq!(done, Resealed { seen: 450, changed: 250, failed: 0 });
    assert_eq!(rekey::reseal(&store.db, &keys, |_| Ok(())).await.unwrap().changed, 0);
    assert_eq!(rekey::usage(&store.db).await.unwrap(), [used(Keeper::Local, 3, 450)]);
    assert_eq!(rekey::prune(&store.db, &keys, "owner").await.unwrap(), [1]);
    assert_eq!(rekey::prune(&store.db, &keys, "owner").await.unwrap(), [] as [u32; 0]);
    // another daemon, which starts now, opens all of it; the deleted one too
    let fresh = Keys::of_file(&store.folder.join("secret.key")).await.unwrap();
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(opened(&store, &fresh, *id).await, format!("postgres://u:hunter{number}@h/d"));
    }
    let audits = store::audits::list(&store.db, querent::model::PageRequest::first()).await.unwrap();
    let actions: Vec<&str> = audits.items.iter().map(|a| a.action.as_str()).collect();
    assert_eq!(actions, ["keys.prune", "keys.prune", "keys.rotate", "keys.rotate"]);
}

async fn a_text_that_does_not_open_is_told_and_its_key_stays(store: TestStore) {
    let keys = Keys::of_file(&store.folder.join("secret.key")).await.unwrap();
    let good = keep(&store, &keys, 1).await;
    store.connection("nonsense").await;
    let other = Keys::of_file(&store.folder.join("other.key")).await.unwrap();
    keep(&store, &other, 2).await;
    rekey::rotate(&store.db, &keys, "owner").await.unwrap();
    let done = rekey::reseal(&store.db, &keys, |_| Ok(())).await.unwrap();
    assert_eq!(done, Resealed { seen: 3, changed: 1, failed: 2 });
    assert_eq!(rekey::complete(done).unwrap_err().code, "V031");
    assert_eq!(rekey::prune(&store.db, &keys, "owner").await.unwrap(), [] as [u32; 0]);
    assert_eq!(opened(&store, &keys, good).await, "postgres://u:hunter1@h/d");
}

fn of_vault(address: &str) -> SecretSettings {
    let vault = VaultSettings {
        address: address.to_owned(),
        token: Secret::new(TOKEN),
        namespace: "ns1".to_owned(),
        mount: "teams/transit".to_owned(),
        key: "querent".to_owned(),
        ..VaultSettings::default()
    };
    SecretSettings { provider: KeySource::Vault, timeout: 5, vault, ..SecretSettings::default() }
}

fn install_tls() {
    // the first test of the binary installs it, the others find it there
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

async fn texts_of_a_file_move_to_vault_and_back(store: TestStore) {
    install_tls();
    let vault = FakeVault::start().await;
    let file = Keys::of_file(&store.folder.join("secret.key")).await.unwrap();
    let id = keep(&store, &file, 1).await;
    let keys = Keys::open(&of_vault(&vault.address), &store.folder).await.unwrap();
    assert_eq!(opened(&store, &keys, id).await, "postgres://u:hunter1@h/d");
    let second = keep(&store, &keys, 2).await;
    rekey::reseal(&store.db, &keys, |_| Ok(())).await.unwrap();
    assert_eq!(rekey::usage(&store.db).await.unwrap(), [used(Keeper::Vault, 1, 2)]);
    assert_eq!(rekey::rotate(&store.db, &keys, "owner").await.unwrap().0, 2);
    let done = rekey::reseal(&store.db, &keys, |_| Ok(())).await.unwrap();
    assert_eq!(done, Resealed { seen: 2, changed: 2, failed: 0 });
    assert_eq!(rekey::usage(&store.db).await.unwrap(), [used(Keeper::Vault, 2, 2)]);
    assert_eq!(opened(&store, &keys, second).await, "postgres://u:hunter2@h/d");
    // the secrets themselves never went there
    assert!(!vault.bodies().contains("hunter"));

    // without the file nothing is missed any more
    std::fs::remove_file(store.folder.join("secret.key")).unwrap();
    let alone = Keys::open(&of_vault(&vault.address), &store.folder).await.unwrap();
    assert_eq!(opened(&store, &alone, id).await, "postgres://u:hunter1@h/d");
    // and back: what Vault wrapped opens as long as its settings stand
    let back = SecretSettings { provider: KeySource::File, ..of_vault(&vault.address) };
    let back = Keys::open(&back, &store.folder).await.unwrap();
    rekey::reseal(&store.db, &back, |_| Ok(())).await.unwrap();
    assert_eq!(rekey::usage(&store.db).await.unwrap(), [used(Keeper::Local, 1, 2)]);
    vault.stop().await;
    let alone = Keys::of_file(&store.folder.join("secret.key")).await.unwrap();
    assert_eq!(opened(&store, &alone, id).await, "postgres://u:hunter1@h/d");
}

async fn refused(settings: &SecretSettings, folder: &Path) -> Error {
    let keys = match Keys::open(settings, folder).await {
        Ok(keys) => keys,
        Err(error) => return error,
    };
    let error = keys.seal(&Secret::new("hunter2"), "a").await.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2") && !format!("{error:?}").contains(TOKEN), "{error:?}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vault_refuses_is_told_without_its_words() {
    install_tls();
    let folder = tempfile::tempdir().unwrap();
    let vault = FakeVault::start().await;
    let good = of_vault(&vault.address);
    let with = |change: &dyn Fn(&mut VaultSettings)| {
        let mut settings = good.clone();
        change(&mut settings.vault);
        settings
    };
    let token = folder.path().join("token");
    std::fs::write(&token, "stale\n").unwrap();
    for (settings, code) in [
        (with(&|v| v.token = Secret::new("guess")), "V021"),
        (with(&|v| v.namespace.clear()), "V021"),
        (with(&|v| v.token_file = token.clone()), "V021"),
        (with(&|v| v.token_file = folder.path().join("none")), "V024"),
        (with(&|v| v.token = Secret::new("a\nb")), "V024"),
        (with(&|v| v.key = "other".into()), "V023"),
        (with(&|v| v.key = "../sys/seal".into()), "V024"),
        (with(&|v| v.mount = "a/../../sys".into()), "V024"),
        (with(&|v| v.address = "http://vault.example.org".into()), "V024"),
        (with(&|v| v.address = "file:///etc".into()), "V024"),
        (with(&|v| v.address = "http://127.0.0.1:1".into()), "V020"),
        (with(&|v| v.ca = folder.path().join("none.pem")), "V024"),
    ] {
        let error = refused(&settings, folder.path()).await;
        assert_eq!(error.code, code, "{error:?}");
    }
    // an agent writes a new token: the next request takes it
    let keys = Keys::open(&with(&|v| v.token_file = token.clone()), folder.path()).await.unwrap();
    std::fs::write(&token, TOKEN).unwrap();
    let text = keys.seal(&Secret::new("hunter2"), "a").await.unwrap();
    assert_eq!(keys.unseal(&text, "a").await.unwrap().expose(), "hunter2");
    // it opens for its own record alone, and not when a byte is changed
    assert_eq!(keys.unseal(&text, "b").await.unwrap_err().code, "V003");
    assert_eq!(Sealed::peek(&text).unwrap(), (Keeper::Vault, 1));
    let changed = text.replacen("q2.1.", "q2.1.AA", 1);
    assert!(keys.unseal(&changed, "a").await.is_err());
    vault.go_strange();
    assert_eq!(keys.unseal(&text, "a").await.unwrap_err().code, "V022");
    vault.stop().await;
    // a text that Vault's key sealed, and no Vault in the settings
    let file = Keys::of_file(&folder.path().join("secret.key")).await.unwrap();
    assert_eq!(file.unseal(&text, "a").await.unwrap_err().code, "V005");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_does_the_job_and_its_connections_stay_open() {
    let app = TestApp::start().await;
    let id = app.shop().await;
    let db = crate::harness::as_owner(&app.app.db);
    let (_, job) = rekey::rotate(&db, &app.app.keys, "owner").await.unwrap();
    let job = app
        .wait(&format!("/api/v1/jobs/{}", job.unwrap().id), |job| {
            !matches!(job["job"]["state"].as_str(), Some("queued" | "running"))
        })
        .await;
    assert_eq!(job["job"]["state"], JobState::Succeeded.as_str(), "{job}");
    assert_eq!(rekey::usage(&db).await.unwrap(), [used(Keeper::Local, 2, 1)]);
    assert_eq!(rekey::prune(&db, &app.app.keys, "owner").await.unwrap(), [1]);
    let (status, body) = app.post(&format!("/api/v1/connections/{id}/test"), serde_json::json!({})).await;
    assert_eq!(status, reqwest::StatusCode::OK, "{body}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_sealed_texts_is_in_the_list_that_a_rotation_goes_through() {
    crate::harness::on_sqlite(|store| async move {
        let sql = "SELECT t.name || '.' || c.name AS place FROM sqlite_master t, pragma_table_info(t.name) c \
                   WHERE t.type = 'table' AND c.name LIKE 'sealed%' AND c.name <> 'sealed_at' ORDER BY 1";
        let rows = store.db.query(sql, &[]).await.unwrap();
        let found: Vec<String> = rows.iter().map(|row| row.text("place").unwrap()).collect();
        let mut listed: Vec<String> =
            store::sealed::PLACES.iter().map(|p| format!("{}.{}", p.table, p.column)).collect();
        listed.sort();
        assert_eq!(found, listed);
    })
    .await;
}
