//! Blocks: entries of FROM in one order and by made names, conditions of inner joins in WHERE, DISTINCT for GROUP BY.

use std::collections::HashMap;

use super::names::{Entry, Level};
use super::{Canon, chain, joined, outputs};
use crate::tree::{
    BinaryOp, Distinct, Expr, FromItem, GroupItem, Ident, JoinKind, JoinOn, OrderItem, Select, SelectItem,
    SetExpr, TableAlias,
};

/// FROM taken apart: what is joined freely, what is joined from the left in order, and conditions of WHERE.
#[derive(Default)]
struct Apart {
    free: Vec<FromItem>,
    left: Vec<(FromItem, Expr)>,
    conditions: Vec<Expr>,
}

impl Canon<'_> {
    /// A SELECT block with the sorting of its query.
    pub(super) fn block(&mut self, select: &mut Select, order: &mut [OrderItem]) {
        let mut from = std::mem::take(&mut select.from);
        let wild = select.items.iter().any(|i| !matches!(i, SelectItem::Expr { .. }));
        from.iter_mut().for_each(|item| self.derived(item, false));
        let mut apart = Apart::default();
        let free = !wild && from.iter().all(is_free);
        if free {
            from.drain(..).for_each(|item| take_apart(item, &mut apart));
            apart.free.sort_by_cached_key(|item| self.entry_text(item));
        }
        self.levels.push(Level::default());
        apart.free.iter_mut().for_each(|item| self.enter(item));
        apart.left.iter_mut().for_each(|(item, _)| self.enter(item));
        from.iter_mut().for_each(|item| self.enter(item));
        from.iter_mut().for_each(|item| self.conditions(item));
        apart.left.iter_mut().for_each(|(_, on)| self.expr(on));
        let mut parts = apart.conditions;
        parts.extend(select.selection.take());
        let mut whole = joined(parts, BinaryOp::And);
        whole.iter_mut().for_each(|condition| self.expr(condition));
        select.selection = whole.and_then(|w| {
            let mut parts = chain(w, BinaryOp::And);
            parts.dedup();
            joined(parts, BinaryOp::And)
        });
        self.clauses(select, order);
        self.levels.pop();
        select.from = if free { rebuilt(apart.free, apart.left) } else { from };
    }

    fn clauses(&mut self, select: &mut Select, order: &mut [OrderItem]) {
        for item in &mut select.items {
            match item {
                SelectItem::QualifiedWildcard(name) => self.rename_relation(name),
                SelectItem::Wildcard(_) | SelectItem::Expr { .. } => {}
            }
        }
        super::parts::of_select(select, &mut |part| match part {
            super::parts::Part::Expr(expr) => self.expr(expr),
            super::parts::Part::Query(query) => self.query(query),
        });
        order.iter_mut().for_each(|item| self.expr(&mut item.expr));
        let plain = select.group_by.iter().all(|g| matches!(g, GroupItem::Expr(_)));
        if plain {
            let engine = self.engine;
            select.group_by.sort_by_cached_key(|item| match item {
                GroupItem::Expr(expr) => crate::render::render_expr(expr, engine),
                GroupItem::Rollup(_) | GroupItem::Cube(_) | GroupItem::GroupingSets(_) => String::new(),
            });
            select.group_by.dedup();
        }
        distinct_for_groups(select, order);
    }

    /// Sub-queries in FROM: lateral ones see their neighbours, the others see what stands outside.
    fn derived(&mut self, item: &mut FromItem, inside: bool) {
        match item {
            FromItem::Join { left, right, .. } => {
                self.derived(left, inside);
                self.derived(right, inside);
            }
            FromItem::Derived { lateral, query, alias } if *lateral == inside => {
                if let Some(given) = alias {
                    self.call_columns(given, &query.body);
                }
                self.query(query);
            }
            FromItem::Function { call, .. } if inside => {
                super::parts::of_call(call, &mut |part| match part {
                    super::parts::Part::Expr(expr) => self.expr(expr),
                    super::parts::Part::Query(query) => self.query(query),
                });
            }
            FromItem::JsonTable(_) | FromItem::Form(_) => self.doubt = true,
            FromItem::Table { .. } | FromItem::Derived { .. } | FromItem::Function { .. } => {}
        }
    }

    /// Notes by which names the columns of a sub-query are called, before its list changes.
    fn call_columns(&mut self, alias: &mut TableAlias, body: &SetExpr) {
        if self.keep_aliases {
            return;
        }
        let Some(names) = outputs::names(self.engine, body) else {
            self.doubt |= !matches!(body, SetExpr::Values(_));
            return;
        };
        let given = alias.columns.len();
        alias.columns.extend(names.into_iter().skip(given).map(Ident::quoted));
    }

    /// Gives an entry its name in the canonical form.
    fn enter(&mut self, item: &mut FromItem) {
        if let FromItem::Join { left, right, .. } = item {
            self.enter(left);
            return self.enter(right);
        }
        let depth = self.levels.len();
        let at = self.levels.last().map_or(0, |l| l.entries.len());
        let name = Ident::quoted(format!("t{depth}_{at}"));
        let mut entry =
            Entry { key: String::new(), name: name.value.clone(), table: None, columns: HashMap::new() };
        let lateral = match item {
            FromItem::Join { .. } | FromItem::JsonTable(_) | FromItem::Form(_) => return,
            FromItem::Table { name: table, alias } => {
                let own = table.last().map(|i| i.value.clone()).unwrap_or_default();
                let columns = alias.as_mut().map(|a| std::mem::take(&mut a.columns)).unwrap_or_default();
                let called = alias.as_ref().map_or(own.as_str(), |a| a.name.value.as_str());
                entry.key = self.engine.stored_key(called);
                // renamed columns are not those of the table
                entry.table = columns.is_empty().then_some(own);
                *alias = Some(TableAlias { name, columns });
                false
            }
            FromItem::Derived { lateral, query, alias } => {
                let Some(given) = alias else { return };
                entry.key = self.engine.stored_key(&given.name.value);
                if !self.keep_aliases && !given.columns.is_empty() {
                    let names = std::mem::take(&mut given.columns).into_iter().enumerate();
                    let key = |name: &Ident| self.engine.stored_key(&name.value);
                    entry.columns = names.map(|(i, n)| (key(&n), format!("c{i}"))).collect();
                    outputs::strip(&mut query.body);
                }
                given.name = name;
                *lateral
            }
            FromItem::Function { alias, .. } => {
                let Some(given) = alias else {
                    self.doubt = true;
                    return;
                };
                entry.key = self.engine.stored_key(&given.name.value);
                given.name = name;
                true
            }
        };
        // a name that also stands further out could be meant by a sub-query that this form has moved
        let other = |e: &Entry| e.key == entry.key && (e.table.is_none() || e.table != entry.table);
        let shadows = self.levels.iter().flat_map(|l| &l.entries).any(other);
        self.doubt |= shadows && (lateral || self.engine == catalog::Engine::Sqlite);
        if let Some(level) = self.levels.last_mut() {
            level.entries.push(entry);
        }
    }

    fn conditions(&mut self, item: &mut FromItem) {
        let FromItem::Join { left, right, on, kind: _ } = item else { return };
        self.conditions(left);
        self.conditions(right);
        if let JoinOn::On(condition) = on {
            self.expr(condition);
        }
    }

    /// An entry without the name it is called by.
    fn entry_text(&self, item: &FromItem) -> String {
        let mut bare = item.clone();
        match &mut bare {
            FromItem::Table { alias, .. } | FromItem::Derived { alias, .. } => *alias = None,
            FromItem::Function { .. }
            | FromItem::Join { .. }
            | FromItem::JsonTable(_)
            | FromItem::Form(_) => {}
        }
        let query = crate::tree::Query {
            body: crate::tree::SetExpr::Select(Box::new(Select { from: vec![bare], ..Select::default() })),
            ..crate::tree::Query::default()
        };
        crate::render::render(&query, self.engine)
    }
}

