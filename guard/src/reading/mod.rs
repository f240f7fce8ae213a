//! The reading: a statement in plain sentences, made from its tree and nothing else.

mod clauses;
mod condition;
mod phrase;
mod subject;
mod text;
pub(crate) mod words;

use crate::report::Report;
use crate::tree::{Expr, Query};

pub(crate) use text::children;
pub use text::plain;

/// The statement in plain sentences, and what the policy leaves of what it reads.
pub(crate) fn told(query: &Query, report: &Report) -> String {
    clauses::statement(query) + &seen(report)
}

/// What the policy leaves of what is read, in sentences of their own.
fn seen(report: &Report) -> String {
    let mut said = String::new();
    if !report.filtered.is_empty() {
        let tables: Vec<String> =
            report.filtered.iter().map(|t| words::plural(&words::humanise(&t.table))).collect();
        said.push_str(&format!(
            " Reads only the {} that the policy lets you see.",
            words::list(&tables, "and")
        ));
    }
    if !report.masked.is_empty() {
        let columns: Vec<String> = report.masked.iter().map(|c| words::humanise(&c.column)).collect();
        said.push_str(&format!(" Masked by the policy: {}.", words::list(&columns, "and")));
    }
    said
}

/// The columns that an expression names in its own block (not in sub-queries).
pub fn columns_in(expr: &Expr) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut open = vec![expr];
    while let Some(next) = open.pop() {
        match next {
            Expr::Column(_) => found.push(next),
            other => text::children(other, &mut open),
        }
    }
    found
}
