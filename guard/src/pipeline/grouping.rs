//! JSON to the stages that group, cut into buckets, look through windows and fill gaps.

use serde_json::{Map, Value};

use crate::finding::{Code, Finding};

use super::accumulators::{ACCUMULATORS, Place};
use super::at::At;
use super::expr;
use super::literal::{self, Literal};
use super::names;
use super::operators::UNITS;
use super::special::sort_fields;
use super::tree::{Accumulated, Bounds, Bucket, Cut, Densify, Expr, FillBy, Path, Stage, Window};

/// Most steps that `$densify` may make between bounds that are written out.
const STEPS: f64 = 100_000.0;
/// Most boundaries of `$bucket`.
const BOUNDARIES: usize = 1_000;
/// Series of preferred numbers of `$bucketAuto`.
const SERIES: [&str; 14] =
    ["R5", "R10", "R20", "R40", "R80", "1-2-5", "E6", "E12", "E24", "E48", "E96", "E192", "POWERSOF2", "1-2"];

fn needed<'v>(object: &'v Map<String, Value>, key: &str) -> &'v Value {
    object.get(key).unwrap_or(&Value::Null)
}

/// `$group`.
pub(super) fn group(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::object(value, at)?;
    let Some(id) = object.get("_id") else { return Err(at.form("`_id` is missing: what is grouped by.")) };
    let id = expr::read(id, &at.key("_id"))?;
    let mut fields = Vec::new();
    for (key, value) in object.iter().filter(|(key, _)| *key != "_id") {
        let at = at.key(key);
        fields.push(accumulated(names::name(key, &at)?, value, false, &at)?);
    }
    Ok(Stage::Group(id, fields))
}

fn accumulated(field: Path, value: &Value, in_window: bool, at: &At<'_>) -> Result<Accumulated, Finding> {
    let object = names::object(value, at)?;
    let window = object.get("window").filter(|_| in_window);
    let others = || object.iter().filter(|(key, _)| !in_window || *key != "window");
    let (Some((name, inner)), 1) = (others().next(), others().count()) else {
        return Err(at.form("A field made here has exactly one accumulator."));
    };
    let here = at.key(name);
    let known = ACCUMULATORS.iter().filter(|a| in_window || a.place == Place::Both);
    let Some(op) = known.clone().find(|a| a.name == name) else {
        return Err(expr::unknown(name, known.map(|a| a.name), at));
    };
    let (inner, sort) = if op.sorted { without_sort(inner, &here)? } else { (inner.clone(), None) };
    let args = expr::args(op.name, op.shape, &inner, &here)?;
    let window = window.map(|w| bounds_of_window(w, &at.key("window"))).transpose()?;
    Ok(Accumulated { field, op, args, sort, window })
}

type Order = Vec<(Path, bool)>;

/// Takes `sortBy` out of the operands of `$top` and the like.
fn without_sort(value: &Value, at: &At<'_>) -> Result<(Value, Option<Order>), Finding> {
    let mut rest = names::object(value, at)?.clone();
    let Some(sort) = rest.remove("sortBy") else { return Err(at.form("`sortBy` is missing.")) };
    let order = sort_fields(&sort, &at.key("sortBy"))?;
    Ok((Value::Object(rest), Some(order)))
}

fn bounds_of_window(value: &Value, at: &At<'_>) -> Result<Window, Finding> {
    let object = names::keys(value, &[], &["documents", "range", "unit"], at)?;
    let (kind, bounds) = match (object.get("documents"), object.get("range")) {
        (Some(bounds), None) => ("documents", bounds),
        (None, Some(bounds)) => ("range", bounds),
        _ => return Err(at.form("A window has either `documents` or `range`.")),
    };
    let at = at.key(kind);
    let unit = object.get("unit").map(|u| names::word(u, &UNITS, &at.key("unit"))).transpose()?;
    match names::array(bounds, &at)?.as_slice() {
        [low, high] => {
            let bounds = [window_bound(low, kind, &at)?, window_bound(high, kind, &at)?];
            Ok(Window { kind, bounds, unit: unit.map(str::to_owned) })
        }
        _ => Err(at.form("A window has a lower and an upper bound.")),
    }
}

