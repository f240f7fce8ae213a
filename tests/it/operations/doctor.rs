//! `querent doctor` and `querent health`: what they find, and that looking changes nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use querent::model::new_id;
use querent::store::{Conn, Db};
use serde_json::Value;

use super::Process;
use crate::cli::{Desk, Run};
use crate::harness::{postgres_url, with_database};

/// What it says of one thing, and the code of the process.
fn found(run: &Run, what: &str) -> (String, Value) {
    let document = run.json();
    let all = document["findings"].as_array().unwrap();
    let one = all.iter().find(|f| f["what"] == what).unwrap_or_else(|| panic!("no {what} in {document}"));
    (one["state"].as_str().unwrap().to_owned(), one.clone())
}

fn state(run: &Run, what: &str) -> String {
    found(run, what).0
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn looking_makes_and_migrates_nothing() {
    let desk = Desk::new();
    let run = desk.run(&["doctor", "-o", "json"]).ends(0);
    assert_eq!(
        (state(&run, "data folder"), run.json()["healthy"].clone()),
        ("warn".into(), Value::Bool(true))
    );
    assert!(!desk.path("data/querent.db").exists(), "it made a store");

    desk.registered();
    desk.run(&["migrate", "down", "1", "--yes"]).ends(0);
    let before = desk.run(&["migrate", "status"]).ends(0).out;
    let run = desk.run(&["doctor", "-o", "json"]).ends(0);
    assert_eq!(state(&run, "store"), "warn");
    assert_eq!(desk.run(&["migrate", "status"]).ends(0).out, before);
}

#[test]
fn what_is_wrong_on_the_machine_is_told() {
    let desk = Desk::new();
    desk.registered();
    let run = desk.run(&["doctor", "-o", "json"]).ends(0);
    for what in ["data folder", "store", "translator", "keys", "clock"] {
        assert_eq!(state(&run, what), "ok", "{}", run.out);
    }
    assert_eq!(state(&run, "connection library"), "warn", "who owns the file could write it: {}", run.out);
    mode(&desk.path("data"), 0o755);
    assert_eq!(state(&desk.run(&["doctor", "-o", "json"]).ends(0), "data folder"), "warn");
    mode(&desk.path("data"), 0o700);
    mode(&desk.path("data/secret.key"), 0o644);
    let run = desk.run(&["doctor", "-o", "json"]).ends(1);
    assert_eq!((state(&run, "keys"), run.json()["healthy"].clone()), ("fail".into(), Value::Bool(false)));
    desk.run(&["doctor"]).ends(1).says("fail  keys: ");
}

#[test]
fn a_model_that_cannot_be_reached_is_told() {
    let desk = Desk::new();
    desk.registered();
    let run = desk
        .command(&["doctor", "-o", "json"])
        .env("QUERENT_MODEL_PROVIDER", "openai")
        .env("QUERENT_MODEL_NAME", "any")
        .env("QUERENT_MODEL_BASE_URL", "http://127.0.0.1:9")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    let codes: Vec<&Value> = document["findings"].as_array().unwrap().iter().map(|f| &f["code"]).collect();
    assert!(codes.contains(&&Value::from("K070")), "{document}");
}

/// A store on PostgreSQL that an ordinary login owns, as it should be.
struct Owned {
    admin: Db,
    name: String,
    url: String,
}

impl Owned {
    async fn make() -> Owned {
        let admin = Db::open_postgres(&postgres_url(), 2).await.unwrap();
        let name = format!("querent_test_{}", new_id().simple());
        admin.execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'doctor'"), &[]).await.unwrap();
        admin.execute(&format!("CREATE DATABASE {name} OWNER {name}"), &[]).await.unwrap();
        let within = Db::open_postgres(&with_database(&postgres_url(), &name), 2).await.unwrap();
        within.execute("CREATE EXTENSION IF NOT EXISTS vector", &[]).await.unwrap();
        within.close().await;
        let mut url = url::Url::parse(&with_database(&postgres_url(), &name)).unwrap();
        url.set_username(&name).unwrap();
        url.set_password(Some("doctor")).unwrap();
        Owned { admin, name, url: url.into() }
    }

    async fn remove(self) {
        self.admin.execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name), &[]).await.unwrap();
        self.admin.execute(&format!("DROP ROLE {}", self.name), &[]).await.unwrap();
        self.admin.close().await;
    }
}

fn examined(desk: &Desk, url: &str) -> Value {
    let output = desk.command(&["doctor", "-o", "json"]).env("DATABASE_URL", url).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

fn of(document: &Value, what: &str) -> (String, String) {
    let all = document["findings"].as_array().unwrap();
    let one = all.iter().find(|f| f["what"] == what).unwrap_or_else(|| panic!("no {what} in {document}"));
    (one["state"].as_str().unwrap().to_owned(), one["message"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn row_security_that_binds_nobody_is_told() {
    let owned = Owned::make().await;
    let desk = Desk::new();
    let up = desk.command(&["migrate", "up"]).env("DATABASE_URL", &owned.url).output().unwrap();
    assert!(up.status.success(), "{up:?}");
    let document = examined(&desk, &owned.url);
    for what in ["store", "store server", "pgvector", "clock", "row security"] {
        assert_eq!(of(&document, what).0, "ok", "{document}");
    }
    // the same store with the server's superuser
    let document = examined(&desk, &with_database(&postgres_url(), &owned.name));
    let (state, message) = of(&document, "row security");
    assert!(state == "fail" && message.contains("superuser"), "{document}");
    owned.admin.execute(&format!("ALTER ROLE {} BYPASSRLS", owned.name), &[]).await.unwrap();
    let (state, message) = of(&examined(&desk, &owned.url), "row security");
    assert!(state == "fail" && message.contains("BYPASSRLS"), "{message}");
    owned.admin.execute(&format!("ALTER ROLE {} NOBYPASSRLS", owned.name), &[]).await.unwrap();
    let within = Db::open_postgres(&owned.url, 2).await.unwrap();
    within.execute("ALTER TABLE queries NO FORCE ROW LEVEL SECURITY", &[]).await.unwrap();
    within.close().await;
    let (state, message) = of(&examined(&desk, &owned.url), "row security");
    assert!(state == "fail" && message.contains("queries"), "{message}");
    owned.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_asks_the_daemon_of_the_settings() {
    let (desk, authority) = (Desk::new(), super::certificates::Authority::new());
    authority.sign(&desk, &["querent.test"]);
    let tls = [("QUERENT_SERVER_TLS_CERT", "cert.pem"), ("QUERENT_SERVER_TLS_KEY", "key.pem")];
    for settings in [&tls[..0], &tls[..]] {
        let daemon = Process::start(&desk, settings);
        let health = |address: &str| {
            let mut command = desk.command(&["health"]);
            command.envs(settings.iter().copied()).env("QUERENT_SERVER_LISTEN", address);
            command.output().unwrap().status.code()
        };
        assert_eq!(health(daemon.address()), Some(0));
        assert_eq!(health("127.0.0.1:9"), Some(1), "nobody is there");
    }
}
