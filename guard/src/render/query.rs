//! Queries, SELECT blocks, set operations and windows as text.

use super::Writer;
use crate::tree::{
    Cte, Distinct, Expr, Frame, FrameBound, FrameExclude, FrameUnit, GroupItem, OrderItem, Query, Select,
    SelectItem, SetExpr, SetOp, WindowSpec,
};

impl Writer {
    pub(super) fn query(&mut self, query: &Query) {
        if self.mssql() {
            return self.mssql_query(query);
        }
        let Query { recursive, with, body, order_by, limit, offset, with_ties, tail: _ } = query;
        if !with.is_empty() {
            self.text(if *recursive { "WITH RECURSIVE " } else { "WITH " });
            self.list(with, Writer::cte);
            self.line();
        }
        self.set_expr(body);
        if !order_by.is_empty() {
            self.line();
            self.text("ORDER BY ");
            self.order_items(order_by);
        }
        if let Some(offset) = offset.as_ref().filter(|_| *with_ties) {
            self.line();
            self.text("OFFSET ");
            self.operand(offset, super::expr::UNARY);
        }
        if let Some(limit) = limit {
            self.line();
            self.text(if *with_ties { "FETCH FIRST " } else { "LIMIT " });
            self.expr(limit);
            self.text(if *with_ties { " ROWS WITH TIES" } else { "" });
        }
        if let Some(offset) = offset.as_ref().filter(|_| !*with_ties) {
            self.text(" OFFSET ");
            self.expr(offset);
        }
    }

    pub(super) fn cte(&mut self, cte: &Cte) {
        let Cte { name, columns, materialized, query, walk } = cte;
        self.ident(name);
        if !columns.is_empty() {
            self.text(" ");
            self.names(columns);
        }
        self.text(match materialized {
            None => " AS ",
            Some(true) => " AS MATERIALIZED ",
            Some(false) => " AS NOT MATERIALIZED ",
        });
        self.nested(query);
        self.walk(walk);
    }

