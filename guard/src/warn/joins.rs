//! Joins: whether entries are connected, by a key or not, and whether rows may be counted more than once.

use catalog::{Engine, ForeignKey, Table};

use crate::finding::{Code, Finding};
use crate::resolve::Namespace;
use crate::tree::{BinaryOp, Expr, FormKind, FromItem, Ident, JoinKind, JoinOn, Select};

use super::{column_of, conjuncts, entry_of};
use crate::reading::columns_in;

/// A pair of columns that a condition sets equal: entry, table and column of each side.
pub type Pair<'a, 'e> = ((usize, &'a Table, &'e str), (usize, &'a Table, &'e str));

/// Warnings about joins of a block.
pub fn check(engine: Engine, select: &Select, names: &Namespace<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let groups = groups(engine, select, names);
    let apart = groups.iter().filter(|g| g.1 > 0).count();
    if apart > 1 {
        let called: Vec<&str> =
            groups.iter().filter_map(|g| names.entries.get(g.0)).map(|e| e.name.as_str()).collect();
        let text =
            format!("{} are joined without a condition: every row meets every row", called.join(" and "));
        found.push(Finding::new(Code::W100, text).hint("join them on their keys"));
    }
    let mut pairs: Vec<Pair<'_, '_>> = Vec::new();
    for condition in conditions(select) {
        let here = equal_pairs(engine, names, condition);
        for pair in &here {
            // a schema without any keys says nothing
            let keys = !keys_of(names, pair.0.0).is_empty() || !keys_of(names, pair.1.0).is_empty();
            if keys
                && pair.0.0 != pair.1.0
                && !supported(engine, names, &[*pair], pair.0.0, pair.1.0)
                && !supported(engine, names, &here, pair.0.0, pair.1.0)
            {
                let ((_, left, a), (_, right, b)) = pair;
                let text = format!("no key connects {}.{a} and {}.{b}", left.name, right.name);
                let at = super::span(condition);
                let hint = "check that these columns mean the same";
                found.push(Finding::new(Code::W107, text).at(at).hint(hint));
            }
        }
        pairs.extend(here);
    }
    let filters = select.selection.iter().flat_map(|s| equal_pairs(engine, names, s));
    pairs.extend(filters);
    found.extend(super::fanout::check(engine, select, names, &pairs));
    found
}

/// How many groups of entries with catalog tables in them nothing connects.
pub fn unconnected(engine: Engine, select: &Select, names: &Namespace<'_>) -> usize {
    groups(engine, select, names).iter().filter(|g| g.1 > 0).count()
}

/// Groups of connected entries: first entry, and how many of them are tables.
fn groups(engine: Engine, select: &Select, names: &Namespace<'_>) -> Vec<(usize, usize)> {
    let count = names.entries.len();
    if count < 2 {
        return Vec::new();
    }
    let mut root: Vec<usize> = (0..count).collect();
    for condition in conditions(select).into_iter().chain(&select.selection) {
        for part in conjuncts(condition) {
            let mut entries = columns_in(part).into_iter().filter_map(|c| entry_of(engine, names, c));
            let Some(first) = entries.next() else { continue };
            entries.for_each(|other| join(&mut root, first, other));
        }
    }
    // USING merges columns: one slot from several entries
    for slot in names.slots.iter().filter(|s| s.from.len() > 1) {
        let at = |e: &std::rc::Rc<_>| names.entries.iter().position(|o| std::rc::Rc::ptr_eq(o, e));
        let mut entries = slot.from.iter().filter_map(|(e, _)| at(e));
        let Some(first) = entries.next() else { continue };
        entries.for_each(|other| join(&mut root, first, other));
    }
    for at in lateral_entries(select, names) {
        join(&mut root, 0, at);
    }
    let mut groups: Vec<(usize, usize, usize)> = Vec::new();
    for at in 0..count {
        let top = find(&root, at);
        let table = usize::from(names.entries.get(at).is_some_and(|e| e.is_wide()));
        match groups.iter_mut().find(|g| g.0 == top) {
            Some(group) => group.2 += table,
            None => groups.push((top, at, table)),
        }
    }
    groups.into_iter().map(|(_, first, tables)| (first, tables)).collect()
}

