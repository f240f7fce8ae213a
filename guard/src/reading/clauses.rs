//! Clauses put together: what is listed or counted, of what, under which condition, in which order.

use crate::tree::{
    Distinct, Expr, FromItem, GroupItem, Literal, OrderItem, Query, Select, SelectItem, SetExpr, SetOp,
};

use super::phrase::Block;
use super::subject::{leaves, subject};
use super::words::{humanise, list, sentence};

/// Queries inside queries are told this deep.
const DEEPEST: usize = 4;
/// Columns of a list that are named.
const MOST: usize = 8;
/// Aggregates, as in the lists of functions that both engines share.
const AGGREGATES: [&str; 24] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "total",
    "string_agg",
    "group_concat",
    "array_agg",
    "json_agg",
    "jsonb_agg",
    "json_group_array",
    "json_group_object",
    "json_object_agg",
    "jsonb_object_agg",
    "bool_and",
    "bool_or",
    "every",
    "percentile_cont",
    "percentile_disc",
    "mode",
    "median",
    "stddev",
    "variance",
];

/// A whole statement, one sentence for each step.
pub fn statement(query: &Query) -> String {
    let mut sentences: Vec<String> = Vec::new();
    steps(query, 0, &mut sentences);
    sentences.push(sentence(&told(query, 0)));
    sentences.join(" ")
}

/// A query inside another, as part of a sentence.
pub fn nested(query: &Query, depth: usize) -> String {
    if depth >= DEEPEST {
        return "a further sub-query".to_owned();
    }
    told(query, depth + 1)
}

/// Sentences for what is built first: common table expressions and sub-queries of FROM.
fn steps(query: &Query, depth: usize, sentences: &mut Vec<String>) {
    if depth >= DEEPEST {
        return;
    }
    for cte in &query.with {
        steps(&cte.query, depth + 1, sentences);
        let name = humanise(&cte.name.value);
        sentences.push(sentence(&format!("builds {name}: {}", told(&cte.query, depth + 1))));
    }
    for select in selects(&query.body) {
        for (name, inner) in derived(select) {
            steps(inner, depth + 1, sentences);
            let what = if name.is_empty() { "a sub-query".to_owned() } else { humanise(&name) };
            sentences.push(sentence(&format!("builds {what}: {}", told(inner, depth + 1))));
        }
    }
}

fn selects(body: &SetExpr) -> Vec<&Select> {
    let mut found = Vec::new();
    let mut open = vec![body];
    while let Some(next) = open.pop() {
        match next {
            SetExpr::Select(select) => found.push(select.as_ref()),
            SetExpr::SetOp { left, right, .. } => {
                open.push(right);
                open.push(left);
            }
            SetExpr::Values(_) | SetExpr::Query(_) => {}
        }
    }
    found
}

fn derived(select: &Select) -> Vec<(String, &Query)> {
    let mut found = Vec::new();
    for leaf in leaves(select) {
        if let FromItem::Derived { query, alias, .. } = leaf {
            let name = alias.as_ref().map(|a| a.name.value.clone()).unwrap_or_default();
            found.push((name, query.as_ref()));
        }
    }
    found
}

/// A query as one clause with its parts.
fn told(query: &Query, depth: usize) -> String {
    let mut text = match &query.body {
        SetExpr::Select(select) => block(select, depth),
        SetExpr::Values(rows) => format!("gives {} fixed rows", rows.len()),
        SetExpr::Query(inner) => nested(inner, depth),
        SetExpr::SetOp { .. } => sets(&query.body, depth),
    };
    match &query.body {
        SetExpr::Select(select) => text.push_str(&order(&query.order_by, select, depth)),
        SetExpr::Values(_) | SetExpr::Query(_) | SetExpr::SetOp { .. } => {
            text.push_str(&order(&query.order_by, &Select::default(), depth));
        }
    }
    text.push_str(&bounds(query));
    text
}

