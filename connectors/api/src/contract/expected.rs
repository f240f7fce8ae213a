//! Where engines differ by nature: what each is expected to say of the suite's database. A case asserts this instead of
//! being left out.

use catalog::{Engine, TableKind, TypeClass};

/// What an engine says of the suite's database.
pub(super) struct Expected {
    /// What a stored relation is.
    pub kind: TableKind,
    /// Columns of `contract_customers` with their classes.
    pub customers: &'static [(&'static str, TypeClass)],
    /// Columns of `contract_order_list`.
    pub view: &'static [&'static str],
    /// The type of an exact number, one of these.
    pub balance: &'static [&'static str],
    /// Whether columns have defaults.
    pub defaults: bool,
    /// Primary keys of `contract_customers` and `contract_lines`.
    pub keys: (&'static [&'static str], &'static [&'static str]),
    /// Unique keys of `contract_customers`.
    pub unique: &'static [&'static str],
    /// Whether references and their rules are declared; else they are inferred.
    pub declared: bool,
    /// The column of `contract_customers` that orders refer to.
    pub referred: &'static str,
    /// The check's name.
    pub check: &'static str,
    /// The first customer's day of birth as it is printed.
    pub born: &'static str,
    /// A statement that runs for a very long time and gives no row, and one that gives rows all the while.
    pub endless: (&'static str, &'static str),
}

const ENDLESS_SILENT: &str = "SELECT a.n FROM contract_numbers AS a CROSS JOIN contract_numbers AS b \
     CROSS JOIN contract_numbers AS c WHERE a.n + b.n + c.n = 0";

// three tables without any condition are refused for some engines
const ENDLESS_ROWS: &str = "SELECT a.n AS n, 'some text' AS t FROM contract_numbers AS a \
     CROSS JOIN contract_numbers AS b CROSS JOIN contract_numbers AS c WHERE a.n + b.n + c.n > 0";

const TABLES: Expected = Expected {
    kind: TableKind::Table,
    customers: &[
        ("id", TypeClass::Integer),
        ("email", TypeClass::Text),
        ("name", TypeClass::Text),
        ("born", TypeClass::Date),
        ("balance", TypeClass::Decimal),
    ],
    view: &["id", "name", "status"],
    balance: &["numeric(12,2)", "decimal(12,2)"],
    defaults: true,
    keys: (&["id"], &["order_id", "line_no"]),
    unique: &["email"],
    declared: true,
    referred: "id",
    check: "contract_balance",
    born: "1990-05-01",
    endless: (ENDLESS_SILENT, ENDLESS_ROWS),
};

/// Documents have a key of their own, no defaults and no references; days are moments; the validator is the check. Joins
/// with a whole collection hold it in memory for each document: the rows that take long come from small ones.
const DOCUMENTS: Expected = Expected {
    kind: TableKind::Collection,
    customers: &[
        ("_id", TypeClass::Integer),
        ("id", TypeClass::Integer),
        ("email", TypeClass::Text),
        ("name", TypeClass::Text),
        ("born", TypeClass::TimestampTz),
        ("balance", TypeClass::Decimal),
    ],
    // what a view computes stands behind what it keeps
    view: &["id", "status", "name"],
    balance: &["decimal"],
    defaults: false,
    keys: (&["_id"], &["_id"]),
    unique: &["email", "id"],
    declared: false,
    referred: "_id",
    check: "validator",
    born: "1990-05-01T00:00:00Z",
    endless: (
        ENDLESS_SILENT,
        "SELECT a.n AS n, 'some text' AS t FROM contract_numbers AS a CROSS JOIN contract_orders AS b \
         CROSS JOIN contract_customers AS c WHERE a.n + b.id + c.id > 0",
    ),
};

pub(super) fn of(engine: Engine) -> &'static Expected {
    match engine {
        Engine::Mongodb => &DOCUMENTS,
        Engine::Sqlite | Engine::Postgres | Engine::Mysql | Engine::Mariadb | Engine::Mssql => &TABLES,
    }
}
