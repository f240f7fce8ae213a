//! A database of its own for every test, on the server that the environment names.

// every test file uses a part of this
#![allow(dead_code, missing_docs, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, Config, NoTls};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The server's URL. Without one the tests cannot say anything, so they fail.
pub fn server_url() -> String {
    std::env::var("QUERENT_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!("QUERENT_TEST_POSTGRES_URL is not set: run tests/servers/postgres.sh start and export what it prints")
    })
}

/// A client with all rights.
pub async fn admin(database: Option<&str>) -> Client {
    let mut config: Config = server_url().parse().expect("QUERENT_TEST_POSTGRES_URL is a URL");
    if let Some(database) = database {
        config.dbname(database);
    }
    let (client, connection) = config.connect(NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client
}

/// A database that goes away with its value, together with the roles made for it.
pub struct Database {
    pub name: String,
    roles: Vec<String>,
    pub admin: Client,
}

impl Database {
    pub async fn new(statements: &[&str]) -> Database {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("querent_c_{}_{number}", std::process::id());
        let server = admin(None).await;
        server.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("the database is made");
        let database = Database { admin: admin(Some(&name)).await, name, roles: Vec::new() };
        for statement in statements {
            database.run(statement).await;
        }
        database
    }

    pub async fn run(&self, sql: &str) {
        self.admin.batch_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }

    /// One value of one row, as text.
    pub async fn value(&self, sql: &str) -> String {
        let sql = format!("SELECT ({sql})::text");
        self.admin.query_one(&sql, &[]).await.unwrap_or_else(|e| panic!("{sql}: {e:?}")).get(0)
    }

    /// Makes a login that can do nothing yet; gives its name.
    pub async fn role(&mut self, suffix: &str, attributes: &str) -> String {
        let role = format!("{}_{suffix}", self.name);
        self.run(&format!("CREATE ROLE {role} LOGIN {attributes}")).await;
        self.roles.push(role.clone());
        role
    }

    /// The URL for the superuser.
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
        let (name, roles) = (self.name.clone(), std::mem::take(&mut self.roles));
        let dropped = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let server = admin(None).await;
                let _ = server.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
                for role in roles {
                    let _ = server.batch_execute(&format!("DROP ROLE {role}")).await;
                }
            });
        });
        let _ = dropped.join();
    }
}
