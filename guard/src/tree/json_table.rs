//! JSON_TABLE of MySQL and MariaDB: rows out of a JSON value.

use super::{Expr, Ident, TableAlias, TypeName};

/// `JSON_TABLE(value, 'path' COLUMNS (...)) AS alias`.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonTable {
    /// The JSON; it sees the entries before it.
    pub value: Expr,
    /// Where its rows are.
    pub path: String,
    /// What each row gives.
    pub columns: Vec<JsonColumn>,
    /// Its alias, which the servers ask for.
    pub alias: TableAlias,
}

/// One column of JSON_TABLE, or several of a path below.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum JsonColumn {
    /// `name FOR ORDINALITY`
    Ordinality(Ident),
    /// `name type [EXISTS] PATH 'path' [... ON EMPTY] [... ON ERROR]`
    Value { name: Ident, ty: TypeName, path: String, exists: bool, empty: JsonMissing, error: JsonMissing },
    /// `NESTED PATH 'path' COLUMNS (...)`
    Nested { path: String, columns: Vec<JsonColumn> },
}

/// What stands in for a value that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JsonMissing {
    Unsaid,
    Null,
    Default(String),
}
