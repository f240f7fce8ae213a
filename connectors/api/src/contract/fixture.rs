//! The database that the contract suite runs on.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, Engine, Snapshot, Table};
use futures::TryStreamExt;
use guard::{Policy, ReadOnly};

use arrow::record_batch::RecordBatch;

use super::expected::{self, Expected};
use crate::{Connector, ConnectorError, CrawlOptions, Limits};

/// Rows of `contract_numbers`.
pub const NUMBERS: u64 = 20_000;

/// A connector on a database made by [`setup`].
pub struct Fixture {
    /// The connector: one session at the most, and a wait for it well under five seconds.
    pub connector: Arc<dyn Connector>,
    /// Its engine.
    pub engine: Engine,
    /// The schema that the tables are in.
    pub schema: String,
    /// What must live as long as the database (a folder, a server).
    pub keep: Box<dyn Any + Send + Sync>,
}

impl Fixture {
    /// Where the engine differs by nature.
    pub(super) fn expected(&self) -> &'static Expected {
        expected::of(self.engine)
    }

    /// Crawls everything.
    pub async fn snapshot(&self) -> Snapshot {
        self.crawl(&CrawlOptions::default()).await
    }

    /// Crawls with options.
    pub async fn crawl(&self, options: &CrawlOptions) -> Snapshot {
        self.connector.introspect(options, &|_| {}).await.expect("introspection works")
    }

    /// One crawled table.
    pub async fn table(&self, name: &str) -> Table {
        let snapshot = self.snapshot().await;
        snapshot.table(&self.schema, name).unwrap_or_else(|| panic!("{name} was crawled")).clone()
    }

    /// Checks a statement against what a crawl finds.
    pub async fn checked(&self, sql: &str) -> ReadOnly {
        let catalog = Catalog::new(self.snapshot().await);
        guard::check(sql, &catalog, &Policy::default())
            .unwrap_or_else(|findings| panic!("the guard accepts {sql}: {findings:?}"))
    }

    /// Checks a statement and collects its result.
    pub async fn rows(&self, sql: &str, limits: &Limits) -> Result<Vec<RecordBatch>, ConnectorError> {
        let statement = self.checked(sql).await;
        let stream = self.connector.query(&statement, limits).await?;
        stream.batches.try_collect().await
    }

    /// The only value of a one-row result, as text.
    pub async fn value(&self, sql: &str) -> Result<String, ConnectorError> {
        let batches = self.rows(sql, &short()).await?;
        let batch = batches.first().expect("one batch");
        Ok(cell(batch, 0, 0))
    }
}

/// Limits of a statement that is expected to be quick.
pub(super) fn short() -> Limits {
    Limits { timeout: Duration::from_secs(20), ..Limits::default() }
}

/// A cell as text.
pub(super) fn cell(batch: &RecordBatch, column: usize, row: usize) -> String {
    arrow::util::display::array_value_to_string(batch.column(column), row).expect("a printable value")
}

/// The statements that make the database, for engines that are run with this suite so far.
pub fn setup(engine: Engine) -> Vec<String> {
    if engine == Engine::Mssql {
        return super::tsql::setup();
    }
    let mut statements: Vec<String> = vec![
        "CREATE TABLE contract_customers (
            id INTEGER PRIMARY KEY,
            email VARCHAR(120) NOT NULL UNIQUE, -- where invoices go
            name TEXT NOT NULL,
            born DATE,
            balance NUMERIC(12,2) NOT NULL DEFAULT 0,
            CONSTRAINT contract_balance CHECK (balance >= 0)
        )"
        .to_owned(),
        "CREATE TABLE contract_orders (
            id INTEGER PRIMARY KEY,
            customer_id INTEGER NOT NULL,
            status VARCHAR(20) NOT NULL DEFAULT 'open',
            placed_at TIMESTAMP,
            CONSTRAINT contract_orders_customer FOREIGN KEY (customer_id)
                REFERENCES contract_customers (id) ON DELETE CASCADE
        )"
        .to_owned(),
        "CREATE TABLE contract_lines (
            order_id INTEGER NOT NULL,
            line_no INTEGER NOT NULL,
            quantity INTEGER NOT NULL,
            PRIMARY KEY (order_id, line_no)
        )"
        .to_owned(),
        "CREATE TABLE contract_numbers (n INTEGER PRIMARY KEY)".to_owned(),
        "CREATE INDEX contract_orders_by_customer ON contract_orders (customer_id, placed_at)".to_owned(),
        "CREATE VIEW contract_order_list AS SELECT o.id, c.name, o.status FROM contract_orders o \
         JOIN contract_customers c ON c.id = o.customer_id"
            .to_owned(),
        "INSERT INTO contract_customers (id, email, name, born, balance) VALUES \
         (1, 'ada@example.org', 'Ada', '1990-05-01', 12.50), \
         (2, 'bob@example.org', 'Bob', NULL, 0), \
         (3, 'eve@example.org', 'Ève', '2001-12-31', 99999.99)"
            .to_owned(),
        "INSERT INTO contract_orders (id, customer_id, status, placed_at) VALUES \
         (10, 1, 'open', '2024-01-02 03:04:05'), (11, 1, 'paid', '2024-02-03 00:00:00'), \
         (12, 3, 'paid', NULL), (13, 3, 'paid', '2024-03-04 23:59:59')"
            .to_owned(),
        format!(
            "INSERT INTO contract_numbers (n) WITH RECURSIVE s(n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {NUMBERS}) SELECT n FROM s"
        ),
    ];
    if matches!(engine, Engine::Mysql | Engine::Mariadb) {
        statements.push(
            "ALTER TABLE contract_customers MODIFY email VARCHAR(120) NOT NULL COMMENT 'where invoices go'"
                .to_owned(),
        );
        statements.push("ANALYZE TABLE contract_customers, contract_orders, contract_numbers".to_owned());
    }
    if engine == Engine::Postgres {
        statements.push("COMMENT ON COLUMN contract_customers.email IS 'where invoices go'".to_owned());
        statements.push("ANALYZE".to_owned());
    }
    statements
}
