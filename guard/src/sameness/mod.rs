//! Same meaning: whether two checked statements can be told to give the same result, whatever is stored.
//!
//! Both trees are brought into a canonical form, which is compared as text. The form leaves out what says nothing:
//! - names of tables and of output columns that are made up in the statement, parentheses, defaults written out;
//! - the order of AND and OR, of the two sides of `=`, `<>`, `+` and `*`, of IN lists and GROUP BY, of arms of
//!   UNION ALL, of inner joins and entries of FROM;
//! - the spelling of what has several: `a < b` or `b > a`, BETWEEN or two comparisons, ON or WHERE of an inner join,
//!   RIGHT or LEFT JOIN, DISTINCT or GROUP BY of the whole list, `count(*)` or `count(1)`, positions or names in
//!   ORDER BY and GROUP BY, a common table expression used once or a sub-query, one that is not used.
//!
//! A statement means the set of results that its engine may give: what no ORDER BY fixes (which rows LIMIT keeps, the
//! order in which values are added or joined) is not compared. Where a rule might not hold (collations that differ by
//! side, a name that could be two things, a function that gives another value each time) it is not used, so that
//! [`Sameness::Unknown`] stays a possible answer for statements that are the same, and [`Sameness::Same`] is never one
//! for statements that are not.

mod block;
mod expr;
mod names;
mod outputs;
mod parts;
mod query;

use catalog::Engine;

use crate::functions::{self, Judgement, Volatility};
use crate::proof::ReadOnly;
use crate::tree::{Expr, ObjectName, Query, Tail};

/// What is known about the meaning of two statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sameness {
    /// They give the same result on any data.
    Same,
    /// It cannot be told, with the reason.
    Unknown(Doubt),
}

/// Why it cannot be told whether two statements mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// They are for different engines.
    Engine,
    /// A function gives another value each time.
    Volatile,
    /// Their canonical forms differ.
    Form,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Doubt::Engine => "they are for different engines",
            Doubt::Volatile => "a function in them gives another value each time",
            Doubt::Form => "their canonical forms differ",
        })
    }
}

/// Whether the order of the output columns is part of the meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Columns {
    /// It is.
    #[default]
    InOrder,
    /// It is not.
    AnyOrder,
}

/// Whether two checked statements mean the same, order of the output columns included.
pub fn same_meaning(a: &ReadOnly, b: &ReadOnly) -> Sameness {
    same_meaning_by(a, b, Columns::InOrder)
}

/// As [`same_meaning`], with or without the order of the output columns.
pub fn same_meaning_by(a: &ReadOnly, b: &ReadOnly, columns: Columns) -> Sameness {
    if a.engine() != b.engine() {
        return Sameness::Unknown(Doubt::Engine);
    }
    match (canonical_form(a, columns), canonical_form(b, columns)) {
        (Some(a), Some(b)) if a == b => Sameness::Same,
        (Some(_), Some(_)) => Sameness::Unknown(Doubt::Form),
        _ => Sameness::Unknown(Doubt::Volatile),
    }
}

/// The canonical form as text: equal for two statements of one engine only when they mean the same. `None` when the
/// statement need not mean the same as itself, because a function in it gives another value each time.
pub fn canonical_form(statement: &ReadOnly, columns: Columns) -> Option<String> {
    let engine = statement.engine();
    let report = statement.report();
    if report.functions.iter().any(|name| changes(engine, name)) {
        return None;
    }
    statement.with_room(|| {
        let mut tree = statement.tree().clone();
        query::inline(&mut tree, engine);
        outputs::name_by_expression(&mut tree, !report.columns.is_empty());
        let survey = outputs::survey(&mut tree);
        let mut canon = Canon {
            engine,
            report,
            keep_aliases: survey.keep_aliases,
            swaps: !survey.collates,
            levels: Vec::new(),
            doubt: false,
        };
        canon.top(&mut tree, columns);
        // a form of which not everything is sure is as good as none: then only the same text is the same
        Some(if canon.doubt { statement.sql().to_owned() } else { crate::render::render(&tree, engine) })
    })
}

fn changes(engine: Engine, name: &str) -> bool {
    match functions::of(engine).judge(name) {
        Judgement::Allowed(function) => function.volatility == Volatility::Volatile,
        Judgement::Refused(_) | Judgement::Unknown => true,
    }
}

/// One run over one tree.
struct Canon<'r> {
    engine: Engine,
    report: &'r crate::report::Report,
    /// Whether names that are made up in the statement must stay, since something may mean them that cannot be told.
    keep_aliases: bool,
    /// Whether the sides of a comparison may be swapped.
    swaps: bool,
    /// Names in scope, outermost first.
    levels: Vec<names::Level>,
    /// Whether a name was met that this form could mistake.
    doubt: bool,
}

impl Canon<'_> {
    fn text(&self, expr: &Expr) -> String {
        crate::render::render_expr(expr, self.engine)
    }
}

/// The parts of a chain of one operator.
fn chain(expr: Expr, op: crate::tree::BinaryOp) -> Vec<Expr> {
    let mut parts = Vec::new();
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        match next {
            Expr::Binary { op: found, left, right } if found == op => open.extend([*right, *left]),
            other => parts.push(other),
        }
    }
    parts
}

/// A chain of parts; `None` of nothing.
fn joined(parts: Vec<Expr>, op: crate::tree::BinaryOp) -> Option<Expr> {
    parts.into_iter().reduce(|left, right| Expr::Binary { op, left: Box::new(left), right: Box::new(right) })
}

/// The one name of a name without qualifier.
fn single(name: &ObjectName) -> Option<&str> {
    match name.0.as_slice() {
        [only] => Some(&only.value),
        _ => None,
    }
}

/// Whether a query is its body and nothing else.
fn is_plain(query: &Query) -> bool {
    let Query { recursive: _, with, body: _, order_by, limit, offset, with_ties: _, tail } = query;
    *tail == Tail::default() && with.is_empty() && order_by.is_empty() && limit.is_none() && offset.is_none()
}
