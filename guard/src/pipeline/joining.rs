//! JSON to the stages that read another collection: `$lookup`, `$graphLookup`, `$unionWith`.

use serde_json::{Map, Value};

use crate::finding::{Code, Finding};

use super::at::At;
use super::expr;
use super::filter;
use super::literal;
use super::names;
use super::special::variables;
use super::stage::pipeline;
use super::tree::{GraphLookup, Lookup, Path, Stage};

/// Deepest walk of a graph.
const WALK: i64 = 20;

fn needed<'v>(object: &'v Map<String, Value>, key: &str) -> &'v Value {
    object.get(key).unwrap_or(&Value::Null)
}

fn path_of(object: &Map<String, Value>, key: &str, at: &At<'_>) -> Result<Path, Finding> {
    names::path_value(needed(object, key), &at.key(key))
}

/// `$lookup` in its two forms, and both together.
pub(super) fn lookup(value: &Value, depth: usize, at: &At<'_>) -> Result<Stage, Finding> {
    let optional = ["localField", "foreignField", "let", "pipeline"];
    let object = names::keys(value, &["from", "as"], &optional, at)?;
    let from = names::collection(needed(object, "from"), &at.key("from"))?;
    let keys = match (object.contains_key("localField"), object.contains_key("foreignField")) {
        (true, true) => Some((path_of(object, "localField", at)?, path_of(object, "foreignField", at)?)),
        (false, false) => None,
        _ => return Err(at.form("`localField` and `foreignField` come together.")),
    };
    let stages = object.get("pipeline").map(|v| pipeline(v, depth + 1, &at.key("pipeline"))).transpose()?;
    let vars = object.get("let").map(|v| variables(v, &at.key("let"))).transpose()?.unwrap_or_default();
    if stages.is_none() && (keys.is_none() || object.contains_key("let")) {
        return Err(at.form("`pipeline` is missing."));
    }
    let into = path_of(object, "as", at)?;
    Ok(Stage::Lookup(Box::new(Lookup { from, keys, vars, pipeline: stages, into })))
}

/// `$graphLookup`, which must say how deep it walks.
pub(super) fn graph_lookup(value: &Value, at: &At<'_>) -> Result<Stage, Finding> {
    let required = ["from", "startWith", "connectFromField", "connectToField", "as"];
    let optional = ["maxDepth", "depthField", "restrictSearchWithMatch"];
    let object = names::keys(value, &required, &optional, at)?;
    let Some(depth) = object.get("maxDepth") else {
        return Err(at
            .finding(Code::G303, "A walk through a graph has no bound.")
            .hint(format!("Add `maxDepth`, {WALK} at the most.")));
    };
    let restrict = object.get("restrictSearchWithMatch");
    Ok(Stage::GraphLookup(Box::new(GraphLookup {
        from: names::collection(needed(object, "from"), &at.key("from"))?,
        start: expr::read(needed(object, "startWith"), &at.key("startWith"))?,
        connect_from: path_of(object, "connectFromField", at)?,
        connect_to: path_of(object, "connectToField", at)?,
        into: path_of(object, "as", at)?,
        max_depth: literal::integer(depth, 0, WALK, &at.key("maxDepth"))?,
        depth_field: object
            .get("depthField")
            .map(|v| names::path_value(v, &at.key("depthField")))
            .transpose()?,
        restrict: restrict.map(|v| filter::read(v, &at.key("restrictSearchWithMatch"))).transpose()?,
    })))
}

/// `$unionWith` in its short and its long form.
pub(super) fn union_with(value: &Value, depth: usize, at: &At<'_>) -> Result<Stage, Finding> {
    if value.is_string() {
        return Ok(Stage::UnionWith(names::collection(value, at)?, None));
    }
    let object = names::keys(value, &["coll"], &["pipeline"], at)?;
    let from = names::collection(needed(object, "coll"), &at.key("coll"))?;
    let stages = object.get("pipeline").map(|v| pipeline(v, depth + 1, &at.key("pipeline"))).transpose()?;
    Ok(Stage::UnionWith(from, stages))
}
