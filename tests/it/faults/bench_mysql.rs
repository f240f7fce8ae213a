//! MariaDB and MySQL under the cases.

use async_trait::async_trait;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder};
use tokio::sync::Mutex;

use super::bench::{Bench, Denied, Held, inserted, own_name};

/// A database and a login of their own, on one of the two servers.
pub struct MysqlBench {
    name: String,
    user: String,
    server: String,
    admin: Mutex<Conn>,
}

impl MysqlBench {
    pub async fn mariadb() -> MysqlBench {
        MysqlBench::on("QUERENT_TEST_MARIADB_URL", "mariadb.sh").await
    }

    pub async fn mysql() -> MysqlBench {
        MysqlBench::on("QUERENT_TEST_MYSQL_URL", "mysql.sh").await
    }

    async fn on(variable: &str, script: &str) -> MysqlBench {
        let server = std::env::var(variable).unwrap_or_else(|_| {
            panic!("{variable} is not set: run tests/servers/{script} start and export what it prints")
        });
        let name = own_name();
        // a login's name has 32 characters at the most on one of the servers
        let user: String = name.chars().take(10).chain(name.chars().rev().take(20)).collect();
        let admin = Mutex::new(connect(&server, None).await);
        let bench = MysqlBench { name, user, server, admin };
        bench.run(&format!("CREATE DATABASE {} CHARACTER SET utf8mb4", bench.name)).await;
        bench.run(&format!("CREATE USER {}@'%'", bench.user)).await;
        bench.allow().await;
        *bench.admin.lock().await = connect(&bench.server, Some(&bench.name)).await;
        bench
    }
}

async fn connect(server: &str, database: Option<&str>) -> Conn {
    let opts = Opts::from_url(server.split('?').next().unwrap()).unwrap();
    let opts = OptsBuilder::from_opts(opts).db_name(database).prefer_socket(false);
    let mut conn = Conn::new(opts).await.unwrap();
    // a statement of ours that has to wait for a crawl is told so, and does not wait for ever
    conn.query_drop("SET SESSION lock_wait_timeout = 10, innodb_lock_wait_timeout = 10").await.unwrap();
    conn
}

#[async_trait]
impl Bench for MysqlBench {
    fn url(&self) -> String {
        let address = self.server.rsplit_once('@').unwrap().1.split(['/', '?']).next().unwrap();
        format!("mysql://{}@{address}/{}?connect_timeout=5", self.user, self.name)
    }

    fn schema(&self) -> String {
        self.name.clone()
    }

    async fn run(&self, step: &str) {
        self.admin.lock().await.query_drop(step).await.unwrap_or_else(|e| panic!("{step}: {e}"));
    }

    fn shelf(&self, number: usize) -> Vec<String> {
        vec![
            format!(
                "CREATE TABLE shelf_{number} (id bigint PRIMARY KEY, title varchar(100) NOT NULL DEFAULT 'untitled', \
                 room integer CHECK (room > 0), placed_on date)"
            ),
            format!("INSERT INTO shelf_{number} (id, room) VALUES (1, 1)"),
        ]
    }

    fn widened(&self, number: usize) -> String {
        format!("ALTER TABLE shelf_{number} ADD COLUMN height integer")
    }

    fn filled(&self, number: usize, rows: usize) -> Vec<String> {
        inserted(&format!("shelf_{number}"), rows)
    }

    fn comings_and_goings(&self) -> Vec<String> {
        [
            "CREATE TABLE passing (id bigint PRIMARY KEY, a integer DEFAULT 1, b varchar(9) CHECK (b <> ''), KEY (a))",
            "CREATE INDEX passing_two ON passing (b, a)",
            "CREATE VIEW seen AS SELECT id, a FROM passing",
            "ALTER TABLE shelf_1 ADD COLUMN passing integer DEFAULT 7",
            "DROP VIEW seen",
            "DROP TABLE passing",
            "ALTER TABLE shelf_1 DROP COLUMN passing",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn of_passing(&self) -> &'static [&'static str] {
        &["id", "a", "b"]
    }

    /// What it is over is gone: `information_schema` then only warns.
    fn broken_view(&self) -> Vec<String> {
        let gone = self.shelf(99).into_iter();
        let view = "CREATE VIEW broken AS SELECT id, room AS share FROM shelf_99".to_owned();
        gone.chain([view, "DROP TABLE shelf_99".to_owned()]).collect()
    }

    async fn deny_in_the_middle(&self) {
        let user = &self.user;
        self.run(&format!("REVOKE ALL PRIVILEGES ON {}.* FROM {user}@'%'", self.name)).await;
    }

    /// A login sees nothing of what it may not read, and everything is gone then.
    fn denied(&self) -> Denied {
        Denied::Fails { codes: &["C004", "C007", "X010"], named: "login" }
    }

    async fn allow(&self) {
        self.run(&format!("GRANT SELECT, SHOW VIEW ON {}.* TO {}@'%'", self.name, self.user)).await;
    }

    /// The look at a shelf's rows waits for it.
    async fn hold(&self) -> Box<dyn Held> {
        let mut conn = connect(&self.server, Some(&self.name)).await;
        conn.query_drop("LOCK TABLES shelf_1 WRITE").await.unwrap();
        Box::new(Locked(conn))
    }

    async fn at_work(&self) -> usize {
        let sql = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = ? AND COMMAND <> 'Sleep'";
        self.admin.lock().await.exec_first(sql, (&self.user,)).await.unwrap().unwrap()
    }

    /// The server looks at the socket when it has something to say.
    fn notices_lost_clients(&self) -> bool {
        false
    }

    async fn close(&self) {
        self.run(&format!("DROP DATABASE {}", self.name)).await;
        self.run(&format!("DROP USER {}@'%'", self.user)).await;
    }
}

struct Locked(Conn);

#[async_trait]
impl Held for Locked {
    async fn release(self: Box<Self>) {
        self.0.disconnect().await.unwrap();
    }
}
