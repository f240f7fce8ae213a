//! Warnings: forms that are reads and yet seldom what was meant.

use catalog::Engine;

use crate::finding::{Code, Finding};
use crate::resolve::Namespace;
use crate::tree::{Expr, Ident, OrderItem, Select, SelectItem};

/// Warnings about the outermost block.
pub fn top(select: &Select, order: &[OrderItem], limited: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for item in &select.items {
        if let SelectItem::Wildcard(span) = item {
            let text = "all columns are read";
            found.push(Finding::new(Code::W104, text).at(*span).hint("name the columns that are needed"));
        }
    }
    if !order.is_empty() && !limited {
        let text = "the whole result is sorted";
        found.push(Finding::new(Code::W105, text).hint("add a limit if only the first rows matter"));
    }
    found
}

/// Warnings about one resolved block.
pub fn select(_engine: Engine, _select: &Select, _names: &Namespace<'_>) -> Vec<Finding> {
    Vec::new()
}

/// Whether a key supports a join's condition.
pub fn keyed(_engine: Engine, _names: &Namespace<'_>, _condition: &Expr) -> bool {
    false
}

/// Whether a key supports USING.
pub fn using_keyed(_engine: Engine, _left: &Namespace<'_>, _right: &Namespace<'_>, _columns: &[Ident]) -> bool {
    false
}