fn window_bound(value: &Value, kind: &str, at: &At<'_>) -> Result<Literal, Finding> {
    let bound = Literal::read(value, at)?;
    let fits = match &bound {
        Literal::Text(word) => word == "unbounded" || word == "current",
        other if kind == "documents" => other.integer().is_some(),
        other => other.number().is_some(),
    };
    if fits { Ok(bound) } else { Err(at.form("A bound is \"unbounded\", \"current\" or a number.")) }
}

/// `$bucket`.
pub(super) fn bucket(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::keys(value, &["groupBy", "boundaries"], &["default", "output"], at)?;
    let here = at.key("boundaries");
    let boundaries = names::array(needed(object, "boundaries"), &here)?;
    if boundaries.len() < 2 || boundaries.len() > BOUNDARIES {
        return Err(here.form("`$bucket` needs from 2 to 1,000 boundaries."));
    }
    let boundaries = boundaries.iter().map(|v| scalar(v, &here)).collect::<Result<_, _>>()?;
    let default = object.get("default").map(|v| scalar(v, &at.key("default"))).transpose()?;
    finish_bucket(object, Cut::At(boundaries, default), at)
}

/// A value that is neither an array nor a document, nor text that would be read as a field.
fn scalar(value: &Value, at: &At<'_>) -> Result<Literal, Finding> {
    match Literal::read(value, at)? {
        Literal::Array(_) | Literal::Document(_) | Literal::Regex(..) => {
            Err(at.form("A plain value is needed here."))
        }
        Literal::Text(text) if text.starts_with('$') => Err(at.form("A plain value is needed here.")),
        plain => Ok(plain),
    }
}

/// `$bucketAuto`.
pub(super) fn bucket_auto(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::keys(value, &["groupBy", "buckets"], &["granularity", "output"], at)?;
    let buckets = literal::integer(needed(object, "buckets"), 1, 10_000, &at.key("buckets"))?;
    let series =
        object.get("granularity").map(|v| names::word(v, &SERIES, &at.key("granularity"))).transpose()?;
    finish_bucket(object, Cut::Into(buckets, series.map(str::to_owned)), at)
}

fn finish_bucket(object: &Map<String, Value>, cut: Cut, at: &At<'_>) -> Result<Stage, Finding> {
    let by = expr::read(needed(object, "groupBy"), &at.key("groupBy"))?;
    let Some(output) = object.get("output") else {
        return Ok(Stage::Bucket(Box::new(Bucket { by, cut, output: None })));
    };
    let here = at.key("output");
    let mut fields = Vec::new();
    for (key, value) in names::object(output, &here)? {
        let at = here.key(key);
        fields.push(accumulated(names::name(key, &at)?, value, false, &at)?);
    }
    Ok(Stage::Bucket(Box::new(Bucket { by, cut, output: Some(fields) })))
}

fn order_of(object: &Map<String, Value>, at: &At<'_>) -> Result<Order, Finding> {
    Ok(object.get("sortBy").map(|v| sort_fields(v, &at.key("sortBy"))).transpose()?.unwrap_or_default())
}

/// `$setWindowFields`.
pub(super) fn window(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::keys(value, &["output"], &["partitionBy", "sortBy"], at)?;
    let partition = object.get("partitionBy").map(|v| expr::read(v, &at.key("partitionBy"))).transpose()?;
    let here = at.key("output");
    let mut fields = Vec::new();
    for (key, value) in names::object(needed(object, "output"), &here)? {
        let at = here.key(key);
        fields.push(accumulated(names::path(key, &at)?, value, true, &at)?);
    }
    Ok(Stage::Window(partition, order_of(object, at)?, fields))
}

