//! A database of its own for every test: on a test server in this process, or on the SQL Server that
//! `QUERENT_TEST_MSSQL_URL` names.

// every test file uses a part of this
#![allow(dead_code, missing_docs, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicU32, Ordering};

use test_tds::{Options, Server};
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, Row};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

type Conn = Client<Compat<TcpStream>>;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database, and the server when it is one of ours.
pub struct Database {
    pub name: String,
    /// Scheme, login and address, without database and parameters.
    base: String,
    params: String,
    server: Option<Server>,
    admin: Mutex<Conn>,
}

impl Database {
    /// On SQL Server where there is one, else on the test server.
    pub async fn new(statements: &[&str]) -> Database {
        match std::env::var("QUERENT_TEST_MSSQL_URL") {
            Ok(url) => Database::real(&url, statements).await,
            Err(_) => Database::ours(Options::default(), statements).await,
        }
    }

    /// On the test server, which can be told what to do wrong.
    pub async fn ours(options: Options, statements: &[&str]) -> Database {
        let server = Server::start(options).await.expect("the test server starts");
        let base = format!("mssql://sa:Querent-1@localhost:{}", server.port());
        let database = Database {
            admin: Mutex::new(connect(&base, "encrypt=no", "querent").await),
            name: "querent".to_owned(),
            params: "encrypt=no".to_owned(),
            base,
            server: Some(server),
        };
        database.run_all(statements).await;
        database
    }

    async fn real(url: &str, statements: &[&str]) -> Database {
        let (address, params) = url.split_once('?').unwrap_or((url, ""));
        let base = address.trim_end_matches('/').to_owned();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("querent_c_{}_{number}", std::process::id());
        let mut admin = connect(&base, params, "master").await;
        let made = admin.simple_query(format!("CREATE DATABASE {name}")).await.expect("the server answers");
        made.into_results().await.expect("the database is made");
        let admin = Mutex::new(connect(&base, params, &name).await);
        let database = Database { name, base, params: params.to_owned(), server: None, admin };
        database.run_all(statements).await;
        database
    }

    /// The server, in tests that are made with one of ours.
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the test server")
    }

    async fn run_all(&self, statements: &[&str]) {
        for statement in statements {
            self.run(statement).await;
        }
    }

    pub async fn run(&self, sql: &str) {
        self.rows(sql).await;
    }

    async fn rows(&self, sql: &str) -> Vec<Row> {
        let mut admin = self.admin.lock().await;
        let answer = admin.simple_query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        answer.into_results().await.unwrap_or_else(|e| panic!("{sql}: {e:?}")).pop().unwrap_or_default()
    }

    /// A whole number: the first value of the first row.
    pub async fn number(&self, sql: &str) -> i32 {
        self.rows(sql).await.first().and_then(|row| row.get(0)).unwrap_or_default()
    }

    /// The URL for the login with all rights; parameters that are given come in place of the server's own.
    pub fn url(&self, params: &str) -> String {
        self.url_as(None, params)
    }

    /// The URL for another login (`name:password`).
    pub fn url_as(&self, login: Option<&str>, params: &str) -> String {
        let (scheme, rest) = self.base.split_once("://").expect("a URL");
        let (own, host) = rest.rsplit_once('@').expect("a login in the URL");
        let named = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or_default();
            !params.split('&').any(|given| given.split('=').next() == Some(name))
        };
        let kept: Vec<&str> = self.params.split('&').filter(|p| !p.is_empty()).filter(named).collect();
        let all =
            kept.into_iter().chain(params.split('&').filter(|p| !p.is_empty())).collect::<Vec<_>>().join("&");
        format!("{scheme}://{}@{host}/{}?{all}", login.unwrap_or(own), self.name)
    }
}

/// A connection with all rights.
async fn connect(base: &str, params: &str, database: &str) -> Conn {
    let url = url::Url::parse(base).expect("a URL");
    let given = |pair: &str| params.split('&').any(|p| p == pair);
    let decoded = |text: &str| connector_api::text::percent_decode(text).expect("a URL");
    let mut config = Config::new();
    config.host(url.host_str().expect("a host"));
    config.port(url.port().unwrap_or(1433));
    config.database(database);
    let password = decoded(url.password().unwrap_or_default());
    config.authentication(AuthMethod::sql_server(decoded(url.username()), password));
    if given("encrypt=no") {
        config.encryption(EncryptionLevel::NotSupported);
    }
    if given("trust_server_certificate=yes") {
        config.trust_cert();
    }
    let tcp = TcpStream::connect(config.get_addr()).await.expect("the server answers");
    tcp.set_nodelay(true).expect("a socket");
    Client::connect(config, tcp.compat_write()).await.expect("the login works")
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.server.is_some() {
            return;
        }
        let (base, params, name) = (self.base.clone(), self.params.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let mut admin = connect(&base, &params, "master").await;
                let alone = format!("ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
                for sql in [alone, format!("DROP DATABASE {name}")] {
                    if let Ok(answer) = admin.simple_query(sql).await {
                        let _ = answer.into_results().await;
                    }
                }
            });
        });
        let _ = dropped.join();
    }
}
