//! Work without a bound: a few bytes of SQL that make gigabytes of text or rows, past what time limits catch.
//!
//! Sizes are estimated from the constants of an expression; a value of the data counts as a modest number.

use catalog::Engine;

use crate::finding::{Code, Finding};
use crate::tree::{
    Arg, BinaryOp, Call, Distinct, Expr, FromItem, Ident, Literal, Query, Select, SelectItem, SetExpr,
    UnaryOp,
};

/// Rows that count as one in a product.
const FEW_ROWS: f64 = 100.0;

/// Longest text that one call may build.
const MOST_TEXT: f64 = 100_000.0;
/// Most rows of a series.
const MOST_ROWS: f64 = 1_000_000.0;
/// What a value of the data counts as.
pub(super) const OF_DATA: f64 = 1_000.0;

/// Tables that stand side by side without any condition: from this number on their product is refused. SQL Server has
/// no time limit that it holds itself, so it is one fewer there.
pub fn most_apart(engine: Engine) -> usize {
    if engine == Engine::Mssql { 3 } else { 4 }
}

/// Whether a recursive expression reads only itself and nothing ends it. CYCLE ends it where no row is new.
pub fn endless(query: &Query, name: &Ident, cycle: bool) -> bool {
    if query.limit.is_some() {
        return false;
    }
    let mut body = &query.body;
    while let SetExpr::SetOp { left, right, all, .. } = body {
        if let SetExpr::Select(select) = right.as_ref()
            && reads_only(select, name)
            && (*all && !cycle || computes(select))
        {
            return true;
        }
        body = left;
    }
    false
}

fn reads_only(select: &Select, name: &Ident) -> bool {
    let itself = |item: &FromItem| match item {
        FromItem::Table { name: read, .. } => read.0.len() == 1 && read.last().is_some_and(|l| same(l, name)),
        FromItem::Derived { .. }
        | FromItem::Function { .. }
        | FromItem::JsonTable(_)
        | FromItem::Form(_)
        | FromItem::Join { .. } => false,
    };
    select.from.len() == 1
        && select.from.iter().all(itself)
        && select.selection.is_none()
        && select.having.is_none()
}

fn same(a: &Ident, b: &Ident) -> bool {
    a.value.eq_ignore_ascii_case(&b.value)
}

fn computes(select: &Select) -> bool {
    select.items.iter().any(|i| matches!(i, SelectItem::Expr { expr, .. } if !matches!(expr, Expr::Column(_) | Expr::Literal(..))))
}

/// Whether a query takes only so many first rows of what it reads, so that an endless source is read in part.
pub fn takes_first_rows(query: &Query) -> bool {
    let number = |bound: Option<&Expr>| bound.map_or(Some(0.0), magnitude);
    let rows = match (query.limit.as_deref(), number(query.offset.as_deref())) {
        (Some(limit), Some(offset)) => magnitude(limit).map(|l| l + offset),
        _ => None,
    };
    let SetExpr::Select(select) = &query.body else { return false };
    let plain = |i: &SelectItem| match i {
        SelectItem::Expr { expr, .. } => !matches!(expr, Expr::Call(_)),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => true,
    };
    rows.is_some_and(|r| r <= MOST_TEXT)
        && query.order_by.is_empty()
        && select.group_by.is_empty()
        && select.distinct == Distinct::No
        && select.items.iter().all(plain)
}

/// Whether a query gives few rows by its own limit.
pub fn few_rows(query: &Query) -> bool {
    query.limit.as_deref().and_then(magnitude).is_some_and(|rows| rows <= FEW_ROWS)
}

/// Checks a call.
pub fn check(call: &Call, engine: Engine) -> Option<Finding> {
    let name = call.name.last().map(|i| i.value.to_lowercase()).unwrap_or_default();
    let args: Vec<&Expr> = call.args.iter().map(|Arg { value, .. }| value).collect();
    let (size, most) = match name.as_str() {
        "format" if engine == Engine::Mssql => (args.get(1).and_then(|a| picture(a)), OF_DATA),
        "replicate" => (text_size("repeat", &args), MOST_TEXT),
        // what each row adds to a text that has no bound of its own there
        "string_agg" if engine == Engine::Mssql => (args.first().and_then(|a| length(a)), OF_DATA),
        "repeat" | "lpad" | "rpad" => (text_size(&name, &args), MOST_TEXT),
        "zeroblob" | "randomblob" => (args.first().and_then(|a| magnitude(a)), MOST_TEXT),
        "array_fill" => (array_size(&args), MOST_TEXT),
        "space" => (args.first().and_then(|a| magnitude(a)), MOST_TEXT),
        "format" if matches!(engine, Engine::Mysql | Engine::Mariadb) => return None,
        "printf" | "format" | "sformat" => (args.first().and_then(|a| format_size(a, &args)), MOST_TEXT),
        "generate_series" => (super::series::rows(&args), MOST_ROWS),
        "normal_rand" => (args.first().and_then(|a| magnitude(a)), MOST_ROWS),
        _ => return None,
    };
    if size.is_some_and(|s| s <= most) {
        return None;
    }
    let message = format!("{name} could make more than this connection may be asked for");
    let hint = format!("keep it to {most} by constants");
    Some(Finding::new(Code::G303, message).at(call.name.span()).subject(name).hint(hint))
}

