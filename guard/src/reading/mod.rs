//! The reading: a statement in plain sentences, made from its tree and nothing else.

mod clauses;
mod condition;
mod phrase;
mod subject;
mod text;
mod words;

use catalog::Catalog;

use crate::tree::{Expr, Query};

pub use text::plain;

/// The statement in plain sentences.
pub fn read(query: &Query, _catalog: &Catalog) -> String {
    clauses::statement(query)
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
