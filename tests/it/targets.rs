//! Where connections may lead: over every engine, at the door, on the command line, and each time one is opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connector_api::{Connector, ConnectorError, ErrorKind, Place, Reach};
use querent::app::Setup;
use querent::config;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::cli::Desk;
use crate::faults::bench::Bench;
use crate::faults::bench_documents::DocumentsBench;
use crate::harness::postgres_url;
use crate::test_app::{TestApp, expect, shop};

/// A URL of every kind that leads to a host, with the host left out.
const WAYS: &[&str] = &[
    "postgres://reader:pw@{host}/shop",
    "postgres://reader:pw@{host}:80/shop?sslmode=disable",
    "postgres://reader:pw@/shop?host={host}",
    "mysql://reader:pw@{host}/shop",
    "mariadb://reader:pw@{host}:80/shop?ssl-mode=DISABLED",
    "mssql://reader:pw@{host}/shop",
    "sqlserver://reader:pw@{host}:80/shop?encrypt=no",
    "mssql://reader:pw@{host}/shop?instance=main",
    "mongodb://reader:pw@{host}/shop",
    "mongodb://localhost:27017,{host}:80/shop?replicaSet=rs0",
    "mongodb://{host}/shop?directConnection=true&tls=false",
];

/// The same address of a cloud's machine data, and others of the local link.
const HOSTS: &[&str] = &["169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "0.0.0.0"];

/// Such as are written in brackets.
const SIX: &[&str] = &["[::ffff:169.254.169.254]", "[fe80::1]", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]"];

/// Hosts that come by other ways than the URL's own place for one.
const ASIDE: &[&str] = &[
    "postgres://reader:pw@localhost/shop?hostaddr=169.254.169.254",
    "postgres://reader:pw@db.example.org/shop?hostaddr=::ffff:169.254.169.254",
    "postgres://reader:pw@localhost,169.254.169.254/shop",
    "postgres://reader:pw@%3169.254.169.254/shop",
    "postgres://reader:pw@localhost/shop?ssh=jump@169.254.169.254&ssh_password=x",
    "postgres://reader:pw@169.254.169.254/shop?ssh=jump@localhost&ssh_password=x",
    "mysql://reader:pw@metadata.google.internal/shop?ssh=jump@localhost&ssh_password=x",
    "mysql://reader:pw@localhost/shop?ssh=jump@0xa9fea9fe:22&ssh_password=x",
];

fn urls() -> Vec<String> {
    let of =
        |way: &&str, hosts: &[&str]| hosts.iter().map(|host| way.replace("{host}", host)).collect::<Vec<_>>();
    let mut urls: Vec<String> = WAYS.iter().flat_map(|way| of(way, HOSTS)).collect();
    // as a parameter an address has no brackets
    urls.extend(WAYS.iter().filter(|way| !way.contains("?host=")).flat_map(|way| of(way, SIX)));
    urls.extend(ASIDE.iter().map(|url| (*url).to_owned()));
    urls
}

fn refused(status: StatusCode, body: &Value, url: &str) {
    assert_eq!((status, body["code"].as_str()), (StatusCode::FORBIDDEN, Some("C008")), "{url}: {body}");
    assert!(!body.to_string().contains("pw@"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_url_of_any_engine_leads_to_a_special_address() {
    let app = TestApp::start().await;
    let id = app.shop().await;
    for (number, url) in urls().iter().enumerate() {
        let (status, body) = app.post("/api/v1/connections/test", json!({ "url": url })).await;
        refused(status, &body, url);
        let new = json!({ "name": format!("c{number}"), "url": url });
        let (status, body) = app.post("/api/v1/connections", new).await;
        refused(status, &body, url);
        let change = app.request(Method::PATCH, &format!("/api/v1/connections/{id}"));
        let answer = change.json(&json!({ "url": url })).send().await.unwrap();
        refused(answer.status(), &answer.json().await.unwrap(), url);
    }
    let list = app.get("/api/v1/connections").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    app.stop().await;
}

#[test]
fn nor_does_one_on_the_command_line() {
    let desk = Desk::new();
    for way in WAYS {
        let url = way.replace("{host}", "169.254.169.254");
        for args in [
            &["crawl", "--on", &url][..],
            &["query", "--on", &url, "SELECT 1"],
            &["connection", "add", "x", &url],
        ] {
            let output = desk.command(args).output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && text.contains("C008"), "{args:?}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_resolve_to_denied_addresses_are_refused_and_allowed_ones_work() {
    let shut = TestApp::with(&[("network.deny", "127.0.0.0/8, ::1")]).await;
    for way in WAYS {
        for host in ["localhost", "LOCALHOST", "127.1", "2130706433", "0x7f.0.0.1"] {
            let url = way.replace("{host}", host);
            let (status, body) = shut.post("/api/v1/connections/test", json!({ "url": url })).await;
            refused(status, &body, &url);
        }
    }
    let bench = DocumentsBench::new().await;
    for step in bench.shelf(0) {
        bench.run(&step).await;
    }
    let listed = TestApp::with(&[("network.allow", "127.0.0.0/8,::1")]).await;
    for url in [postgres_url(), bench.url()] {
        let (status, body) = shut.post("/api/v1/connections/test", json!({ "url": url })).await;
        refused(status, &body, &url);
        let (status, body) = listed.post("/api/v1/connections/test", json!({ "url": url })).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    let (status, body) =
        listed.post("/api/v1/connections/test", json!({ "url": "mysql://reader@192.0.2.7/shop" })).await;
    refused(status, &body, "mysql");
    bench.close().await;
    shut.stop().await;
    listed.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_connection_is_judged_each_time_it_is_opened() {
    let app = TestApp::start().await;
    let new = json!({ "name": "server", "url": postgres_url() });
    let (status, made) = app.post("/api/v1/connections", new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let file = app.shop().await;
    let path = format!("/api/v1/connections/{}/test", made["connection"]["id"].as_str().unwrap());
    let (status, _) = app.post(&path, json!({})).await;
    assert_eq!(status, StatusCode::OK);
    // the same data folder under stricter settings, as after a restart
    let strict = settings(&app, &[("network.deny", "127.0.0.0/8,::1"), ("network.folders", "/var/empty")]);
    let app_again = Setup::new(strict).desk().await.unwrap();
    let source = app_again.sources.named("server").await.unwrap();
    assert_eq!(source.connector.test().await.unwrap_err().kind, ErrorKind::OutOfReach);
    let why = app_again.sources.get(file.parse().unwrap()).await.map(|_| ()).unwrap_err();
    assert_eq!(why.code, "C008", "{why}");
    app.stop().await;
}

fn settings(app: &TestApp, more: &[(&str, &str)]) -> config::Config {
    let mut flags = vec![("data_dir".to_owned(), app.folder.path().join("data").display().to_string())];
    flags.extend(more.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())));
    config::load(&config::Sources { flags, ..config::Sources::default() }).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_outside_the_folders_and_the_daemons_own_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(folder.path());
    let app = TestApp::with(&[("network.folders", folder.path().to_str().unwrap())]).await;
    let (status, body) = app.post("/api/v1/connections/test", json!({ "url": shop })).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let data = app.folder.path().join("data");
    let up = folder.path().join("../x.db").display().to_string();
    let escaped = format!("sqlite:{}", up.replace("..", "%2e%2e"));
    for url in [
        "sqlite:/etc/passwd".to_owned(),
        escaped,
        format!("sqlite:{}", data.join("querent.db").display()),
        "postgres://reader@localhost/shop?sslrootcert=/etc/ssl/x.pem".to_owned(),
        "postgres://reader@localhost/shop?sslcert=/etc/a&sslkey=/etc/b".to_owned(),
        "postgres://reader@localhost/shop?sslk%65y=/etc/b&sslcert=/etc/a".to_owned(),
        "postgres://reader@/shop?host=/var/run/postgresql".to_owned(),
        "postgres://reader@%2Fvar%2Frun/shop".to_owned(),
        "mysql://reader@localhost/shop?socket=/var/run/mysqld.sock".to_owned(),
        "mysql://reader@localhost/shop?ssl-ca=/etc/ssl/x.pem".to_owned(),
        "mssql://reader@localhost/shop?ca=/etc/ssl/x.pem".to_owned(),
        "mongodb://localhost/shop?tlsCAFile=/etc/ssl/x.pem".to_owned(),
        "mongodb://%2Ftmp%2Fmongodb.sock/shop".to_owned(),
        "postgres://reader@localhost/shop?ssh=a@localhost&ssh_key=/root/.ssh/id_rsa".to_owned(),
        "postgres://reader@localhost/shop?ssh=a@localhost&ssh_known_hosts=/etc/hosts".to_owned(),
    ] {
        let (status, body) = app.post("/api/v1/connections/test", json!({ "url": url })).await;
        refused(status, &body, &url);
    }
    app.stop().await;
    // without folders all files may be named, but not the daemon's own
    let app = TestApp::start().await;
    let data = app.folder.path().join("data");
    for own in ["querent.db", "secret.key", "owner.token"] {
        let url = format!("sqlite:{}", data.join(own).display());
        let answer =
            app.request(Method::POST, "/api/v1/connections/test").json(&json!({ "url": url })).send().await;
        assert_eq!(expect(answer.unwrap(), StatusCode::FORBIDDEN).await["code"], "C008", "{own}");
    }
    app.stop().await;
}

/// Lets everything through as long as the switch is off: what another answer of a name server would do.
fn switched() -> (Reach, Arc<AtomicBool>) {
    let shut = Arc::new(AtomicBool::new(true));
    let switch = shut.clone();
    let reach = Reach::by(move |place| match place {
        Place::Address(..) if switch.load(Ordering::SeqCst) => {
            Err(ConnectorError::new(ErrorKind::OutOfReach, "shut"))
        }
        _ => Ok(()),
    });
    (reach, shut)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_new_session_asks_with_the_address_that_it_connects_to() {
    let (reach, shut) = switched();
    let documents = DocumentsBench::new().await;
    for step in documents.shelf(0) {
        documents.run(&step).await;
    }
    let maria = std::env::var("QUERENT_TEST_MARIADB_URL")
        .expect("QUERENT_TEST_MARIADB_URL is set, see tests/servers");
    let tds = test_tds::Server::start(test_tds::Options::default()).await.unwrap();
    let mssql = format!("mssql://sa:Querent-1@localhost:{}/querent?encrypt=no", tds.port());
    let all: [Arc<dyn Connector>; 4] = [
        Arc::new(connector_postgres::PostgresConnector::within(&postgres_url(), reach.clone()).unwrap()),
        Arc::new(connector_mysql::MysqlConnector::within(&maria, reach.clone()).unwrap()),
        Arc::new(connector_mssql::MssqlConnector::within(&mssql, reach.clone()).unwrap()),
        Arc::new(connector_mongodb::MongodbConnector::within(&documents.url(), reach).unwrap()),
    ];
    for connector in &all {
        assert_eq!(connector.test().await.unwrap_err().kind, ErrorKind::OutOfReach);
    }
    // the connectors are the same: it was the address that was refused
    shut.store(false, Ordering::SeqCst);
    for connector in &all {
        connector.test().await.unwrap();
    }
    documents.close().await;
}
