//! Operators whose operands are more than expressions: they bind variables, branch, or need something written out.

use serde_json::Value;

use crate::finding::{Code, Finding};

use super::at::At;
use super::expr::{boxed, read as read_expr};
use super::literal::{self, Literal};
use super::names;
use super::tree::{Expr, Path, SortBy};

type Made = Result<Expr, Finding>;

/// Most branches of a `$switch`.
const BRANCHES: usize = 200;

/// Reads the operator when it is one of these.
pub(super) fn read(name: &str, value: &Value, at: &At<'_>) -> Option<Made> {
    Some(match name {
        "$literal" => Literal::read(value, at).map(Expr::Constant),
        "$cond" => cond(value, at),
        "$switch" => switch(value, at),
        "$let" => bind(value, at),
        "$map" => map(value, at),
        "$filter" => filter(value, at),
        "$reduce" => reduce(value, at),
        "$getField" => get_field(value, at),
        "$sortArray" => sort_array(value, at),
        "$range" => range(value, at),
        _ => return None,
    })
}

fn part(object: &serde_json::Map<String, Value>, key: &str, at: &At<'_>) -> Result<Box<Expr>, Finding> {
    boxed(object.get(key).unwrap_or(&Value::Null), &at.key(key))
}

fn cond(value: &Value, at: &At<'_>) -> Made {
    if let Some(items) = value.as_array() {
        let [test, yes, no] = items.as_slice() else {
            return Err(at.finding(Code::G302, "`$cond` takes three operands."));
        };
        let parts =
            [read_expr(test, &at.index(0))?, read_expr(yes, &at.index(1))?, read_expr(no, &at.index(2))?];
        return Ok(Expr::Cond(Box::new(parts)));
    }
    let object = names::keys(value, &["if", "then", "else"], &[], at)?;
    let parts = [*part(object, "if", at)?, *part(object, "then", at)?, *part(object, "else", at)?];
    Ok(Expr::Cond(Box::new(parts)))
}

fn switch(value: &Value, at: &At<'_>) -> Made {
    let object = names::keys(value, &["branches"], &["default"], at)?;
    let here = at.key("branches");
    let branches = names::array(object.get("branches").unwrap_or(&Value::Null), &here)?;
    if branches.is_empty() || branches.len() > BRANCHES {
        return Err(here.finding(Code::G302, "`$switch` has no branch, or too many."));
    }
    let mut pairs = Vec::with_capacity(branches.len());
    for (i, branch) in branches.iter().enumerate() {
        let at = here.index(i);
        let branch = names::keys(branch, &["case", "then"], &[], &at)?;
        pairs.push((*part(branch, "case", &at)?, *part(branch, "then", &at)?));
    }
    let default = object.get("default").map(|v| boxed(v, &at.key("default"))).transpose()?;
    Ok(Expr::Switch(pairs, default))
}

/// Reads `vars` of `$let` and `let` of `$lookup`.
pub(super) fn variables(value: &Value, at: &At<'_>) -> Result<Vec<(String, Expr)>, Finding> {
    let mut vars = Vec::new();
    for (name, value) in names::object(value, at)? {
        let at = at.key(name);
        vars.push((names::variable(name, &at)?, read_expr(value, &at)?));
    }
    Ok(vars)
}

fn bind(value: &Value, at: &At<'_>) -> Made {
    let object = names::keys(value, &["vars", "in"], &[], at)?;
    let vars = variables(object.get("vars").unwrap_or(&Value::Null), &at.key("vars"))?;
    Ok(Expr::Let(vars, part(object, "in", at)?))
}

fn element(object: &serde_json::Map<String, Value>, at: &At<'_>) -> Result<Option<String>, Finding> {
    let Some(name) = object.get("as") else { return Ok(None) };
    let at = at.key("as");
    Ok(Some(names::variable(names::text(name, &at)?, &at)?))
}

fn map(value: &Value, at: &At<'_>) -> Made {
    let object = names::keys(value, &["input", "in"], &["as"], at)?;
    Ok(Expr::Map(part(object, "input", at)?, element(object, at)?, part(object, "in", at)?))
}