// chains of sets lean to the left: told in a loop
fn sets(body: &SetExpr, depth: usize) -> String {
    let mut rest = Vec::new();
    let mut first = body;
    while let SetExpr::SetOp { op, all, left, right } = first {
        rest.push((*op, *all, right));
        first = left;
    }
    let mut text = arm(first, depth);
    while let Some((op, all, right)) = rest.pop() {
        let word = match (op, all) {
            (SetOp::Union, true) => "together with",
            (SetOp::Union, false) => "together with, each row once",
            (SetOp::Intersect, _) => "only what is also in",
            (SetOp::Except, _) => "without",
        };
        text = format!("{text}; {word}: {}", arm(right, depth));
    }
    text
}

fn arm(body: &SetExpr, depth: usize) -> String {
    match body {
        SetExpr::Select(select) => block(select, depth),
        SetExpr::Values(rows) => format!("{} fixed rows", rows.len()),
        SetExpr::Query(query) => nested(query, depth),
        SetExpr::SetOp { .. } if depth < DEEPEST => sets(body, depth + 1),
        SetExpr::SetOp { .. } => "further sets".to_owned(),
    }
}

fn block(select: &Select, depth: usize) -> String {
    let words = Block::of(select, depth);
    let mut text = head(select, &words);
    if let Some(condition) = &select.selection {
        text.push_str(&format!(", where {}", words.condition(condition)));
    }
    if let Some(condition) = &select.having {
        let named = substitute(condition, select, &words);
        text.push_str(&format!(", only groups where {named}"));
    }
    text
}

/// HAVING may name outputs: their own words say more.
fn substitute(condition: &Expr, select: &Select, words: &Block<'_>) -> String {
    match condition {
        Expr::Binary { op, left, right } if matches!(left.as_ref(), Expr::Column(_)) => {
            let left = words.meant(select, left).clone();
            let whole = Expr::Binary { op: *op, left: Box::new(left), right: right.clone() };
            words.condition(&whole)
        }
        other => words.condition(other),
    }
}

/// What is listed, counted or computed, and of what.
fn head(select: &Select, words: &Block<'_>) -> String {
    let subject = subject(select);
    let exprs: Vec<&Expr> = select
        .items
        .iter()
        .filter_map(|item| match item {
            SelectItem::Expr { expr, .. } => Some(expr),
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_) => None,
        })
        .collect();
    let whole = exprs.len() < select.items.len();
    let (folded, rest): (Vec<&Expr>, Vec<&Expr>) = exprs.iter().partition(|e| is_aggregate(e));
    let keys = group_keys(select, words);
    if folded.is_empty() {
        let named: Vec<String> = rest.iter().map(|e| words.value(e)).collect();
        let each = !keys.is_empty()
            && keys.iter().all(|k| named.contains(k))
            && named.iter().all(|n| keys.contains(n));
        let once = if select.distinct != Distinct::No || each { "different " } else { "" };
        let mut text = match (whole, subject.is_empty()) {
            (true, _) => format!("lists all {once}columns of {subject}"),
            (false, true) => format!("gives {}", values(&rest, words)),
            (false, false) => format!("lists the {once}{} of {subject}", values(&rest, words)),
        };
        if !keys.is_empty() && !each {
            text.push_str(&format!(", one row per {}", list(&keys, "and")));
        }
        return text;
    }
    let mut text = folded_head(&folded, &subject, words);
    if !keys.is_empty() {
        text.push_str(&format!(" per {}", list(&keys, "and")));
    }
    let besides: Vec<&Expr> = rest.into_iter().filter(|e| !keys.contains(&words.value(e))).collect();
    if !besides.is_empty() {
        text.push_str(&format!(", with {}", values(&besides, words)));
    }
    text
}

