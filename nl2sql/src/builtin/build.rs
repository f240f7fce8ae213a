//! Turns a frame into a syntax tree.

use std::collections::HashSet;

use guard::tree::{
    BinaryOp, Distinct, Expr, GroupItem, OrderItem, Query, Select, SelectItem, SetExpr, SetOp,
};

use super::frame::{Agg, Filter, Frame, Having, Order, Related, Sel, Unit, What};
use super::schema::{Cid, Schema};
use super::scope::Scope;
use super::{compare, join, period, sql};

/// The builder: counts aliases over the whole statement.
pub(crate) struct Builder<'s, 'a> {
    pub(super) schema: &'s Schema<'a>,
    pub(super) prefer: HashSet<usize>,
    pub(super) aliases: usize,
    pub(super) periods: Vec<(Cid, Unit)>,
}

impl<'s, 'a> Builder<'s, 'a> {
    /// Builds the statement; `None` when its tables do not hang together.
    pub(crate) fn build(schema: &'s Schema<'a>, frame: &Frame, prefer: HashSet<usize>) -> Option<Query> {
        let mut builder = Builder { schema, prefer, aliases: 0, periods: frame.periods.clone() };
        if !frame.periods.is_empty() && !period::writes(schema.engine) {
            return None;
        }
        if let Some((a, b)) = frame.both {
            return builder.both(frame, a, b);
        }
        if let Some((left, right)) = builder.split_contradiction(frame) {
            let (left, right) = (builder.select(&left)?, builder.select(&right)?);
            let body = SetExpr::SetOp {
                op: SetOp::Intersect,
                all: false,
                left: Box::new(left.body),
                right: Box::new(right.body),
            };
            return Some(Query { body, ..Query::default() });
        }
        builder.select(frame)
    }

    /// What is shown must be found with both entities.
    fn both(&mut self, frame: &Frame, a: usize, b: usize) -> Option<Query> {
        let mut arms = Vec::new();
        for t in [a, b] {
            let mut columns = Vec::new();
            for sel in &frame.select {
                let What::Col(c) = sel.what else { continue };
                let name = &self.schema.col(c).column.name;
                let twin = self.schema.tables[t]
                    .columns
                    .iter()
                    .position(|x| x.column.name.eq_ignore_ascii_case(name))?;
                columns.push(sql::item(sql::column(None, &self.schema.tables[t].columns[twin].column.name)));
            }
            let from = Scope::new(self.schema, &[t], &self.prefer, &mut self.aliases)?.from();
            arms.push(SetExpr::Select(Box::new(Select { items: columns, from, ..Select::default() })));
        }
        let right = arms.pop()?;
        let left = arms.pop()?;
        let body =
            SetExpr::SetOp { op: SetOp::Intersect, all: false, left: Box::new(left), right: Box::new(right) };
        Some(Query { body, ..Query::default() })
    }

    fn select(&mut self, frame: &Frame) -> Option<Query> {
        if let Some(from) = frame.share {
            return self.share(frame, from);
        }
        let plan = self.plan(frame);
        let scope = Scope::new(self.schema, &plan.core, &self.prefer, &mut self.aliases)?;
        let mut conditions: Vec<(Expr, bool)> = Vec::new();
        for (filter, or) in &plan.filters {
            let expr = match filter {
                Filter::Cond(cond) => compare::condition(self, &scope, cond)?,
                Filter::Related(related) => self.related(&scope, related)?,
                Filter::Having(_) => continue,
            };
            conditions.push((expr, *or));
        }
        let mut items: Vec<SelectItem> = Vec::new();
        for sel in &frame.select {
            items.extend(self.outputs(&scope, sel));
        }
        let grouped = !frame.groups.is_empty() || !plan.having.is_empty();
        let group_by = if grouped { self.groups(&scope, frame) } else { Vec::new() };
        let counted = if group_by.is_empty() { &[][..] } else { &plan.having[..] };
        let having = sql::all(counted.iter().map(|h| self.having(&scope, h)));
        let order_by: Vec<OrderItem> = frame.order.iter().flat_map(|o| self.order(&scope, o)).collect();
        let distinct =
            (frame.distinct || plan.repeats) && !grouped && frame.select.iter().all(|s| s.agg.is_none());
        let sortable =
            frame.order.iter().all(|o| frame.select.iter().any(|s| s.what == o.what && s.agg == o.agg));
        let mut query = sql::query(Select {
            distinct: if distinct && (frame.order.is_empty() || sortable) {
                Distinct::Yes
            } else {
                Distinct::No
            },
            items,
            from: scope.from(),
            selection: combine(conditions),
            group_by,
            having,
            ..Select::default()
        });
        query.order_by = order_by;
        query.limit = frame.limit.map(|n| Box::new(sql::number(n as f64)));
        Some(query)
    }

