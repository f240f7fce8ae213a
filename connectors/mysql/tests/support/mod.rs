//! A database of its own for every test, on the servers that the environment names: a suite runs once on each.

// every test file uses a part of this
#![allow(dead_code, missing_docs, unused_macros, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicU32, Ordering};

use catalog::Engine;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Row, Value};
use tokio::sync::Mutex;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Makes a test of every case on each server. A case is an `async fn(Server)`.
macro_rules! on_every_server {
    ($($case:ident),* $(,)?) => {
        mod mariadb {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(super::support::Server::Mariadb).await;
            })*
        }
        mod mysql {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(super::support::Server::Mysql).await;
            })*
        }
    };
}

/// The servers that the suite runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Mariadb,
    Mysql,
}

impl Server {
    /// Its URL. Without one the tests cannot say anything, so they fail.
    pub fn url(self) -> String {
        let (variable, script) =
            self.pick(("QUERENT_TEST_MARIADB_URL", "mariadb.sh"), ("QUERENT_TEST_MYSQL_URL", "mysql.sh"));
        std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} is not set: run tests/servers/{script} start and export what it prints")
        })
    }

    pub fn engine(self) -> Engine {
        self.pick(Engine::Mariadb, Engine::Mysql)
    }

    /// What the two have different.
    pub fn pick<T>(self, mariadb: T, mysql: T) -> T {
        match self {
            Server::Mariadb => mariadb,
            Server::Mysql => mysql,
        }
    }
}

/// A connection with all rights, in UTC whatever the server's clock is.
pub async fn admin(server: Server, database: Option<&str>) -> Conn {
    let url = server.url();
    let opts = Opts::from_url(url.split('?').next().unwrap_or_default()).expect("the server's URL is one");
    let opts = OptsBuilder::from_opts(opts).db_name(database).prefer_socket(false);
    let mut conn = Conn::new(opts).await.expect("the test server answers");
    let rounds = server.pick("max_recursive_iterations", "cte_max_recursion_depth");
    let settings = format!("SET SESSION {rounds} = 1000000, time_zone = '+00:00'");
    conn.query_drop(settings).await.expect("a long recursion");
    conn
}

/// A database that goes away with its value, together with the users made for it.
pub struct Database {
    pub name: String,
    pub server: Server,
    users: Vec<String>,
    pub admin: Mutex<Conn>,
}

impl Database {
    pub async fn new(server: Server, statements: &[&str]) -> Database {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("querent_c_{}_{number}", std::process::id());
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        admin(server, None).await.query_drop(create).await.expect("the database is made");
        let admin = Mutex::new(admin(server, Some(&name)).await);
        let database = Database { admin, server, name, users: Vec::new() };
        for statement in statements {
            database.run(statement).await;
        }
        database
    }

    pub async fn run(&self, sql: &str) {
        self.admin.lock().await.query_drop(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }

    /// One value of one row, as text; empty when there is none.
    pub async fn value(&self, sql: &str) -> String {
        let row: Option<Value> =
            self.admin.lock().await.query_first(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        match row {
            Some(Value::Bytes(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Some(Value::Int(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// The sessions of a login: their numbers, and what each does.
    pub async fn sessions_of(&self, user: &str) -> Vec<(u64, String)> {
        let rows: Vec<Row> =
            self.admin.lock().await.query("SHOW PROCESSLIST").await.expect("the server lists its sessions");
        let cell =
            |row: &Row, index| row.get_opt::<String, _>(index).and_then(Result::ok).unwrap_or_default();
        let own = rows.iter().filter(|row| cell(row, 1) == user);
        own.map(|row| (cell(row, 0).parse().expect("a number"), cell(row, 4))).collect()
    }

    /// Ends the sessions of a login.
    pub async fn kill(&self, user: &str) {
        for (session, _) in self.sessions_of(user).await {
            // it may end by itself meanwhile
            let _ = self.admin.lock().await.query_drop(format!("KILL {session}")).await;
        }
    }

    /// Makes a login that can do nothing yet; gives its name.
    pub async fn user(&mut self, suffix: &str, how: &str) -> String {
        let user = format!("{}_{suffix}", self.name);
        self.run(&format!("CREATE USER {user}@'%' {how}")).await;
        self.users.push(user.clone());
        user
    }

    /// The URL for the login with all rights.
    pub fn url(&self, params: &str) -> String {
        self.url_as(None, params)
    }

    /// The URL for another login (`name` or `name:password`).
    pub fn url_as(&self, login: Option<&str>, params: &str) -> String {
        let server = self.server.url();
        let (scheme, rest) = server.split_once("://").expect("a URL");
        let rest = rest.split('?').next().expect("a part before the parameters");
        let authority = rest.split('/').next().expect("an authority");
        let (own_login, host) = authority.rsplit_once('@').expect("a user in the URL");
        format!("{scheme}://{}@{host}/{}?{params}", login.unwrap_or(own_login), self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (name, server, users) = (self.name.clone(), self.server, std::mem::take(&mut self.users));
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let mut server = admin(server, None).await;
                let _ = server.query_drop(format!("DROP DATABASE {name}")).await;
                for user in users {
                    let _ = server.query_drop(format!("DROP USER {user}@'%'")).await;
                }
                let _ = server.disconnect().await;
            });
        });
        let _ = dropped.join();
    }
}