fn filter(value: &Value, at: &At<'_>) -> Made {
    let object = names::keys(value, &["input", "cond"], &["as", "limit"], at)?;
    let limit = object.get("limit").map(|v| boxed(v, &at.key("limit"))).transpose()?;
    Ok(Expr::Filter(part(object, "input", at)?, element(object, at)?, part(object, "cond", at)?, limit))
}

fn reduce(value: &Value, at: &At<'_>) -> Made {
    let object = names::keys(value, &["input", "initialValue", "in"], &[], at)?;
    let (input, initial) = (part(object, "input", at)?, part(object, "initialValue", at)?);
    Ok(Expr::Reduce(input, initial, part(object, "in", at)?))
}

/// The field's name must be written out: one that is computed could be any.
fn get_field(value: &Value, at: &At<'_>) -> Made {
    let name_of = |value: &Value, at: &At<'_>| -> Result<String, Finding> {
        let text = match value.as_object() {
            Some(_) => {
                names::text(names::keys(value, &["$literal"], &[], at)?.get("$literal").unwrap_or(value), at)?
            }
            None => names::text(value, at)?,
        };
        names::name(text, at)?;
        Ok(text.to_owned())
    };
    let by_name = value.as_object().is_some_and(|o| !literal::is_extended(o));
    if !by_name {
        return Ok(Expr::GetField(name_of(value, at)?, None));
    }
    let object = names::keys(value, &["field"], &["input"], at)?;
    let name = name_of(object.get("field").unwrap_or(&Value::Null), &at.key("field"))?;
    let input = object.get("input").map(|v| boxed(v, &at.key("input"))).transpose()?;
    Ok(Expr::GetField(name, input))
}

fn sort_array(value: &Value, at: &At<'_>) -> Made {
    let object = names::keys(value, &["input", "sortBy"], &[], at)?;
    let here = at.key("sortBy");
    let by = match object.get("sortBy") {
        Some(fields @ Value::Object(_)) => SortBy::Fields(sort_fields(fields, &here)?),
        Some(other) => SortBy::Whole(downwards(other, &here)?),
        None => return Err(here.form("An order is needed here.")),
    };
    Ok(Expr::SortArray(part(object, "input", at)?, by))
}

/// Reads `{a: 1, b: -1}`.
pub(super) fn sort_fields(value: &Value, at: &At<'_>) -> Result<Vec<(Path, bool)>, Finding> {
    let object = names::object(value, at)?;
    if object.is_empty() || object.len() > 32 {
        return Err(at.form("An order has from 1 to 32 fields."));
    }
    let mut fields = Vec::with_capacity(object.len());
    for (key, value) in object {
        let at = at.key(key);
        fields.push((names::path(key, &at)?, downwards(value, &at)?));
    }
    Ok(fields)
}

fn downwards(value: &Value, at: &At<'_>) -> Result<bool, Finding> {
    match Literal::read(value, at)?.integer() {
        Some(1) => Ok(false),
        Some(-1) => Ok(true),
        _ => Err(at.form("An order is 1 (upwards) or -1 (downwards).")),
    }
}

fn range(value: &Value, at: &At<'_>) -> Made {
    let (start, end, step) = match names::array(value, at)?.as_slice() {
        [start, end] => (start, end, None),
        [start, end, step] => (start, end, Some(step)),
        _ => return Err(at.finding(Code::G302, "`$range` takes two or three operands.")),
    };
    let step = step.map(|v| whole_step(v, &at.index(2))).transpose()?;
    Ok(Expr::Range(boxed(start, &at.index(0))?, boxed(end, &at.index(1))?, step))
}

fn whole_step(value: &Value, at: &At<'_>) -> Result<i64, Finding> {
    let step = literal::integer(value, -1_000_000, 1_000_000, at)?;
    if step == 0 {
        return Err(at.finding(Code::G303, "A step of zero never ends."));
    }
    Ok(step)
}
