//! SEARCH and CYCLE of a recursive common table expression (PostgreSQL): columns that tell how its rows were reached.

use super::{Expr, Ident};

/// Both clauses; either may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Walk {
    /// SEARCH.
    pub search: Option<Search>,
    /// CYCLE.
    pub cycle: Option<Cycle>,
}

/// `SEARCH DEPTH | BREADTH FIRST BY a, b SET column`
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Breadth first instead of depth first.
    pub breadth: bool,
    /// Columns that order what is reached from one row.
    pub by: Vec<Ident>,
    /// The new column, by which the whole can be sorted.
    pub column: Ident,
}

/// `CYCLE a, b SET mark TO value DEFAULT other USING path`
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// Columns that tell a row that was reached before.
    pub by: Vec<Ident>,
    /// The new column that marks such a row.
    pub mark: Ident,
    /// Constants for marked and other rows; nothing for TRUE and FALSE.
    pub values: Option<(Expr, Expr)>,
    /// The new column that holds the way.
    pub path: Ident,
}
