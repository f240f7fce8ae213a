//! Function calls: arguments, windows and their frames, calls with words between the arguments.

use super::{Expr, Ident, ObjectName, OrderItem, TypedCall};

/// A function call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// The function's name.
    pub name: ObjectName,
    /// Arguments.
    pub args: Vec<Arg>,
    /// `count(*)`.
    pub star: bool,
    /// `count(DISTINCT x)`.
    pub distinct: bool,
    /// Written without parentheses (`current_date`).
    pub bare: bool,
    /// ORDER BY inside the parentheses.
    pub order_by: Vec<OrderItem>,
    /// MySQL's `SEPARATOR`.
    pub separator: Option<String>,
    /// WITHIN GROUP (ORDER BY ...).
    pub within_group: Vec<OrderItem>,
    /// FILTER (WHERE ...).
    pub filter: Option<Box<Expr>>,
    /// IGNORE NULLS (true), RESPECT NULLS (false).
    pub ignore_nulls: Option<bool>,
    /// OVER ...
    pub over: Option<Over>,
}

/// One argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Arg {
    /// `name => value`.
    pub name: Option<Ident>,
    /// `VARIADIC value`.
    pub variadic: bool,
    /// The value.
    pub value: Expr,
}

impl Arg {
    /// A plain argument.
    pub fn plain(value: Expr) -> Arg {
        Arg { name: None, variadic: false, value }
    }
}

/// OVER in its two forms.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Over {
    Name(Ident),
    Spec(WindowSpec),
}

/// `(PARTITION BY ... ORDER BY ... frame)`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WindowSpec {
    /// A named window that this one extends.
    pub base: Option<Ident>,
    /// PARTITION BY.
    pub partition_by: Vec<Expr>,
    /// ORDER BY.
    pub order_by: Vec<OrderItem>,
    /// The frame.
    pub frame: Option<Frame>,
}

/// A window frame.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Frame {
    pub unit: FrameUnit,
    pub start: FrameBound,
    pub end: Option<FrameBound>,
    pub exclude: FrameExclude,
}

/// ROWS, RANGE, GROUPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FrameUnit {
    Rows,
    Range,
    Groups,
}

/// One end of a frame.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum FrameBound {
    CurrentRow,
    UnboundedPreceding,
    UnboundedFollowing,
    Preceding(Box<Expr>),
    Following(Box<Expr>),
}

/// EXCLUDE of a frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FrameExclude {
    #[default]
    NoOthers,
    CurrentRow,
    Group,
    Ties,
}

/// Calls with words between the arguments.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum SpecialCall {
    Substring {
        expr: Box<Expr>,
        from: Option<Box<Expr>>,
        length: Option<Box<Expr>>,
    },
    Trim {
        side: TrimSide,
        what: Option<Box<Expr>>,
        expr: Box<Expr>,
    },
    Position {
        needle: Box<Expr>,
        haystack: Box<Expr>,
    },
    Overlay {
        expr: Box<Expr>,
        with: Box<Expr>,
        from: Box<Expr>,
        length: Option<Box<Expr>>,
    },
    /// MySQL: `CONVERT(x USING charset)`; the name is on a list.
    ConvertUsing {
        expr: Box<Expr>,
        charset: String,
    },
    /// MySQL: `TIMESTAMPDIFF(UNIT, a, b)`; the unit is on a list.
    TimestampDiff {
        unit: String,
        from: Box<Expr>,
        to: Box<Expr>,
    },
    /// MySQL: `MATCH (a, b) AGAINST ('words' IN BOOLEAN MODE)`.
    MatchAgainst {
        columns: Vec<Expr>,
        words: Box<Expr>,
        mode: MatchMode,
    },
    /// SQL Server's calls with a word or a type among the arguments.
    Typed(TypedCall),
}

/// How a full-text search of MySQL reads its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MatchMode {
    Natural,
    Boolean,
    Expansion,
}

/// Which end TRIM works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TrimSide {
    Both,
    Leading,
    Trailing,
}
