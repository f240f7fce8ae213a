//! The test server that speaks TDS, under the cases. It is not SQL Server: what it shows is the connector's side.

use async_trait::async_trait;
use test_tds::{Fault, Hold, Options, Server, SqlError};

use super::bench::{Bench, Denied, Held, inserted};

/// A server of its own.
pub struct TdsBench {
    server: Server,
}

impl TdsBench {
    pub async fn new() -> TdsBench {
        TdsBench { server: Server::start(Options::default()).await.unwrap() }
    }
}

#[async_trait]
impl Bench for TdsBench {
    fn url(&self) -> String {
        format!("mssql://sa:Querent-1@127.0.0.1:{}/querent?encrypt=no&connect_timeout=5", self.server.port())
    }

    fn schema(&self) -> String {
        "dbo".to_owned()
    }

    async fn run(&self, step: &str) {
        self.server.execute("querent", step).await.unwrap_or_else(|e| panic!("{step}: {}", e.message));
    }

    fn shelf(&self, number: usize) -> Vec<String> {
        let table = format!("dbo.shelf_{number}");
        vec![
            format!(
                "CREATE TABLE {table} (id bigint PRIMARY KEY, title nvarchar(100) NOT NULL DEFAULT 'untitled', \
                 room int CHECK (room > 0), placed_on date)"
            ),
            format!("INSERT INTO {table} (id, room) VALUES (1, 1)"),
        ]
    }

    fn widened(&self, number: usize) -> String {
        format!("ALTER TABLE dbo.shelf_{number} ADD height int")
    }

    fn filled(&self, number: usize, rows: usize) -> Vec<String> {
        inserted(&format!("dbo.shelf_{number}"), rows)
    }

    fn comings_and_goings(&self) -> Vec<String> {
        [
            "CREATE TABLE dbo.passing (id bigint PRIMARY KEY, a int DEFAULT 1, b nvarchar(9) CHECK (b <> ''))",
            "CREATE INDEX passing_two ON dbo.passing (b, a)",
            "CREATE VIEW dbo.seen AS SELECT id, a FROM dbo.passing",
            "ALTER TABLE dbo.shelf_1 ADD passing int DEFAULT 7",
            "DROP VIEW dbo.seen",
            "DROP TABLE dbo.passing",
            "ALTER TABLE dbo.shelf_1 DROP COLUMN passing",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// For each new definition the test server reads all that ever were.
    fn rounds(&self) -> usize {
        2
    }

    fn of_passing(&self) -> &'static [&'static str] {
        &["id", "a", "b"]
    }

    fn broken_view(&self) -> Vec<String> {
        vec!["CREATE VIEW dbo.broken AS SELECT id, 1 / (room - room) AS share FROM dbo.shelf_0".to_owned()]
    }

    async fn deny_before(&self) {
        let message =
            "The SELECT permission was denied on the object 'indexes', database 'mssqlsystemresource'.";
        let denied = SqlError::new(229, message.to_owned()).class(14);
        self.server.fail_next("sys.indexes", Fault::Error(denied));
    }

    fn denied(&self) -> Denied {
        Denied::Fails { codes: &["C007"], named: "indexes" }
    }

    /// It was denied once.
    async fn allow(&self) {}

    async fn hold(&self) -> Box<dyn Held> {
        Box::new(Standing(self.server.hold("sys.indexes", 0)))
    }

    async fn at_work(&self) -> usize {
        usize::try_from(self.server.running()).unwrap()
    }

    /// It ends with its value.
    async fn close(&self) {}
}

struct Standing(Hold);

#[async_trait]
impl Held for Standing {
    async fn release(self: Box<Self>) {
        self.0.release();
    }
}
