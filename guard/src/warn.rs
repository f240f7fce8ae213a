//! Warnings: forms that are reads and yet seldom what was meant.

mod joins;
mod predicates;

use catalog::{Engine, Table};

use crate::finding::{Code, Finding};
use crate::resolve::Namespace;
use crate::tree::{Expr, OrderItem, Select, SelectItem};

pub use joins::{keyed, unconnected, using_keyed};

/// Warnings about the outermost block.
pub fn top(select: &Select, order: &[OrderItem], limited: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for item in &select.items {
        if let SelectItem::Wildcard(span) = item {
            let text = "all columns are read";
            found.push(Finding::new(Code::W104, text).at(*span).hint("name the columns that are needed"));
        }
    }
    let one_row = select.group_by.is_empty() && aggregates_only(select);
    if !order.is_empty() && !limited && !one_row && select.group_by.is_empty() {
        let text = "the whole result is sorted";
        found.push(Finding::new(Code::W105, text).hint("add a limit if only the first rows matter"));
    }
    found
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
