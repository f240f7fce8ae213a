//! What the integration tests stand on: stores of their own on both backends.

use std::future::Future;
use std::path::{Path, PathBuf};

use querent::model::{Connection, new_id};
use querent::store::connections::{self, NewConnection};
use querent::store::{Conn, Db, migrate};
use serde_json::json;

/// A store that belongs to one test.
pub struct TestStore {
    /// The open store, migrated.
    pub db: Db,
    /// Where it is, for another process: a file, or a URL.
    pub place: String,
    /// A data folder; on SQLite it holds the store's file.
    pub folder: PathBuf,
}

impl TestStore {
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
    case(TestStore { db: db.clone(), place, folder: folder.path().to_path_buf() }).await;
    db.close().await;
}

/// Opens the store at a place.
pub async fn open(place: &str) -> Db {
    if place.starts_with("postgres") {
        return Db::open_postgres(place, 8).await.unwrap();
    }
    Db::open_sqlite(Path::new(place)).await.unwrap()
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
    admin.execute(&format!("CREATE DATABASE {name}"), &[]).await.unwrap();
    let place = with_database(&postgres_url(), &name);
    let db = open(&place).await;
    migrate::up(&db).await.unwrap();
    case(TestStore { db: db.clone(), place, folder: folder.path().to_path_buf() }).await;
    db.close().await;
    // a case that fails leaves its database for a look
    admin.execute(&format!("DROP DATABASE {name} WITH (FORCE)"), &[]).await.unwrap();
    admin.close().await;
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
