//! Output columns: ORDER BY and GROUP BY say the expression itself instead of its position or alias.

use std::collections::HashSet;

use super::parts::{Part, of_expr, of_query};
use super::single;
use crate::tree::{Expr, FromItem, GroupItem, JoinOn, Literal, Query, Select, SelectItem, SetExpr, Span};

/// Walks every query and expression of a tree, outer ones first.
fn each(query: &mut Query, on_query: &mut dyn FnMut(&mut Query), on_expr: &mut dyn FnMut(&mut Expr)) {
    on_query(query);
    of_query(query, &mut |part| match part {
        Part::Query(inner) => each(inner, on_query, on_expr),
        Part::Expr(expr) => each_expr(expr, on_query, on_expr),
    });
}

fn each_expr(expr: &mut Expr, on_query: &mut dyn FnMut(&mut Query), on_expr: &mut dyn FnMut(&mut Expr)) {
    on_expr(expr);
    of_expr(expr, &mut |part| match part {
        Part::Query(inner) => each(inner, on_query, on_expr),
        Part::Expr(inner) => each_expr(inner, on_query, on_expr),
    });
}

/// Puts expressions in the place of positions and aliases, in every block. `known`: names were resolved, so that a name
/// without a qualifier in GROUP BY is an output and nothing else.
pub fn name_by_expression(tree: &mut Query, known: bool) {
    each(
        tree,
        &mut |query| {
            let Query { recursive: _, with: _, body, order_by, limit: _, offset: _, with_ties: _, tail: _ } =
                query;
            let SetExpr::Select(select) = body else { return };
            for item in order_by {
                if let Some(expr) = output(select, &item.expr, true) {
                    item.expr = expr;
                }
            }
            let named = known && !select.from.iter().any(hides_names);
            let mut items = std::mem::take(&mut select.group_by);
            for item in &mut items {
                if let GroupItem::Expr(key) = item
                    && let Some(expr) = output(select, key, named)
                {
                    *key = expr;
                }
            }
            select.group_by = items;
        },
        &mut |_| {},
    );
}

/// The expression behind a position, or behind an alias where `aliases` may stand.
fn output(select: &Select, key: &Expr, aliases: bool) -> Option<Expr> {
    match key {
        Expr::Literal(Literal::Number(digits), _) => {
            let at = digits.parse::<usize>().ok()?.checked_sub(1)?;
            let all = select.items.iter().take(at + 1).all(|i| matches!(i, SelectItem::Expr { .. }));
            match select.items.get(at).filter(|_| all)? {
                SelectItem::Expr { expr, alias: _ } => not_a_position(expr),
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => None,
            }
        }
        Expr::Column(name) if aliases => {
            let wanted = single(name)?;
            let mut found = select.items.iter().filter_map(|item| match item {
                SelectItem::Expr { expr, alias: Some(alias) } if alias.value == wanted => Some(expr),
                _ => None,
            });
            let first = found.next()?;
            if found.next().is_some() { None } else { not_a_position(first) }
        }
        _ => None,
    }
}

/// A number would be read as a position again.
fn not_a_position(expr: &Expr) -> Option<Expr> {
    (!matches!(expr, Expr::Literal(Literal::Number(_), _))).then(|| expr.clone())
}

/// Whether names without a qualifier may be columns of this entry.
fn hides_names(item: &FromItem) -> bool {
    match item {
        FromItem::Table { .. } => false,
        FromItem::Derived { query, .. } => passes_wildcards(&query.body),
        FromItem::Function { .. } | FromItem::JsonTable(_) | FromItem::Form(_) => true,
        FromItem::Join { left, right, on, kind: _ } => {
            matches!(on, JoinOn::Using(_) | JoinOn::Natural) || hides_names(left) || hides_names(right)
        }
    }
}

fn passes_wildcards(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.items.iter().any(|i| !matches!(i, SelectItem::Expr { .. })),
        SetExpr::SetOp { left, .. } => passes_wildcards(left),
        SetExpr::Query(query) => passes_wildcards(&query.body),
        SetExpr::Values(_) => true,
    }
}

