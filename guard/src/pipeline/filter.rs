//! JSON to filters (`$match` and what takes the same form): logical operators, `$expr`, and tests on fields.

use serde_json::Value;

use crate::finding::{Code, Finding};

use super::at::At;
use super::expr;
use super::literal::{self, Literal};
use super::names;
use super::regex;
use super::tree::{Condition, ElemMatch, Filter, Test};

const LOGICAL: [&str; 3] = ["$and", "$or", "$nor"];
const COMPARE: [&str; 6] = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"];
const BITS: [&str; 4] = ["$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear"];
const GEO: [&str; 2] = ["$geoWithin", "$geoIntersects"];
const SHAPES: [&str; 5] = ["$geometry", "$box", "$polygon", "$center", "$centerSphere"];
/// All tests, for nearest names.
const TESTS: [&str; 22] = [
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$all",
    "$exists",
    "$type",
    "$regex",
    "$not",
    "$elemMatch",
    "$size",
    "$mod",
    "$bitsAllSet",
    "$bitsAllClear",
    "$bitsAnySet",
    "$bitsAnyClear",
    "$geoWithin",
    "$geoIntersects",
];

/// Reads a filter document.
pub(super) fn read(value: &Value, at: &At<'_>) -> Result<Filter, Finding> {
    let mut conditions = Vec::new();
    for (key, value) in names::object(value, at)? {
        if key == "$comment" {
            // says nothing to the server; the canonical text has none
            names::text(value, &at.key(key))?;
            continue;
        }
        conditions.push(condition(key, value, at)?);
    }
    Ok(Filter(conditions))
}

fn condition(key: &str, value: &Value, parent: &At<'_>) -> Result<Condition, Finding> {
    let at = parent.key(key);
    if !key.starts_with('$') {
        return field(key, value, &at);
    }
    if let Some(op) = LOGICAL.iter().find(|op| **op == key) {
        let arms = names::array(value, &at)?;
        if arms.is_empty() {
            return Err(at.form(format!("`{op}` has no arm.")));
        }
        let arms = arms.iter().enumerate().map(|(i, arm)| read(arm, &at.index(i)));
        return Ok(Condition::Logical(op, arms.collect::<Result<_, _>>()?));
    }
    match key {
        "$expr" => Ok(Condition::Expr(expr::read(value, &at)?)),
        "$sampleRate" => match Literal::read(value, &at)?.number() {
            Some(rate) if (0.0..=1.0).contains(&rate) => Ok(Condition::SampleRate(rate)),
            _ => Err(at.form("A rate is a number from 0 to 1.")),
        },
        "$text" => text_search(value, &at),
        _ => Err(expr::unknown(key, LOGICAL.iter().copied().chain(["$expr"]), parent)),
    }
}

fn text_search(value: &Value, at: &At<'_>) -> Result<Condition, Finding> {
    let object = names::keys(value, &["$search"], &["$language"], at)?;
    let part = |key: &str| object.get(key).map(|v| names::text(v, &at.key(key)));
    let (words, language) = (part("$search").transpose()?, part("$language").transpose()?);
    for text in words.iter().chain(&language) {
        names::characters(text, at)?;
    }
    Ok(Condition::Text(words.unwrap_or_default().to_owned(), language.map(str::to_owned)))
}

fn field(key: &str, value: &Value, at: &At<'_>) -> Result<Condition, Finding> {
    let path = names::path(key, at)?;
    if is_tests(value) {
        return Ok(Condition::Tests(path, tests(value, at)?));
    }
    Ok(Condition::Equals(path, Literal::read(value, at)?))
}

/// Whether an object holds tests rather than a value to be equal to.
fn is_tests(value: &Value) -> bool {
    value.as_object().is_some_and(|o| literal::is_extended(o) && !literal::names_extended(o))
}

fn tests(value: &Value, at: &At<'_>) -> Result<Vec<Test>, Finding> {
    let object = names::object(value, at)?;
    let mut found = Vec::with_capacity(object.len());
    for (key, value) in object {
        match key.as_str() {
            "$options" if object.contains_key("$regex") => {}
            "$regex" => found.push(pattern(value, object.get("$options"), &at.key(key))?),
            _ => found.push(test(key, value, at)?),
        }
    }
    if found.is_empty() {
        return Err(at.form("A field has no test."));
    }
    Ok(found)
}

fn pattern(value: &Value, options: Option<&Value>, at: &At<'_>) -> Result<Test, Finding> {
    let options = options.map(|o| names::text(o, at)).transpose()?;
    let (pattern, own) = match (value, options) {
        (Value::String(text), _) => (text.clone(), String::new()),
        (Value::Object(_), None) => match Literal::read(value, at)? {
            Literal::Regex(pattern, own) => (pattern, own),
            _ => return Err(at.form("A pattern is needed here.")),
        },
        _ => return Err(at.form("A pattern is needed here.")),
    };
    let options = options.map_or(own, str::to_owned);
    regex::check(&pattern, &options, at)?;
    Ok(Test::Regex(pattern, options))
}

