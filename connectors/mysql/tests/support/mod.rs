//! A database of its own for every test, on the server that the environment names.

// every test file uses a part of this
#![allow(dead_code, missing_docs, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicU32, Ordering};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Value};
use tokio::sync::Mutex;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The server's URL. Without one the tests cannot say anything, so they fail.
pub fn server_url() -> String {
    std::env::var("QUERENT_TEST_MARIADB_URL").unwrap_or_else(|_| {
        panic!("QUERENT_TEST_MARIADB_URL is not set: run tests/servers/mariadb.sh start and export what it prints")
    })
}

/// A connection with all rights.
pub async fn admin(database: Option<&str>) -> Conn {
    let server = server_url();
    let plain = server.split('?').next().unwrap_or_default();
    let opts = Opts::from_url(plain).expect("QUERENT_TEST_MARIADB_URL is a URL");
    let opts = OptsBuilder::from_opts(opts).db_name(database).prefer_socket(false);
    let mut conn = Conn::new(opts).await.expect("the test server answers");
    conn.query_drop("SET SESSION max_recursive_iterations = 1000000").await.expect("a long recursion");
    conn
}

/// A database that goes away with its value, together with the users made for it.
pub struct Database {
    pub name: String,
    users: Vec<String>,
    pub admin: Mutex<Conn>,
}

impl Database {
    pub async fn new(statements: &[&str]) -> Database {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("querent_c_{}_{number}", std::process::id());
        let mut server = admin(None).await;
        server.query_drop(format!("CREATE DATABASE {name}")).await.expect("the database is made");
        let database = Database { admin: Mutex::new(admin(Some(&name)).await), name, users: Vec::new() };
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
            _ => String::new(),
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
        let server = server_url();
        let (scheme, rest) = server.split_once("://").expect("a URL");
        let rest = rest.split('?').next().expect("a part before the parameters");
        let authority = rest.split('/').next().expect("an authority");
        let (own_login, host) = authority.rsplit_once('@').expect("a user in the URL");
        format!("{scheme}://{}@{host}/{}?{params}", login.unwrap_or(own_login), self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (name, users) = (self.name.clone(), std::mem::take(&mut self.users));
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let mut server = admin(None).await;
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
