//! What the integration tests stand on: stores of their own on both backends.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use querent::access::Caller;
use querent::model::{Connection, new_id};
use querent::store::connections::{self, NewConnection};
use querent::store::{Conn, Db, migrate};
use serde_json::json;

/// A store that belongs to one test.
pub struct TestStore {
    /// The open store, migrated, for the owner in the first workspace.
    pub db: Db,
    /// Where it is, for another process: a file, or a URL.
    pub place: String,
    /// A data folder; on SQLite it holds the store's file.
    pub folder: PathBuf,
}

impl TestStore {
    fn new(db: &Db, place: String, folder: &Path) -> TestStore {
        TestStore { db: as_owner(db), place, folder: folder.to_path_buf() }
    }

    /// A connection of that name, with a sealed URI that opens with no key.
    pub async fn connection(&self, name: &str) -> Connection {
        connections::create(&self.db, new_connection(name)).await.unwrap()
    }

    /// How many rows a table holds under a condition.
    pub async fn count(&self, table: &str, condition: &str) -> i64 {
        let sql = format!("SELECT count(*) AS n FROM {table} WHERE {condition}");
        self.db.query(&sql, &[]).await.unwrap()[0].int("n").unwrap()
    }
}

/// A connection to be stored.
pub fn new_connection(name: &str) -> NewConnection {
    NewConnection {
        id: new_id(),
        name: name.to_owned(),
        engine: catalog::Engine::Postgres,
        sealed_uri: "q1.1.sealed".to_owned(),
        display_uri: "postgres://reader@db.example/shop".to_owned(),
        privacy: "names".to_owned(),
        options: json!({"include": ["public.*"]}),
        policy: json!({}),
        created_by: Some("owner".to_owned()),
    }
}

/// Runs a case on a new SQLite store.
pub async fn on_sqlite<F: Future<Output = ()>>(case: impl FnOnce(TestStore) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let place = sqlite_file(folder.path()).display().to_string();
    let db = open(&place).await;
    migrate::up(&db).await.unwrap();
    case(TestStore::new(&db, place, folder.path())).await;
    db.close().await;
}

/// Opens the store at a place.
pub async fn open(place: &str) -> Db {
    if place.starts_with("postgres") {
        return Db::open_postgres(place, 8).await.unwrap();
    }
    Db::open_sqlite(Path::new(place)).await.unwrap()
}

/// A store's own handle as the owner's, in the first workspace.
pub fn as_owner(db: &Db) -> Db {
    db.acting(Arc::new(Caller::owner()))
}

/// The store's file in a data folder.
pub fn sqlite_file(folder: &Path) -> PathBuf {
    folder.join("querent.db")
}

/// Runs a case on a new database of the PostgreSQL server that `QUERENT_TEST_POSTGRES_URL` names.
pub async fn on_postgres<F: Future<Output = ()>>(case: impl FnOnce(TestStore) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let admin = Db::open_postgres(&postgres_url(), 2).await.unwrap();
    let name = format!("querent_test_{}", new_id().simple());
    let place = postgres_store(&admin, &name).await;
    let db = open(&place).await;
    migrate::up(&db).await.unwrap();
    case(TestStore::new(&db, place, folder.path())).await;
    db.close().await;
    // a case that fails leaves its database for a look
    admin.execute(&format!("DROP DATABASE {name} WITH (FORCE)"), &[]).await.unwrap();
    admin.close().await;
}

/// The login of stores in tests: an ordinary one, so that row security holds for it as it should for a team's daemon.
const STORE_LOGIN: &str = "querent_test_store";

/// Makes a database for a store, owned by an ordinary login, with the extension that only a superuser may add.
pub async fn postgres_store(admin: &Db, name: &str) -> String {
    let login = format!(
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(7160); \
         IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{STORE_LOGIN}') THEN \
         CREATE ROLE {STORE_LOGIN} LOGIN PASSWORD '{STORE_LOGIN}'; END IF; END $$"
    );
    admin.execute(&login, &[]).await.unwrap();
    admin.execute(&format!("CREATE DATABASE {name} OWNER {STORE_LOGIN}"), &[]).await.unwrap();
    let place = with_database(&postgres_url(), name);
    let inside = Db::open_postgres(&place, 2).await.unwrap();
    inside.execute("CREATE EXTENSION vector", &[]).await.unwrap();
    inside.close().await;
    let mut url = url::Url::parse(&place).unwrap();
    url.set_username(STORE_LOGIN).unwrap();
    url.set_password(Some(STORE_LOGIN)).unwrap();
    url.to_string()
}

/// The server for tests.
pub fn postgres_url() -> String {
    std::env::var("QUERENT_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "QUERENT_TEST_POSTGRES_URL is not set: start a server with `tests/servers/postgres.sh start` \
             and export the line it prints, or run `make test`"
        )
    })
}

/// A server's URL with another database.
pub fn with_database(url: &str, name: &str) -> String {
    let mut url = url::Url::parse(url).unwrap();
    url.set_path(name);
    url.to_string()
}
