//! Operators. The engine decides which it has; the converter refuses the rest.

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
    /// MySQL: `x MEMBER OF (json)`
    MemberOf,
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
