//! The tree of a pipeline: what a proven pipeline can be made of. It has no node for a write, for JavaScript or for a
//! command, so what has no place here is refused.

use super::accumulators::Accumulator;
use super::literal::Literal;
use super::operators::Operator;

/// A dotted path (`items.sku`), its parts checked when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub(super) Vec<String>);

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// An aggregation expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A value that is written plainly.
    Literal(Literal),
    /// `{$literal: value}`.
    Constant(Literal),
    /// `$a.b`.
    Field(Path),
    /// `$$name` or `$$name.a.b`.
    Variable(String, Option<Path>),
    /// `[a, b]`.
    Array(Vec<Expr>),
    /// `{a: x, b: y}`.
    Document(Vec<(String, Expr)>),
    /// An operator of the list with its operands.
    Call(&'static Operator, Args),
    /// `$cond`.
    Cond(Box<[Expr; 3]>),
    /// `$switch`: (case, then) pairs and the default.
    Switch(Vec<(Expr, Expr)>, Option<Box<Expr>>),
    /// `$let`.
    Let(Vec<(String, Expr)>, Box<Expr>),
    /// `$map`: input, name of the element, body.
    Map(Box<Expr>, Option<String>, Box<Expr>),
    /// `$filter`: input, name of the element, condition, most elements.
    Filter(Box<Expr>, Option<String>, Box<Expr>, Option<Box<Expr>>),
    /// `$reduce`: input, initial value, body.
    Reduce(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `$getField`: the constant name of the field, and what it is taken from (the document when left out).
    GetField(String, Option<Box<Expr>>),
    /// `$sortArray`.
    SortArray(Box<Expr>, SortBy),
    /// `$range`: start, end, step.
    Range(Box<Expr>, Box<Expr>, Option<i64>),
}

/// Operands, in the form in which they were written: `{$sum: x}` and `{$sum: [x]}` differ.
#[derive(Debug, Clone, PartialEq)]
pub enum Args {
    /// One operand without brackets.
    One(Box<Expr>),
    /// Operands in brackets.
    List(Vec<Expr>),
    /// Operands by name.
    Named(Vec<(&'static str, Expr)>),
}

/// How `$sortArray` orders.
#[derive(Debug, Clone, PartialEq)]
pub enum SortBy {
    /// The elements themselves; `true` is downwards.
    Whole(bool),
    /// By fields of the elements.
    Fields(Vec<(Path, bool)>),
}

/// A filter document: all conditions hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter(pub(super) Vec<Condition>);

/// One entry of a filter document.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// `$and`, `$or`, `$nor`.
    Logical(&'static str, Vec<Filter>),
    /// `$expr`.
    Expr(Expr),
    /// `$sampleRate`.
    SampleRate(f64),
    /// `$text`: words, and the language when given.
    Text(String, Option<String>),
    /// A field equals a value.
    Equals(Path, Literal),
    /// A field passes tests.
    Tests(Path, Vec<Test>),
}

/// A test on a field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `$eq`, `$gt` and the like: the operator and its value.
    Compare(&'static str, Literal),
    /// `$in`, `$nin`, `$all` with plain values.
    List(&'static str, Vec<Literal>),
    /// `$all` with `$elemMatch` entries.
    AllElements(Vec<ElemMatch>),
    /// `$exists`.
    Exists(bool),
    /// `$type` with names or numbers.
    Type(Vec<Literal>),
    /// `$regex` with its options.
    Regex(String, String),
    /// `$not`.
    Not(Vec<Test>),
    /// `$elemMatch`.
    ElemMatch(ElemMatch),
    /// `$size`.
    Size(i64),
    /// `$mod`: divisor and remainder.
    Mod(i64, i64),
    /// `$bitsAllSet` and the like, with a mask or positions.
    Bits(&'static str, Literal),
    /// `$geoWithin`, `$geoIntersects`: the operator, the kind of shape, and the shape.
    Geo(&'static str, &'static str, Literal),
}

/// What an array element must be.
#[derive(Debug, Clone, PartialEq)]
pub enum ElemMatch {
    /// Conditions on the element's fields.
    Fields(Filter),
    /// Tests on the element itself.
    Tests(Vec<Test>),
}

/// An entry of `$project`.
#[derive(Debug, Clone, PartialEq)]
pub enum Projection {
    /// Kept.
    Include,
    /// Left out.
    Exclude,
    /// Computed.
    Compute(Expr),
    /// Entries for a sub-document.
    Nested(Vec<(Path, Projection)>),
}

/// An accumulator with its operands: of `$group`, of a bucket or of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Accumulated {
    /// Name of the field made.
    pub(super) field: Path,
    /// Which accumulator.
    pub(super) op: &'static Accumulator,
    /// Its operands.
    pub(super) args: Args,
    /// `sortBy` of `$top` and the like.
    pub(super) sort: Option<Vec<(Path, bool)>>,
    /// The window, in `$setWindowFields`.
    pub(super) window: Option<Window>,
}

/// A window's bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// `documents` or `range`.
    pub(super) kind: &'static str,
    /// Lower and upper bound.
    pub(super) bounds: [Literal; 2],
    /// Unit of a range over dates.
    pub(super) unit: Option<String>,
}

/// `$lookup`.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// The other collection.
    pub(super) from: String,
    /// `localField` and `foreignField`.
    pub(super) keys: Option<(Path, Path)>,
    /// `let`.
    pub(super) vars: Vec<(String, Expr)>,
    /// Stages on the other collection.
    pub(super) pipeline: Option<Vec<Stage>>,
    /// Name of the array made.
    pub(super) into: Path,
}

/// `$graphLookup`.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphLookup {
    pub(super) from: String,
    pub(super) start: Expr,
    pub(super) connect_from: Path,
    pub(super) connect_to: Path,
    pub(super) into: Path,
    pub(super) max_depth: i64,
    pub(super) depth_field: Option<Path>,
    pub(super) restrict: Option<Filter>,
}

/// `$bucket` and `$bucketAuto`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    pub(super) by: Expr,
    pub(super) cut: Cut,
    pub(super) output: Option<Vec<Accumulated>>,
}

