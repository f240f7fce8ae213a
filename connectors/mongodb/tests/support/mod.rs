//! A database of its own for every test, on the server that the environment names: a real MongoDB where
//! QUERENT_TEST_MONGODB_URL gives one, otherwise the gateway before DocumentDB.

// every test file uses a part of this
#![allow(dead_code, missing_docs, clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::sync::atomic::{AtomicU32, Ordering};

use bson::{Bson, Document, doc};
use catalog::{Catalog, Snapshot, Table};
use connector_api::{Connector, CrawlOptions};
use connector_mongodb::MongodbConnector;
use guard::Policy;
use guard::pipeline::{ReadPipeline, Request};
use mongodb::Client;
use serde_json::Value;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Whether a real MongoDB answers.
pub fn is_real() -> bool {
    std::env::var("QUERENT_TEST_MONGODB_URL").is_ok_and(|url| !url.is_empty())
}

/// The server's URL, `mongodb://host:port/`. Without one the tests cannot say anything, so they fail.
pub fn server_url() -> String {
    let real = std::env::var("QUERENT_TEST_MONGODB_URL").ok().filter(|url| !url.is_empty());
    real.or_else(|| std::env::var("QUERENT_TEST_DOCUMENTS_URL").ok()).unwrap_or_else(|| {
        panic!("QUERENT_TEST_DOCUMENTS_URL is not set: run tests/servers/documents.sh start and export what it prints")
    })
}

/// A client with all rights.
pub async fn admin() -> Client {
    Client::with_uri_str(server_url()).await.expect("the test server's URL")
}

/// A database that goes away with its value.
pub struct Database {
    pub name: String,
    pub admin: Client,
}

impl Database {
    pub async fn new() -> Database {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("querent_c_{}_{number}", std::process::id());
        Database { name, admin: admin().await }
    }

    pub async fn run(&self, command: Document) -> Document {
        let name = command.keys().next().cloned().unwrap_or_default();
        let answer = self.admin.database(&self.name).run_command(command).await;
        let answer = answer.unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert!(!answer.contains_key("writeErrors"), "{name}: {answer}");
        answer
    }

    pub async fn run_json(&self, command: Value) {
        match Bson::try_from(command) {
            Ok(Bson::Document(command)) => drop(self.run(command).await),
            other => panic!("no command: {other:?}"),
        }
    }

    pub async fn insert(&self, collection: &str, documents: Vec<Document>) {
        self.run(doc! { "insert": collection, "documents": documents }).await;
    }

    /// The URL of this database with further parameters.
    pub fn url(&self, params: &str) -> String {
        url_on(&server_url(), &self.name, params)
    }

    pub fn connector(&self, params: &str) -> MongodbConnector {
        MongodbConnector::new(&self.url(params)).expect("a connector")
    }

    pub async fn snapshot(&self) -> Snapshot {
        // values may be looked for, as where a connection allows it
        let options = CrawlOptions { probe: true, ..CrawlOptions::default() };
        self.connector("").introspect(&options, &|_| {}).await.expect("the crawl works")
    }

    /// A checked pipeline over what a crawl finds.
    pub async fn checked(&self, collection: &str, pipeline: Value) -> ReadPipeline {
        let request = Request { collection: collection.into(), pipeline, options: Value::Null };
        let policy = Policy { max_rows: None, ..Policy::default() };
        guard::pipeline::check(&request, &Catalog::new(self.snapshot().await), &policy)
            .unwrap_or_else(|findings| panic!("{findings:?}"))
    }
}

/// A server's URL with a database and parameters.
pub fn url_on(server: &str, database: &str, params: &str) -> String {
    let (base, given) = server.split_once('?').unwrap_or((server, ""));
    let query: Vec<&str> = [given, params].into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}/{database}?{}", base.trim_end_matches('/'), query.join("&"))
}

pub fn table<'s>(snapshot: &'s Snapshot, name: &str) -> &'s Table {
    snapshot.tables.iter().find(|t| t.name == name).unwrap_or_else(|| panic!("{name} was crawled"))
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // the runtime of the test is on its way out: another one drops the database
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let _ = admin().await.database(&name).drop().await;
            });
        });
        let _ = dropped.join();
    }
}
