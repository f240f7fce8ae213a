//! Predicates that seldom mean what they say, or that keep an index from being used.

use catalog::{Engine, Table, TypeClass};

use crate::finding::{Code, Finding};
use crate::resolve::Namespace;
use crate::tree::{BinaryOp, Expr, Literal, Query, Select, SelectItem, SetExpr};

use super::{column_of, conjuncts};

/// Columns that a statement's dates were probably meant by, when there are several.
const MANY_DATES: usize = 2;

/// Warnings about the conditions of a block.
pub fn check(engine: Engine, select: &Select, names: &Namespace<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let conditions = select.selection.iter().chain(&select.having);
    for part in conditions.flat_map(conjuncts) {
        let here = [
            null_comparison(part),
            null_in_list(part),
            defeated_index(engine, names, part),
            mixed_kinds(engine, names, part),
            unclear_date(engine, names, part),
        ];
        found.extend(
            here.into_iter().flatten().map(|f| if f.span.is_none() { f.at(super::span(part)) } else { f }),
        );
    }
    found.extend(several_dates(engine, select, names));
    found
}

fn null_comparison(part: &Expr) -> Option<Finding> {
    let Expr::Binary { op: BinaryOp::Eq | BinaryOp::NotEq, left, right } = part else { return None };
    let null = |e: &Expr| matches!(e, Expr::Literal(Literal::Null, _));
    if !null(left) && !null(right) {
        return None;
    }
    Some(
        Finding::new(Code::W101, "a comparison with NULL is never true").hint("write IS NULL or IS NOT NULL"),
    )
}

fn null_in_list(part: &Expr) -> Option<Finding> {
    let Expr::InList { expr: _, list, negated: true } = part else { return None };
    let null = list.iter().any(|e| matches!(e, Expr::Literal(Literal::Null, _)));
    let text = "NOT IN gives no rows when its list holds NULL";
    null.then(|| Finding::new(Code::W102, text).hint("leave the NULL out, and test it with IS NOT NULL"))
}

/// NOT IN over a sub-query whose column may hold NULL.
pub fn not_in(query: &Query) -> Option<Finding> {
    let SetExpr::Select(select) = &query.body else { return None };
    let Some(SelectItem::Expr { expr: expr @ Expr::Column(_), .. }) = select.items.first() else {
        return None;
    };
    let excluded = select.selection.iter().flat_map(conjuncts).any(|c| match c {
        Expr::Is { expr: tested, test: crate::tree::IsTest::Null, negated: true } => tested.as_ref() == expr,
        _ => false,
    });
    if excluded {
        return None;
    }
    let text = "NOT IN gives no rows when the sub-query holds a NULL";
    let at = super::span(expr);
    Some(Finding::new(Code::W102, text).at(at).hint("exclude NULL inside, or use NOT EXISTS"))
}

/// Text against a number: compared as text, or refused when it runs.
fn mixed_kinds(engine: Engine, names: &Namespace<'_>, part: &Expr) -> Option<Finding> {
    let (left, right) = compared(part)?;
    let number = |c| matches!(c, TypeClass::Integer | TypeClass::Decimal | TypeClass::Float);
    let column = |e: &Expr| {
        let (_, table, name) = column_of(engine, names, e)?;
        table.column(name).map(|c| (c.name.clone(), c.class))
    };
    let is_number = |e: &Expr| match e {
        Expr::Literal(Literal::Number(_), _) => true,
        other => column(other).is_some_and(|c| number(c.1)),
    };
    let (text, _) = [(left, right), (right, left)].into_iter().find_map(|(text, other)| {
        let found = column(text).filter(|c| c.1 == TypeClass::Text)?;
        is_number(other).then_some(found)
    })?;
    let message = format!("{text} is text and is compared with a number");
    Some(Finding::new(Code::W112, message).hint("put the number into quotes, or cast the text"))
}

