//! The tree to canonical JSON. What this writes is read to the same tree again.

use serde_json::{Map, Value, json};

use super::tree::{Args, Condition, ElemMatch, Expr, Filter, Path, SortBy, Test};

/// An expression.
pub(super) fn expr(node: &Expr) -> Value {
    match node {
        Expr::Literal(value) => value.json(),
        Expr::Constant(value) => json!({ "$literal": value.json() }),
        Expr::Field(path) => json!(format!("${path}")),
        Expr::Variable(name, None) => json!(format!("$${name}")),
        Expr::Variable(name, Some(path)) => json!(format!("$${name}.{path}")),
        Expr::Array(items) => list(items),
        Expr::Document(fields) => pairs(fields),
        Expr::Call(op, operands) => json!({ op.name: args(operands) }),
        Expr::Cond(parts) => json!({ "$cond": list(parts.as_slice()) }),
        Expr::Switch(branches, default) => switch(branches, default.as_deref()),
        Expr::Let(vars, body) => json!({ "$let": { "vars": pairs(vars), "in": expr(body) } }),
        Expr::Map(input, name, body) => {
            bound("$map", [("input", Some(expr(input))), ("as", name_of(name)), ("in", Some(expr(body)))])
        }
        Expr::Filter(input, name, cond, limit) => bound(
            "$filter",
            [
                ("input", Some(expr(input))),
                ("as", name_of(name)),
                ("cond", Some(expr(cond))),
                ("limit", limit.as_deref().map(expr)),
            ],
        ),
        Expr::Reduce(input, initial, body) => {
            json!({ "$reduce": { "input": expr(input), "initialValue": expr(initial), "in": expr(body) } })
        }
        Expr::GetField(name, None) => json!({ "$getField": name }),
        Expr::GetField(name, Some(input)) => json!({ "$getField": { "field": name, "input": expr(input) } }),
        Expr::SortArray(input, by) => {
            json!({ "$sortArray": { "input": expr(input), "sortBy": sort_by(by) } })
        }
        Expr::Range(start, end, None) => json!({ "$range": [expr(start), expr(end)] }),
        Expr::Range(start, end, Some(step)) => json!({ "$range": [expr(start), expr(end), step] }),
    }
}

fn name_of(name: &Option<String>) -> Option<Value> {
    name.as_ref().map(|n| json!(n))
}

/// `{operator: {key: value ...}}` of the parts that are there.
pub(super) fn bound<const N: usize>(operator: &str, parts: [(&str, Option<Value>); N]) -> Value {
    json!({ operator: present(parts) })
}

/// An object of the parts that are there.
pub(super) fn present<const N: usize>(parts: [(&str, Option<Value>); N]) -> Value {
    Value::Object(parts.into_iter().filter_map(|(k, v)| v.map(|v| (k.to_owned(), v))).collect())
}

fn switch(branches: &[(Expr, Expr)], default: Option<&Expr>) -> Value {
    let branches: Vec<Value> =
        branches.iter().map(|(case, then)| json!({ "case": expr(case), "then": expr(then) })).collect();
    bound("$switch", [("branches", Some(Value::Array(branches))), ("default", default.map(expr))])
}

fn list(items: &[Expr]) -> Value {
    Value::Array(items.iter().map(expr).collect())
}

/// Names and expressions as an object.
pub(super) fn pairs(fields: &[(String, Expr)]) -> Value {
    Value::Object(fields.iter().map(|(k, v)| (k.clone(), expr(v))).collect())
}

/// Operands in their own form.
pub(super) fn args(operands: &Args) -> Value {
    match operands {
        Args::One(operand) => expr(operand),
        Args::List(items) => list(items),
        Args::Named(named) => Value::Object(named.iter().map(|(k, v)| ((*k).to_owned(), expr(v))).collect()),
    }
}

fn sort_by(by: &SortBy) -> Value {
    match by {
        SortBy::Whole(down) => direction(*down),
        SortBy::Fields(fields) => sort(fields),
    }
}

fn direction(down: bool) -> Value {
    json!(if down { -1 } else { 1 })
}

/// An order.
pub(super) fn sort(fields: &[(Path, bool)]) -> Value {
    Value::Object(fields.iter().map(|(p, down)| (p.to_string(), direction(*down))).collect())
}

/// A filter document.
pub(super) fn filter(node: &Filter) -> Value {
    Value::Object(node.0.iter().map(condition).collect::<Map<_, _>>())
}

fn condition(node: &Condition) -> (String, Value) {
    match node {
        Condition::Logical(op, arms) => ((*op).to_owned(), Value::Array(arms.iter().map(filter).collect())),
        Condition::Expr(inner) => ("$expr".to_owned(), expr(inner)),
        Condition::SampleRate(rate) => ("$sampleRate".to_owned(), json!(rate)),
        Condition::Text(words, language) => {
            let parts = [("$search", Some(json!(words))), ("$language", language.as_ref().map(|l| json!(l)))];
            ("$text".to_owned(), present(parts))
        }
        Condition::Equals(path, value) => (path.to_string(), value.json()),
        Condition::Tests(path, found) => (path.to_string(), tests(found)),
    }
}

fn tests(found: &[Test]) -> Value {
    let mut object = Map::new();
    for test in found {
        let (key, value) = one_test(test);
        object.insert(key.to_owned(), value);
        if let Test::Regex(_, options) = test {
            object.insert("$options".to_owned(), json!(options));
        }
    }
    Value::Object(object)
}

fn one_test(test: &Test) -> (&str, Value) {
    let all = |values: &[super::literal::Literal]| Value::Array(values.iter().map(|v| v.json()).collect());
    match test {
        Test::Compare(op, value) | Test::Bits(op, value) => (op, value.json()),
        Test::List(op, values) => (op, all(values)),
        Test::AllElements(items) => {
            let items = items.iter().map(|m| json!({ "$elemMatch": elem_match(m) })).collect();
            ("$all", Value::Array(items))
        }
        Test::Exists(yes) => ("$exists", json!(yes)),
        Test::Type(types) => ("$type", all(types)),
        Test::Regex(pattern, _) => ("$regex", json!(pattern)),
        Test::Not(inner) => ("$not", tests(inner)),
        Test::ElemMatch(inner) => ("$elemMatch", elem_match(inner)),
        Test::Size(n) => ("$size", json!(n)),
        Test::Mod(divisor, rest) => ("$mod", json!([divisor, rest])),
        Test::Geo(op, kind, shape) => (op, json!({ *kind: shape.json() })),
    }
}

fn elem_match(node: &ElemMatch) -> Value {
    match node {
        ElemMatch::Fields(inner) => filter(inner),
        ElemMatch::Tests(inner) => tests(inner),
    }
}
