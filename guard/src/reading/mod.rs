//! The reading: a statement in plain sentences, made from its tree and nothing else.

use catalog::Catalog;

use crate::tree::{Expr, Query};

/// The statement in plain sentences.
pub fn read(_query: &Query, _catalog: &Catalog) -> String {
    String::new()
}

/// An expression as short text for people.
pub fn plain(expr: &Expr) -> String {
    match expr {
        Expr::Column(name) => name.last().map(|i| i.value.clone()).unwrap_or_default(),
        _ => String::new(),
    }
}
