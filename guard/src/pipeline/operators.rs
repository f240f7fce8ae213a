//! The operators that expressions, groups and windows may use, as data. What is not in a table is refused.

use catalog::TypeClass;

/// How an operator takes its operands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// So many operands at least and at most; one may stand without brackets.
    List(usize, usize),
    /// `{}` and nothing else.
    Empty,
    /// By name.
    Named(&'static [Key]),
    /// By name, or one operand alone (parts of a date).
    OneOrNamed(&'static [Key]),
}

/// A named operand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) kind: Kind,
}

/// What an operand must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Any expression.
    Any,
    /// A text that is written out.
    Text,
    /// A regular expression that is written out.
    Regex,
    /// The options of one, written out.
    RegexOptions,
    /// A unit of time, written out.
    Unit,
    /// A whole number from 1 to 1,000, written out.
    Count,
    /// A plain value.
    Constant,
}

/// What an operator gives: how its result is known further on, and how large it may become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Gives {
    /// A small value of that class.
    Small(TypeClass),
    /// A small value of any class.
    Value,
    /// A text made from its operands.
    Text,
    /// What its first operand is.
    First,
    /// An element of its first operand.
    Element,
    /// One of its operands.
    OneOf,
    /// Its operands put together.
    Together,
    /// Anything, made from its operands.
    Anything,
    /// An array of what its first operand is.
    ArrayOf,
}

/// An operator of the list.
#[derive(Debug, PartialEq)]
pub struct Operator {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) gives: Gives,
}

pub(super) const fn must(name: &'static str, kind: Kind) -> Key {
    Key { name, required: true, kind }
}

pub(super) const fn may(name: &'static str, kind: Kind) -> Key {
    Key { name, required: false, kind }
}

const fn op(name: &'static str, shape: Shape, gives: Gives) -> Operator {
    Operator { name, shape, gives }
}

/// Operands without a bound of their own; the size of the whole is bounded.
const MANY: usize = 1_000;
pub(super) const ONE: Shape = Shape::List(1, 1);
pub(super) const TWO: Shape = Shape::List(2, 2);
const ANY_NUMBER: Shape = Shape::List(0, MANY);
const SOME: Shape = Shape::List(1, MANY);

pub(super) const NUMBER: Gives = Gives::Small(TypeClass::Decimal);
pub(super) const FLOAT: Gives = Gives::Small(TypeClass::Float);
pub(super) const INT: Gives = Gives::Small(TypeClass::Integer);
const BOOL: Gives = Gives::Small(TypeClass::Boolean);
const DATE: Gives = Gives::Small(TypeClass::TimestampTz);

const DATE_PART: Shape = Shape::OneOrNamed(&[must("date", Kind::Any), may("timezone", Kind::Any)]);
const DATE_SHIFT: Shape = Shape::Named(&[
    must("startDate", Kind::Any),
    must("unit", Kind::Unit),
    must("amount", Kind::Any),
    may("timezone", Kind::Any),
]);
const TRIM: Shape = Shape::Named(&[must("input", Kind::Any), may("chars", Kind::Any)]);
const REGEX: Shape =
    Shape::Named(&[must("input", Kind::Any), must("regex", Kind::Regex), may("options", Kind::RegexOptions)]);
const REPLACE: Shape =
    Shape::Named(&[must("input", Kind::Any), must("find", Kind::Any), must("replacement", Kind::Any)]);
pub(super) const N_OF: Shape = Shape::Named(&[must("input", Kind::Any), must("n", Kind::Count)]);
pub(super) const MEDIAN: Shape = Shape::Named(&[must("input", Kind::Any), must("method", Kind::Text)]);
pub(super) const PERCENTILE: Shape =
    Shape::Named(&[must("input", Kind::Any), must("p", Kind::Constant), must("method", Kind::Text)]);

