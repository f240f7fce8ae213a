//! Fan-out: an aggregate over one table's column while joins repeat that table's rows.

use catalog::{Engine, Table};

use crate::finding::{Code, Finding};
use crate::resolve::Namespace;
use crate::tree::{Call, Expr, GroupItem, Select, SelectItem};

use super::joins::Pair;
use super::{column_of, span};

/// Joins of a block as steps from entry to entry.
struct Steps<'a, 'e> {
    engine: Engine,
    names: &'e Namespace<'a>,
    pairs: &'e [Pair<'a, 'e>],
}

/// SUM and AVG over a table whose rows a join repeats; COUNT over one that is repeated beside its own join.
pub fn check(engine: Engine, select: &Select, names: &Namespace<'_>, pairs: &[Pair<'_, '_>]) -> Vec<Finding> {
    let steps = Steps { engine, names, pairs };
    let mut calls = Vec::new();
    for item in &select.items {
        if let SelectItem::Expr { expr, .. } = item {
            collect(expr, &mut calls);
        }
    }
    let found = calls.into_iter().filter_map(|call| {
        let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
        let counts = name == "count" || call.args.first().is_some_and(|a| is_mark(&a.value));
        if !(counts || matches!(name, "sum" | "avg" | "total")) || call.distinct || call.over.is_some() {
            return None;
        }
        let columns = crate::reading::columns_in(&call.args.first()?.value);
        let (entry, table, column) = columns.iter().find_map(|c| column_of(engine, names, c))?;
        let other = steps.repeats(entry, counts, select)?;
        let text = format!(
            "{name} of {}.{column} may count a row more than once: {} can have several rows for it",
            table.name, other.name
        );
        let at = if call.name.span().end > 0 { call.name.span() } else { span(&call.args.first()?.value) };
        Some(Finding::new(Code::W106, text).at(at).hint("aggregate before joining"))
    });
    found.collect()
}

/// A condition, or constants chosen by one: the sum of such marks is a count.
fn is_mark(expr: &Expr) -> bool {
    let constant = |e: &Expr| matches!(e, Expr::Literal(..));
    match expr {
        Expr::Binary { op, .. } => {
            use crate::tree::BinaryOp as B;
            matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq | B::And | B::Or)
        }
        Expr::Like { .. } | Expr::InList { .. } | Expr::Is { .. } | Expr::Between { .. } => true,
        Expr::Case { operand: _, branches, otherwise } => {
            branches.iter().all(|(_, then)| constant(then)) && otherwise.as_deref().is_none_or(constant)
        }
        Expr::Call(call) => {
            call.name.last().is_some_and(|n| matches!(n.value.as_str(), "iif" | "if"))
                && call.args.iter().skip(1).all(|a| constant(&a.value))
        }
        _ => false,
    }
}

fn collect<'e>(expr: &'e Expr, calls: &mut Vec<&'e Call>) {
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        if let Expr::Call(call) = next {
            calls.push(call);
        }
        crate::reading::children(next, &mut open);
    }
}

impl<'a> Steps<'a, '_> {
    /// The first table on a way from `start` that can have several rows for one of those before it. A count of the
    /// many side counts joined rows, which is what is mostly meant: there only a second branch repeats.
    fn repeats(&self, start: usize, counts: bool, select: &Select) -> Option<&'a Table> {
        let mut seen = vec![start];
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            for to in 0..self.names.entries.len() {
                if seen.contains(&to) || !self.joined(at, to) {
                    continue;
                }
                seen.push(to);
                let many = !self.one(at, to);
                let direct = at == start;
                let table = self.names.entries.get(to)?.table?;
                if many && !(counts && direct) && !self.grouped(to, select) {
                    return Some(table);
                }
                if !many {
                    open.push(to);
                }
            }
        }
        None
    }

    fn joined(&self, from: usize, to: usize) -> bool {
        self.columns(from, to).next().is_some()
    }

    /// Columns of `to` that are set equal to columns of `from`.
    fn columns(&self, from: usize, to: usize) -> impl Iterator<Item = String> {
        self.pairs.iter().filter_map(move |(l, r)| {
            let other = match (l.0, r.0) {
                (a, b) if a == from && b == to => r,
                (a, b) if a == to && b == from => l,
                _ => return None,
            };
            Some(self.engine.stored_key(other.2))
        })
    }

    /// Whether a row of `from` meets one row of `to` at the most. A table without any key says nothing.
    fn one(&self, from: usize, to: usize) -> bool {
        let Some(entry) = self.names.entries.get(to) else { return true };
        let Some(table) = entry.table else { return true };
        let columns: Vec<String> = self.columns(from, to).collect();
        // a key that the caller does not see says nothing either
        let seen = |c: &String| entry.field(&self.engine.stored_key(c)).is_some();
        let all = table.primary_key.iter().chain(&table.unique_keys);
        let mut keys = all.filter(|k| k.columns.iter().all(seen)).peekable();
        let none = keys.peek().is_none() && entry.keys.is_empty();
        none || keys.any(|k| k.columns.iter().all(|c| columns.contains(&self.engine.stored_key(c))))
    }

    /// Whether each group holds one row of the entry.
    fn grouped(&self, at: usize, select: &Select) -> bool {
        let Some(table) = self.names.entries.get(at).and_then(|e| e.table) else { return false };
        let by = |item: &GroupItem| match item {
            GroupItem::Expr(expr) => match column_of(self.engine, self.names, expr) {
                Some((entry, _, column)) if entry == at => Some(self.engine.stored_key(column)),
                _ => None,
            },
            GroupItem::Rollup(_) | GroupItem::Cube(_) | GroupItem::GroupingSets(_) => None,
        };
        let grouped: Vec<String> = select.group_by.iter().filter_map(by).collect();
        let mut keys = table.primary_key.iter().chain(&table.unique_keys);
        keys.any(|k| k.columns.iter().all(|c| grouped.contains(&self.engine.stored_key(c))))
    }
}
