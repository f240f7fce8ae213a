//! JSON to expressions: every operator by the table, every operand by its kind.

use serde_json::{Map, Value};

use crate::finding::{Code, Finding};
use crate::resolve::nearest::nearest;

use super::at::{At, shown};
use super::literal::{self, Literal};
use super::names;
use super::operators::{Key, Kind, OPERATORS, REFUSED, Shape, UNITS};
use super::regex;
use super::special;
use super::tree::{Args, Expr};

/// System variables that tell nothing but the document and the time.
pub(super) const SYSTEM: [&str; 4] = ["ROOT", "CURRENT", "NOW", "REMOVE"];
/// What `$redact` may end in.
pub(super) const REDACT: [&str; 3] = ["DESCEND", "PRUNE", "KEEP"];

/// Reads an expression.
pub(super) fn read(value: &Value, at: &At<'_>) -> Result<Expr, Finding> {
    match value {
        Value::String(text) => text_expr(text, at),
        Value::Array(items) => Ok(Expr::Array(list(items, at)?)),
        Value::Object(object) if literal::names_extended(object) => {
            Ok(Expr::Literal(Literal::read(value, at)?))
        }
        Value::Object(object) if literal::is_extended(object) => call(value, at),
        Value::Object(object) => document(object, at),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Expr::Literal(Literal::read(value, at)?)),
    }
}

pub(super) fn boxed(value: &Value, at: &At<'_>) -> Result<Box<Expr>, Finding> {
    read(value, at).map(Box::new)
}

pub(super) fn list(items: &[Value], at: &At<'_>) -> Result<Vec<Expr>, Finding> {
    items.iter().enumerate().map(|(i, item)| read(item, &at.index(i))).collect()
}

fn text_expr(text: &str, at: &At<'_>) -> Result<Expr, Finding> {
    if let Some(variable) = text.strip_prefix("$$") {
        let (name, rest) = match variable.split_once('.') {
            Some((name, rest)) => (name, Some(names::path(rest, at)?)),
            None => (variable, None),
        };
        if SYSTEM.contains(&name) || REDACT.contains(&name) {
            return Ok(Expr::Variable(name.to_owned(), rest));
        }
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(at
                .finding(Code::G103, format!("The variable `{}` is not known.", shown(name)))
                .hint("Known system variables: $$ROOT, $$CURRENT, $$NOW, $$REMOVE."));
        }
        return Ok(Expr::Variable(names::variable(name, at)?, rest));
    }
    match text.strip_prefix('$') {
        Some(field) => Ok(Expr::Field(names::path(field, at)?)),
        None => Ok(Expr::Literal(Literal::read(&Value::String(text.to_owned()), at)?)),
    }
}

fn document(object: &Map<String, Value>, at: &At<'_>) -> Result<Expr, Finding> {
    let mut fields = Vec::with_capacity(object.len());
    for (key, value) in object {
        let at = at.key(key);
        names::name(key, &at)?;
        fields.push((key.clone(), read(value, &at)?));
    }
    Ok(Expr::Document(fields))
}

fn call(value: &Value, at: &At<'_>) -> Result<Expr, Finding> {
    let (name, inner) = names::single(value, at)?;
    let here = at.key(name);
    if let Some(special) = special::read(name, inner, &here) {
        return special;
    }
    match OPERATORS.iter().find(|op| op.name == name) {
        Some(op) => Ok(Expr::Call(op, args(op.name, op.shape, inner, &here)?)),
        None => Err(unknown(name, OPERATORS.iter().map(|op| op.name), at)),
    }
}

/// The finding for an operator that is not on the list.
pub(super) fn unknown<'n>(name: &str, known: impl Iterator<Item = &'n str>, at: &At<'_>) -> Finding {
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return at
            .finding(Code::G301, format!("`{}` is refused: {why}.", shown(name)))
            .hint("Say it with the operators that only compute.");
    }
    let near = nearest(name, known);
    let finding = at
        .finding(Code::G300, format!("`{}` is not an operator that is accepted here.", shown(name)))
        .hint("Only operators that are known to read and compute are accepted; spelling and case count.");
    finding.nearest(near)
}

