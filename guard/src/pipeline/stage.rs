//! JSON to stages: the allow-list of stages, each with the exact keys it may have.

use serde_json::Value;

use crate::finding::{Code, Finding};
use crate::resolve::nearest::nearest;

use super::at::{At, shown};
use super::expr;
use super::filter;
use super::grouping;
use super::joining;
use super::literal;
use super::names;
use super::special::sort_fields;
use super::tree::{Path, Projection, Stage};

/// Most stages of one pipeline.
const STAGES: usize = 100;
/// Pipelines inside pipelines.
const DEEPEST: usize = 5;
/// Most documents that `$limit` and `$skip` may name.
const MOST: i64 = i64::MAX;
/// Most documents that `$sample` may take.
const SAMPLE: i64 = 100_000;

/// Stages that can be proven, for nearest names.
const KNOWN: [&str; 25] = [
    "$addFields",
    "$bucket",
    "$bucketAuto",
    "$count",
    "$densify",
    "$facet",
    "$fill",
    "$graphLookup",
    "$group",
    "$limit",
    "$lookup",
    "$match",
    "$project",
    "$redact",
    "$replaceRoot",
    "$replaceWith",
    "$sample",
    "$set",
    "$setWindowFields",
    "$skip",
    "$sort",
    "$sortByCount",
    "$unionWith",
    "$unset",
    "$unwind",
];

/// Reads the stages of a pipeline; `depth` is how many pipelines hold it.
pub(super) fn pipeline(value: &Value, depth: usize, at: &At<'_>) -> Result<Vec<Stage>, Finding> {
    let Some(stages) = value.as_array() else {
        return Err(at
            .form("A pipeline is an array of stages.")
            .hint("Give the stages of one aggregation; commands such as mapReduce are refused."));
    };
    if stages.len() > STAGES || depth > DEEPEST {
        return Err(at.finding(Code::G002, "A pipeline has too many stages, or is nested too deep."));
    }
    stages.iter().enumerate().map(|(i, stage)| read(stage, depth, &at.index(i))).collect()
}

fn read(value: &Value, depth: usize, at: &At<'_>) -> Result<Stage, Finding> {
    let object = value.as_object().filter(|o| o.len() == 1);
    let Some((name, inner)) = object.and_then(|o| o.iter().next()) else {
        return Err(at
            .form("A stage is an object with exactly one key, its operator.")
            .hint("Write one stage after the other, each in its own object."));
    };
    let here = at.key(name);
    match name.as_str() {
        "$match" => filter::read(inner, &here).map(Stage::Match),
        "$project" => project(inner, &here),
        "$addFields" | "$set" => set(inner, &here),
        "$unset" => unset(inner, &here),
        "$group" => grouping::group(inner, &here),
        "$sort" => sort_fields(inner, &here).map(Stage::Sort),
        "$limit" => literal::integer(inner, 1, MOST, &here).map(Stage::Limit),
        "$skip" => literal::integer(inner, 0, MOST, &here).map(Stage::Skip),
        "$sample" => sample(inner, &here),
        "$count" => names::name(names::text(inner, &here)?, &here).map(Stage::Count),
        "$sortByCount" => sort_by_count(inner, &here),
        "$unwind" => unwind(inner, &here),
        "$lookup" => joining::lookup(inner, depth, &here),
        "$graphLookup" => joining::graph_lookup(inner, &here),
        "$unionWith" => joining::union_with(inner, depth, &here),
        "$facet" => facet(inner, depth, &here),
        "$bucket" => grouping::bucket(inner, &here),
        "$bucketAuto" => grouping::bucket_auto(inner, &here),
        "$replaceRoot" => replace_root(inner, &here),
        "$replaceWith" => expr::read(inner, &here).map(Stage::ReplaceRoot),
        "$setWindowFields" => grouping::window(inner, &here),
        "$densify" => grouping::densify(inner, &here),
        "$fill" => grouping::fill(inner, &here),
        "$redact" => expr::read(inner, &here).map(Stage::Redact),
        _ => Err(refused(name, &here)),
    }
}

/// Writing stages are told apart from unknown ones for the reader's sake alone: both are refused for not being listed.
fn refused(name: &str, at: &At<'_>) -> Finding {
    if matches!(name, "$out" | "$merge") {
        return at
            .finding(Code::G200, format!("`{name}` writes its result into a collection."))
            .hint("Leave the stage out: a pipeline here only reads.");
    }
    at.form(format!("`{}` is not a stage that is accepted.", shown(name)))
        .hint("Only stages that are known to read documents are accepted; spelling and case count.")
        .nearest(nearest(name, KNOWN.iter().copied()))
}

fn sample(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::keys(value, &["size"], &[], at)?;
    literal::integer(object.get("size").unwrap_or(value), 1, SAMPLE, &at.key("size")).map(Stage::Sample)
}

fn sort_by_count(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let by = expr::read(value, at)?;
    match by {
        super::tree::Expr::Literal(_) => Err(at.form("A field or an expression is needed here.")),
        _ => Ok(Stage::SortByCount(by)),
    }
}

fn replace_root(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::keys(value, &["newRoot"], &[], at)?;
    expr::read(object.get("newRoot").unwrap_or(value), &at.key("newRoot")).map(Stage::ReplaceRoot)
}