/// `01/02/2024` is a day of January or of February, depending on a setting of the server.
fn unclear_date(engine: Engine, names: &Namespace<'_>, part: &Expr) -> Option<Finding> {
    let (left, right) = compared(part)?;
    let dated = |e| {
        let column = column_of(engine, names, e).and_then(|(_, table, name)| table.column(name));
        column.is_some_and(|c| is_date(c.class))
    };
    [(left, right), (right, left)].into_iter().find_map(|(column, other)| {
        let Expr::Literal(Literal::String(text), span) = other else { return None };
        let unclear = dated(column) && could_be_swapped(text);
        let message = format!("{text} can be read with day and month swapped");
        let hint = "write the year first, as in 2024-02-01";
        unclear.then(|| Finding::new(Code::W113, message).at(*span).hint(hint))
    })
}

fn could_be_swapped(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    let [first, second, year] = parts.as_slice() else { return false };
    let month = |part: &str| part.parse::<u8>().is_ok_and(|n| (1..=12).contains(&n));
    let year = matches!(year.len(), 2 | 4) && year.bytes().all(|b| b.is_ascii_digit());
    year && first.len() <= 2 && second.len() <= 2 && first != second && month(first) && month(second)
}

fn compared(part: &Expr) -> Option<(&Expr, &Expr)> {
    let Expr::Binary { op, left, right } = part else { return None };
    let compares = matches!(
        op,
        BinaryOp::Eq | BinaryOp::NotEq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq
    );
    compares.then_some((left, right))
}

/// A function or cast around an indexed column that is compared with a constant.
fn defeated_index(engine: Engine, names: &Namespace<'_>, part: &Expr) -> Option<Finding> {
    let Expr::Binary { op, left, right } = part else { return None };
    let compares = matches!(op, BinaryOp::Eq | BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq);
    if !compares {
        return None;
    }
    let wrapped = wrapped_column(left).or_else(|| wrapped_column(right))?;
    let (_, table, column) = column_of(engine, names, wrapped)?;
    if !leads_index(engine, table, column) {
        return None;
    }
    let text = format!("the index on {}.{column} cannot serve this condition", table.name);
    Some(Finding::new(Code::W103, text).hint("compare the bare column with a range"))
}

fn wrapped_column(expr: &Expr) -> Option<&Expr> {
    let inner = match expr {
        Expr::Call(call) if call.over.is_none() => {
            call.args.iter().map(|a| &a.value).find(|v| is_column(v))?
        }
        Expr::Cast { expr, .. } | Expr::Extract { expr, .. } => expr,
        _ => return None,
    };
    is_column(inner).then_some(inner)
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Column(_))
}

fn leads_index(engine: Engine, table: &Table, column: &str) -> bool {
    let key = engine.stored_key(column);
    let leads = |columns: &[String]| columns.first().is_some_and(|c| engine.stored_key(c) == key);
    table.indexes.iter().any(|i| leads(&i.columns))
        || table.primary_key.as_ref().is_some_and(|k| leads(&k.columns))
        || table.unique_keys.iter().any(|k| leads(&k.columns))
}

/// A filter on one of several dates of a table: the reader should know which one was taken.
fn several_dates(engine: Engine, select: &Select, names: &Namespace<'_>) -> Option<Finding> {
    let parts = select.selection.iter().flat_map(conjuncts);
    for column in parts.flat_map(crate::reading::columns_in) {
        let Some((_, table, name)) = column_of(engine, names, column) else { continue };
        let dates: Vec<&str> =
            table.columns.iter().filter(|c| is_date(c.class)).map(|c| c.name.as_str()).collect();
        let key = engine.stored_key(name);
        // names of hidden columns must not show, so only columns in scope count
        let seen: Vec<&str> =
            dates.into_iter().filter(|d| names.slots.iter().any(|s| s.key == engine.stored_key(d))).collect();
        if seen.len() < MANY_DATES || !seen.iter().any(|d| engine.stored_key(d) == key) {
            continue;
        }
        let others: Vec<&str> = seen.into_iter().filter(|d| engine.stored_key(d) != key).collect();
        let text = format!("{} has several dates; {name} was taken, not {}", table.name, others.join(", "));
        return Some(Finding::new(Code::W108, text).hint("say which date is meant"));
    }
    None
}

fn is_date(class: TypeClass) -> bool {
    matches!(class, TypeClass::Date | TypeClass::Timestamp | TypeClass::TimestampTz)
}