    fn outputs(&self, scope: &Scope<'_, '_>, sel: &Sel) -> Vec<SelectItem> {
        match (sel.agg, sel.what) {
            (None, What::Naming(t)) => {
                self.schema.tables[t].naming.iter().map(|&c| sql::item(scope.col(Cid { t, c }))).collect()
            }
            (None, What::Star(t)) if scope.tables() == [t] => vec![SelectItem::Wildcard(Default::default())],
            (None, What::Star(t) | What::Rows(t)) => {
                (0..self.schema.tables[t].columns.len()).map(|c| sql::item(scope.col(Cid { t, c }))).collect()
            }
            (None, What::Col(c)) => vec![sql::item(self.shown(scope, c))],
            (Some(agg), what) => vec![sql::item(self.aggregate(scope, agg, what, sel.distinct))],
        }
    }

    pub(super) fn aggregate(&self, scope: &Scope<'_, '_>, agg: Agg, what: What, distinct: bool) -> Expr {
        let name = match agg {
            Agg::Count => "count",
            Agg::Sum => "sum",
            Agg::Avg => "avg",
            Agg::Min => "min",
            Agg::Max => "max",
        };
        match what {
            What::Col(c) => {
                let class = self.schema.col(c).column.class;
                let cast = class == catalog::TypeClass::Text
                    && self.schema.col(c).numeric
                    && matches!(agg, Agg::Sum | Agg::Avg)
                    && self.schema.engine != catalog::Engine::Sqlite;
                let column = scope.col(c);
                let column = if cast {
                    Expr::Cast {
                        expr: Box::new(column),
                        to: guard::tree::TypeName::simple("numeric"),
                        try_cast: false,
                    }
                } else {
                    column
                };
                sql::call(name, Some(column), distinct)
            }
            What::Rows(t) | What::Naming(t) | What::Star(t) => match self.schema.tables[t].pk {
                Some(pk) if scope.repeats(t) => sql::call("count", Some(scope.col(Cid { t, c: pk })), true),
                _ => sql::call("count", None, false),
            },
        }
    }

    fn groups(&self, scope: &Scope<'_, '_>, frame: &Frame) -> Vec<GroupItem> {
        let mut columns: Vec<Cid> = Vec::new();
        let mut keyed: Vec<usize> = Vec::new();
        for what in &frame.groups {
            match what {
                What::Col(c) => columns.push(*c),
                What::Naming(t) | What::Rows(t) | What::Star(t) => {
                    let info = &self.schema.tables[*t];
                    match info.pk {
                        Some(pk) => {
                            if info.table.primary_key.is_some()
                                && self.schema.engine != catalog::Engine::Mssql
                            {
                                keyed.push(*t);
                            }
                            columns.push(Cid { t: *t, c: pk });
                        }
                        None => columns.extend(info.naming.iter().map(|&c| Cid { t: *t, c })),
                    }
                }
            }
        }
        for sel in frame.select.iter().filter(|s| s.agg.is_none()) {
            match sel.what {
                What::Col(c) => columns.push(c),
                What::Naming(t) => columns.extend(self.schema.tables[t].naming.iter().map(|&c| Cid { t, c })),
                _ => {}
            }
        }
        let mut seen = HashSet::new();
        // a grouped primary key fixes all other columns of its table
        let fixed = |c: &Cid| keyed.contains(&c.t) && self.schema.tables[c.t].pk != Some(c.c);
        columns
            .into_iter()
            .filter(|c| !fixed(c) && seen.insert(*c))
            .map(|c| GroupItem::Expr(self.shown(scope, c)))
            .collect()
    }

    fn having(&self, scope: &Scope<'_, '_>, having: &Having) -> Expr {
        let left = match (having.agg, having.what) {
            (Agg::Count, What::Rows(_)) => sql::call("count", None, false),
            (agg, what) => self.aggregate(scope, agg, what, false),
        };
        sql::binary(compare::operator(having.op), left, sql::number(having.value))
    }