fn test(key: &str, value: &Value, parent: &At<'_>) -> Result<Test, Finding> {
    let at = parent.key(key);
    if let Some(op) = COMPARE.iter().find(|op| **op == key) {
        return Ok(Test::Compare(op, data(value, &at)?));
    }
    if let Some(op) = BITS.iter().find(|op| **op == key) {
        return bits(op, value, &at);
    }
    if let Some(op) = GEO.iter().find(|op| **op == key) {
        let (kind, shape) = names::single(value, &at)?;
        let known = SHAPES.iter().find(|k| **k == kind);
        let Some(known) = known else { return Err(expr::unknown(kind, SHAPES.iter().copied(), &at)) };
        return Ok(Test::Geo(op, known, data(shape, &at.key(known))?));
    }
    match key {
        "$in" => Ok(Test::List("$in", values(value, &at)?)),
        "$nin" => Ok(Test::List("$nin", values(value, &at)?)),
        "$all" => all(value, &at),
        "$exists" => exists(value, &at),
        "$type" => types(value, &at),
        "$not" => not(value, &at),
        "$elemMatch" => Ok(Test::ElemMatch(elem_match(value, &at)?)),
        "$size" => Ok(Test::Size(literal::integer(value, 0, i64::from(i32::MAX), &at)?)),
        "$mod" => modulo(value, &at),
        _ => Err(expr::unknown(key, TESTS.iter().copied(), parent)),
    }
}

/// A value that is no pattern.
fn data(value: &Value, at: &At<'_>) -> Result<Literal, Finding> {
    let found = Literal::read(value, at)?;
    if found.has_regex() {
        return Err(at.form("A pattern cannot be compared; use `$regex`."));
    }
    Ok(found)
}

/// Values of a list; patterns may stand among them.
fn values(value: &Value, at: &At<'_>) -> Result<Vec<Literal>, Finding> {
    names::array(value, at)?.iter().enumerate().map(|(i, v)| Literal::read(v, &at.index(i))).collect()
}

fn bits(op: &'static str, value: &Value, at: &At<'_>) -> Result<Test, Finding> {
    let mask = data(value, at)?;
    let positions =
        |items: &[Literal]| items.iter().all(|i| i.integer().is_some_and(|n| (0..4096).contains(&n)));
    let fits = match &mask {
        Literal::Array(items) => positions(items),
        Literal::Binary(..) => true,
        other => other.integer().is_some_and(|n| n >= 0),
    };
    if fits {
        Ok(Test::Bits(op, mask))
    } else {
        Err(at.form("A mask or a list of positions is needed here."))
    }
}

fn all(value: &Value, at: &At<'_>) -> Result<Test, Finding> {
    let items = names::array(value, at)?;
    let is_match = |v: &Value| v.as_object().is_some_and(|o| o.contains_key("$elemMatch"));
    if items.is_empty() || !items.iter().all(is_match) {
        return Ok(Test::List("$all", values(value, at)?));
    }
    let mut matches = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        let at = at.index(i);
        let object = names::keys(item, &["$elemMatch"], &[], &at)?;
        let inner = object.get("$elemMatch").unwrap_or(item);
        matches.push(elem_match(inner, &at.key("$elemMatch"))?);
    }
    Ok(Test::AllElements(matches))
}

fn exists(value: &Value, at: &At<'_>) -> Result<Test, Finding> {
    match Literal::read(value, at)? {
        Literal::Bool(yes) => Ok(Test::Exists(yes)),
        Literal::Int(n @ (0 | 1)) => Ok(Test::Exists(n == 1)),
        _ => Err(at.form("`true` or `false` is needed here.")),
    }
}

fn types(value: &Value, at: &At<'_>) -> Result<Test, Finding> {
    let types = match value {
        Value::Array(_) => values(value, at)?,
        one => vec![Literal::read(one, at)?],
    };
    let word = |t: &str| !t.is_empty() && t.len() <= 24 && t.bytes().all(|b| b.is_ascii_alphanumeric());
    let fits = |t: &Literal| match t {
        Literal::Text(name) => word(name),
        other => other.integer().is_some_and(|n| (-1..=127).contains(&n)),
    };
    match types.iter().all(fits) && !types.is_empty() {
        true => Ok(Test::Type(types)),
        false => Err(at.form("Names or numbers of types are needed here.")),
    }
}

fn not(value: &Value, at: &At<'_>) -> Result<Test, Finding> {
    if is_tests(value) {
        return Ok(Test::Not(tests(value, at)?));
    }
    match Literal::read(value, at)? {
        Literal::Regex(pattern, options) => Ok(Test::Not(vec![Test::Regex(pattern, options)])),
        _ => Err(at.form("`$not` takes tests or a pattern.")),
    }
}

fn modulo(value: &Value, at: &At<'_>) -> Result<Test, Finding> {
    let Literal::Array(parts) = data(value, at)? else { return Err(at.form("`$mod` takes two numbers.")) };
    match parts.iter().map(Literal::integer).collect::<Vec<_>>().as_slice() {
        [Some(divisor), Some(rest)] if *divisor != 0 => Ok(Test::Mod(*divisor, *rest)),
        _ => Err(at.finding(Code::G302, "`$mod` takes a divisor other than zero and a remainder.")),
    }
}

fn elem_match(value: &Value, at: &At<'_>) -> Result<ElemMatch, Finding> {
    let first = names::object(value, at)?.keys().next().map(String::as_str).unwrap_or_default();
    let on_fields = !first.starts_with('$') || LOGICAL.contains(&first);
    if on_fields { Ok(ElemMatch::Fields(read(value, at)?)) } else { Ok(ElemMatch::Tests(tests(value, at)?)) }
}
