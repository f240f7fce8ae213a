//! The contract suite's database in T-SQL: `timestamp` and `text` mean other things there, comments are properties, and a
//! recursive query stands before INSERT.

use super::fixture::NUMBERS;

/// The statements; each is a batch of its own.
pub(super) fn setup() -> Vec<String> {
    let fixed = [
        "CREATE TABLE contract_customers (
            id INTEGER PRIMARY KEY,
            email VARCHAR(120) NOT NULL UNIQUE,
            name NVARCHAR(200) NOT NULL,
            born DATE,
            balance NUMERIC(12,2) NOT NULL DEFAULT 0,
            CONSTRAINT contract_balance CHECK (balance >= 0)
        )",
        "CREATE TABLE contract_orders (
            id INTEGER PRIMARY KEY,
            customer_id INTEGER NOT NULL,
            status VARCHAR(20) NOT NULL DEFAULT 'open',
            placed_at DATETIME2(0),
            CONSTRAINT contract_orders_customer FOREIGN KEY (customer_id)
                REFERENCES contract_customers (id) ON DELETE CASCADE
        )",
        "CREATE TABLE contract_lines (
            order_id INTEGER NOT NULL,
            line_no INTEGER NOT NULL,
            quantity INTEGER NOT NULL,
            PRIMARY KEY (order_id, line_no)
        )",
        "CREATE TABLE contract_numbers (n INTEGER PRIMARY KEY)",
        "CREATE INDEX contract_orders_by_customer ON contract_orders (customer_id, placed_at)",
        "CREATE VIEW contract_order_list AS SELECT o.id, c.name, o.status FROM contract_orders o \
         JOIN contract_customers c ON c.id = o.customer_id",
        "EXEC sp_addextendedproperty N'MS_Description', N'where invoices go', N'SCHEMA', N'dbo', \
         N'TABLE', N'contract_customers', N'COLUMN', N'email'",
        "INSERT INTO contract_customers (id, email, name, born, balance) VALUES \
         (1, 'ada@example.org', N'Ada', '1990-05-01', 12.50), \
         (2, 'bob@example.org', N'Bob', NULL, 0), \
         (3, 'eve@example.org', N'Ève', '2001-12-31', 99999.99)",
        "INSERT INTO contract_orders (id, customer_id, status, placed_at) VALUES \
         (10, 1, 'open', '2024-01-02 03:04:05'), (11, 1, 'paid', '2024-02-03 00:00:00'), \
         (12, 3, 'paid', NULL), (13, 3, 'paid', '2024-03-04 23:59:59')",
    ];
    let numbers = format!(
        "WITH s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {NUMBERS}) \
         INSERT INTO contract_numbers (n) SELECT n FROM s OPTION (MAXRECURSION 0)"
    );
    fixed.into_iter().map(str::to_owned).chain([numbers]).collect()
}
