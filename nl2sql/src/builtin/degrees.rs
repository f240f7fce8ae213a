//! Words that rank and compare, with the attributes that they speak of.

/// A direction, with the attributes it speaks of, best first; those after `opposite` turn the direction round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Degree {
    /// The word.
    pub word: &'static str,
    /// Upwards (more, later, largest)?
    pub up: bool,
    /// Attributes that the word measures; empty: any.
    pub of: &'static [&'static str],
    /// Attributes that run against it (a birth date against age).
    pub opposite: &'static [&'static str],
}

const fn degree(
    word: &'static str,
    up: bool,
    of: &'static [&'static str],
    opposite: &'static [&'static str],
) -> Degree {
    Degree { word, up, of, opposite }
}

const AGE: &[&str] = &["age"];
const BIRTH: &[&str] = &["birth", "birthday", "birthdate", "founded", "year", "built"];
const WHEN: &[&str] = &["date", "year", "time", "created", "day"];
const PRICE: &[&str] = &["price", "cost", "amount", "fee", "rate"];
const LENGTH: &[&str] = &["length", "duration", "distance", "year", "time"];
const HEIGHT: &[&str] = &["height", "elevation", "altitude"];
const WEIGHT: &[&str] = &["weight"];
const SIZE: &[&str] = &["size", "area", "capacity", "population", "total", "amount"];

/// Superlatives.
pub(crate) const SUPERLATIVES: &[Degree] = &[
    degree("youngest", false, AGE, BIRTH),
    degree("oldest", true, AGE, BIRTH),
    degree("eldest", true, AGE, BIRTH),
    degree("newest", true, WHEN, AGE),
    degree("latest", true, WHEN, &[]),
    degree("recent", true, WHEN, &[]),
    degree("recently", true, WHEN, &[]),
    degree("earliest", false, WHEN, &[]),
    degree("tallest", true, HEIGHT, &[]),
    degree("shortest", false, &["height", "length", "duration", "distance"], &[]),
    degree("longest", true, LENGTH, &[]),
    degree("heaviest", true, WEIGHT, &[]),
    degree("lightest", false, WEIGHT, &[]),
    degree("cheapest", false, PRICE, &[]),
    degree("expensive", true, PRICE, &[]),
    degree("costliest", true, PRICE, &[]),
    degree("fastest", true, &["speed", "horsepower"], &["time"]),
    degree("slowest", false, &["speed"], &["time"]),
    degree("richest", true, &["salary", "earnings", "net worth", "income", "revenue"], &[]),
    degree("strongest", true, &["horsepower", "power"], &[]),
    degree("best", true, &["rating", "score"], &["rank", "finish"]),
    degree("worst", false, &["rating", "score"], &["rank", "finish"]),
    degree("largest", true, &[], &[]),
    degree("biggest", true, &[], &[]),
    degree("greatest", true, &[], &[]),
    degree("highest", true, &[], &[]),
    degree("maximum", true, &[], &[]),
    degree("max", true, &[], &[]),
    degree("maximal", true, &[], &[]),
    degree("most", true, &[], &[]),
    degree("highly", true, &[], &[]),
    degree("smallest", false, &[], &[]),
    degree("lowest", false, &[], &[]),
    degree("minimum", false, &[], &[]),
    degree("min", false, &[], &[]),
    degree("minimal", false, &[], &[]),
    degree("least", false, &[], &[]),
    degree("fewest", false, &[], &[]),
];

/// Comparatives, and prepositions that compare.
pub(crate) const COMPARATIVES: &[Degree] = &[
    degree("older", true, AGE, BIRTH),
    degree("younger", false, AGE, BIRTH),
    degree("elder", true, AGE, BIRTH),
    degree("taller", true, HEIGHT, &[]),
    degree("heavier", true, WEIGHT, &[]),
    degree("lighter", false, WEIGHT, &[]),
    degree("longer", true, LENGTH, &[]),
    degree("shorter", false, &["height", "length", "duration"], &[]),
    degree("cheaper", false, PRICE, &[]),
    degree("before", false, WHEN, &[]),
    degree("prior", false, WHEN, &[]),
    degree("earlier", false, WHEN, &[]),
    degree("after", true, WHEN, &[]),
    degree("later", true, WHEN, &[]),
    degree("newer", true, WHEN, AGE),
    degree("faster", true, &["speed"], &["time"]),
    degree("slower", false, &["speed"], &["time"]),
    degree("more", true, &[], &[]),
    degree("greater", true, &[], &[]),
    degree("higher", true, &[], &[]),
    degree("larger", true, &[], &[]),
    degree("bigger", true, &[], &[]),
    degree("above", true, &[], &[]),
    degree("over", true, &[], &[]),
    degree("exceed", true, &[], &[]),
    degree("exceeding", true, &[], &[]),
    degree("exceeds", true, &[], &[]),
    degree("less", false, &[], &[]),
    degree("fewer", false, &[], &[]),
    degree("lower", false, &[], &[]),
    degree("smaller", false, &[], &[]),
    degree("below", false, &[], &[]),
    degree("under", false, &[], &[]),
    degree("beyond", true, &[], &[]),
];

/// Sizes that a bare superlative may mean when only an entity follows (`the biggest stadium`).
pub(crate) const SIZES: &[&str] = SIZE;

/// What `highest` and `lowest` mean of a thing that stands up.
pub(crate) const HEIGHTS: &[&str] = HEIGHT;