/// Reads a field written as `$a.b`.
pub(super) fn field(value: &Value, at: &At<'_>) -> Result<Path, Finding> {
    match names::text(value, at)?.strip_prefix('$') {
        Some(path) => names::path(path, at),
        None => Err(at.form("A field is written with `$` before it here.")),
    }
}

fn unwind(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    if value.is_string() {
        return Ok(Stage::Unwind(field(value, at)?, None, false));
    }
    let object = names::keys(value, &["path"], &["includeArrayIndex", "preserveNullAndEmptyArrays"], at)?;
    let path = field(object.get("path").unwrap_or(value), &at.key("path"))?;
    let index = object.get("includeArrayIndex");
    let index = index.map(|v| names::path_value(v, &at.key("includeArrayIndex"))).transpose()?;
    let keep = object.get("preserveNullAndEmptyArrays");
    let keep = keep.map(|v| names::boolean(v, &at.key("preserveNullAndEmptyArrays"))).transpose()?;
    Ok(Stage::Unwind(path, index, keep.unwrap_or(false)))
}

fn facet(value: &Value, depth: usize, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::object(value, at)?;
    if object.is_empty() || object.len() > 20 {
        return Err(at.finding(Code::G002, "`$facet` has no pipeline, or too many."));
    }
    let mut arms = Vec::with_capacity(object.len());
    for (key, value) in object {
        let at = at.key(key);
        arms.push((names::name(key, &at)?, pipeline(value, depth + 1, &at)?));
    }
    Ok(Stage::Facet(arms))
}

fn set(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let object = names::object(value, at)?;
    if object.is_empty() {
        return Err(at.form("No field is set."));
    }
    let mut fields = Vec::with_capacity(object.len());
    for (key, value) in object {
        let at = at.key(key);
        fields.push((names::path(key, &at)?, expr::read(value, &at)?));
    }
    apart(fields.iter().map(|(p, _)| p), at)?;
    Ok(Stage::Set(fields))
}

fn unset(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let paths: Vec<Path> = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, v)| names::path_value(v, &at.index(i)))
            .collect::<Result<_, _>>()?,
        one => vec![names::path_value(one, at)?],
    };
    if paths.is_empty() {
        return Err(at.form("No field is named."));
    }
    apart(paths.iter(), at)?;
    Ok(Stage::Unset(paths))
}

fn project(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let fields = projection(value, at)?;
    let kinds =
        |wanted: fn(&Path, &Projection) -> bool| leaves(&fields).into_iter().any(|(p, k)| wanted(p, k));
    let excludes = kinds(|p, k| matches!(k, Projection::Exclude) && p.0.as_slice() != ["_id"]);
    let keeps = kinds(|p, k| match k {
        Projection::Include => p.0.as_slice() != ["_id"],
        Projection::Compute(_) => true,
        Projection::Exclude | Projection::Nested(_) => false,
    });
    if excludes && keeps {
        return Err(at
            .form("A projection both keeps and leaves out fields.")
            .hint("Name either the fields to keep or those to leave out; only `_id` may be mixed."));
    }
    Ok(Stage::Project(fields))
}

/// The entries that are no sub-documents, each by its own path within its document.
pub(super) fn leaves(fields: &[(Path, Projection)]) -> Vec<(&Path, &Projection)> {
    let mut found = Vec::new();
    let mut open: Vec<&(Path, Projection)> = fields.iter().collect();
    while let Some((path, entry)) = open.pop() {
        match entry {
            Projection::Nested(inner) => open.extend(inner),
            _ => found.push((path, entry)),
        }
    }
    found
}

fn projection(value: &Value, at: &At<'_>) -> Result<Vec<(Path, Projection)>, Finding> {
    let object = names::object(value, at)?;
    if object.is_empty() {
        return Err(at.form("A projection names no field."));
    }
    let mut fields = Vec::with_capacity(object.len());
    for (key, value) in object {
        let at = at.key(key);
        fields.push((names::path(key, &at)?, entry(value, &at)?));
    }
    apart(fields.iter().map(|(p, _)| p), at)?;
    Ok(fields)
}

fn entry(value: &Value, at: &At<'_>) -> Result<Projection, Finding> {
    let kept = |yes: bool| if yes { Projection::Include } else { Projection::Exclude };
    match value {
        Value::Bool(yes) => Ok(kept(*yes)),
        Value::Number(number) => Ok(kept(number.as_f64() != Some(0.0))),
        Value::Object(object) if !literal::is_extended(object) => {
            Ok(Projection::Nested(projection(value, at)?))
        }
        Value::Object(object) if literal::names_extended(object) => Err(at
            .form("A plain value in a projection is read in different ways.")
            .hint("Write {\"$literal\": value}.")),
        Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Null => {
            expr::read(value, at).map(Projection::Compute)
        }
    }
}

/// Refuses paths of which one holds another: which of them wins is not the same on all versions.
fn apart<'p>(paths: impl Iterator<Item = &'p Path>, at: &At<'_>) -> Result<(), Finding> {
    let mut sorted: Vec<&[String]> = paths.map(|p| p.0.as_slice()).collect();
    sorted.sort_unstable();
    let holds = sorted.iter().zip(sorted.iter().skip(1)).any(|(a, b)| b.starts_with(a));
    if holds {
        return Err(at.form("A field is named together with a part of it."));
    }
    Ok(())
}
