//! Entries of FROM that only SQL Server has: JSON and XML as rows, PIVOT, and tables at another time or in part.

use super::{Expr, FromItem, Ident, ObjectName, TableAlias, TypeName};

/// One such entry, under its alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What it is.
    pub kind: FormKind,
    /// Its alias.
    pub alias: Option<TableAlias>,
}

/// The kinds of them.
#[derive(Debug, Clone, PartialEq)]
pub enum FormKind {
    /// `OPENJSON(json, 'path') WITH (name type 'path' AS JSON, ...)`
    Json {
        /// The JSON text.
        json: Expr,
        /// Where in it.
        path: Option<Expr>,
        /// The columns; there is at least one.
        columns: Vec<OpenJsonColumn>,
    },
    /// `x.nodes('path')`
    Nodes {
        /// The XML value.
        xml: Expr,
        /// Where in it.
        path: String,
    },
    /// `input PIVOT (function(value) FOR column IN ([a], [b]))`
    Pivot {
        /// What is turned.
        input: Box<FromItem>,
        /// The aggregate in lower case.
        function: String,
        /// The column that is aggregated.
        value: Ident,
        /// The column whose values become columns.
        column: Ident,
        /// Those values.
        values: Vec<Ident>,
    },
    /// `input UNPIVOT (value FOR name IN ([a], [b]))`
    Unpivot {
        /// What is turned.
        input: Box<FromItem>,
        /// The new column of values.
        value: Ident,
        /// The new column of names.
        name: Ident,
        /// The columns that become rows.
        columns: Vec<Ident>,
    },
    /// `t FOR SYSTEM_TIME ... TABLESAMPLE ...`
    Table {
        /// The table.
        name: ObjectName,
        /// At which time.
        period: Option<Period>,
        /// Which part of it.
        sample: Option<Sample>,
    },
}

/// A column of OPENJSON.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OpenJsonColumn {
    pub name: Ident,
    pub ty: TypeName,
    pub path: Option<String>,
    pub as_json: bool,
}

/// FOR SYSTEM_TIME, with its times as written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Period {
    All,
    AsOf(String),
    FromTo(String, String),
    Between(String, String),
    ContainedIn(String, String),
}

/// TABLESAMPLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// How much, as written.
    pub amount: String,
    /// Rows instead of percent.
    pub rows: bool,
    /// REPEATABLE, as written.
    pub seed: Option<String>,
}