/// What decides which rules hold for a tree.
pub struct Survey {
    /// A name in it could be an alias, or aliases pass through a wildcard.
    pub keep_aliases: bool,
    /// It names a collation, or has relations that are called as tables may be called.
    pub collates: bool,
}

/// Looks at the whole tree. The list of EXISTS is put to one constant on the way: nobody reads it.
pub fn survey(tree: &mut Query) -> Survey {
    let mut found = Survey { keep_aliases: false, collates: false };
    let mut wildcards = 0_usize;
    let mut loose = false;
    let mut named = false;
    each(
        tree,
        &mut |query| {
            named |= !query.with.is_empty();
            with_blocks(&mut query.body, &mut |select| {
                let wild = |i: &&SelectItem| !matches!(i, SelectItem::Expr { .. });
                wildcards += select.items.iter().filter(wild).count();
                loose |= select.from.iter().any(hides_names);
            });
        },
        &mut |expr| match expr {
            Expr::Column(name) => found.keep_aliases |= single(name).is_some(),
            Expr::Collate { .. } => found.collates = true,
            Expr::Exists { query, .. } => shorten(query),
            _ => {}
        },
    );
    found.collates |= named;
    let mut top = 0_usize;
    if let SetExpr::Select(select) = &tree.body {
        top = select.items.iter().filter(|i| !matches!(i, SelectItem::Expr { .. })).count();
    }
    found.keep_aliases |= loose || wildcards > top;
    found
}

fn with_blocks(body: &mut SetExpr, on: &mut dyn FnMut(&Select)) {
    match body {
        SetExpr::Select(select) => on(select),
        SetExpr::SetOp { left, right, .. } => {
            with_blocks(left, on);
            with_blocks(right, on);
        }
        SetExpr::Values(_) | SetExpr::Query(_) => {}
    }
}

/// `EXISTS (SELECT anything ...)` asks whether there is a row.
fn shorten(query: &mut Query) {
    let SetExpr::Select(select) = &mut query.body else { return };
    let simple = |item: &SelectItem| match item {
        SelectItem::Expr { expr, .. } => matches!(expr, Expr::Column(_) | Expr::Literal(..)),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => true,
    };
    let bare = select.group_by.is_empty() && select.having.is_none();
    if bare && query.order_by.is_empty() && select.items.iter().all(simple) {
        let expr = Expr::Literal(Literal::Number("1".to_owned()), Span::default());
        select.items = vec![SelectItem::Expr { expr, alias: None }];
        select.distinct = crate::tree::Distinct::No;
    }
}

/// The names by which a query's output columns can be called from outside, when each has one and no two are equal.
pub fn names(engine: catalog::Engine, body: &SetExpr) -> Option<Vec<String>> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOp { left, .. } => return names(engine, left),
        SetExpr::Query(query) => return names(engine, &query.body),
        SetExpr::Values(_) => return None,
    };
    let name = |item: &SelectItem| match item {
        SelectItem::Expr { alias: Some(alias), .. } => Some(alias.value.clone()),
        SelectItem::Expr { expr, alias: None } => Some(crate::resolve::output_name(engine, expr)),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => None,
    };
    let names: Option<Vec<String>> = select.items.iter().map(name).collect();
    let names: Vec<String> = names?.iter().map(|n| engine.stored_key(n)).collect();
    let distinct: HashSet<&String> = names.iter().collect();
    (distinct.len() == names.len()).then_some(names)
}

/// Takes the aliases off a list that nobody calls by name.
pub fn strip(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => select.items.iter_mut().for_each(|item| match item {
            SelectItem::Expr { alias, .. } => *alias = None,
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => {}
        }),
        SetExpr::SetOp { left, right, .. } => {
            strip(left);
            strip(right);
        }
        SetExpr::Query(query) => strip(&mut query.body),
        SetExpr::Values(_) => {}
    }
}