/// Operators of expressions. Those with operands of a kind of their own (`$cond`, `$map`, `$let` ...) are read elsewhere.
pub(super) static OPERATORS: &[Operator] = &[
    op("$abs", ONE, NUMBER),
    op("$acos", ONE, FLOAT),
    op("$acosh", ONE, FLOAT),
    op("$add", SOME, NUMBER),
    op("$allElementsTrue", ONE, BOOL),
    op("$and", ANY_NUMBER, BOOL),
    op("$anyElementTrue", ONE, BOOL),
    op("$arrayElemAt", TWO, Gives::Element),
    op("$arrayToObject", ONE, Gives::Anything),
    op("$asin", ONE, FLOAT),
    op("$asinh", ONE, FLOAT),
    op("$atan", ONE, FLOAT),
    op("$atan2", TWO, FLOAT),
    op("$atanh", ONE, FLOAT),
    op("$avg", SOME, FLOAT),
    op("$binarySize", ONE, INT),
    op("$bitAnd", SOME, INT),
    op("$bitNot", ONE, INT),
    op("$bitOr", SOME, INT),
    op("$bitXor", SOME, INT),
    op("$bsonSize", ONE, INT),
    op("$ceil", ONE, NUMBER),
    op("$cmp", TWO, INT),
    op("$concat", SOME, Gives::Text),
    op("$concatArrays", SOME, Gives::Together),
    op(
        "$convert",
        Shape::Named(&[
            must("input", Kind::Any),
            must("to", Kind::Constant),
            may("onError", Kind::Any),
            may("onNull", Kind::Any),
        ]),
        Gives::Anything,
    ),
    op("$cos", ONE, FLOAT),
    op("$cosh", ONE, FLOAT),
    op("$dateAdd", DATE_SHIFT, DATE),
    op(
        "$dateDiff",
        Shape::Named(&[
            must("startDate", Kind::Any),
            must("endDate", Kind::Any),
            must("unit", Kind::Unit),
            may("timezone", Kind::Any),
            may("startOfWeek", Kind::Text),
        ]),
        INT,
    ),
    op(
        "$dateFromParts",
        Shape::Named(&[
            may("year", Kind::Any),
            may("isoWeekYear", Kind::Any),
            may("month", Kind::Any),
            may("isoWeek", Kind::Any),
            may("day", Kind::Any),
            may("isoDayOfWeek", Kind::Any),
            may("hour", Kind::Any),
            may("minute", Kind::Any),
            may("second", Kind::Any),
            may("millisecond", Kind::Any),
            may("timezone", Kind::Any),
        ]),
        DATE,
    ),
    op(
        "$dateFromString",
        Shape::Named(&[
            must("dateString", Kind::Any),
            may("format", Kind::Text),
            may("timezone", Kind::Any),
            may("onError", Kind::Any),
            may("onNull", Kind::Any),
        ]),
        Gives::Anything,
    ),
    op("$dateSubtract", DATE_SHIFT, DATE),
    op(
        "$dateToParts",
        Shape::Named(&[must("date", Kind::Any), may("timezone", Kind::Any), may("iso8601", Kind::Constant)]),
        Gives::Anything,
    ),
    op(
        "$dateToString",
        Shape::Named(&[
            must("date", Kind::Any),
            may("format", Kind::Text),
            may("timezone", Kind::Any),
            may("onNull", Kind::Any),
        ]),
        Gives::Text,
    ),
    op(
        "$dateTrunc",
        Shape::Named(&[
            must("date", Kind::Any),
            must("unit", Kind::Unit),
            may("binSize", Kind::Any),
            may("timezone", Kind::Any),
            may("startOfWeek", Kind::Text),
        ]),
        DATE,
    ),
    op("$dayOfMonth", DATE_PART, INT),
    op("$dayOfWeek", DATE_PART, INT),
    op("$dayOfYear", DATE_PART, INT),
    op("$degreesToRadians", ONE, FLOAT),
    op("$divide", TWO, FLOAT),
    op("$eq", TWO, BOOL),
    op("$exp", ONE, FLOAT),
    op("$first", ONE, Gives::Element),
    op("$firstN", N_OF, Gives::First),
    op("$floor", ONE, NUMBER),
    op("$gt", TWO, BOOL),
    op("$gte", TWO, BOOL),
    op("$hour", DATE_PART, INT),
    op("$ifNull", Shape::List(2, MANY), Gives::OneOf),
    op("$in", TWO, BOOL),
    op("$indexOfArray", Shape::List(2, 4), INT),
    op("$indexOfBytes", Shape::List(2, 4), INT),
    op("$indexOfCP", Shape::List(2, 4), INT),
    op("$isArray", ONE, BOOL),
    op("$isNumber", ONE, BOOL),
    op("$isoDayOfWeek", DATE_PART, INT),
    op("$isoWeek", DATE_PART, INT),
    op("$isoWeekYear", DATE_PART, INT),
    op("$last", ONE, Gives::Element),
    op("$lastN", N_OF, Gives::First),
    op("$ln", ONE, FLOAT),
    op("$log", TWO, FLOAT),
    op("$log10", ONE, FLOAT),
    op("$lt", TWO, BOOL),
    op("$lte", TWO, BOOL),
    op("$ltrim", TRIM, Gives::Text),
    op("$max", SOME, Gives::Anything),
    op("$maxN", N_OF, Gives::First),
    op("$median", MEDIAN, FLOAT),
    op("$mergeObjects", ANY_NUMBER, Gives::Together),
    op("$millisecond", DATE_PART, INT),
    op("$min", SOME, Gives::Anything),
    op("$minN", N_OF, Gives::First),
    op("$minute", DATE_PART, INT),
    op("$mod", TWO, NUMBER),
    op("$month", DATE_PART, INT),
    op("$multiply", SOME, NUMBER),
    op("$ne", TWO, BOOL),
    op("$not", ONE, BOOL),
    op("$objectToArray", ONE, Gives::Anything),
    op("$or", ANY_NUMBER, BOOL),
    op("$percentile", PERCENTILE, Gives::Value),
    op("$pow", TWO, NUMBER),
    op("$radiansToDegrees", ONE, FLOAT),
    op("$rand", Shape::Empty, FLOAT),
    op("$regexFind", REGEX, Gives::Anything),
    op("$regexFindAll", REGEX, Gives::Anything),
    op("$regexMatch", REGEX, BOOL),
    op("$replaceAll", REPLACE, Gives::Text),
    op("$replaceOne", REPLACE, Gives::Text),
    op("$reverseArray", ONE, Gives::First),
    op("$round", Shape::List(1, 2), NUMBER),
    op("$rtrim", TRIM, Gives::Text),
    op("$second", DATE_PART, INT),
    op("$setDifference", TWO, Gives::First),
    op("$setEquals", Shape::List(2, MANY), BOOL),
    op("$setIntersection", ANY_NUMBER, Gives::Together),
    op("$setIsSubset", TWO, BOOL),
    op("$setUnion", ANY_NUMBER, Gives::Together),
    op("$sin", ONE, FLOAT),
    op("$sinh", ONE, FLOAT),
    op("$size", ONE, INT),
    op("$slice", Shape::List(2, 3), Gives::First),
    op("$split", TWO, Gives::Anything),
    op("$sqrt", ONE, FLOAT),
    op("$stdDevPop", SOME, FLOAT),
    op("$stdDevSamp", SOME, FLOAT),
    op("$strLenBytes", ONE, INT),
    op("$strLenCP", ONE, INT),
    op("$strcasecmp", TWO, INT),
    op("$substr", Shape::List(3, 3), Gives::Text),
    op("$substrBytes", Shape::List(3, 3), Gives::Text),
    op("$substrCP", Shape::List(3, 3), Gives::Text),
    op("$subtract", TWO, Gives::Value),
    op("$sum", SOME, NUMBER),
    op("$tan", ONE, FLOAT),
    op("$tanh", ONE, FLOAT),
    op("$toBool", ONE, BOOL),
    op("$toDate", ONE, DATE),
    op("$toDecimal", ONE, NUMBER),
    op("$toDouble", ONE, FLOAT),
    op("$toInt", ONE, INT),
    op("$toLong", ONE, INT),
    op("$toLower", ONE, Gives::Text),
    op("$toObjectId", ONE, Gives::Value),
    op("$toString", ONE, Gives::Text),
    op("$toUpper", ONE, Gives::Text),
    op("$toUUID", ONE, Gives::Value),
    op("$trim", TRIM, Gives::Text),
    op("$trunc", Shape::List(1, 2), NUMBER),
    op("$tsIncrement", ONE, INT),
    op("$tsSecond", ONE, INT),
    op("$type", ONE, Gives::Small(TypeClass::Text)),
    op("$week", DATE_PART, INT),
    op("$year", DATE_PART, INT),
    op(
        "$zip",
        Shape::Named(&[
            must("inputs", Kind::Any),
            may("useLongestLength", Kind::Constant),
            may("defaults", Kind::Any),
        ]),
        Gives::Anything,
    ),
];

/// Operators that are known and refused, with the reason.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("$function", "it runs JavaScript on the server"),
    ("$accumulator", "it runs JavaScript on the server"),
    ("$where", "it runs JavaScript on the server"),
    ("$jsonSchema", "a schema is no condition that can be proven"),
    ("$meta", "it tells about the server's own work"),
];

/// Units of time.
pub(super) const UNITS: [&str; 9] =
    ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"];
