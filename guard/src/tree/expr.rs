//! Expressions and constants.

use super::{BinaryOp, Call, Ident, LikeOp, ObjectName, Query, Span, SpecialCall, TypeName, UnaryOp};

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A column: `[[schema.]table.]column`.
    Column(ObjectName),
    /// A constant.
    Literal(Literal, Span),
    /// `$1`: a bound parameter, 1-based.
    Param(u32),
    /// `-x`, `NOT x` ...
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        expr: Box<Expr>,
    },
    /// `a + b`, `a AND b` ...
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// `x IS [NOT] NULL | TRUE | FALSE | UNKNOWN | JSON | NORMALIZED`
    Is {
        /// What is tested.
        expr: Box<Expr>,
        /// For what.
        test: IsTest,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] BETWEEN [SYMMETRIC] low AND high`
    Between {
        /// What is tested.
        expr: Box<Expr>,
        /// Lower bound.
        low: Box<Expr>,
        /// Upper bound.
        high: Box<Expr>,
        /// NOT.
        negated: bool,
        /// Bounds may be swapped.
        symmetric: bool,
    },
    /// `x [NOT] IN (a, b)`
    InList {
        /// What is tested.
        expr: Box<Expr>,
        /// The values.
        list: Vec<Expr>,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] IN (SELECT ...)`
    InSubquery {
        /// What is tested.
        expr: Box<Expr>,
        /// The sub-query.
        query: Box<Query>,
        /// NOT.
        negated: bool,
    },
    /// `x [NOT] LIKE y [ESCAPE z]` and its relatives.
    Like {
        /// Which operator.
        op: LikeOp,
        /// What is tested.
        expr: Box<Expr>,
        /// The pattern.
        pattern: Box<Expr>,
        /// ESCAPE.
        escape: Option<Box<Expr>>,
        /// NOT.
        negated: bool,
    },
    /// `x = ANY (query or array)`, `x > ALL (...)`
    Quantified {
        /// Left side.
        left: Box<Expr>,
        /// Comparison.
        op: BinaryOp,
        /// ALL instead of ANY.
        all: bool,
        /// A sub-query (`Expr::Subquery`) or an array expression.
        right: Box<Expr>,
    },
    /// `CASE [operand] WHEN ... THEN ... ELSE ... END`
    Case {
        /// Value compared with each WHEN.
        operand: Option<Box<Expr>>,
        /// WHEN and THEN.
        branches: Vec<(Expr, Expr)>,
        /// ELSE.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS type)`, `x::type`, `TRY_CAST`.
    Cast {
        /// What is converted.
        expr: Box<Expr>,
        /// To what.
        to: TypeName,
        /// NULL instead of an error.
        try_cast: bool,
    },
    /// `DATE '2024-01-01'`: a literal with a type before it.
    Typed {
        /// The type.
        ty: TypeName,
        /// The text.
        value: String,
        /// Where.
        span: Span,
    },
    /// `INTERVAL '1' DAY`, `INTERVAL '1 day'`.
    Interval {
        /// The amount (a literal; MySQL allows an expression).
        value: Box<Expr>,
        /// The unit when it is written outside.
        unit: Option<String>,
    },
    /// A function call, aggregate and window forms included.
    Call(Box<Call>),
    /// `EXTRACT(field FROM x)`
    Extract {
        /// Field in lower case (`year`, `epoch`).
        field: String,
        /// Of what.
        expr: Box<Expr>,
    },
    /// `SUBSTRING(x FROM a FOR b)`, `TRIM(BOTH y FROM x)`, `POSITION(a IN b)`, `OVERLAY(...)`: calls with words between the arguments.
    Special(SpecialCall),
    /// `x AT TIME ZONE z`
    AtTimeZone {
        /// The time stamp.
        expr: Box<Expr>,
        /// The zone.
        zone: Box<Expr>,
    },
    /// `x COLLATE name`
    Collate {
        /// The text.
        expr: Box<Expr>,
        /// The collation.
        collation: ObjectName,
    },
    /// `[NOT] EXISTS (SELECT ...)`
    Exists {
        /// The sub-query.
        query: Box<Query>,
        /// NOT.
        negated: bool,
    },
    /// `(SELECT ...)` as a value.
    Subquery(Box<Query>),
    /// `(a, b)` or `ROW(a, b)`
    Row(Vec<Expr>),
    /// `ARRAY[a, b]`
    Array(Vec<Expr>),
    /// `ARRAY(SELECT ...)`
    ArraySubquery(Box<Query>),
    /// `x[1]`, `x[1:2]`
    Subscript {
        /// The array.
        expr: Box<Expr>,
        /// Index, or lower bound of a slice.
        index: Option<Box<Expr>>,
        /// Upper bound; `Some` makes it a slice.
        slice_to: Option<Option<Box<Expr>>>,
    },
    /// `x MATCH y` against SQLite's full-text tables is a `Binary`; `(row).field` is this.
    Field {
        /// A row value.
        expr: Box<Expr>,
        /// Its field.
        field: Ident,
    },
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Literal {
    Null,
    Bool(bool),
    /// Digits as written, without sign.
    Number(String),
    /// Text with all escapes undone.
    String(String),
    /// `X'1F'`: bytes (PostgreSQL: a bit string).
    Hex(String),
    /// `B'101'`
    Bits(String),
    /// SQL Server's `N'...'`.
    National(String),
    /// SQL Server's `$1.50`: digits without the sign.
    Money(String),
}

/// What `IS` tests for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum IsTest {
    Null,
    True,
    False,
    Unknown,
    /// PostgreSQL's `IS JSON`.
    Json {
        /// What it must be; nothing is any value.
        shape: Option<JsonShape>,
        /// WITH UNIQUE KEYS.
        unique: bool,
    },
    /// PostgreSQL's `IS NFC NORMALIZED`.
    Normalized(NormalForm),
}

/// Kinds of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum JsonShape {
    Object,
    Array,
    Scalar,
}

/// Normal forms of Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum NormalForm {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}