/// `$densify`.
pub(super) fn densify(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::keys(value, &["field", "range"], &["partitionByFields"], at)?;
    let field = names::path_value(needed(object, "field"), &at.key("field"))?;
    let partition = match object.get("partitionByFields") {
        Some(fields) => fields_of(fields, &at.key("partitionByFields"))?,
        None => Vec::new(),
    };
    let at = at.key("range");
    let range = names::keys(needed(object, "range"), &["step", "bounds"], &["unit"], &at)?;
    let unit = range.get("unit").map(|v| names::word(v, &UNITS, &at.key("unit"))).transpose()?;
    let step = Literal::read(needed(range, "step"), &at.key("step"))?;
    let width = step.number().filter(|n| *n > 0.0);
    let Some(width) = width else { return Err(at.finding(Code::G303, "A step is a number above zero.")) };
    let bounds = densify_bounds(needed(range, "bounds"), width, unit, &at)?;
    let unit = unit.map(str::to_owned);
    Ok(Stage::Densify(Box::new(Densify { field, partition, step, unit, bounds })))
}

fn fields_of(value: &Value, at: &At<'_>) -> Result<Vec<Path>, Finding> {
    names::array(value, at)?.iter().enumerate().map(|(i, v)| names::path_value(v, &at.index(i))).collect()
}

/// The server stops `full` and `partition` at its own limit of documents made; a fine step is refused all the same.
fn densify_bounds(value: &Value, width: f64, unit: Option<&str>, at: &At<'_>) -> Result<Bounds, Finding> {
    let too_many = || {
        at.finding(Code::G303, "Gaps would be filled without a bound.")
            .hint("Take a wider step, or bounds that are closer.")
    };
    let coarse = unit.is_none_or(|u| !matches!(u, "minute" | "second" | "millisecond"));
    if value.is_string() {
        let named = names::word(value, &["full", "partition"], at)?;
        let fine = !coarse || (unit.is_none() && width < 0.01);
        return if fine { Err(too_many()) } else { Ok(Bounds::Named(named)) };
    }
    let [low, high] = names::array(value, at)?.as_slice() else {
        return Err(at.form("Bounds are \"full\", \"partition\", or a lower and an upper one."));
    };
    let (low, high) = (Literal::read(low, at)?, Literal::read(high, at)?);
    match (low.number(), high.number()) {
        (Some(from), Some(to)) if unit.is_none() && (to - from) / width > STEPS => Err(too_many()),
        (Some(_), Some(_)) if unit.is_none() => Ok(Bounds::Between(low, high)),
        _ if low.is_date() && high.is_date() && unit.is_some() && coarse => Ok(Bounds::Between(low, high)),
        _ if low.is_date() && high.is_date() && unit.is_some() => Err(too_many()),
        _ => Err(at.form("Bounds are two numbers, or two dates with a unit.")),
    }
}

/// `$fill`.
pub(super) fn fill(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::keys(value, &["output"], &["partitionBy", "partitionByFields", "sortBy"], at)?;
    let partition = match (object.get("partitionBy"), object.get("partitionByFields")) {
        (Some(by), None) => Some(expr::read(by, &at.key("partitionBy"))?),
        (None, Some(fields)) => Some(by_fields(fields_of(fields, &at.key("partitionByFields"))?)),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(at.form("A partition is given twice.")),
    };
    let here = at.key("output");
    let mut fields = Vec::new();
    for (key, value) in names::object(needed(object, "output"), &here)? {
        let at = here.key(key);
        fields.push((names::path(key, &at)?, fill_by(value, &at)?));
    }
    Ok(Stage::Fill(partition, order_of(object, at)?, fields))
}

/// `partitionByFields` says the same as `partitionBy` over a document of the fields.
fn by_fields(fields: Vec<Path>) -> Expr {
    let named = fields.into_iter().enumerate().map(|(i, path)| (format!("p{i}"), Expr::Field(path)));
    Expr::Document(named.collect())
}

fn fill_by(value: &Value, at: &At<'_>) -> Result<FillBy, Finding> {
    let object = names::keys(value, &[], &["value", "method"], at)?;
    match (object.get("value"), object.get("method")) {
        (Some(value), None) => Ok(FillBy::Value(expr::read(value, &at.key("value"))?)),
        (None, Some(method)) => {
            Ok(FillBy::Method(names::word(method, &["linear", "locf"], &at.key("method"))?))
        }
        _ => Err(at.form("A field is filled either by `value` or by `method`.")),
    }
}
