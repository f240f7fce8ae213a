//! TLS of the daemon itself: who connects how, and a certificate that is replaced while clients stay.

use std::sync::Arc;

use reqwest::tls::Version;
use reqwest::{Client, StatusCode};
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificates::Authority;
use super::{PATIENCE, Process, client, text};
use crate::cli::Desk;

fn start(desk: &Desk) -> Process {
    Process::start(desk, &[("QUERENT_SERVER_TLS_CERT", "cert.pem"), ("QUERENT_SERVER_TLS_KEY", "key.pem")])
}

fn trusting(authority: &Authority) -> reqwest::ClientBuilder {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Client::builder().timeout(PATIENCE).no_proxy().tls_certs_only([authority.root()])
}

/// A connection of its own, which stays open.
async fn connect(authority: &Authority, address: &str) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der()).unwrap();
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}

/// Asks for `/healthz` over a connection that is there.
async fn healthy(connection: &mut TlsStream<TcpStream>) {
    connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"}") {
        assert_ne!(connection.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }
    assert!(seen.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&seen));
}

fn shown(connection: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    connection.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_speaks_tls_itself() {
    let (desk, authority) = (Desk::new(), Authority::new());
    authority.sign(&desk, &["127.0.0.1", "localhost"]);
    let daemon = start(&desk);
    assert!(daemon.base.starts_with("https://127.0.0.1:"), "{}", daemon.base);
    let get = |client: Client| client.get(format!("{}/healthz", daemon.base)).send();
    for version in [Version::TLS_1_2, Version::TLS_1_3] {
        let client = trusting(&authority).tls_version_min(version).tls_version_max(version).build().unwrap();
        let answer = get(client).await.unwrap();
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000", "{version:?}");
        text(answer, StatusCode::OK).await;
    }
    let any = trusting(&authority).build().unwrap();
    assert_eq!(
        get(any).await.unwrap().version(),
        reqwest::Version::HTTP_11,
        "the one that the daemon speaks"
    );
    let stranger = trusting(&Authority::new()).build().unwrap();
    assert!(get(stranger).await.is_err(), "the certificate is none of that authority");
    let plain = client().get(format!("http://{}/healthz", daemon.address())).send().await;
    assert!(plain.is_err(), "{plain:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_replaced_while_clients_stay() {
    let (desk, authority) = (Desk::new(), Authority::new());
    authority.sign(&desk, &["127.0.0.1"]);
    let daemon = start(&desk);
    let mut stays = connect(&authority, daemon.address()).await;
    healthy(&mut stays).await;
    let first = shown(&stays);

    authority.sign(&desk, &["127.0.0.1"]);
    assert_eq!(shown(&connect(&authority, daemon.address()).await), first, "nobody has told the daemon");
    daemon.signal("-HUP");
    daemon.logged(|log| log.contains("the certificate was read again")).await;
    healthy(&mut stays).await;
    let mut fresh = connect(&authority, daemon.address()).await;
    healthy(&mut fresh).await;
    let second = shown(&fresh);
    assert_ne!(second, first);

    // what cannot be used changes nothing
    desk.file("cert.pem", "this is no certificate");
    daemon.signal("-HUP");
    let log = daemon.logged(|log| log.contains("the certificate stays as it was")).await;
    assert!(log.contains("H095"), "{log}");
    assert_eq!(shown(&connect(&authority, daemon.address()).await), second);
    healthy(&mut stays).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_without_a_certificate_stays_when_told_to_read_it() {
    let desk = Desk::new();
    let daemon = Process::start(&desk, &[]);
    daemon.signal("-HUP");
    daemon.logged(|log| log.contains("there is none")).await;
    text(client().get(format!("{}/healthz", daemon.base)).send().await.unwrap(), StatusCode::OK).await;
}

#[test]
fn a_key_that_does_not_fit_is_refused_at_the_start() {
    let (desk, authority) = (Desk::new(), Authority::new());
    let serve = |desk: &Desk| {
        let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("QUERENT_SERVER_TLS_CERT", "cert.pem").env("QUERENT_SERVER_TLS_KEY", "key.pem");
        let ended = command.output().unwrap();
        assert_eq!(ended.status.code(), Some(1));
        String::from_utf8(ended.stderr).unwrap()
    };
    assert!(serve(&desk).contains("error[H095]"), "there are no files");
    authority.sign(&desk, &["localhost"]);
    let key = std::fs::read_to_string(desk.path("key.pem")).unwrap();
    authority.sign(&desk, &["localhost"]);
    desk.file("key.pem", &key);
    let told = serve(&desk);
    let inner = key.lines().nth(1).unwrap();
    assert!(told.contains("error[H095]") && !told.contains(inner), "{told}");
    desk.file("key.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
    let told = serve(&desk);
    assert!(told.contains("error[H095]") && !told.contains("c2VjcmV0"), "{told}");
}