/// How buckets are cut.
#[derive(Debug, Clone, PartialEq)]
pub enum Cut {
    /// At boundaries; the rest goes into the bucket of that name.
    At(Vec<Literal>, Option<Literal>),
    /// Into so many, by a series of preferred numbers when given.
    Into(i64, Option<String>),
}

/// `$densify`.
#[derive(Debug, Clone, PartialEq)]
pub struct Densify {
    pub(super) field: Path,
    pub(super) partition: Vec<Path>,
    pub(super) step: Literal,
    pub(super) unit: Option<String>,
    /// `full` or `partition`, or a lower and an upper bound.
    pub(super) bounds: Bounds,
}

/// Bounds of `$densify`.
#[derive(Debug, Clone, PartialEq)]
pub enum Bounds {
    /// `full` or `partition`.
    Named(&'static str),
    /// From, to.
    Between(Literal, Literal),
}

/// How `$fill` fills a field.
#[derive(Debug, Clone, PartialEq)]
pub enum FillBy {
    /// With a value.
    Value(Expr),
    /// `linear` or `locf`.
    Method(&'static str),
}

/// One stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    Match(Filter),
    Project(Vec<(Path, Projection)>),
    /// `$addFields` and `$set`.
    Set(Vec<(Path, Expr)>),
    Unset(Vec<Path>),
    Group(Expr, Vec<Accumulated>),
    Sort(Vec<(Path, bool)>),
    Limit(i64),
    Skip(i64),
    Sample(i64),
    Count(Path),
    SortByCount(Expr),
    /// Path, name of the index field, whether documents without elements stay.
    Unwind(Path, Option<Path>, bool),
    Lookup(Box<Lookup>),
    GraphLookup(Box<GraphLookup>),
    UnionWith(String, Option<Vec<Stage>>),
    Facet(Vec<(Path, Vec<Stage>)>),
    Bucket(Box<Bucket>),
    /// `$replaceRoot` and `$replaceWith`.
    ReplaceRoot(Expr),
    /// `$setWindowFields`: partition, order, fields.
    Window(Option<Expr>, Vec<(Path, bool)>, Vec<Accumulated>),
    Densify(Box<Densify>),
    /// Partition, order, fields.
    Fill(Option<Expr>, Vec<(Path, bool)>, Vec<(Path, FillBy)>),
    Redact(Expr),
}
