//! The parts of a tree's nodes, to change them one by one.

use crate::tree::{
    Call, Expr, FormKind, FrameBound, FromItem, GroupItem, JoinOn, OrderItem, Over, Query, Select,
    SelectItem, SetExpr, SpecialCall, WindowSpec,
};

/// What a node is made of.
pub enum Part<'t> {
    /// An expression of the same block.
    Expr(&'t mut Expr),
    /// A query with names of its own.
    Query(&'t mut Query),
}

/// Receives parts.
pub type Take<'f, 't> = &'f mut dyn FnMut(Part<'t>);

/// The direct parts of an expression.
pub fn of_expr<'t>(expr: &'t mut Expr, take: Take<'_, 't>) {
    match expr {
        Expr::Column(_) | Expr::Literal(..) | Expr::Param(_) | Expr::Typed { .. } => {}
        Expr::Exists { query, .. } | Expr::Subquery(query) | Expr::ArraySubquery(query) => {
            take(Part::Query(query));
        }
        Expr::InSubquery { expr, query, .. } => {
            take(Part::Expr(expr));
            take(Part::Query(query));
        }
        Expr::Unary { expr, .. }
        | Expr::Is { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Interval { value: expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Field { expr, .. } => take(Part::Expr(expr)),
        Expr::Binary { left, right, .. } | Expr::Quantified { left, right, .. } => {
            exprs([left.as_mut(), right], take);
        }
        Expr::Between { expr, low, high, .. } => exprs([expr.as_mut(), low, high], take),
        Expr::InList { expr, list, .. } => exprs(std::iter::once(expr.as_mut()).chain(list), take),
        Expr::Like { expr, pattern, escape, .. } => {
            exprs([expr.as_mut(), pattern].into_iter().chain(escape.as_deref_mut()), take);
        }
        Expr::Case { operand, branches, otherwise } => {
            exprs(operand.as_deref_mut(), take);
            exprs(branches.iter_mut().flat_map(|(when, then)| [when, then]), take);
            exprs(otherwise.as_deref_mut(), take);
        }
        Expr::Call(call) => of_call(call, take),
        Expr::Special(special) => of_special(special, take),
        Expr::AtTimeZone { expr, zone } => exprs([expr.as_mut(), zone], take),
        Expr::Row(items) | Expr::Array(items) => exprs(items, take),
        Expr::Subscript { expr, index, slice_to } => {
            take(Part::Expr(expr));
            exprs(index.as_deref_mut(), take);
            exprs(slice_to.iter_mut().flatten().map(|e| e.as_mut()), take);
        }
    }
}

fn exprs<'t>(parts: impl IntoIterator<Item = &'t mut Expr>, take: Take<'_, 't>) {
    parts.into_iter().for_each(|part| take(Part::Expr(part)));
}

fn of_special<'t>(special: &'t mut SpecialCall, take: Take<'_, 't>) {
    match special {
        SpecialCall::Substring { expr, from, length } => {
            take(Part::Expr(expr));
            exprs(from.as_deref_mut().into_iter().chain(length.as_deref_mut()), take);
        }
        SpecialCall::Trim { what, expr, side: _ } => {
            exprs(what.as_deref_mut(), take);
            take(Part::Expr(expr));
        }
        SpecialCall::Position { needle, haystack } => exprs([needle.as_mut(), haystack], take),
        SpecialCall::ConvertUsing { expr, charset: _ } => take(Part::Expr(expr)),
        SpecialCall::TimestampDiff { unit: _, from, to } => exprs([from.as_mut(), to], take),
        SpecialCall::MatchAgainst { columns, words, mode: _ } => {
            exprs(columns.iter_mut().chain([words.as_mut()]), take);
        }
        SpecialCall::Typed(call) => exprs(call.parts_mut(), take),
        SpecialCall::Overlay { expr, with, from, length } => {
            exprs([expr.as_mut(), with, from].into_iter().chain(length.as_deref_mut()), take);
        }
    }
}

