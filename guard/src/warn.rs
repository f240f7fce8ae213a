//! Warnings: forms that are reads and yet seldom what was meant.

pub mod cardinality;
mod fanout;
pub mod grouping;
mod joins;
mod predicates;

use catalog::{Engine, Table};

use crate::finding::{Code, Finding};
use crate::resolve::Namespace;
use crate::tree::{BinaryOp, Expr, Literal, OrderItem, Select, SelectItem, Span};

pub use joins::{keyed, unconnected, using_keyed};
pub use predicates::not_in;

use joins::{conditions, joins_of};

/// Rows of a table from which sorting all of them is worth a word.
const MANY_ROWS: u64 = 100_000;

/// Warnings about the outermost block: what is listed, sorted and cut.
pub fn top(select: &Select, order: &[OrderItem], limited: bool, names: &Namespace<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for item in &select.items {
        if let SelectItem::Wildcard(span) = item {
            let text = "all columns are read";
            found.push(Finding::new(Code::W104, text).at(*span).hint("name the columns that are needed"));
        }
    }
    let few = !select.group_by.is_empty() || aggregates_only(select);
    let many = names.entries.iter().filter_map(|e| e.table?.row_estimate).any(|rows| rows >= MANY_ROWS);
    if let (Some(first), false, false, true) = (order.first(), limited, few, many) {
        let text = "the whole of a large table is sorted";
        let hint = "add a limit if only the first rows matter";
        found.push(Finding::new(Code::W105, text).at(span(&first.expr)).hint(hint));
    }
    if order.is_empty() && limited && !aggregates_only(select) && !select.from.is_empty() {
        let text = "a limit without ORDER BY keeps whichever rows come first";
        found.push(Finding::new(Code::W110, text).hint("say by ORDER BY which rows are wanted"));
    }
    found
}

/// From the first name or constant of an expression to its last.
pub fn span(expr: &Expr) -> Span {
    let mut open = vec![expr];
    let mut all: Option<Span> = None;
    while let Some(next) = open.pop() {
        let here = match next {
            Expr::Column(name) => name.span(),
            Expr::Literal(_, span) | Expr::Typed { span, .. } => *span,
            Expr::Call(call) => call.name.span(),
            _ => Span::default(),
        };
        if here.end > here.start {
            let so_far = all.unwrap_or(here);
            all = Some(Span { start: so_far.start.min(here.start), end: so_far.end.max(here.end) });
        }
        crate::reading::children(next, &mut open);
    }
    all.unwrap_or_default()
}

/// A quotient of whole numbers that is cut to a whole number, where a ratio was probably meant.
pub fn whole_division(divisor: &Expr) -> Option<Finding> {
    let constant = |e: &Expr| matches!(e, Expr::Literal(Literal::Number(_), _));
    // by a constant is how decades and buckets are made
    if constant(divisor) {
        return None;
    }
    let text = "whole numbers are divided: the part behind the point is lost";
    Some(Finding::new(Code::W111, text).at(span(divisor)).hint("multiply one side by 1.0, or cast it"))
}

/// The two columns that a condition sets equal.
fn equal_columns(part: &Expr) -> Option<(&Expr, &Expr)> {
    match part {
        Expr::Binary { op: BinaryOp::Eq, left, right } => Some((left, right)),
        _ => None,
    }
}

/// Warnings about one resolved block.
pub fn select(engine: Engine, select: &Select, names: &Namespace<'_>) -> Vec<Finding> {
    let mut found = joins::check(engine, select, names);
    found.extend(predicates::check(engine, select, names));
    found
}

fn aggregates_only(select: &Select) -> bool {
    let call =
        |item: &SelectItem| matches!(item, SelectItem::Expr { expr: Expr::Call(c), .. } if c.over.is_none());
    !select.items.is_empty() && select.items.iter().all(call)
}

/// The catalog's table and column behind a resolved reference.
fn column_of<'a, 'e>(
    engine: Engine,
    names: &Namespace<'a>,
    expr: &'e Expr,
) -> Option<(usize, &'a Table, &'e str)> {
    let Expr::Column(name) = expr else { return None };
    let [qualifier, column] = name.0.as_slice() else { return None };
    let key = engine.stored_key(&qualifier.value);
    let at = names.entries.iter().position(|e| e.key == key)?;
    let table = names.entries.get(at)?.table?;
    Some((at, table, &column.value))
}

/// The entry that a resolved reference names.
fn entry_of(engine: Engine, names: &Namespace<'_>, expr: &Expr) -> Option<usize> {
    let Expr::Column(name) = expr else { return None };
    match name.0.as_slice() {
        [qualifier, _] => {
            let key = engine.stored_key(&qualifier.value);
            names.entries.iter().position(|e| e.key == key)
        }
        [column] => {
            let key = engine.stored_key(&column.value);
            let slot = names.slots.iter().find(|s| s.key == key)?;
            let (entry, _) = slot.from.first()?;
            names.entries.iter().position(|e| std::rc::Rc::ptr_eq(e, entry))
        }
        _ => None,
    }
}

/// The parts of an AND chain.
fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    use crate::tree::BinaryOp;
    let mut parts = Vec::new();
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        match next {
            Expr::Binary { op: BinaryOp::And, left, right } => {
                open.push(right);
                open.push(left);
            }
            other => parts.push(other),
        }
    }
    parts
}
