//! Queries: common table expressions used once, parentheses, arms of UNION ALL, sorting and limits.

use catalog::Engine;

use super::parts::{Part, of_expr, of_query};
use super::{Canon, Columns, is_plain, outputs, single};
use crate::tree::{
    Expr, FromItem, Ident, Literal, ObjectName, Query, SelectItem, SetExpr, SetOp, TableAlias,
};

/// Puts common table expressions that are used once in the place where they are used, and drops those that are not.
/// Only where no name can mean two things: one WITH in the whole statement, not recursive, and no forward references.
pub fn inline(tree: &mut Query, engine: Engine) {
    let key = |name: &str| engine.stored_key(name);
    let names: Vec<String> = tree.with.iter().map(|cte| key(&cte.name.value)).collect();
    let twice = names.iter().enumerate().any(|(i, n)| names.iter().skip(i + 1).any(|o| o == n));
    if tree.recursive || names.is_empty() || twice || count(tree, &mut |q| q.with.len()) != names.len() {
        return;
    }
    for (at, cte) in tree.with.iter_mut().enumerate() {
        let later = names.iter().skip(at).any(|name| uses(&mut cte.query, name, engine) > 0);
        if later {
            return;
        }
    }
    for at in (0..tree.with.len()).rev() {
        let cte = tree.with.remove(at);
        let called = key(&cte.name.value);
        match uses(tree, &called, engine) {
            0 => {}
            1 => {
                let columns = cte.columns.clone();
                let mut body = Some(cte.query);
                each_table(tree, &mut |item| {
                    let FromItem::Table { name, alias } = item else { return };
                    if single(name).is_none_or(|n| key(n) != called) {
                        return;
                    }
                    let Some(query) = body.take() else { return };
                    let name = alias.take().map_or_else(|| cte.name.clone(), |a| a.name);
                    let alias = Some(TableAlias { name, columns: columns.clone() });
                    *item = FromItem::Derived { lateral: false, query: Box::new(query), alias };
                });
            }
            _ => tree.with.insert(at, cte),
        }
    }
}

fn uses(tree: &mut Query, wanted: &str, engine: Engine) -> usize {
    let mut found = 0;
    each_table(tree, &mut |item| {
        if let FromItem::Table { name, alias: _ } = item {
            found += usize::from(single(name).is_some_and(|n| engine.stored_key(n) == wanted));
        }
    });
    found
}

fn count(tree: &mut Query, of: &mut dyn FnMut(&Query) -> usize) -> usize {
    let mut found = of(tree);
    of_query(tree, &mut |part| found += count_part(part, of));
    found
}

fn count_part(part: Part<'_>, of: &mut dyn FnMut(&Query) -> usize) -> usize {
    let mut found = 0;
    match part {
        Part::Query(query) => found += count(query, of),
        Part::Expr(expr) => of_expr(expr, &mut |inner| found += count_part(inner, of)),
    }
    found
}

/// Visits every entry of FROM in the whole tree, but for those that a visit has just put there.
fn each_table(tree: &mut Query, on: &mut dyn FnMut(&mut FromItem)) {
    of_query(tree, &mut |part| table_part(part, on));
    in_body(&mut tree.body, on);
}

fn table_part(part: Part<'_>, on: &mut dyn FnMut(&mut FromItem)) {
    match part {
        Part::Query(query) => each_table(query, on),
        Part::Expr(expr) => of_expr(expr, &mut |inner| table_part(inner, on)),
    }
}

fn in_body(body: &mut SetExpr, on: &mut dyn FnMut(&mut FromItem)) {
    match body {
        SetExpr::Select(select) => select.from.iter_mut().for_each(|item| leaves(item, on)),
        SetExpr::SetOp { left, right, .. } => {
            in_body(left, on);
            in_body(right, on);
        }
        SetExpr::Values(_) | SetExpr::Query(_) => {}
    }
}

fn leaves(item: &mut FromItem, on: &mut dyn FnMut(&mut FromItem)) {
    if let FromItem::Join { left, right, .. } = item {
        leaves(left, on);
        leaves(right, on);
    } else {
        on(item);
    }
}