/// Functions and lateral sub-queries depend on what stands before them.
fn lateral_entries(select: &Select, names: &Namespace<'_>) -> Vec<usize> {
    let mut leaves = Vec::new();
    select.from.iter().for_each(|item| collect_leaves(item, &mut leaves));
    if leaves.len() != names.entries.len() {
        return Vec::new();
    }
    let depends = |at: usize, item: &FromItem| match item {
        FromItem::Function { .. } | FromItem::JsonTable(_) => true,
        FromItem::Form(form) => matches!(form.kind, FormKind::Json { .. } | FormKind::Nodes { .. }),
        FromItem::Derived { lateral, .. } => *lateral && names.entries.get(at).is_some_and(|e| e.depends),
        FromItem::Table { .. } | FromItem::Join { .. } => false,
    };
    leaves.iter().enumerate().filter(|(i, item)| depends(*i, item)).map(|(i, _)| i).collect()
}

fn collect_leaves<'e>(item: &'e FromItem, leaves: &mut Vec<&'e FromItem>) {
    let mut rights = Vec::new();
    let mut first = item;
    while let FromItem::Join { left, right, .. } = first {
        rights.push(right.as_ref());
        first = left;
    }
    leaves.push(first);
    rights.into_iter().rev().for_each(|right| collect_leaves(right, leaves));
}

fn find(root: &[usize], mut at: usize) -> usize {
    while let Some(up) = root.get(at)
        && *up != at
    {
        at = *up;
    }
    at
}

fn join(root: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(root, a), find(root, b));
    if let Some(up) = root.get_mut(a.max(b)) {
        *up = a.min(b);
    }
}

/// ON conditions of a block's FROM.
pub fn conditions(select: &Select) -> Vec<&Expr> {
    fn condition(on: &JoinOn) -> Option<&Expr> {
        match on {
            JoinOn::On(condition) => Some(condition),
            JoinOn::None | JoinOn::Using(_) | JoinOn::Natural => None,
        }
    }
    joins_of(select).into_iter().filter_map(condition).collect()
}

/// What the joins of a block are joined on.
pub fn joins_of(select: &Select) -> Vec<&JoinOn> {
    let mut found = Vec::new();
    let mut open: Vec<&FromItem> = select.from.iter().collect();
    while let Some(item) = open.pop() {
        if let FromItem::Join { left, right, on, kind } = item {
            open.push(left);
            open.push(right);
            if *kind != JoinKind::Cross {
                found.push(on);
            }
        }
    }
    found
}

/// Whether a key supports a condition.
pub fn keyed(engine: Engine, names: &Namespace<'_>, condition: &Expr) -> bool {
    let pairs = equal_pairs(engine, names, condition);
    pairs.iter().any(|(l, r)| l.0 != r.0 && supported(engine, names, &pairs, l.0, r.0))
}

/// Whether a key supports USING.
pub fn using_keyed(engine: Engine, left: &Namespace<'_>, right: &Namespace<'_>, columns: &[Ident]) -> bool {
    let names: Vec<String> = columns.iter().map(|c| engine.stored_key(&c.value)).collect();
    let holds = |side: &Namespace<'_>| -> Vec<usize> {
        let has = |e: &&std::rc::Rc<crate::resolve::Entry<'_>>| names.iter().all(|n| e.field(n).is_some());
        side.entries.iter().enumerate().filter(|(_, e)| has(e)).map(|(i, _)| i).collect()
    };
    let equal = |x: &String, y: &String| x == y && names.contains(x);
    holds(left).iter().any(|l| {
        holds(right).iter().any(|r| {
            let table = |side: &Namespace<'_>, i: usize| side.entries.get(i).and_then(|e| e.table).cloned();
            let (Some(a), Some(b)) = (table(left, *l), table(right, *r)) else { return false };
            refers(engine, keys_of(left, *l), &b, &equal) || refers(engine, keys_of(right, *r), &a, &equal)
        })
    })
}

