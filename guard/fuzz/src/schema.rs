//! The schema that generated statements are about: few tables, names that need quotes, one table nobody may see.

use std::sync::LazyLock;

use catalog::{Catalog, Engine, ddl};
use guard::Policy;
use guard::policy::{How, Mask, RowFilter};

/// Engines whose SQL is text.
pub const ENGINES: [Engine; 5] =
    [Engine::Postgres, Engine::Sqlite, Engine::Mysql, Engine::Mariadb, Engine::Mssql];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole or decimal numbers.
    Number,
    /// Text.
    Text,
    /// Dates.
    Date,
}

/// Columns of a relation with what they hold.
pub type Columns = &'static [(&'static str, Kind)];

/// Relations that may be read.
pub const TABLES: [(&str, Columns); 6] = [
    (
        "customers",
        &[
            ("id", Kind::Number),
            ("name", Kind::Text),
            ("email", Kind::Text),
            ("country", Kind::Text),
            ("born", Kind::Date),
            ("score", Kind::Number),
        ],
    ),
    (
        "orders",
        &[
            ("id", Kind::Number),
            ("customer_id", Kind::Number),
            ("placed_on", Kind::Date),
            ("total", Kind::Number),
            ("note", Kind::Text),
        ],
    ),
    (
        "items",
        &[
            ("order_id", Kind::Number),
            ("product_id", Kind::Number),
            ("quantity", Kind::Number),
            ("price", Kind::Number),
        ],
    ),
    (
        "products",
        &[("id", Kind::Number), ("name", Kind::Text), ("price", Kind::Number), ("group", Kind::Text)],
    ),
    ("odd name", &[("id", Kind::Number), ("Mixed Case", Kind::Text), ("a\"b", Kind::Text)]),
    ("spending", &[("customer_id", Kind::Number), ("spent", Kind::Number)]),
];

/// A name between the engine's quotes.
pub fn quoted(name: &str, engine: Engine) -> String {
    match engine {
        Engine::Postgres | Engine::Sqlite | Engine::Mongodb => format!("\"{}\"", name.replace('"', "\"\"")),
        Engine::Mysql | Engine::Mariadb => format!("`{}`", name.replace('`', "``")),
        Engine::Mssql => format!("[{}]", name.replace(']', "]]")),
    }
}

/// Statements that create the schema. Names in double quotes are set into the engine's own.
pub fn ddl_text(engine: Engine) -> String {
    let mut text = String::new();
    let mut tables: Vec<(&str, Columns)> = TABLES[..5].to_vec();
    tables.push(("vault", &[("id", Kind::Number), ("code", Kind::Text)]));
    for (table, columns) in tables {
        let list: Vec<String> = columns.iter().map(|(name, kind)| column(name, *kind, engine)).collect();
        text.push_str(&format!("CREATE TABLE {} ({});\n", quoted(table, engine), list.join(", ")));
    }
    text.push_str(
        "CREATE VIEW spending AS SELECT customer_id, sum(total) AS spent FROM orders GROUP BY customer_id;\n",
    );
    text
}

fn column(name: &str, kind: Kind, engine: Engine) -> String {
    let ty = match kind {
        Kind::Number if name.ends_with("id") => "INTEGER",
        Kind::Number => "NUMERIC(10, 2)",
        Kind::Text => "VARCHAR(40)",
        Kind::Date => "DATE",
    };
    let key = if name == "id" { " PRIMARY KEY" } else { "" };
    format!("{} {ty}{key}", quoted(name, engine))
}

/// Statements that fill it with a few rows, absent values and quotes among them.
pub fn rows_text(engine: Engine) -> String {
    let odd = quoted("odd name", engine);
    format!(
        "INSERT INTO customers VALUES (1, 'Ada', 'ada@example.org', 'NL', '1990-02-01', 10), \
         (2, 'Bo''b', NULL, 'BE', '1985-12-31', NULL), (3, 'Ćira', 'c@example.org', 'NL', NULL, 7.5), \
         (4, 'ada', '', 'de', '2001-07-15', -3);\n\
         INSERT INTO orders VALUES (1, 1, '2024-01-05', 10.50, 'first'), (2, 1, '2024-02-10', 99.99, NULL), \
         (3, 2, '2023-12-31', 0, 'a%b_c'), (4, 3, NULL, 45, 'it''s'), (5, NULL, '2024-03-01', 12, '');\n\
         INSERT INTO items VALUES (1, 1, 2, 5.25), (2, 1, 1, 99.99), (3, 2, 0, NULL), (4, 3, 9, 5);\n\
         INSERT INTO products VALUES (1, 'pen', 5.25, 'desk'), (2, 'lamp', 99.99, NULL), (3, 'cup', 5, 'desk');\n\
         INSERT INTO {odd} VALUES (1, 'Upper', 'quote'), (2, 'low', NULL);\n\
         INSERT INTO vault VALUES (1, 'hush');\n"
    )
}

/// The catalog of that schema.
pub fn catalog(engine: Engine) -> &'static Catalog {
    static ALL: LazyLock<Vec<Catalog>> = LazyLock::new(|| {
        ENGINES.iter().map(|e| Catalog::new(ddl::read(&ddl_text(*e), *e).snapshot)).collect()
    });
    let at = ENGINES.iter().position(|e| *e == engine).unwrap_or_default();
    &ALL[at]
}

/// The policy of the targets: `vault` and an e-mail address do not exist for the caller.
pub fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy {
        hidden_tables: vec!["vault".to_owned()],
        hidden_columns: vec!["customers.email".to_owned()],
        ..Policy::default()
    });
    &POLICY
}

/// A policy that rewrites: some columns are masked, some rows do not exist for the caller.
pub fn rewriting() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| {
        let mask =
            |column: &str, how| Mask { columns: vec![column.to_owned()], sensitivity: Vec::new(), how };
        let filter = |table: &str, predicate: &str| RowFilter {
            table: table.to_owned(),
            predicate: predicate.to_owned(),
        };
        Policy {
            masks: vec![
                mask("customers.name", How::Partial { keep_last: 2 }),
                mask("orders.note", How::Null),
            ],
            row_filters: vec![
                filter("orders", "total > 0 OR customer_id IS NULL"),
                filter("customers", "country = 'NL'"),
            ],
            max_rows: Some(50),
            ..policy().clone()
        }
    });
    &POLICY
}