    pub(super) fn set_expr(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Select(select) => self.select(select, None),
            SetExpr::Values(rows) => {
                self.text("VALUES ");
                self.list(rows, |w, row| {
                    w.text(if w.engine == catalog::Engine::Mysql { "ROW(" } else { "(" });
                    w.list(row, Writer::expr);
                    w.text(")");
                });
            }
            SetExpr::Query(query) => self.nested(query),
            SetExpr::SetOp { op, all, left, right } => {
                self.arm(left, needs_parens_left(left, *op, self.sqlite()));
                self.line();
                self.text(match op {
                    SetOp::Union => "UNION",
                    SetOp::Intersect => "INTERSECT",
                    SetOp::Except => "EXCEPT",
                });
                self.text(if *all { " ALL" } else { "" });
                self.line();
                self.arm(right, matches!(**right, SetExpr::SetOp { .. }));
            }
        }
    }

    fn arm(&mut self, arm: &SetExpr, parens: bool) {
        if parens {
            self.text("(");
        }
        self.set_expr(arm);
        if parens {
            self.text(")");
        }
    }

    /// A SELECT block, with the TOP of its query where that stands inside.
    pub(super) fn select(&mut self, select: &Select, topped: Option<&Query>) {
        let Select { distinct, items, from, selection, group_by, having, windows } = select;
        self.text("SELECT ");
        match distinct {
            Distinct::No => {}
            Distinct::Yes => self.text("DISTINCT "),
            Distinct::On(exprs) => {
                self.text("DISTINCT ON (");
                self.list(exprs, Writer::expr);
                self.text(") ");
            }
        }
        if let Some(query) = topped {
            self.top(query);
        }
        self.items(items);
        if !from.is_empty() {
            self.line();
            self.text("FROM ");
            self.list(from, Writer::source);
        }
        self.dual(select);
        if let Some(selection) = selection {
            self.line();
            self.text("WHERE ");
            self.expr(selection);
        }
        if !group_by.is_empty() {
            self.line();
            self.text("GROUP BY ");
            self.group_by(group_by);
        }
        if let Some(having) = having {
            self.line();
            self.text("HAVING ");
            self.expr(having);
        }
        if !windows.is_empty() {
            self.line();
            self.text("WINDOW ");
            self.list(windows, |w, (name, spec)| {
                w.ident(name);
                w.text(" AS ");
                w.window(spec);
            });
        }
    }

    fn items(&mut self, items: &[SelectItem]) {
        let many = self.pretty && items.len() > 3;
        self.indent += 1;
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.text(if many { "," } else { ", " });
            }
            if many {
                self.line();
            }
            self.item(item);
        }
        self.indent -= 1;
    }

    fn item(&mut self, item: &SelectItem) {
        match item {
            SelectItem::Expr { expr, alias } => {
                self.expr(expr);
                if let Some(alias) = alias {
                    self.text(" AS ");
                    self.ident(alias);
                }
            }
            SelectItem::Wildcard(_) => self.text("*"),
            SelectItem::QualifiedWildcard(name) => {
                self.name(name);
                self.text(".*");
            }
        }
    }

    pub(super) fn group_item(&mut self, item: &GroupItem) {
        let (word, sets) = match item {
            GroupItem::Expr(expr) => return self.expr(expr),
            GroupItem::Rollup(sets) => ("ROLLUP (", sets),
            GroupItem::Cube(sets) => ("CUBE (", sets),
            GroupItem::GroupingSets(sets) => ("GROUPING SETS (", sets),
        };
        self.text(word);
        self.list(sets, |w, set| {
            // what begins with a bracket would be taken for a set
            if let [one @ Expr::Column(_)] = set.as_slice() {
                return w.expr(one);
            }
            w.text("(");
            w.list(set, Writer::expr);
            w.text(")");
        });
        self.text(")");
    }

    pub(super) fn order_items(&mut self, items: &[OrderItem]) {
        self.list(items, |w, item| {
            let OrderItem { expr, asc, nulls_first } = item;
            w.expr(expr);
            w.text(match asc {
                None => "",
                Some(true) => " ASC",
                Some(false) => " DESC",
            });
            w.text(match nulls_first {
                None => "",
                Some(true) => " NULLS FIRST",
                Some(false) => " NULLS LAST",
            });
        });
    }

    pub(super) fn window(&mut self, spec: &WindowSpec) {
        let WindowSpec { base, partition_by, order_by, frame } = spec;
        let mut gap = "";
        self.text("(");
        if let Some(base) = base {
            self.ident(base);
            gap = " ";
        }
        if !partition_by.is_empty() {
            self.text(gap);
            self.text("PARTITION BY ");
            self.list(partition_by, Writer::expr);
            gap = " ";
        }
        if !order_by.is_empty() {
            self.text(gap);
            self.text("ORDER BY ");
            self.order_items(order_by);
            gap = " ";
        }
        if let Some(frame) = frame {
            self.text(gap);
            self.frame(frame);
        }
        self.text(")");
    }

    fn frame(&mut self, frame: &Frame) {
        let Frame { unit, start, end, exclude } = frame;
        self.text(match unit {
            FrameUnit::Rows => "ROWS ",
            FrameUnit::Range => "RANGE ",
            FrameUnit::Groups => "GROUPS ",
        });
        if let Some(end) = end {
            self.text("BETWEEN ");
            self.bound(start);
            self.text(" AND ");
            self.bound(end);
        } else {
            self.bound(start);
        }
        self.text(match exclude {
            FrameExclude::NoOthers => "",
            FrameExclude::CurrentRow => " EXCLUDE CURRENT ROW",
            FrameExclude::Group => " EXCLUDE GROUP",
            FrameExclude::Ties => " EXCLUDE TIES",
        });
    }

    fn bound(&mut self, bound: &FrameBound) {
        match bound {
            FrameBound::CurrentRow => self.text("CURRENT ROW"),
            FrameBound::UnboundedPreceding => self.text("UNBOUNDED PRECEDING"),
            FrameBound::UnboundedFollowing => self.text("UNBOUNDED FOLLOWING"),
            FrameBound::Preceding(expr) => {
                self.operand(expr, super::expr::SUM);
                self.text(" PRECEDING");
            }
            FrameBound::Following(expr) => {
                self.operand(expr, super::expr::SUM);
                self.text(" FOLLOWING");
            }
        }
    }
}

/// INTERSECT binds tighter than the others, except on SQLite, which reads from the left.
fn needs_parens_left(left: &SetExpr, op: SetOp, sqlite: bool) -> bool {
    match left {
        SetExpr::SetOp { op: inner, all: _, left: _, right: _ } => {
            !sqlite && op == SetOp::Intersect && *inner != SetOp::Intersect
        }
        SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Query(_) => false,
    }
}
