//! The accumulators that groups, buckets and windows may use, as data. What is not in the table is refused.

use super::operators::{
    FLOAT, Gives, INT, Kind, MEDIAN, N_OF, NUMBER, ONE, PERCENTILE, Shape, TWO, may, must,
};

/// An accumulator of the list.
#[derive(Debug, PartialEq)]
pub struct Accumulator {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) gives: Gives,
    /// Takes `sortBy`.
    pub(super) sorted: bool,
    /// Where it may stand.
    pub(super) place: Place,
}

/// Where an accumulator may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Both,
    Window,
}

const fn acc(name: &'static str, shape: Shape, gives: Gives) -> Accumulator {
    Accumulator { name, shape, gives, sorted: false, place: Place::Both }
}

const fn sorted(name: &'static str, shape: Shape) -> Accumulator {
    Accumulator { name, shape, gives: Gives::Anything, sorted: true, place: Place::Both }
}

const fn window(name: &'static str, shape: Shape, gives: Gives) -> Accumulator {
    Accumulator { name, shape, gives, sorted: false, place: Place::Window }
}

const OUTPUT: Shape = Shape::Named(&[must("output", Kind::Any)]);
const OUTPUT_N: Shape = Shape::Named(&[must("output", Kind::Any), must("n", Kind::Count)]);
const WITH_UNIT: Shape = Shape::Named(&[must("input", Kind::Any), may("unit", Kind::Unit)]);

/// Accumulators of `$group`, buckets and windows.
pub(super) static ACCUMULATORS: &[Accumulator] = &[
    acc("$addToSet", ONE, Gives::ArrayOf),
    acc("$avg", ONE, FLOAT),
    sorted("$bottom", OUTPUT),
    sorted("$bottomN", OUTPUT_N),
    acc("$count", Shape::Empty, INT),
    acc("$first", ONE, Gives::First),
    acc("$firstN", N_OF, Gives::ArrayOf),
    acc("$last", ONE, Gives::First),
    acc("$lastN", N_OF, Gives::ArrayOf),
    acc("$max", ONE, Gives::First),
    acc("$maxN", N_OF, Gives::ArrayOf),
    acc("$median", MEDIAN, FLOAT),
    acc("$mergeObjects", ONE, Gives::Anything),
    acc("$min", ONE, Gives::First),
    acc("$minN", N_OF, Gives::ArrayOf),
    acc("$percentile", PERCENTILE, Gives::Value),
    acc("$push", ONE, Gives::ArrayOf),
    acc("$stdDevPop", ONE, FLOAT),
    acc("$stdDevSamp", ONE, FLOAT),
    acc("$sum", ONE, NUMBER),
    sorted("$top", OUTPUT),
    sorted("$topN", OUTPUT_N),
    window("$covariancePop", TWO, FLOAT),
    window("$covarianceSamp", TWO, FLOAT),
    window("$denseRank", Shape::Empty, INT),
    window("$derivative", WITH_UNIT, FLOAT),
    window("$documentNumber", Shape::Empty, INT),
    window(
        "$expMovingAvg",
        Shape::Named(&[must("input", Kind::Any), may("N", Kind::Count), may("alpha", Kind::Constant)]),
        FLOAT,
    ),
    window("$integral", WITH_UNIT, FLOAT),
    window("$linearFill", ONE, Gives::First),
    window("$locf", ONE, Gives::First),
    window("$rank", Shape::Empty, INT),
    window(
        "$shift",
        Shape::Named(&[must("output", Kind::Any), must("by", Kind::Constant), may("default", Kind::Any)]),
        Gives::Anything,
    ),
];
