//! Walks over expressions: which parts of a variable are named, and whether a variable is named at all.

use super::tree::{Args, Expr};

/// The operands of an expression.
pub(super) fn children(node: &Expr) -> Vec<&Expr> {
    match node {
        Expr::Literal(_) | Expr::Constant(_) | Expr::Field(_) | Expr::Variable(..) => Vec::new(),
        Expr::Array(items) => items.iter().collect(),
        Expr::Document(fields) => fields.iter().map(|(_, e)| e).collect(),
        Expr::Call(_, Args::One(one)) => vec![one],
        Expr::Call(_, Args::List(items)) => items.iter().collect(),
        Expr::Call(_, Args::Named(named)) => named.iter().map(|(_, e)| e).collect(),
        Expr::Cond(parts) => parts.iter().collect(),
        Expr::Switch(branches, default) => {
            branches.iter().flat_map(|(a, b)| [a, b]).chain(default.as_deref()).collect()
        }
        Expr::Let(vars, body) => vars.iter().map(|(_, e)| e).chain([body.as_ref()]).collect(),
        Expr::Map(input, _, body) => vec![input, body],
        Expr::Filter(input, _, cond, limit) => {
            [input.as_ref(), cond.as_ref()].into_iter().chain(limit.as_deref()).collect()
        }
        Expr::Reduce(input, initial, body) => vec![input, initial, body],
        Expr::GetField(_, input) => input.as_deref().into_iter().collect(),
        Expr::SortArray(input, _) => vec![input],
        Expr::Range(start, end, _) => vec![start, end],
    }
}

/// First parts of the paths below a variable, each once; empty when the whole is named anywhere.
pub(super) fn parts_of(variable: &str, node: &Expr) -> Vec<String> {
    let whole = |e: &Expr| matches!(e, Expr::Variable(name, None) if name == variable);
    let mut parts: Vec<String> = Vec::new();
    let mut open = vec![node];
    while let Some(next) = open.pop() {
        match next {
            found if whole(found) => return Vec::new(),
            Expr::Variable(name, Some(path)) if name == variable => parts.extend(path.0.first().cloned()),
            Expr::GetField(name, Some(input)) if whole(input) => {
                parts.push(name.clone());
                continue;
            }
            _ => {}
        }
        open.extend(children(next));
    }
    parts.sort();
    parts.dedup();
    parts
}

/// Whether an expression demands that a variable of the list equals something: what ties a joined document to its own.
pub(super) fn ties(variables: &[String], node: &Expr) -> bool {
    let names = |e: &Expr| matches!(e, Expr::Variable(name, _) if variables.contains(name));
    match node {
        Expr::Call(op, Args::List(items)) if op.name == "$and" => items.iter().any(|e| ties(variables, e)),
        Expr::Call(op, Args::List(items)) if matches!(op.name, "$eq" | "$in") => {
            items.iter().any(names) && items.iter().any(names_field)
        }
        _ => false,
    }
}

fn names_field(node: &Expr) -> bool {
    let mut open = vec![node];
    while let Some(next) = open.pop() {
        if matches!(next, Expr::Field(_)) {
            return true;
        }
        open.extend(children(next));
    }
    false
}
