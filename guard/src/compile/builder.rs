//! Small pieces of pipelines.

use serde_json::{Map, Value, json};

/// `{$cond: [test, yes, no]}`.
pub(super) fn cond(test: Value, yes: Value, no: Value) -> Value {
    match test {
        Value::Bool(true) => yes,
        Value::Bool(false) => no,
        test => json!({ "$cond": [test, yes, no] }),
    }
}

/// All of the tests, which give true or false alone.
pub(super) fn all(tests: Vec<Value>) -> Value {
    if tests.contains(&Value::Bool(false)) {
        return Value::Bool(false);
    }
    gathered("$and", tests, true)
}

/// Any of the tests.
pub(super) fn any(tests: Vec<Value>) -> Value {
    if tests.contains(&Value::Bool(true)) {
        return Value::Bool(true);
    }
    gathered("$or", tests, false)
}

fn gathered(name: &str, tests: Vec<Value>, neutral: bool) -> Value {
    let mut flat = Vec::with_capacity(tests.len());
    for test in tests {
        match test {
            Value::Bool(b) if b == neutral => {}
            Value::Object(mut inner) if inner.len() == 1 && inner.contains_key(name) => {
                match inner.remove(name) {
                    Some(Value::Array(items)) => flat.extend(items),
                    other => flat.extend(other),
                }
            }
            other => flat.push(other),
        }
    }
    match flat.len() {
        0 => Value::Bool(neutral),
        1 => flat.pop().unwrap_or(Value::Bool(neutral)),
        _ => json!({ name: flat }),
    }
}

/// The opposite of a test that gives true or false alone.
pub(super) fn not(test: Value) -> Value {
    match test {
        Value::Bool(b) => Value::Bool(!b),
        Value::Object(mut inner) if inner.len() == 1 && inner.contains_key("$not") => {
            match inner.remove("$not") {
                Some(Value::Array(mut items)) if items.len() == 1 => items.pop().unwrap_or(Value::Null),
                other => json!({ "$not": other }),
            }
        }
        other => json!({ "$not": [other] }),
    }
}

/// Whether an expression gives something: a field that is not there, and null, are nothing.
pub(super) fn present(value: &Value) -> Value {
    json!({ "$gt": [value, null] })
}

/// Null for what is not there, so that both count as the same in a group.
pub(super) fn settled(value: &Value) -> Value {
    json!({ "$ifNull": [value, null] })
}

/// A constant that stands where a plain value would mean something else.
pub(super) fn constant(value: Value) -> Value {
    match value {
        Value::Object(ref inner) if !inner.keys().any(|k| is_extended(k)) => value,
        Value::String(ref text) if text.starts_with('$') => value,
        plain => json!({ "$literal": plain }),
    }
}

fn is_extended(key: &str) -> bool {
    matches!(
        key,
        "$date" | "$oid" | "$numberDecimal" | "$numberLong" | "$numberInt" | "$numberDouble" | "$uuid"
    )
}

/// A text as an expression.
pub(super) fn quoted(text: &str) -> Value {
    if text.starts_with('$') { json!({ "$literal": text }) } else { json!(text) }
}

/// A path below another.
pub(super) fn under(prefix: &str, path: &str) -> String {
    match (prefix.is_empty(), path.is_empty()) {
        (true, _) => path.to_owned(),
        (false, true) => prefix.to_owned(),
        (false, false) => format!("{prefix}.{path}"),
    }
}

/// The same expression over a document that stands at a path.
pub(super) fn moved(value: &Value, prefix: &str) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(path) if !path.starts_with('$') => json!(format!("${prefix}.{path}")),
            _ => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(|v| moved(v, prefix)).collect()),
        Value::Object(fields) if fields.contains_key("$literal") => value.clone(),
        Value::Object(fields) => {
            let moved: Map<String, Value> =
                fields.iter().map(|(k, v)| (k.clone(), moved(v, prefix))).collect();
            Value::Object(moved)
        }
        plain => plain.clone(),
    }
}

/// Conditions of one `$match`: plain ones side by side where their fields differ, tests of one field together.
pub(super) fn matching(conditions: Vec<Value>) -> Value {
    let mut merged: Map<String, Value> = Map::new();
    let mut apart = Vec::new();
    for condition in conditions {
        let single = condition.as_object().filter(|o| o.len() == 1).and_then(|o| o.iter().next());
        let taken = single.is_some_and(|(key, tests)| match merged.get_mut(key) {
            None => {
                merged.insert(key.clone(), tests.clone());
                true
            }
            Some(known) => joined(known, tests),
        });
        if !taken {
            apart.push(condition);
        }
    }
    if apart.is_empty() {
        return Value::Object(merged);
    }
    let first = (!merged.is_empty()).then_some(Value::Object(merged));
    json!({ "$and": first.into_iter().chain(apart).collect::<Vec<_>>() })
}

/// Adds tests to those of the same field, where each operator stands once.
fn joined(known: &mut Value, tests: &Value) -> bool {
    let (Some(known), Some(tests)) = (known.as_object_mut(), tests.as_object()) else { return false };
    let bounds = |key: &String| matches!(key.as_str(), "$gt" | "$gte" | "$lt" | "$lte" | "$nin" | "$in");
    if !known.keys().chain(tests.keys()).all(bounds) || tests.keys().any(|k| known.contains_key(k)) {
        return false;
    }
    known.extend(tests.clone());
    true
}