/// Whether an entry can be taken apart: tables and sub-queries, joined freely or from the left.
fn is_free(item: &FromItem) -> bool {
    match item {
        FromItem::Table { .. } => true,
        FromItem::Derived { lateral, .. } => !lateral,
        FromItem::Function { .. } | FromItem::JsonTable(_) | FromItem::Form(_) => false,
        FromItem::Join { kind, left, right, on } => match (kind, on) {
            (JoinKind::Inner | JoinKind::Cross, JoinOn::On(_) | JoinOn::None) => {
                is_free(left) && is_free(right)
            }
            (JoinKind::Left, JoinOn::On(_)) => is_free(left) && is_leaf(right),
            (JoinKind::Right, JoinOn::On(_)) => is_leaf(left) && is_free(right),
            _ => false,
        },
    }
}

fn is_leaf(item: &FromItem) -> bool {
    !matches!(item, FromItem::Join { .. }) && is_free(item)
}

fn take_apart(item: FromItem, apart: &mut Apart) {
    let FromItem::Join { kind, left, right, on } = item else { return apart.free.push(item) };
    let (kept, outer) = if kind == JoinKind::Right { (right, left) } else { (left, right) };
    take_apart(*kept, apart);
    match (kind, on) {
        (JoinKind::Left | JoinKind::Right, JoinOn::On(condition)) => apart.left.push((*outer, condition)),
        (_, JoinOn::On(condition)) => {
            take_apart(*outer, apart);
            apart.conditions.push(condition);
        }
        (_, JoinOn::None | JoinOn::Using(_) | JoinOn::Natural) => take_apart(*outer, apart),
    }
}

fn rebuilt(free: Vec<FromItem>, left: Vec<(FromItem, Expr)>) -> Vec<FromItem> {
    if left.is_empty() {
        return free;
    }
    let join = |kind, left: FromItem, right: FromItem, on| FromItem::Join {
        kind,
        left: Box::new(left),
        right: Box::new(right),
        on,
    };
    let all = free.into_iter().reduce(|l, r| join(JoinKind::Cross, l, r, JoinOn::None));
    let joined = |l: Option<FromItem>, (r, on)| match l {
        Some(l) => Some(join(JoinKind::Left, l, r, JoinOn::On(on))),
        None => Some(r),
    };
    left.into_iter().fold(all, joined).into_iter().collect()
}

/// GROUP BY of exactly what is listed, without aggregates: each row once, as DISTINCT says.
fn distinct_for_groups(select: &mut Select, order: &[OrderItem]) {
    let listed = |expr: &Expr| {
        select.items.iter().any(|i| matches!(i, SelectItem::Expr { expr: item, .. } if item == expr))
    };
    let grouped =
        |expr: &Expr| select.group_by.iter().any(|g| matches!(g, GroupItem::Expr(key) if key == expr));
    let groups_listed = select.group_by.iter().all(|g| match g {
        GroupItem::Expr(key) => listed(key),
        GroupItem::Rollup(_) | GroupItem::Cube(_) | GroupItem::GroupingSets(_) => false,
    });
    let items_grouped = select.items.iter().all(|i| match i {
        SelectItem::Expr { expr, .. } => grouped(expr),
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => false,
    });
    let bare = select.having.is_none() && select.windows.is_empty() && select.distinct == Distinct::No;
    let bare = bare && order.iter().all(|item| grouped(&item.expr));
    if bare && !select.group_by.is_empty() && groups_listed && items_grouped {
        select.group_by.clear();
        select.distinct = Distinct::Yes;
    }
}
