//! Stages to canonical JSON.

use serde_json::{Map, Value, json};

use super::literal::Literal;
use super::render::{args, bound, expr, filter, present, sort};
use super::tree::{
    Accumulated, Bounds, Bucket, Cut, Densify, FillBy, GraphLookup, Lookup, Path, Projection, Stage,
};

/// A pipeline.
pub(super) fn pipeline(stages: &[Stage]) -> Value {
    Value::Array(stages.iter().map(stage).collect())
}

fn stage(node: &Stage) -> Value {
    match node {
        Stage::Match(inner) => json!({ "$match": filter(inner) }),
        Stage::Project(fields) => json!({ "$project": projection(fields) }),
        Stage::Set(fields) => json!({ "$set": object(fields.iter().map(|(p, e)| (p, expr(e)))) }),
        Stage::Unset(paths) => json!({ "$unset": texts(paths) }),
        Stage::Group(id, fields) => {
            let mut group = Map::from_iter([("_id".to_owned(), expr(id))]);
            group.extend(fields.iter().map(|f| (f.field.to_string(), accumulated(f))));
            json!({ "$group": group })
        }
        Stage::Sort(fields) => json!({ "$sort": sort(fields) }),
        Stage::Limit(n) => json!({ "$limit": n }),
        Stage::Skip(n) => json!({ "$skip": n }),
        Stage::Sample(n) => json!({ "$sample": { "size": n } }),
        Stage::Count(name) => json!({ "$count": name.to_string() }),
        Stage::SortByCount(by) => json!({ "$sortByCount": expr(by) }),
        Stage::Unwind(path, index, keep) => json!({ "$unwind": present([
            ("path", Some(json!(format!("${path}")))),
            ("includeArrayIndex", index.as_ref().map(|i| json!(i.to_string()))),
            ("preserveNullAndEmptyArrays", keep.then(|| json!(true))),
        ]) }),
        Stage::Lookup(inner) => lookup(inner),
        Stage::GraphLookup(inner) => graph_lookup(inner),
        Stage::UnionWith(from, stages) => bound(
            "$unionWith",
            [("coll", Some(json!(from))), ("pipeline", stages.as_ref().map(|s| pipeline(s)))],
        ),
        Stage::Facet(arms) => json!({ "$facet": object(arms.iter().map(|(p, s)| (p, pipeline(s)))) }),
        Stage::Bucket(inner) => bucket(inner),
        Stage::ReplaceRoot(root) => json!({ "$replaceRoot": { "newRoot": expr(root) } }),
        Stage::Window(partition, order, fields) => bound(
            "$setWindowFields",
            [
                ("partitionBy", partition.as_ref().map(expr)),
                ("sortBy", order_of(order)),
                ("output", Some(object(fields.iter().map(|f| (&f.field, accumulated(f)))))),
            ],
        ),
        Stage::Densify(inner) => densify(inner),
        Stage::Fill(partition, order, fields) => bound(
            "$fill",
            [
                ("partitionBy", partition.as_ref().map(expr)),
                ("sortBy", order_of(order)),
                ("output", Some(object(fields.iter().map(|(p, by)| (p, fill_by(by)))))),
            ],
        ),
        Stage::Redact(inner) => json!({ "$redact": expr(inner) }),
    }
}

fn object<'p>(fields: impl Iterator<Item = (&'p Path, Value)>) -> Value {
    Value::Object(fields.map(|(path, value)| (path.to_string(), value)).collect())
}

fn texts(paths: &[Path]) -> Value {
    Value::Array(paths.iter().map(|p| json!(p.to_string())).collect())
}

fn order_of(order: &[(Path, bool)]) -> Option<Value> {
    (!order.is_empty()).then(|| sort(order))
}

fn projection(fields: &[(Path, Projection)]) -> Value {
    object(fields.iter().map(|(path, entry)| {
        let value = match entry {
            Projection::Include => json!(1),
            Projection::Exclude => json!(0),
            Projection::Compute(inner) => expr(inner),
            Projection::Nested(inner) => projection(inner),
        };
        (path, value)
    }))
}

fn accumulated(field: &Accumulated) -> Value {
    let mut operands = args(&field.args);
    if let (Some(order), Value::Object(named)) = (&field.sort, &mut operands) {
        named.insert("sortBy".to_owned(), sort(order));
    }
    let mut made = Map::from_iter([(field.op.name.to_owned(), operands)]);
    if let Some(window) = &field.window {
        let bounds = Value::Array(window.bounds.iter().map(Literal::json).collect());
        let parts = [(window.kind, Some(bounds)), ("unit", window.unit.as_ref().map(|u| json!(u)))];
        made.insert("window".to_owned(), present(parts));
    }
    Value::Object(made)
}

fn lookup(node: &Lookup) -> Value {
    let keys = node.keys.as_ref();
    let vars = (!node.vars.is_empty()).then(|| super::render::pairs(&node.vars));
    bound(
        "$lookup",
        [
            ("from", Some(json!(node.from))),
            ("localField", keys.map(|(local, _)| json!(local.to_string()))),
            ("foreignField", keys.map(|(_, foreign)| json!(foreign.to_string()))),
            ("let", vars),
            ("pipeline", node.pipeline.as_ref().map(|s| pipeline(s))),
            ("as", Some(json!(node.into.to_string()))),
        ],
    )
}

fn graph_lookup(node: &GraphLookup) -> Value {
    bound(
        "$graphLookup",
        [
            ("from", Some(json!(node.from))),
            ("startWith", Some(expr(&node.start))),
            ("connectFromField", Some(json!(node.connect_from.to_string()))),
            ("connectToField", Some(json!(node.connect_to.to_string()))),
            ("as", Some(json!(node.into.to_string()))),
            ("maxDepth", Some(json!(node.max_depth))),
            ("depthField", node.depth_field.as_ref().map(|p| json!(p.to_string()))),
            ("restrictSearchWithMatch", node.restrict.as_ref().map(filter)),
        ],
    )
}

fn bucket(node: &Bucket) -> Value {
    let by = Some(expr(&node.by));
    let output = node.output.as_ref().map(|fields| object(fields.iter().map(|f| (&f.field, accumulated(f)))));
    match &node.cut {
        Cut::At(boundaries, default) => bound(
            "$bucket",
            [
                ("groupBy", by),
                ("boundaries", Some(Value::Array(boundaries.iter().map(Literal::json).collect()))),
                ("default", default.as_ref().map(Literal::json)),
                ("output", output),
            ],
        ),
        Cut::Into(buckets, series) => bound(
            "$bucketAuto",
            [
                ("groupBy", by),
                ("buckets", Some(json!(buckets))),
                ("granularity", series.as_ref().map(|s| json!(s))),
                ("output", output),
            ],
        ),
    }
}

fn densify(node: &Densify) -> Value {
    let bounds = match &node.bounds {
        Bounds::Named(name) => json!(name),
        Bounds::Between(low, high) => json!([low.json(), high.json()]),
    };
    let range = present([
        ("step", Some(node.step.json())),
        ("unit", node.unit.as_ref().map(|u| json!(u))),
        ("bounds", Some(bounds)),
    ]);
    let partition = (!node.partition.is_empty()).then(|| texts(&node.partition));
    bound(
        "$densify",
        [
            ("field", Some(json!(node.field.to_string()))),
            ("partitionByFields", partition),
            ("range", Some(range)),
        ],
    )
}

fn fill_by(by: &FillBy) -> Value {
    match by {
        FillBy::Value(value) => json!({ "value": expr(value) }),
        FillBy::Method(method) => json!({ "method": method }),
    }
}