impl Canon<'_> {
    /// The whole statement.
    pub(super) fn top(&mut self, tree: &mut Query, columns: Columns) {
        self.query(tree);
        if !self.keep_aliases {
            outputs::strip(&mut tree.body);
        }
        if let (Columns::AnyOrder, SetExpr::Select(select)) = (columns, &mut tree.body) {
            let engine = self.engine;
            select.items.sort_by_cached_key(|item| match item {
                SelectItem::Expr { expr, .. } => crate::render::render_expr(expr, engine),
                SelectItem::Wildcard(_) => "*".to_owned(),
                SelectItem::QualifiedWildcard(name) => {
                    crate::render::render_expr(&Expr::Column(name.clone()), engine)
                }
            });
        }
    }

    /// A query inside another or the whole.
    pub(super) fn query(&mut self, query: &mut Query) {
        for cte in &mut query.with {
            // what is called by name keeps its names, whatever becomes of its list
            cte.materialized = None;
            self.doubt |= cte.walk != crate::tree::Walk::default();
            if cte.columns.is_empty() {
                match outputs::names(self.engine, &cte.query.body) {
                    Some(names) => cte.columns = names.into_iter().map(Ident::quoted).collect(),
                    None => self.doubt = true,
                }
            }
            self.query(&mut cte.query);
        }
        while let SetExpr::Query(inner) = &mut query.body {
            let inside = is_plain(inner);
            if !inside && !is_plain(query) {
                break;
            }
            unwrap(query);
        }
        let Query { recursive: _, with: _, body, order_by, limit, offset, with_ties: _, tail } = query;
        // rows written as one text hold the names of their columns
        self.doubt |= tail.output.is_some();
        match body {
            SetExpr::Select(select) => self.block(select, order_by),
            SetExpr::Values(rows) => rows.iter_mut().flatten().for_each(|value| self.expr(value)),
            SetExpr::Query(inner) => self.query(inner),
            SetExpr::SetOp { .. } => {
                self.by_position(body, order_by);
                self.arms(body);
            }
        }
        order_by.iter_mut().for_each(default_order);
        limit.iter_mut().chain(offset.iter_mut()).for_each(|bound| self.expr(bound));
        if let Some(Expr::Literal(Literal::Number(digits), _)) = offset.as_deref()
            && digits == "0"
        {
            *offset = None;
        }
    }

    fn arms(&mut self, body: &mut SetExpr) {
        let SetExpr::SetOp { op, all, left, right } = body else { return self.arm(body) };
        // by what names its arms are called depends on which is first
        if self.keep_aliases || (*op, *all) != (SetOp::Union, true) {
            self.arms(left);
            self.arms(right);
            return;
        }
        let mut arms = Vec::new();
        flatten(std::mem::take(body), &mut arms);
        arms.iter_mut().for_each(|arm| self.arms(arm));
        arms.sort_by_cached_key(|arm| self.body_text(arm));
        let union = |left: SetExpr, right: SetExpr| SetExpr::SetOp {
            op: SetOp::Union,
            all: true,
            left: Box::new(left),
            right: Box::new(right),
        };
        *body = arms.into_iter().reduce(union).unwrap_or_default();
    }

    fn arm(&mut self, arm: &mut SetExpr) {
        match arm {
            SetExpr::Select(select) => self.block(select, &mut []),
            SetExpr::Values(rows) => rows.iter_mut().flatten().for_each(|value| self.expr(value)),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOp { .. } => {}
        }
        if !self.keep_aliases {
            outputs::strip(arm);
        }
    }

    fn body_text(&self, body: &SetExpr) -> String {
        crate::render::render(&Query { body: body.clone(), ..Query::default() }, self.engine)
    }

    /// ORDER BY after a set operation says positions instead of names.
    fn by_position(&self, body: &SetExpr, order: &mut [crate::tree::OrderItem]) {
        let Some(names) = outputs::names(self.engine, body) else { return };
        for item in order {
            let Expr::Column(ObjectName(parts)) = &item.expr else { continue };
            let [only] = parts.as_slice() else { continue };
            let key = self.engine.stored_key(&only.value);
            if let Some(at) = names.iter().position(|name| *name == key) {
                let digits = (at + 1).to_string();
                item.expr = Expr::Literal(Literal::Number(digits), crate::tree::Span::default());
            }
        }
    }
}

fn flatten(body: SetExpr, arms: &mut Vec<SetExpr>) {
    match body {
        SetExpr::SetOp { op: SetOp::Union, all: true, left, right } => {
            flatten(*left, arms);
            flatten(*right, arms);
        }
        other => arms.push(other),
    }
}

/// A query in parentheses takes the place of the query around it.
fn unwrap(query: &mut Query) {
    let SetExpr::Query(inner) = std::mem::take(&mut query.body) else { return };
    if is_plain(&inner) {
        query.body = inner.body;
    } else {
        *query = *inner;
    }
}

/// ASC and the engine's own place of NULL are left out.
fn default_order(item: &mut crate::tree::OrderItem) {
    if item.asc == Some(true) {
        item.asc = None;
    }
}
