//! A real nginx in front, with TLS: streams pass at once, the client is known, and nobody passes for another.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::{Client, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::certificates::Authority;
use super::{PATIENCE, Process, drain, program, text};
use crate::cli::Desk;

/// Where the client of these cases comes from; the proxy is at 127.0.0.1.
const CLIENT: [u8; 4] = [127, 0, 0, 5];

struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    /// Starts one in front of a daemon, under the name `querent.test`.
    async fn start(desk: &Desk, port: u16, upstream: &str) -> Nginx {
        let folder = desk.path("nginx");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("nginx.conf"), configuration(&folder, &desk.path(""), port, upstream))
            .unwrap();
        let child = Command::new(program("nginx"))
            .args(["-p", folder.to_str().unwrap(), "-c", "nginx.conf", "-e", "error.log"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Nginx { child, port };
        super::wait(|| {
            assert!(nginx.child.try_wait().unwrap().is_none(), "nginx ended, see {}", folder.display());
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        })
        .await;
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // its workers end with it when it is told to, not when it is killed
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(told.is_ok_and(|t| t.success()) || std::thread::panicking());
        let _ = self.child.wait();
    }
}

fn configuration(folder: &Path, desk: &Path, port: u16, upstream: &str) -> String {
    let (folder, desk) = (folder.display(), desk.display());
    format!(
        "daemon off; worker_processes 1; pid nginx.pid; error_log error.log; user root;
         events {{ worker_connections 64; }}
         http {{
           access_log off;
           client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
           uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
           server {{
             listen 127.0.0.1:{port} ssl http2;
             ssl_certificate {desk}/cert.pem; ssl_certificate_key {desk}/key.pem;
             location / {{
               proxy_pass http://{upstream};
               proxy_http_version 1.1;
               proxy_set_header Connection \"\";
               proxy_set_header Host $host;
               proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
               proxy_set_header X-Forwarded-Proto $scheme;
             }}
           }}
         }}"
    )
    .replace("user root;", if is_root() { "user root;" } else { "" })
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Front {
    desk: Desk,
    daemon: Process,
    nginx: Nginx,
    client: Client,
}

/// A daemon, nginx in front of it, and a client that knows both.
async fn front() -> Front {
    let (desk, authority) = (drain::desk(), Authority::new());
    authority.sign(&desk, &["querent.test", "other.test"]);
    let port = free_port();
    let url = format!("https://querent.test:{port}");
    let daemon = Process::start(
        &desk,
        &[
            ("QUERENT_MODEL_PROVIDER", "recorded"),
            ("QUERENT_MODEL_FILE", "answers.jsonl"),
            ("QUERENT_LIMITS_SECONDS", "3600"),
            ("QUERENT_SERVER_TRUSTED_PROXIES", "127.0.0.1, ::1/128"),
            ("QUERENT_SERVER_PUBLIC_URL", &url),
        ],
    );
    assert_eq!(daemon.base, url, "the link leads to where people get in");
    let log = daemon.logged(|log| log.contains("listening")).await;
    let upstream = log.split_once("address=").unwrap().1.split_whitespace().next().unwrap().to_owned();
    let nginx = Nginx::start(&desk, port, &upstream).await;
    let address = ([127, 0, 0, 1], port).into();
    let client = Client::builder()
        .timeout(PATIENCE)
        .no_proxy()
        .tls_certs_only([authority.root()])
        .local_address(std::net::IpAddr::from(CLIENT))
        .resolve("querent.test", address)
        .resolve("other.test", address)
        .build()
        .unwrap();
    Front { desk, daemon, nginx, client }
}

impl Front {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.daemon.base)
    }

    /// Where the daemon listens, behind nginx.
    fn behind(&self) -> String {
        let conf = std::fs::read_to_string(self.desk.path("nginx/nginx.conf")).unwrap();
        conf.split_once("proxy_pass http://").unwrap().1.split_once(';').unwrap().0.to_owned()
    }

    /// What the log says of the client of a request.
    async fn client_of(&self, request: &str) -> String {
        let its = |line: &&str| line.contains(request) && line.contains("answered");
        let log = self.daemon.logged(|log| log.lines().any(|line| its(&line))).await;
        let line = log.lines().find(its).unwrap();
        line.split_once("client=\"").unwrap().1.split('"').next().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_passes_at_once() {
    let front = front().await;
    // the statement behind it never ends, so what comes has not waited for the end
    let (stream, id) = drain::ask(&front.daemon, &front.client).await;
    assert_eq!(stream.version(), reqwest::Version::HTTP_2);
    let cancel = front.client.post(front.url(&format!("/api/v1/executions/{id}/cancel")));
    front.daemon.expect(cancel, StatusCode::ACCEPTED).await;
    assert!(stream.text().await.unwrap().ends_with("data: [DONE]\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_known_and_cannot_pass_for_another() {
    let front = front().await;
    let ask = |id: &'static str| front.client.get(front.url("/healthz")).header("x-request-id", id);
    let answer = ask("honest").send().await.unwrap();
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000", "people came by TLS");
    assert_eq!(front.client_of("honest").await, "127.0.0.5");
    ask("forged-x").header("x-forwarded-for", "203.0.113.9").send().await.unwrap();
    assert_eq!(front.client_of("forged-x").await, "127.0.0.5");
    ask("forged-f").header("forwarded", "for=203.0.113.9;proto=http").send().await.unwrap();
    assert_eq!(front.client_of("forged-f").await, "127.0.0.5");
    ask("forged-u").header("x_forwarded_for", "203.0.113.9").send().await.unwrap();
    assert_eq!(front.client_of("forged-u").await, "127.0.0.5");

    // past nginx, from an address that is no trusted proxy
    let direct =
        Client::builder().no_proxy().local_address(std::net::IpAddr::from([127, 0, 0, 9])).build().unwrap();
    let answer = direct
        .get(format!("http://{}/healthz", front.behind()))
        .header("x-request-id", "past-it")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-proto", "https")
        .send()
        .await
        .unwrap();
    assert!(!answer.headers().contains_key("strict-transport-security"));
    assert_eq!(front.client_of("past-it").await, "127.0.0.9");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_public_name_is_answered_to() {
    let front = front().await;
    text(front.client.get(front.url("/docs")).send().await.unwrap(), StatusCode::OK).await;
    let other = format!("https://other.test:{}/docs", front.nginx.port);
    let refused = text(front.client.get(other).send().await.unwrap(), StatusCode::MISDIRECTED_REQUEST).await;
    assert!(refused.contains("H008"), "{refused}");
    // this header is nobody's word
    let forged = front.client.get(front.url("/docs")).header("x-forwarded-host", "evil.test");
    text(forged.send().await.unwrap(), StatusCode::OK).await;
}

/// Sends bytes past nginx and gives what comes back until the daemon closes or says no more.
async fn raw(address: &str, bytes: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes.as_bytes()).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut seen = Vec::new();
    tokio::time::timeout(PATIENCE, socket.read_to_end(&mut seen)).await.unwrap().unwrap();
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_cannot_hide_another() {
    let desk = Desk::new();
    let daemon = Process::start(&desk, &[]);
    let hidden = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let chunk = format!("0\r\n\r\n{hidden}");
    let tricks = [
        (
            "both lengths",
            format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}", chunk.len()),
        ),
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len())),
        ("a list of lengths", format!("Content-Length: 0, {}\r\n\r\n{hidden}", hidden.len())),
        ("a signed length", format!("Content-Length: +0\r\n\r\n{hidden}")),
        ("an unknown coding", format!("Transfer-Encoding: xchunked\r\n\r\n{chunk}")),
        ("a coding after it", format!("Transfer-Encoding: chunked, identity\r\n\r\n{chunk}")),
        ("a space before the colon", format!("Transfer-Encoding : chunked\r\n\r\n{chunk}")),
        ("a folded line", format!("X-Folded: a\r\n Transfer-Encoding: chunked\r\n\r\n{chunk}")),
        ("a size that is none", format!("Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{hidden}")),
        ("a huge size", format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n{hidden}")),
        ("a NUL in a header", format!("X-Odd: a\0b\r\n\r\n{hidden}")),
    ];
    for (trick, rest) in tricks {
        let seen =
            raw(daemon.address(), &format!("POST /api/v1/chats HTTP/1.1\r\nHost: localhost\r\n{rest}")).await;
        let answers = seen.matches("HTTP/1.1 ").count();
        // 401 where the head is in order, the token is missing and the body is not
        let refused = seen.starts_with("HTTP/1.1 400") || seen.starts_with("HTTP/1.1 401");
        assert!(refused && answers == 1, "{trick}: {seen}");
    }
    for head in [
        "GET /docs HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n",
        "GET http://evil.test/docs HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET http://localhost/docs HTTP/1.1\r\nHost: evil.test\r\n\r\n",
    ] {
        let seen = raw(daemon.address(), head).await;
        assert!(seen.starts_with("HTTP/1.1 4") && !seen.contains("<html"), "{head}: {seen}");
    }
    assert!(!daemon.log().contains("/smuggled"), "{}", daemon.log());
}
