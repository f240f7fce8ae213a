//! Walks over expressions, without going into sub-queries.

use crate::functions::{self, Judgement, Kind};
use crate::tree::{Call, Expr, ObjectName, Over, SpecialCall};

/// The operands of an expression; sub-queries are none.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Column(_)
        | Expr::Literal(..)
        | Expr::Param(_)
        | Expr::Typed { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::ArraySubquery(_) => Vec::new(),
        Expr::Unary { expr, .. }
        | Expr::Is { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Field { expr, .. }
        | Expr::InSubquery { expr, .. } => vec![expr],
        Expr::Interval { value, .. } => vec![value],
        Expr::Binary { left, right, .. } | Expr::Quantified { left, right, .. } => vec![left, right],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => std::iter::once(expr.as_ref()).chain(list).collect(),
        Expr::Like { expr, pattern, escape, .. } => {
            [expr.as_ref(), pattern.as_ref()].into_iter().chain(escape.as_deref()).collect()
        }
        Expr::Case { operand, branches, otherwise } => operand
            .as_deref()
            .into_iter()
            .chain(branches.iter().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.as_deref())
            .collect(),
        Expr::Call(call) => of_call(call),
        Expr::Special(special) => of_special(special),
        Expr::AtTimeZone { expr, zone } => vec![expr, zone],
        Expr::Row(items) | Expr::Array(items) => items.iter().collect(),
        Expr::Subscript { expr, index, slice_to } => {
            let to = slice_to.as_ref().and_then(Option::as_deref);
            std::iter::once(expr.as_ref()).chain(index.as_deref()).chain(to).collect()
        }
    }
}

fn of_call(call: &Call) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = call.args.iter().map(|a| &a.value).collect();
    found.extend(call.order_by.iter().chain(&call.within_group).map(|o| &o.expr));
    found.extend(call.filter.as_deref());
    if let Some(Over::Spec(spec)) = &call.over {
        found.extend(&spec.partition_by);
        found.extend(spec.order_by.iter().map(|o| &o.expr));
    }
    found
}

fn of_special(special: &SpecialCall) -> Vec<&Expr> {
    match special {
        SpecialCall::Substring { expr, from, length } => {
            std::iter::once(expr.as_ref()).chain(from.as_deref()).chain(length.as_deref()).collect()
        }
        SpecialCall::Trim { what, expr, side: _ } => {
            what.as_deref().into_iter().chain([expr.as_ref()]).collect()
        }
        SpecialCall::Position { needle, haystack } => vec![needle, haystack],
        SpecialCall::Overlay { expr, with, from, length } => {
            [expr, with, from].into_iter().map(AsRef::as_ref).chain(length.as_deref()).collect()
        }
        SpecialCall::ConvertUsing { expr, charset: _ } => vec![expr],
        SpecialCall::TimestampDiff { from, to, unit: _ } => vec![from, to],
        SpecialCall::MatchAgainst { columns, words, mode: _ } => {
            columns.iter().chain([words.as_ref()]).collect()
        }
        SpecialCall::Typed(call) => call.parts(),
    }
}

/// Whether a sub-query stands anywhere in it.
pub(super) fn has_query(expr: &Expr) -> bool {
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        match next {
            Expr::Exists { .. } | Expr::Subquery(_) | Expr::ArraySubquery(_) | Expr::InSubquery { .. } => {
                return true;
            }
            other => open.extend(children(other)),
        }
    }
    false
}

/// The columns that it names; nothing when a sub-query may name more.
pub(super) fn columns(expr: &Expr) -> Option<Vec<&ObjectName>> {
    if has_query(expr) {
        return None;
    }
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        match next {
            Expr::Column(name) => found.push(name),
            other => open.extend(children(other)),
        }
    }
    Some(found)
}

/// The parts of a condition that must all hold.
pub(super) fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        match next {
            Expr::Binary { op: crate::tree::BinaryOp::And, left, right } => {
                open.extend([right, left].map(|e| e.as_ref()))
            }
            other => found.push(other),
        }
    }
    found
}

/// Whether a call aggregates the rows of its block.
pub(super) fn is_aggregate(call: &Call) -> bool {
    let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
    let judged = functions::of(catalog::Engine::Mongodb).judge(name);
    call.over.is_none() && matches!(judged, Judgement::Allowed(f) if f.kind == Kind::Aggregate)
}
