//! The row cap on SQL Server, which has no LIMIT: TOP in a SELECT, FETCH after an ORDER BY, else the statement becomes
//! a derived table. Such a table may hold no ORDER BY of its own, and needs a name for every column.

use crate::finding::{Code, Finding};
use crate::report::OutputColumn;
use crate::tree::{
    Expr, FromItem, Ident, Literal, ObjectName, OrderItem, Query, Select, SelectItem, SetExpr, Span,
    TableAlias, Tail,
};

/// Sets or lowers the number of rows. Gives the cap when it changed the statement.
///
/// # Errors
/// A statement that cannot be cut without changing what it means.
pub(crate) fn apply(
    query: &mut Query,
    outputs: &[OutputColumn],
    max_rows: Option<u64>,
) -> Result<Option<u64>, Finding> {
    let Some(max) = max_rows else { return Ok(None) };
    let loose = query.with_ties || query.tail.percent;
    let fixed = query.limit.as_deref().and_then(whole);
    if !loose && fixed.is_some_and(|rows| rows <= max) {
        return Ok(None);
    }
    let one_select = matches!(query.body, SetExpr::Select(_));
    let pages = query.offset.is_some();
    if loose || (!one_select && !pages && query.order_by.is_empty()) {
        wrap(query, outputs)?;
    } else if !one_select && !pages {
        query.offset = Some(number(0));
    }
    query.limit = Some(number(max));
    Ok(Some(max))
}

fn whole(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Literal(Literal::Number(digits), _) => digits.parse().ok(),
        _ => None,
    }
}

fn number(value: u64) -> Box<Expr> {
    Box::new(Expr::Literal(Literal::Number(value.to_string()), Span::default()))
}

fn cannot() -> Finding {
    Finding::new(Code::G201, "The rows of this statement cannot be capped.")
        .hint("Write TOP (n) without PERCENT or WITH TIES, and sort by columns of the select list.")
}

/// `SELECT c1 AS name, ... FROM (query) AS capped (c1, ...) ORDER BY ...`, with WITH and OPTION moved out.
fn wrap(query: &mut Query, outputs: &[OutputColumn]) -> Result<(), Finding> {
    let known = !outputs.is_empty() && outputs.iter().all(|o| o.name != "*");
    if !known || query.tail.output.is_some() {
        return Err(cannot());
    }
    let order_by = outer_order(query, outputs).ok_or_else(cannot)?;
    let mut inner = std::mem::take(query);
    query.with = std::mem::take(&mut inner.with);
    query.tail = Tail { max_recursion: inner.tail.max_recursion.take(), ..Tail::default() };
    query.order_by = order_by;
    let alias = TableAlias {
        name: Ident::quoted("capped"),
        columns: (0..outputs.len()).map(|at| Ident::quoted(column_name(at))).collect(),
    };
    let items = outputs.iter().enumerate().map(|(at, output)| SelectItem::Expr {
        expr: column(at),
        alias: (!output.name.is_empty()).then(|| Ident::quoted(output.name.clone())),
    });
    let items = items.collect();
    let from = vec![FromItem::Derived { lateral: false, query: Box::new(inner), alias: Some(alias) }];
    query.body = SetExpr::Select(Box::new(Select { items, from, ..Select::default() }));
    Ok(())
}

fn column_name(at: usize) -> String {
    format!("c{}", at + 1)
}

fn column(at: usize) -> Expr {
    Expr::Column(ObjectName::quoted(["capped".to_owned(), column_name(at)]))
}

/// The order of the result, said by the columns of the derived table.
fn outer_order(query: &Query, outputs: &[OutputColumn]) -> Option<Vec<OrderItem>> {
    let items = query.order_by.iter().map(|item| {
        let at = place(&item.expr, &query.body, outputs)?;
        Some(OrderItem { expr: column(at), asc: item.asc, nulls_first: item.nulls_first })
    });
    items.collect()
}

/// Which output column a sort key is.
fn place(key: &Expr, body: &SetExpr, outputs: &[OutputColumn]) -> Option<usize> {
    if let Some(position) = whole(key) {
        return usize::try_from(position).ok()?.checked_sub(1).filter(|at| *at < outputs.len());
    }
    if let Expr::Column(name) = key
        && let [alias] = name.0.as_slice()
    {
        let mut same = outputs.iter().enumerate().filter(|(_, o)| o.name.eq_ignore_ascii_case(&alias.value));
        return same.next().map(|(at, _)| at).filter(|_| same.next().is_none());
    }
    let SetExpr::Select(select) = body else { return None };
    let plain = select.items.iter().all(|i| matches!(i, SelectItem::Expr { expr: _, alias: _ }));
    let same = |item: &SelectItem| matches!(item, SelectItem::Expr { expr, alias: _ } if expr == key);
    select.items.iter().position(same).filter(|_| plain)
}
