//! Databases behind an SSH host: a real SSH server in front of the PostgreSQL and the documents of the tests.

use connector_api::{CrawlOptions, ErrorKind};
use querent::error::Error;
use querent::network::Network;
use querent::sources;
use url::Url;

use crate::faults::bench::Bench;
use crate::faults::bench_documents::DocumentsBench;
use crate::harness::postgres_url;

/// The SSH server of the tests: its address and the folder with keys.
struct Host {
    login: String,
    folder: String,
}

impl Host {
    fn named() -> Host {
        let url = std::env::var("QUERENT_TEST_SSHD_URL").unwrap_or_else(|_| {
            panic!(
                "QUERENT_TEST_SSHD_URL is not set: start a server with `tests/servers/sshd.sh start` and export the \
                 line it prints, or run `make test`"
            )
        });
        let url = Url::parse(&url).unwrap();
        let (user, host, port) = (url.username(), url.host_str().unwrap(), url.port().unwrap());
        Host { login: format!("{user}@{host}:{port}"), folder: url.path().to_owned() }
    }

    /// The PostgreSQL of the tests through the host, with a key and a file of known hosts.
    fn url(&self, key: &str, known: &str) -> String {
        self.before(&postgres_url(), key, known)
    }

    /// A database through the host.
    fn before(&self, url: &str, key: &str, known: &str) -> String {
        let mut url = Url::parse(url).unwrap();
        url.query_pairs_mut()
            .append_pair("ssh", &self.login)
            .append_pair("ssh_key", &format!("{}/{key}", self.folder))
            .append_pair("ssh_known_hosts", &format!("{}/{known}", self.folder));
        url.to_string()
    }
}

async fn refused(url: &str) -> Error {
    sources::open(url, &Network::default()).unwrap().test().await.unwrap_err().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_reached_through_the_host() {
    let host = Host::named();
    let connector = sources::open(&host.url("client_key", "known_hosts"), &Network::default()).unwrap();
    let info = connector.test().await.unwrap();
    assert_eq!(info.engine, catalog::Engine::Postgres);
    // several statements at once share the session
    let all = futures::future::join_all((0..6).map(|_| connector.test())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let statement = guard::check(
        "SELECT generate_series(1, 3000) AS n",
        &catalog::Catalog::empty(catalog::Engine::Postgres),
        &guard::Policy::default(),
    )
    .unwrap();
    let stream = connector.query(&statement, &connector_api::Limits::default()).await.unwrap();
    // nobody holds the connector any more, and the result still comes
    drop(connector);
    let batches: Vec<_> = futures::StreamExt::collect(stream.batches).await;
    let rows: usize = batches.iter().map(|b| b.as_ref().unwrap().num_rows()).sum();
    assert_eq!(rows, 3000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_of_mongodbs_own_goes_through_the_host_too() {
    let host = Host::named();
    let bench = DocumentsBench::new().await;
    for step in bench.shelf(0).into_iter().chain(bench.filled(0, 9)) {
        bench.run(&step).await;
    }
    let connector =
        sources::open(&host.before(&bench.url(), "client_key", "known_hosts"), &Network::default()).unwrap();
    let snapshot = connector.introspect(&CrawlOptions::default(), &|_| {}).await.unwrap();
    let pipeline =
        serde_json::json!([{ "$match": { "room": { "$gt": 4 } } }, { "$project": { "title": 1 } }]);
    let request =
        guard::pipeline::Request { collection: "shelf_0".into(), pipeline, options: serde_json::Value::Null };
    let policy = guard::Policy::default();
    let checked = guard::pipeline::check(&request, &catalog::Catalog::new(snapshot), &policy).unwrap();
    let stream = connector.aggregate(&checked, &connector_api::Limits::default()).await.unwrap();
    drop(connector);
    let batches: Vec<_> = futures::StreamExt::collect(stream.batches).await;
    let rows: usize = batches.iter().map(|b| b.as_ref().unwrap().num_rows()).sum();
    assert_eq!(rows, 6);
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_a_passphrase_needs_it() {
    let host = Host::named();
    let url = host.url("locked_key", "known_hosts");
    assert_eq!(refused(&url).await.code, ErrorKind::BadConfig.code());
    let wrong = refused(&format!("{url}&ssh_password=guess")).await;
    assert_eq!(wrong.code, ErrorKind::BadConfig.code());
    assert!(!wrong.message.contains("guess"));
    let url = format!("{url}&ssh_password=tunnel");
    sources::open(&url, &Network::default()).unwrap().test().await.unwrap();
    assert!(!sources::display_url(&url).contains("ssh_password"), "{}", sources::display_url(&url));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_known_is_refused() {
    let host = Host::named();
    let nobody = refused(&host.url("client_key", "no_such_file")).await;
    assert_eq!(
        (nobody.code, nobody.message.contains("known_hosts")),
        (ErrorKind::Tls.code(), true),
        "{nobody}"
    );
    let other = refused(&host.url("client_key", "wrong_known_hosts")).await;
    assert_eq!((other.code, other.message.contains("another key")), (ErrorKind::Tls.code(), true), "{other}");
    assert!(other.hint.unwrap().contains("in between"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_not_let_in_and_a_dead_port_is_told() {
    let host = Host::named();
    assert_eq!(refused(&host.url("stranger_key", "known_hosts")).await.code, ErrorKind::BadLogin.code());
    let mut url = Url::parse(&host.url("client_key", "known_hosts")).unwrap();
    // a port that nobody listens on, seen from the host
    url.set_port(Some(9)).unwrap();
    let dead = refused(url.as_str()).await;
    assert_eq!(dead.code, ErrorKind::Unreachable.code(), "{dead}");
}