/// Columns of entries that a condition sets equal.
pub fn equal_pairs<'a, 'e>(engine: Engine, names: &Namespace<'a>, condition: &'e Expr) -> Vec<Pair<'a, 'e>> {
    let equal = |part: &'e Expr| match part {
        Expr::Binary { op: BinaryOp::Eq, left, right } => {
            Some((column_of(engine, names, left)?, column_of(engine, names, right)?))
        }
        _ => None,
    };
    conjuncts(condition).into_iter().filter_map(equal).collect()
}

/// The foreign keys of an entry that the caller sees.
fn keys_of<'n, 'a>(names: &'n Namespace<'a>, entry: usize) -> &'n [&'a ForeignKey] {
    names.entries.get(entry).map_or(&[], |e| e.keys.as_slice())
}

/// Whether a foreign key between two entries is spelled out by the pairs, or both sides refer to the same key.
fn supported(
    engine: Engine,
    names: &Namespace<'_>,
    pairs: &[Pair<'_, '_>],
    left: usize,
    right: usize,
) -> bool {
    let between: Vec<(&Table, String, &Table, String)> = pairs
        .iter()
        .filter_map(|(l, r)| match (l.0, r.0) {
            (a, b) if a == left && b == right => Some((l, r)),
            (a, b) if a == right && b == left => Some((r, l)),
            _ => None,
        })
        .map(|(l, r)| (l.1, engine.stored_key(l.2), r.1, engine.stored_key(r.2)))
        .collect();
    let Some((a, _, b, _)) = between.first() else { return false };
    let forward = |x: &String, y: &String| between.iter().any(|(_, l, _, r)| l == x && r == y);
    let backward = |x: &String, y: &String| between.iter().any(|(_, l, _, r)| r == x && l == y);
    let (a_keys, b_keys) = (keys_of(names, left), keys_of(names, right));
    refers(engine, a_keys, b, &forward)
        || refers(engine, b_keys, a, &backward)
        || between.iter().any(|(_, x, _, y)| match (target(engine, a_keys, x), target(engine, b_keys, y)) {
            (Some(l), Some(r)) => l == r,
            _ => false,
        })
}

/// Whether one of the foreign keys leads to `to` and its column pairs all pass.
fn refers(engine: Engine, keys: &[&ForeignKey], to: &Table, pair: &dyn Fn(&String, &String) -> bool) -> bool {
    let key = |s: &str| engine.stored_key(s);
    keys.iter().any(|fk| {
        let same_table = key(&fk.to_table) == key(&to.name) && key(&fk.to_schema) == key(&to.schema);
        let target: &[String] = match (fk.to_columns.is_empty(), &to.primary_key) {
            (true, Some(primary)) => &primary.columns,
            _ => &fk.to_columns,
        };
        same_table
            && !fk.columns.is_empty()
            && fk.columns.len() == target.len()
            && fk.columns.iter().zip(target).all(|(a, b)| pair(&key(a), &key(b)))
    })
}

/// The column of another table that a column refers to by itself: two of the same target mean the same.
fn target<'k>(
    engine: Engine,
    keys: &[&'k ForeignKey],
    column: &str,
) -> Option<(&'k str, &'k str, &'k [String])> {
    keys.iter().find_map(|fk| match fk.columns.as_slice() {
        [only] if engine.stored_key(only) == column => {
            Some((fk.to_schema.as_str(), fk.to_table.as_str(), fk.to_columns.as_slice()))
        }
        _ => None,
    })
}