/// The parts of a call: arguments, sorting, filter and window.
pub fn of_call<'t>(call: &'t mut Call, take: Take<'_, 't>) {
    exprs(call.args.iter_mut().map(|a| &mut a.value), take);
    of_order(&mut call.order_by, take);
    of_order(&mut call.within_group, take);
    exprs(call.filter.as_deref_mut(), take);
    if let Some(Over::Spec(spec)) = &mut call.over {
        of_window(spec, take);
    }
}

fn of_order<'t>(items: &'t mut [OrderItem], take: Take<'_, 't>) {
    exprs(items.iter_mut().map(|i| &mut i.expr), take);
}

fn of_window<'t>(spec: &'t mut WindowSpec, take: Take<'_, 't>) {
    exprs(&mut spec.partition_by, take);
    of_order(&mut spec.order_by, take);
    let Some(frame) = &mut spec.frame else { return };
    for bound in std::iter::once(&mut frame.start).chain(&mut frame.end) {
        match bound {
            FrameBound::CurrentRow | FrameBound::UnboundedPreceding | FrameBound::UnboundedFollowing => {}
            FrameBound::Preceding(expr) | FrameBound::Following(expr) => take(Part::Expr(expr)),
        }
    }
}

/// The parts of a block.
pub fn of_select<'t>(select: &'t mut Select, take: Take<'_, 't>) {
    let Select { distinct, items, from, selection, group_by, having, windows } = select;
    from.iter_mut().for_each(|item| of_from(item, take));
    if let crate::tree::Distinct::On(keys) = distinct {
        exprs(keys, take);
    }
    for item in items {
        match item {
            SelectItem::Expr { expr, .. } => take(Part::Expr(expr)),
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => {}
        }
    }
    exprs(selection.as_mut().into_iter().chain(having), take);
    for item in group_by {
        match item {
            GroupItem::Expr(expr) => take(Part::Expr(expr)),
            GroupItem::Rollup(sets) | GroupItem::Cube(sets) | GroupItem::GroupingSets(sets) => {
                exprs(sets.iter_mut().flatten(), take);
            }
        }
    }
    windows.iter_mut().for_each(|(_, spec)| of_window(spec, take));
}

/// The parts of FROM: sub-queries, calls and conditions.
pub fn of_from<'t>(item: &'t mut FromItem, take: Take<'_, 't>) {
    match item {
        FromItem::Table { .. } => {}
        FromItem::Derived { query, .. } => take(Part::Query(query)),
        FromItem::Function { call, .. } => of_call(call, take),
        FromItem::Form(form) => match &mut form.kind {
            FormKind::Json { json: value, .. } | FormKind::Nodes { xml: value, .. } => {
                take(Part::Expr(value))
            }
            FormKind::Pivot { input, .. } | FormKind::Unpivot { input, .. } => of_from(input, take),
            FormKind::Table { .. } => {}
        },
        FromItem::JsonTable(table) => take(Part::Expr(&mut table.value)),
        FromItem::Join { left, right, on, kind: _ } => {
            of_from(left, take);
            of_from(right, take);
            match on {
                JoinOn::On(condition) => take(Part::Expr(condition)),
                JoinOn::None | JoinOn::Using(_) | JoinOn::Natural => {}
            }
        }
    }
}

/// Every block, expression and query directly below a query, FROM included.
pub fn of_query<'t>(query: &'t mut Query, take: Take<'_, 't>) {
    let Query { recursive: _, with, body, order_by, limit, offset, with_ties: _, tail: _ } = query;
    with.iter_mut().for_each(|cte| take(Part::Query(&mut cte.query)));
    of_body(body, take);
    of_order(order_by, take);
    exprs(limit.as_deref_mut().into_iter().chain(offset.as_deref_mut()), take);
}

fn of_body<'t>(body: &'t mut SetExpr, take: Take<'_, 't>) {
    match body {
        SetExpr::Select(select) => of_select(select, take),
        SetExpr::Values(rows) => exprs(rows.iter_mut().flatten(), take),
        SetExpr::Query(query) => take(Part::Query(query)),
        SetExpr::SetOp { left, right, .. } => {
            of_body(left, take);
            of_body(right, take);
        }
    }
}