    fn order(&self, scope: &Scope<'_, '_>, order: &Order) -> Vec<OrderItem> {
        let asc = if order.desc { Some(false) } else { Some(true) };
        let make = |expr: Expr| OrderItem { expr, asc, nulls_first: None };
        match (order.agg, order.what) {
            (Some(Agg::Count), _) => vec![make(sql::call("count", None, false))],
            (Some(agg), what) => vec![make(self.aggregate(scope, agg, what, false))],
            (None, What::Naming(t) | What::Rows(t) | What::Star(t)) => {
                self.schema.tables[t].naming.iter().map(|&c| make(scope.col(Cid { t, c }))).collect()
            }
            (None, What::Col(c)) => vec![make(self.shown(scope, c))],
        }
    }

    /// `key IN (SELECT reference FROM ...)`.
    pub(super) fn related(&mut self, scope: &Scope<'_, '_>, related: &Related) -> Option<Expr> {
        let mut tables = related.tables.clone();
        tables.extend(related.conds.iter().map(|c| c.0.col.t));
        let mut seen = HashSet::new();
        tables.retain(|t| seen.insert(*t) && (!scope.has(*t) || related.tables.contains(t)));
        let anchors = scope.tables();
        let anchor =
            *anchors.iter().min_by(|a, b| self.span(**a, &tables).total_cmp(&self.span(**b, &tables)))?;
        let mut needed = vec![anchor];
        needed.extend(tables.iter().filter(|t| **t != anchor));
        let (steps, missing) = join::connect(self.schema, &needed, &self.prefer);
        if !missing.is_empty() {
            return None;
        }
        let first: Vec<_> = steps.iter().filter(|s| s.have == anchor).collect();
        let simple = first.len() == 1 && self.schema.edges[first[0].edge].pairs.len() == 1;
        let (outer, inner, inner_tables) = if simple {
            let edge = &self.schema.edges[first[0].edge];
            let (a, b) = edge.pairs[0];
            let (from, to) = (Cid { t: edge.from, c: a }, Cid { t: edge.to, c: b });
            let (outer, inner) = if edge.from == anchor { (from, to) } else { (to, from) };
            let mut rest = vec![inner.t];
            rest.extend(tables.iter().filter(|t| **t != anchor && **t != inner.t));
            (outer, inner, rest)
        } else {
            let key = Cid { t: anchor, c: self.schema.tables[anchor].pk? };
            (key, key, needed)
        };
        let sub = Scope::new(self.schema, &inner_tables, &self.prefer, &mut self.aliases)?;
        let mut conditions = Vec::new();
        for (cond, or) in &related.conds {
            conditions.push((compare::condition(self, &sub, cond)?, *or));
        }
        if related.negated && self.may_be_null(inner) {
            let test = guard::tree::IsTest::Null;
            conditions.push((Expr::Is { expr: Box::new(sub.col(inner)), test, negated: true }, false));
        }
        let having = related.having.map(|h| self.having(&sub, &h));
        let select = Select {
            items: vec![sql::item(sub.col(inner))],
            from: sub.from(),
            selection: combine(conditions),
            group_by: if having.is_some() { vec![GroupItem::Expr(sub.col(inner))] } else { Vec::new() },
            having,
            ..Select::default()
        };
        let query = Box::new(sql::query(select));
        let test = Expr::InSubquery { expr: Box::new(scope.col(outer)), query, negated: related.negated };
        if related.negated && self.may_be_null(outer) {
            // a row without a reference has no related rows either
            let missing = Expr::Is {
                expr: Box::new(scope.col(outer)),
                test: guard::tree::IsTest::Null,
                negated: false,
            };
            return Some(sql::binary(BinaryOp::Or, missing, test));
        }
        Some(test)
    }

    fn span(&self, from: usize, tables: &[usize]) -> f64 {
        let map = join::distances(self.schema, from);
        tables.iter().map(|t| map.get(t).copied().unwrap_or(100.0)).sum()
    }

    fn may_be_null(&self, col: Cid) -> bool {
        let info = self.schema.col(col);
        let share = info.column.statistics.as_ref().and_then(|s| s.null_share);
        info.column.nullable && self.schema.tables[col.t].pk != Some(col.c) && share != Some(0.0)
    }
}

/// Conditions in a row: OR binds to the one before.
pub(super) fn combine(conditions: Vec<(Expr, bool)>) -> Option<Expr> {
    let mut groups: Vec<Expr> = Vec::new();
    for (expr, or) in conditions {
        match (or, groups.pop()) {
            (true, Some(last)) => groups.push(sql::binary(BinaryOp::Or, last, expr)),
            (false, Some(last)) => groups.extend([last, expr]),
            (_, None) => groups.push(expr),
        }
    }
    sql::all(groups)
}
