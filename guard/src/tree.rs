//! The guard's own syntax tree: every form of a read that Querent can prove, and nothing else.
//!
//! Text becomes this tree by `parse` (allow-list conversion of sqlparser's tree), text is made from it by `render`,
//! and the built-in translator builds it directly. Spans are ignored when trees are compared. Parentheses are not
//! stored: the renderer writes those that precedence asks for.

use serde::{Deserialize, Serialize};

/// Where in the statement's text something stands: byte offsets, end exclusive. Trees compare equal whatever the spans.
#[derive(Debug, Clone, Copy, Default, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

/// A name. Two names are equal when their values are: the parser has folded unquoted ones, so how a name was quoted
/// says nothing about what it means.
#[derive(Debug, Clone, Default, Eq)]
pub struct Ident {
    /// The name without quotes, escapes undone; unquoted names are folded where the engine folds (PostgreSQL).
    pub value: String,
    /// Whether it was quoted (and so keeps its case on engines that fold).
    pub quoted: bool,
    /// Where it stands.
    pub span: Span,
}

impl PartialEq for Ident {
    fn eq(&self, other: &Ident) -> bool {
        self.value == other.value
    }
}

impl Ident {
    /// A name that is to be taken exactly as it is.
    pub fn quoted(value: impl Into<String>) -> Ident {
        Ident { value: value.into(), quoted: true, span: Span::default() }
    }
}

/// `schema.table`, `column`, `schema.function`: one to three parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectName(pub Vec<Ident>);

impl ObjectName {
    /// A name of quoted parts.
    pub fn quoted<I: IntoIterator<Item = S>, S: Into<String>>(parts: I) -> ObjectName {
        ObjectName(parts.into_iter().map(Ident::quoted).collect())
    }

    /// The last part.
    pub fn last(&self) -> Option<&Ident> {
        self.0.last()
    }

    /// The span from the first part to the last.
    pub fn span(&self) -> Span {
        let start = self.0.first().map(|i| i.span.start).unwrap_or_default();
        let end = self.0.last().map(|i| i.span.end).unwrap_or_default();
        Span { start, end }
    }
}

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
    /// `x IS [NOT] NULL | TRUE | FALSE | UNKNOWN | JSON`
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
}

/// Unary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum UnaryOp {
    Not,
    Minus,
    Plus,
    BitNot,
    /// PostgreSQL's `|/`, `||/`, `@`, `!!` (text search).
    SquareRoot,
    CubeRoot,
    Abs,
    TsNot,
}

/// Binary operators. The engine decides which it has; the converter refuses the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryOp {
    And,
    Or,
    Xor,
    Eq,
    NotEq,
    Lt,
    LtEq,
    Gt,
    GtEq,
    /// `IS NOT DISTINCT FROM`, MySQL's `<=>`, SQLite's `IS`.
    NotDistinct,
    /// `IS DISTINCT FROM`, SQLite's `IS NOT`.
    Distinct,
    Plus,
    Minus,
    Multiply,
    Divide,
    Modulo,
    /// MySQL's DIV.
    IntDivide,
    Power,
    Concat,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    /// `->`
    JsonGet,
    /// `->>`
    JsonGetText,
    /// `#>`
    JsonPath,
    /// `#>>`
    JsonPathText,
    /// `#-`
    JsonMinus,
    /// `@>`
    Contains,
    /// `<@`
    ContainedBy,
    /// `&&`
    Overlap,
    /// `?`
    HasKey,
    /// `?|`
    HasAnyKey,
    /// `?&`
    HasAllKeys,
    /// `@?`
    JsonPathExists,
    /// `@@`
    Match,
    /// `~`
    Regex,
    /// `~*`
    RegexI,
    /// `!~`
    NotRegex,
    /// `!~*`
    NotRegexI,
    /// `~~` and its relatives (LIKE as operators)
    LikeOp,
    ILikeOp,
    NotLikeOp,
    NotILikeOp,
    /// `^@`
    StartsWith,
    /// `-|-`
    Adjacent,
    /// `&<`
    NotRightOf,
    /// `&>`
    NotLeftOf,
    /// `<<=`, `>>=` of inet
    ContainedByEq,
    ContainsEq,
    /// pgvector: `<->`, `<#>`, `<=>`
    Distance,
    NegInnerProduct,
    CosineDistance,
    /// pg_trgm `%` is Modulo; SQLite's `MATCH`
    SqliteMatch,
    /// `(a, b) OVERLAPS (c, d)`
    Overlaps,
}

/// Pattern operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum LikeOp {
    Like,
    ILike,
    SimilarTo,
    /// SQLite.
    Glob,
    /// MySQL, SQLite.
    Regexp,
}

/// What `IS` tests for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum IsTest {
    Null,
    True,
    False,
    Unknown,
    Json,
}

/// A type as written: `numeric(10,2)`, `timestamp with time zone`, `int[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// Name in lower case, words joined by one space; only names on the engine's list of built-in types pass.
    pub name: String,
    /// Numbers in parentheses.
    pub args: Vec<u32>,
    /// Array dimensions.
    pub dims: u8,
}

impl TypeName {
    /// A type without arguments.
    pub fn simple(name: &str) -> TypeName {
        TypeName { name: name.to_owned(), args: Vec::new(), dims: 0 }
    }
}

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
    Substring { expr: Box<Expr>, from: Option<Box<Expr>>, length: Option<Box<Expr>> },
    Trim { side: TrimSide, what: Option<Box<Expr>>, expr: Box<Expr> },
    Position { needle: Box<Expr>, haystack: Box<Expr> },
    Overlay { expr: Box<Expr>, with: Box<Expr>, from: Box<Expr>, length: Option<Box<Expr>> },
}

/// Which end TRIM works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TrimSide {
    Both,
    Leading,
    Trailing,
}