fn folded_head(folded: &[&Expr], subject: &str, words: &Block<'_>) -> String {
    let of = if subject.is_empty() { String::new() } else { format!(" of {subject}") };
    if let [Expr::Call(call)] = folded {
        let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
        let argument = call.args.first().map(|a| words.value(&a.value));
        let filter =
            call.filter.as_ref().map(|f| format!(" where {}", words.condition(f))).unwrap_or_default();
        match (name, argument) {
            ("count", None) if !subject.is_empty() => return format!("counts {subject}{filter}"),
            ("count", Some(argument)) if call.distinct => {
                return format!("counts the different {argument}{of}{filter}");
            }
            ("sum" | "total", Some(argument)) => return format!("sums {argument}{of}{filter}"),
            ("avg", Some(argument)) => return format!("averages {argument}{of}{filter}"),
            ("min", Some(argument)) => return format!("finds the smallest {argument}{of}{filter}"),
            ("max", Some(argument)) => return format!("finds the largest {argument}{of}{filter}"),
            _ => {}
        }
    }
    format!("gives the {}{of}", values(folded, words))
}

fn values(exprs: &[&Expr], words: &Block<'_>) -> String {
    let mut named: Vec<String> = exprs.iter().take(MOST).map(|e| words.value(e)).collect();
    if exprs.len() > MOST {
        named.push(format!("{} more", exprs.len() - MOST));
    }
    list(&named, "and")
}

fn group_keys(select: &Select, words: &Block<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    for item in &select.group_by {
        match item {
            GroupItem::Expr(expr) => keys.push(words.value(words.meant(select, expr))),
            GroupItem::Rollup(sets) | GroupItem::Cube(sets) | GroupItem::GroupingSets(sets) => {
                for expr in sets.iter().flatten() {
                    let key = words.value(words.meant(select, expr));
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                keys.push("their totals".to_owned());
            }
        }
    }
    keys
}

/// Whether an expression holds an aggregate of its own block.
fn is_aggregate(expr: &Expr) -> bool {
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        if let Expr::Call(call) = next {
            let name = call.name.last().map(|i| i.value.as_str()).unwrap_or_default();
            let several = matches!(name, "min" | "max") && call.args.len() > 1;
            if AGGREGATES.contains(&name) && call.over.is_none() && !several {
                return true;
            }
        }
        super::text::children(next, &mut open);
    }
    false
}

fn order(items: &[OrderItem], select: &Select, depth: usize) -> String {
    let words = Block::of(select, depth);
    let mut text = String::new();
    for (i, item) in items.iter().enumerate() {
        let meant = words.meant(select, &item.expr);
        let position = matches!(meant, Expr::Literal(Literal::Number(_), _));
        let what = if position { format!("column {}", words.value(meant)) } else { words.value(meant) };
        let down = item.asc == Some(false);
        let part = if is_aggregate(meant) {
            format!("{} {what} first", if down { "largest" } else { "smallest" })
        } else if names_time(&what) {
            format!("{} {what} first", if down { "latest" } else { "earliest" })
        } else {
            format!("sorted by {what}{}", if down { " descending" } else { "" })
        };
        text.push_str(if i == 0 { ", " } else { ", then " });
        text.push_str(&part);
    }
    text
}

fn names_time(what: &str) -> bool {
    let last = what.rsplit(' ').next().unwrap_or_default();
    matches!(last, "date" | "at" | "time" | "day" | "month" | "year" | "timestamp" | "on")
        && !what.ends_with(" id")
}

fn bounds(query: &Query) -> String {
    let mut text = String::new();
    if let Some(limit) = &query.limit {
        match limit.as_ref() {
            Expr::Literal(Literal::Number(n), _) if n == "1" => text.push_str(", first row only"),
            Expr::Literal(Literal::Number(n), _) => text.push_str(&format!(", first {n} rows")),
            other => text.push_str(&format!(", first rows up to {}", super::plain(other))),
        }
        if query.with_ties {
            text.push_str(" and those equal to the last");
        }
    }
    if let Some(offset) = &query.offset {
        text.push_str(&format!(", after skipping {}", super::plain(offset)));
    }
    text
}
