//! The row cap: no checked statement gives more rows than the policy allows.

use catalog::Engine;

use crate::tree::{Expr, FromItem, Ident, Literal, Query, Select, SelectItem, SetExpr, Span, TableAlias};

/// Whether a cap could only set a LIMIT where there is none: without it, the tree is what was asked.
pub(crate) fn only_sets(query: &Query, engine: Engine) -> bool {
    let values = matches!(engine, Engine::Sqlite | Engine::Mariadb) && ends_in_values(&query.body);
    engine != Engine::Mssql && query.limit.is_none() && !query.with_ties && !values
}

/// Sets or lowers the outer LIMIT. Gives the cap when it changed the statement.
pub(crate) fn apply(query: &mut Query, max_rows: Option<u64>, engine: Engine) -> Option<u64> {
    let max = max_rows?;
    let fixed = match query.limit.as_deref() {
        None => None,
        Some(Expr::Literal(Literal::Number(digits), _)) => digits.parse::<u64>().ok(),
        // A limit that is computed, or written in another way, is not judged here.
        Some(_) => Some(u64::MAX),
    };
    let computed = query.limit.is_some() && !is_number(query.limit.as_deref());
    match fixed {
        Some(limit) if limit <= max && !query.with_ties => return None,
        _ => {}
    }
    let values = matches!(engine, Engine::Sqlite | Engine::Mariadb) && ends_in_values(&query.body);
    if computed || query.with_ties || values {
        wrap(query);
    }
    query.limit = Some(Box::new(Expr::Literal(Literal::Number(max.to_string()), Span::default())));
    Some(max)
}

fn is_number(limit: Option<&Expr>) -> bool {
    matches!(limit, Some(Expr::Literal(Literal::Number(_), _)))
}

/// SQLite's VALUES, and MariaDB's, takes no LIMIT.
fn ends_in_values(body: &SetExpr) -> bool {
    match body {
        SetExpr::Values(_) => true,
        SetExpr::SetOp { op: _, all: _, left: _, right } => ends_in_values(right),
        SetExpr::Select(_) | SetExpr::Query(_) => false,
    }
}

/// `SELECT * FROM (query) AS capped`.
fn wrap(query: &mut Query) {
    let inner = std::mem::take(query);
    let alias = Some(TableAlias { name: Ident::quoted("capped"), columns: Vec::new() });
    let from = vec![FromItem::Derived { lateral: false, query: Box::new(inner), alias }];
    let items = vec![SelectItem::Wildcard(Span::default())];
    query.body = SetExpr::Select(Box::new(Select { items, from, ..Select::default() }));
}