/// Reads operands by the operator's shape.
pub(super) fn args(name: &str, shape: Shape, value: &Value, at: &At<'_>) -> Result<Args, Finding> {
    match shape {
        Shape::List(least, most) => positional(name, least, most, value, at),
        Shape::Empty => match value.as_object() {
            Some(object) if object.is_empty() => Ok(Args::Named(Vec::new())),
            _ => Err(at.finding(Code::G302, format!("`{name}` takes an empty object."))),
        },
        Shape::Named(keys) => named(keys, value, at),
        Shape::OneOrNamed(keys) => {
            let by_name = value.as_object().is_some_and(|o| !literal::is_extended(o));
            if by_name { named(keys, value, at) } else { positional(name, 1, 1, value, at) }
        }
    }
}

fn positional(name: &str, least: usize, most: usize, value: &Value, at: &At<'_>) -> Result<Args, Finding> {
    let wrong = || {
        let wanted = if least == most { format!("{least}") } else { format!("from {least} to {most}") };
        at.finding(Code::G302, format!("`{name}` takes another number of operands."))
            .hint(format!("It takes {wanted}."))
    };
    match value {
        Value::Array(items) if (least..=most).contains(&items.len()) => Ok(Args::List(list(items, at)?)),
        Value::Array(_) => Err(wrong()),
        _ if least <= 1 && most >= 1 => Ok(Args::One(boxed(value, at)?)),
        _ => Err(wrong()),
    }
}

fn named(keys: &'static [Key], value: &Value, at: &At<'_>) -> Result<Args, Finding> {
    let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    let optional: Vec<&str> = keys.iter().filter(|k| !k.required).map(|k| k.name).collect();
    let object = names::keys(value, &required, &optional, at)?;
    let mut found = Vec::new();
    for key in keys {
        let Some(value) = object.get(key.name) else { continue };
        found.push((key.name, operand(key.kind, value, &at.key(key.name))?));
    }
    Ok(Args::Named(found))
}

fn operand(kind: Kind, value: &Value, at: &At<'_>) -> Result<Expr, Finding> {
    match kind {
        Kind::Any => read(value, at),
        Kind::Constant => constant(value, at),
        Kind::Text => {
            let text = names::text(value, at)?;
            if text.starts_with('$') || text.len() > 256 {
                return Err(at.form("A short text that is written out is needed here."));
            }
            names::characters(text, at)?;
            Ok(Expr::Literal(Literal::Text(text.to_owned())))
        }
        Kind::Unit => Ok(Expr::Literal(Literal::Text(names::word(value, &UNITS, at)?.to_owned()))),
        Kind::Count => Ok(Expr::Literal(Literal::Int(literal::integer(value, 1, 1_000, at)?))),
        Kind::Regex => pattern(value, at),
        Kind::RegexOptions => {
            let options = names::text(value, at)?;
            regex::check("", options, at)?;
            Ok(Expr::Literal(Literal::Text(options.to_owned())))
        }
    }
}

/// A plain value: no field, no variable, no operator anywhere in it.
fn constant(value: &Value, at: &At<'_>) -> Result<Expr, Finding> {
    let expr = read(value, at)?;
    match is_constant(&expr) {
        true => Ok(expr),
        false => Err(at.form("A value that is written out is needed here.")),
    }
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_) => true,
        Expr::Array(items) => items.iter().all(is_constant),
        Expr::Document(fields) => fields.iter().all(|(_, e)| is_constant(e)),
        _ => false,
    }
}

fn pattern(value: &Value, at: &At<'_>) -> Result<Expr, Finding> {
    let written_out = || {
        at.finding(Code::G303, "A regular expression is not written out.")
            .hint("Give the pattern as text: one that is computed has no bound.")
    };
    if let Some(text) = value.as_str() {
        if text.starts_with('$') {
            return Err(written_out());
        }
        regex::check(text, "", at)?;
        return Ok(Expr::Literal(Literal::Text(text.to_owned())));
    }
    match value.as_object().filter(|o| literal::names_extended(o)).map(|_| Literal::read(value, at)) {
        Some(Ok(found @ Literal::Regex(..))) => Ok(Expr::Literal(found)),
        Some(Err(finding)) => Err(finding),
        _ => Err(written_out()),
    }
}
