//! How large the result of an operator may become, and how long a range may be.

use super::literal::Literal;
use super::operators::{Gives, Operator};
use super::shape::{STORED, Shape};
use super::tree::{Args, Expr};

/// Most steps of a `$range`.
const STEPS: i64 = 10_000;
/// What a stored array or text counts with as the end of a range.
const LENGTH: i64 = 1_000;

/// The size of an operator's result.
pub(super) fn size(op: &Operator, args: &Args, operands: &[Shape]) -> u64 {
    let sum = operands.iter().fold(0_u64, |sum, s| sum.saturating_add(s.size));
    let first = operands.first().map_or(1, |s| s.size);
    match op.name {
        "$replaceAll" | "$replaceOne" => first.saturating_mul(replaced(args)),
        "$split" | "$regexFindAll" => sum.saturating_mul(STORED),
        _ => match op.gives {
            Gives::Small(_) | Gives::Value => 1,
            Gives::First => first,
            Gives::Element => operands.first().map_or(1, |s| s.element().size),
            Gives::OneOf => operands.iter().map(|s| s.size).max().unwrap_or(1),
            Gives::Text | Gives::Together | Gives::Anything | Gives::ArrayOf => sum,
        },
    }
}

/// How often a replacement may multiply a text: by its length when each character is replaced.
fn replaced(args: &Args) -> u64 {
    let Args::Named(named) = args else { return STORED };
    let text = |key: &str| {
        named.iter().find(|(k, _)| *k == key).and_then(|(_, e)| match e {
            Expr::Literal(Literal::Text(text)) => Some(text.chars().count() as u64),
            _ => None,
        })
    };
    match (text("find"), text("replacement")) {
        (Some(find), Some(new)) if find > 0 => new.div_ceil(find).max(1),
        (_, Some(new)) => new.max(1) + u64::from(new > 0),
        (_, None) => STORED,
    }
}

/// The number of steps of a range, when it is known to be small enough.
pub(super) fn range(start: &Expr, end: &Expr, step: Option<i64>) -> Option<u64> {
    let width = step.map_or(1, i64::unsigned_abs).max(1);
    let steps = match (written(start), written(end)) {
        (Some(from), Some(to)) => from.abs_diff(to) / width,
        // upwards from a number: an end that is too low gives nothing
        (Some(from), None) if step.is_none_or(|s| s > 0) => {
            upper(end)?.saturating_sub(from).max(0).unsigned_abs() / width
        }
        _ => {
            let (from, to) = (largest(start)?, largest(end)?);
            from.saturating_add(to).unsigned_abs() / width
        }
    };
    (steps <= STEPS.unsigned_abs()).then_some(steps)
}

fn written(node: &Expr) -> Option<i64> {
    match node {
        Expr::Literal(value) | Expr::Constant(value) => value.integer(),
        _ => None,
    }
}

/// A number that an expression never passes, where that can be told.
fn upper(node: &Expr) -> Option<i64> {
    match node {
        Expr::Call(op, Args::List(items)) if op.name == "$min" => items.iter().filter_map(upper).min(),
        other => largest(other),
    }
}

/// The largest distance from zero that an expression may have, where that can be told.
fn largest(node: &Expr) -> Option<i64> {
    if let Some(number) = written(node) {
        return number.checked_abs();
    }
    let Expr::Call(op, args) = node else { return None };
    let operands: Vec<&Expr> = match args {
        Args::One(one) => vec![one],
        Args::List(items) => items.iter().collect(),
        Args::Named(_) => Vec::new(),
    };
    let all = || operands.iter().map(|e| largest(e)).collect::<Option<Vec<i64>>>();
    match op.name {
        // stored arrays and texts are bounded by the size of a document; long ones are rare
        "$size" | "$strLenCP" | "$strLenBytes" => Some(LENGTH),
        "$month" | "$dayOfMonth" | "$dayOfWeek" | "$dayOfYear" | "$hour" | "$minute" | "$second"
        | "$week" | "$isoWeek" | "$isoDayOfWeek" => Some(366),
        "$add" | "$subtract" => all()?.into_iter().try_fold(0_i64, i64::checked_add),
        "$ceil" | "$floor" | "$round" | "$trunc" | "$abs" | "$toInt" => largest(operands.first()?),
        _ => None,
    }
}
