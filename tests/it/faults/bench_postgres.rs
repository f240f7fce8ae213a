//! PostgreSQL under the cases.

use async_trait::async_trait;
use querent::store::{Conn, Db};

use super::bench::{Bench, Denied, Held, inserted, own_name};
use crate::harness::{open, postgres_url, with_database};

/// A database and a login of their own.
pub struct PostgresBench {
    name: String,
    server: Db,
    admin: Db,
}

impl PostgresBench {
    pub async fn new() -> PostgresBench {
        let name = own_name();
        let server = Db::open_postgres(&postgres_url(), 2).await.unwrap();
        for sql in [format!("CREATE DATABASE {name}"), format!("CREATE ROLE {name} LOGIN")] {
            server.execute(&sql, &[]).await.unwrap();
        }
        let admin = open(&with_database(&postgres_url(), &name)).await;
        let bench = PostgresBench { name, server, admin };
        bench.run("CREATE SCHEMA library").await;
        bench.run(&format!("GRANT USAGE ON SCHEMA library TO {}", bench.name)).await;
        bench
            .run(&format!(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA library GRANT SELECT ON TABLES TO {}",
                bench.name
            ))
            .await;
        bench
    }
}

#[async_trait]
impl Bench for PostgresBench {
    fn url(&self) -> String {
        let mut url = url::Url::parse(&with_database(&postgres_url(), &self.name)).unwrap();
        url.set_username(&self.name).unwrap();
        url.to_string()
    }

    fn schema(&self) -> String {
        "library".to_owned()
    }

    async fn run(&self, step: &str) {
        self.admin.execute(step, &[]).await.unwrap_or_else(|e| panic!("{step}: {e}"));
    }

    fn shelf(&self, number: usize) -> Vec<String> {
        let table = format!("library.shelf_{number}");
        vec![
            format!(
                "CREATE TABLE {table} (id bigint PRIMARY KEY, title text NOT NULL DEFAULT 'untitled', \
                 room integer CHECK (room > 0), placed_on date)"
            ),
            format!("INSERT INTO {table} (id, room) VALUES (1, 1)"),
        ]
    }

    fn widened(&self, number: usize) -> String {
        format!("ALTER TABLE library.shelf_{number} ADD COLUMN height integer")
    }

    fn filled(&self, number: usize, rows: usize) -> Vec<String> {
        inserted(&format!("library.shelf_{number}"), rows)
    }

    fn comings_and_goings(&self) -> Vec<String> {
        [
            "CREATE TABLE library.passing (id bigint PRIMARY KEY, a integer DEFAULT 1, b text CHECK (b <> ''))",
            "CREATE INDEX passing_half ON library.passing ((a + 1)) WHERE a > 0",
            "CREATE VIEW library.seen AS SELECT id, a FROM library.passing",
            "ALTER TABLE library.shelf_1 ADD COLUMN passing integer DEFAULT 7",
            "DROP VIEW library.seen",
            "DROP TABLE library.passing",
            "ALTER TABLE library.shelf_1 DROP COLUMN passing",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn of_passing(&self) -> &'static [&'static str] {
        &["id", "a", "b"]
    }

    fn broken_view(&self) -> Vec<String> {
        vec![
            "CREATE VIEW library.broken AS SELECT id, 1 / (room - room) AS share FROM library.shelf_0"
                .to_owned(),
        ]
    }

    async fn deny_before(&self) {
        self.run("REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC").await;
    }

    fn denied(&self) -> Denied {
        Denied::Fails { codes: &["C007"], named: "pg_proc" }
    }

    async fn allow(&self) {
        self.run("GRANT SELECT ON pg_catalog.pg_proc TO PUBLIC").await;
    }

    /// Comments are read by every crawl, and by hardly anything else.
    async fn hold(&self) -> Box<dyn Held> {
        let tx = self.admin.begin().await.unwrap();
        tx.execute("LOCK TABLE pg_catalog.pg_description IN ACCESS EXCLUSIVE MODE", &[]).await.unwrap();
        Box::new(Locked(tx))
    }

    async fn at_work(&self) -> usize {
        let sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND usename = '{}'";
        let rows = self.server.query(&sql.replace("{}", &self.name), &[]).await.unwrap();
        usize::try_from(rows[0].int("n").unwrap()).unwrap()
    }

    async fn close(&self) {
        self.run(&format!("DROP OWNED BY {}", self.name)).await;
        self.admin.clone().close().await;
        for sql in [format!("DROP DATABASE {} WITH (FORCE)", self.name), format!("DROP ROLE {}", self.name)] {
            self.server.execute(&sql, &[]).await.unwrap();
        }
        self.server.clone().close().await;
    }
}

struct Locked(querent::store::Tx);

#[async_trait]
impl Held for Locked {
    async fn release(self: Box<Self>) {
        self.0.commit().await.unwrap();
    }
}
