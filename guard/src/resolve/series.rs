//! How many rows `generate_series` gives, as far as its constants tell.
//!
//! Ends that hang on the data or the clock are placed by what they hang on: two ends with the same root differ by
//! their constants alone, others by [`SPAN`] at the most.

use crate::tree::{BinaryOp, Expr, Literal, UnaryOp};

use super::bounds::{OF_DATA, magnitude};

const DAY: f64 = 86_400.0;
/// Seconds between two ends that nothing is known about: thirty years.
const SPAN: f64 = 30.0 * 366.0 * DAY;

/// Rows of a series; `None` when nothing bounds them.
pub(super) fn rows(args: &[&Expr]) -> Option<f64> {
    let (from, to) = (args.first()?, args.get(1)?);
    if args.get(2).is_some_and(|step| is_interval(step)) || is_time(from) || is_time(to) {
        // without a step the server knows no such series
        let step = args.get(2).and_then(|step| seconds(step))?.abs();
        let span = span(from, to)?.abs();
        return (step > 0.0).then(|| span / step);
    }
    let step = match args.get(2) {
        Some(step) => magnitude(step)?.abs(),
        None => 1.0,
    };
    if !is_number(from) && !is_number(to) {
        return (step > 0.0).then(|| OF_DATA / step.min(1.0));
    }
    let rows = (signed(to)? - signed(from)?).abs();
    (step > 0.0).then(|| rows / step)
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(Literal::Number(_), _) => true,
        Expr::Unary { expr, .. } => is_number(expr),
        Expr::Binary { left, right, .. } => is_number(left) && is_number(right),
        _ => false,
    }
}

fn signed(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Unary { op: UnaryOp::Minus, expr } => magnitude(expr).map(|v| -v),
        other => magnitude(other),
    }
}

fn is_interval(expr: &Expr) -> bool {
    match expr {
        Expr::Interval { .. } => true,
        Expr::Cast { to, .. } | Expr::Typed { ty: to, .. } => to.name == "interval",
        Expr::Literal(Literal::String(_), _) => true,
        Expr::Unary { expr, .. } => is_interval(expr),
        Expr::Binary { left, right, .. } => is_interval(left) || is_interval(right),
        _ => false,
    }
}

fn is_time(expr: &Expr) -> bool {
    match expr {
        Expr::Cast { to, .. } | Expr::Typed { ty: to, .. } => is_time_type(&to.name),
        Expr::Binary { left, right, .. } => is_time(left) || is_time(right),
        _ => false,
    }
}

fn is_time_type(name: &str) -> bool {
    name == "date" || name.starts_with("timestamp")
}

/// Seconds between the ends.
fn span(from: &Expr, to: &Expr) -> Option<f64> {
    let ((a, from), (b, to)) = (placed(from)?, placed(to)?);
    match (a, b) {
        (None, None) => Some(to - from),
        (Some(a), Some(b)) if a == b => Some(to - from),
        // one hangs on the data and the other is fixed: the offsets come on top
        (a, b) => {
            let offset = |root: Option<&Expr>, at: f64| if root.is_some() { at.abs() } else { 0.0 };
            Some(SPAN + offset(a, from) + offset(b, to))
        }
    }
}

/// An end as what it hangs on (nothing: the calendar itself) and how many seconds it lies from there.
fn placed(expr: &Expr) -> Option<(Option<&Expr>, f64)> {
    match expr {
        Expr::Typed { value, .. } => Some((None, calendar(value)?)),
        Expr::Literal(Literal::String(text), _) => Some((None, calendar(text)?)),
        Expr::Cast { expr, .. } => placed(expr),
        Expr::Binary { op: op @ (BinaryOp::Plus | BinaryOp::Minus), left, right } => {
            let (root, at) = placed(left)?;
            let offset = seconds(right)?;
            Some((root, if *op == BinaryOp::Plus { at + offset } else { at - offset }))
        }
        Expr::Literal(..) | Expr::Param(_) => None,
        other => Some((Some(other), 0.0)),
    }
}

/// Seconds since the year 0 of `2024-01-31 10:00`; the time of day does not matter here.
fn calendar(text: &str) -> Option<f64> {
    // years before the first are far off
    if text.to_lowercase().contains("bc") {
        return None;
    }
    let date = text.trim().split([' ', 'T']).next()?;
    let mut parts = date.split('-').map(|part| part.parse::<f64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    (year < 10_000.0).then_some((year * 365.25 + month * 30.44 + day) * DAY)
}

/// Seconds of an interval of constants; whole numbers added to a date are days.
fn seconds(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Interval { value, unit } => match (value.as_ref(), unit) {
            (Expr::Literal(Literal::String(text), _), None) => words(text),
            (value, Some(unit)) => Some(magnitude(value)? * unit_seconds(unit)?),
            _ => None,
        },
        Expr::Typed { value, .. } => words(value),
        Expr::Literal(Literal::String(text), _) => words(text),
        Expr::Literal(Literal::Number(text), _) => text.parse::<f64>().ok().map(|days| days * DAY),
        Expr::Cast { expr, .. } => seconds(expr),
        Expr::Unary { op: UnaryOp::Minus, expr } => seconds(expr).map(|s| -s),
        Expr::Binary { op: BinaryOp::Multiply, left, right } => match (is_number(left), is_number(right)) {
            (true, _) => Some(magnitude(left)? * seconds(right)?),
            (_, true) => Some(seconds(left)? * magnitude(right)?),
            _ => None,
        },
        _ => None,
    }
}

/// `1 day`, `2 hours 30 minutes`, `01:30:00`.
fn words(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if word.contains(':') {
            let mut scale = 3_600.0;
            for part in word.trim_start_matches('-').split(':') {
                total += part.parse::<f64>().ok()? * scale;
                scale /= 60.0;
            }
            continue;
        }
        let digits = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
        let (amount, unit) = word.split_at_checked(digits)?;
        let unit = if unit.is_empty() { words.next()? } else { unit };
        total += amount.parse::<f64>().ok()? * unit_seconds(unit)?;
    }
    Some(total)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    let unit = unit.to_lowercase();
    let seconds = match unit.strip_suffix('s').unwrap_or(&unit) {
        "microsecond" | "u" => 1e-6,
        "millisecond" | "m" if unit.starts_with("milli") || unit == "ms" => 1e-3,
        "second" | "sec" => 1.0,
        "minute" | "min" => 60.0,
        "hour" | "hr" | "h" => 3_600.0,
        "day" | "d" => DAY,
        "week" | "w" => 7.0 * DAY,
        "month" | "mon" => 28.0 * DAY,
        "quarter" => 90.0 * DAY,
        "year" | "yr" | "y" => 365.0 * DAY,
        "decade" => 3_650.0 * DAY,
        _ => return None,
    };
    Some(seconds)
}
