//! Queries: WITH, set operations, SELECT blocks, FROM and its joins, sorting.

use super::{Call, Expr, Form, Ident, JsonTable, ObjectName, Span, Tail, TypeName, Walk, WindowSpec};

/// A whole read: `WITH ... body ORDER BY ... LIMIT ...`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// `WITH RECURSIVE`.
    pub recursive: bool,
    /// Common table expressions, in order.
    pub with: Vec<Cte>,
    /// What is read.
    pub body: SetExpr,
    /// Sorting of the result.
    pub order_by: Vec<OrderItem>,
    /// Row limit (also `TOP n`, `FETCH FIRST n ROWS`).
    pub limit: Option<Box<Expr>>,
    /// Rows to skip.
    pub offset: Option<Box<Expr>>,
    /// `WITH TIES`.
    pub with_ties: bool,
    /// What only SQL Server has around a query.
    pub tail: Tail,
}

/// One common table expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Cte {
    /// Its name.
    pub name: Ident,
    /// Column aliases.
    pub columns: Vec<Ident>,
    /// `MATERIALIZED` (true) or `NOT MATERIALIZED` (false).
    pub materialized: Option<bool>,
    /// What it holds.
    pub query: Query,
    /// SEARCH and CYCLE.
    pub walk: Walk,
}

/// A body: one SELECT, rows of values, or sets put together.
#[derive(Debug, Clone, PartialEq)]
pub enum SetExpr {
    /// `SELECT ...`
    Select(Box<Select>),
    /// `VALUES (...), (...)`
    Values(Vec<Vec<Expr>>),
    /// A query in parentheses, with its own WITH, ORDER BY or LIMIT.
    Query(Box<Query>),
    /// `left UNION ALL right`
    SetOp {
        /// Which operation.
        op: SetOp,
        /// Whether duplicates are kept.
        all: bool,
        /// First arm.
        left: Box<SetExpr>,
        /// Second arm.
        right: Box<SetExpr>,
    },
}

impl Default for SetExpr {
    fn default() -> SetExpr {
        SetExpr::Select(Box::default())
    }
}

/// A set operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum SetOp {
    Union,
    Intersect,
    Except,
}

/// One SELECT block.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Select {
    /// DISTINCT.
    pub distinct: Distinct,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// FROM, comma-separated entries.
    pub from: Vec<FromItem>,
    /// WHERE.
    pub selection: Option<Expr>,
    /// GROUP BY.
    pub group_by: Vec<GroupItem>,
    /// HAVING.
    pub having: Option<Expr>,
    /// WINDOW name AS (...).
    pub windows: Vec<(Ident, WindowSpec)>,
}

/// DISTINCT in its forms.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs)]
pub enum Distinct {
    #[default]
    No,
    Yes,
    /// PostgreSQL's `DISTINCT ON (...)`.
    On(Vec<Expr>),
}

/// One entry of a select list.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum SelectItem {
    Expr { expr: Expr, alias: Option<Ident> },
    Wildcard(Span),
    QualifiedWildcard(ObjectName),
}

/// One entry of GROUP BY.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum GroupItem {
    Expr(Expr),
    Rollup(Vec<Vec<Expr>>),
    Cube(Vec<Vec<Expr>>),
    GroupingSets(Vec<Vec<Expr>>),
}

/// `AS name (columns)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableAlias {
    /// The name.
    pub name: Ident,
    /// Column aliases.
    pub columns: Vec<Ident>,
}

/// One entry of FROM.
#[derive(Debug, Clone, PartialEq)]
pub enum FromItem {
    /// A table, view or common table expression.
    Table {
        /// As written; after the check, schema-qualified if it is no common table expression.
        name: ObjectName,
        /// Its alias.
        alias: Option<TableAlias>,
    },
    /// A sub-query.
    Derived {
        /// May it see the entries before it?
        lateral: bool,
        /// The sub-query.
        query: Box<Query>,
        /// Its alias.
        alias: Option<TableAlias>,
    },
    /// A table function.
    Function {
        /// LATERAL written.
        lateral: bool,
        /// The call.
        call: Box<Call>,
        /// WITH ORDINALITY.
        ordinality: bool,
        /// Its alias.
        alias: Option<TableAlias>,
        /// `AS x(name type, ...)`.
        column_types: Vec<(Ident, TypeName)>,
    },
    /// MySQL's JSON_TABLE.
    JsonTable(Box<JsonTable>),
    /// What only SQL Server has in FROM.
    Form(Box<Form>),
    /// Two entries joined.
    Join {
        /// How.
        kind: JoinKind,
        /// Left side.
        left: Box<FromItem>,
        /// Right side.
        right: Box<FromItem>,
        /// The condition.
        on: JoinOn,
    },
}

/// Kinds of join. `Apply`: SQL Server's CROSS and OUTER APPLY.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
    CrossApply,
    OuterApply,
}

/// A join's condition.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum JoinOn {
    None,
    On(Expr),
    Using(Vec<Ident>),
    Natural,
}

/// One entry of ORDER BY.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderItem {
    /// What to sort by (an integer literal is a position).
    pub expr: Expr,
    /// ASC (true), DESC (false), or not said.
    pub asc: Option<bool>,
    /// NULLS FIRST (true), NULLS LAST (false), or not said.
    pub nulls_first: Option<bool>,
}