fn text_size(name: &str, args: &[&Expr]) -> Option<f64> {
    let text = length(args.first()?)?;
    let count = magnitude(args.get(1)?)?;
    Some(if name == "repeat" { text * count } else { text.max(count) })
}

/// Length of a text that an expression gives.
fn length(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(Literal::String(text), _) => Some(text.len() as f64),
        Expr::Literal(..) => Some(20.0),
        Expr::Call(call) => {
            let name = call.name.last().map(|i| i.value.to_lowercase()).unwrap_or_default();
            let args: Vec<&Expr> = call.args.iter().map(|a| &a.value).collect();
            match name.as_str() {
                "repeat" | "lpad" | "rpad" => text_size(&name, &args),
                "replicate" => text_size("repeat", &args),
                "zeroblob" | "randomblob" | "space" => magnitude(args.first()?),
                _ => args.iter().map(|a| length(a)).sum::<Option<f64>>().map(|s| s.max(20.0)),
            }
        }
        Expr::Binary { left, right, .. } => Some(length(left)? + length(right)?),
        Expr::Cast { expr, .. } | Expr::Collate { expr, .. } => length(expr),
        // a value of the data, whatever it is
        _ => Some(20.0),
    }
}

/// Largest number that an expression gives, as far as its constants tell.
pub(super) fn magnitude(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(Literal::Number(text), _) => text.parse().ok(),
        Expr::Literal(Literal::Null, _) => Some(0.0),
        Expr::Literal(Literal::String(text), _) => text.trim().parse().ok(),
        Expr::Column(_) => Some(OF_DATA),
        Expr::Unary { op: UnaryOp::Minus | UnaryOp::Plus | UnaryOp::Abs, expr } => {
            magnitude(expr).map(f64::abs)
        }
        Expr::Cast { expr, .. } => magnitude(expr),
        Expr::Binary { op, left, right } => binary(*op, left, right),
        Expr::Case { branches, otherwise, .. } => {
            let results = branches.iter().map(|(_, then)| then).chain(otherwise.as_deref());
            largest(results.map(magnitude))
        }
        Expr::Call(call) => of_call(call),
        Expr::Subquery(_) => Some(OF_DATA),
        _ => None,
    }
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr) -> Option<f64> {
    let (a, b) = (magnitude(left)?, magnitude(right)?);
    match op {
        BinaryOp::Plus | BinaryOp::Minus => Some(a.abs() + b.abs()),
        BinaryOp::Multiply => Some(a * b),
        BinaryOp::Divide if b >= 1.0 && matches!(right, Expr::Literal(..)) => Some(a / b),
        BinaryOp::Modulo if matches!(right, Expr::Literal(..)) => Some(b),
        BinaryOp::Divide | BinaryOp::Modulo => Some(a),
        _ => None,
    }
}

fn of_call(call: &Call) -> Option<f64> {
    let name = call.name.last().map(|i| i.value.to_lowercase()).unwrap_or_default();
    let mut args = call.args.iter().map(|a| magnitude(&a.value));
    match name.as_str() {
        "least" => args.flatten().min_by(f64::total_cmp),
        "greatest" | "coalesce" | "ifnull" | "max" | "min" | "sum" | "avg" => largest(args),
        "round" | "floor" | "ceil" | "ceiling" | "trunc" | "abs" | "sqrt" => args.next()?,
        "count" | "length" | "char_length" | "rank" | "row_number" | "dense_rank" | "cardinality"
        | "array_length" | "jsonb_array_length" | "json_array_length" => Some(OF_DATA),
        _ => None,
    }
}

fn largest(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let all: Option<Vec<f64>> = values.collect();
    all?.into_iter().max_by(f64::total_cmp)
}

fn array_size(args: &[&Expr]) -> Option<f64> {
    match args.get(1)? {
        Expr::Array(dimensions) => dimensions.iter().map(magnitude).product(),
        _ => None,
    }
}

/// Widths inside a format: digits, or `*` that takes them from an argument.
fn format_size(format: &Expr, args: &[&Expr]) -> Option<f64> {
    let Expr::Literal(Literal::String(text), _) = format else {
        // a format out of the data could hold any width
        return None;
    };
    let mut size = text.len() as f64;
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        size += digits.parse::<f64>().unwrap_or(0.0);
        digits.clear();
    }
    if text.contains('*') {
        let widths: Option<f64> = args.iter().skip(1).map(|a| width(a)).sum();
        size += widths?;
    }
    Some(size)
}

/// SQL Server's format: a picture with digits that ask for so many characters.
fn picture(expr: &Expr) -> Option<f64> {
    let Expr::Literal(Literal::String(text) | Literal::National(text), _) = expr else { return None };
    let runs = text.split(|c: char| !c.is_ascii_digit()).filter_map(|run| run.parse::<f64>().ok());
    Some(runs.fold(text.len() as f64, f64::max))
}

fn width(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(Literal::String(text), _) => Some(text.len() as f64),
        other => magnitude(other),
    }
}
