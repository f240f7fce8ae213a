//! GROUP BY and ORDER BY: which names are outputs, which are columns of FROM, and positions.

use catalog::Engine;

use crate::finding::{Code, Finding};
use crate::tree::{Expr, GroupItem, Ident, Literal, OrderItem};

use super::Resolver;
use super::scope::{Namespace, Output, Scope};

impl<'a> Resolver<'a, '_> {
    pub(super) fn group_by(&mut self, items: &mut [GroupItem], outputs: &[Output<'a>]) {
        for item in items {
            match item {
                GroupItem::Expr(expr) => self.group_key(expr, outputs),
                GroupItem::Rollup(sets) | GroupItem::Cube(sets) | GroupItem::GroupingSets(sets) => {
                    for expr in sets.iter_mut().flatten() {
                        self.group_key(expr, outputs);
                    }
                }
            }
        }
    }

    /// GROUP BY: a column of FROM comes before an output of that name, an integer is a position.
    fn group_key(&mut self, expr: &mut Expr, outputs: &[Output<'a>]) {
        if self.engine == Engine::Mssql {
            // neither positions nor aliases
            if matches!(expr, Expr::Literal(..)) {
                let message = "SQL Server groups by no position and no constant";
                self.refuse(
                    Finding::new(Code::G310, message).hint("repeat the expression of the select list"),
                );
            }
            self.expr(expr);
            return;
        }
        if self.position(expr, outputs) {
            return;
        }
        if let Some((ident, key)) = self.bare_name(expr) {
            let here = self.scopes.last().is_some_and(|s| s.names.slots.iter().any(|s| s.key == key));
            let output = outputs.iter().find(|o| o.key == key);
            if let (false, Some(output)) = (here, output)
                && (self.as_postgres() || output.aliased)
            {
                pin_output(expr, output, ident.span);
                return;
            }
        }
        self.expr(expr);
    }

    /// ORDER BY and DISTINCT ON: an output comes before a column of FROM, an integer is a position.
    pub(super) fn sort_key(&mut self, expr: &mut Expr, outputs: &[Output<'a>]) {
        if self.position(expr, outputs) {
            return;
        }
        if let Some((ident, key)) = self.bare_name(expr) {
            // outputs that are not renamed are the columns themselves outside PostgreSQL
            let unclear = self.mysql()
                && self
                    .scopes
                    .last()
                    .is_some_and(|s| s.names.slots.iter().filter(|s| s.key == key).count() > 1);
            let by_name = self.as_postgres() || unclear;
            let counts = |o: &&Output<'a>| o.key == key && (o.aliased || by_name);
            if let Some(output) = outputs.iter().find(counts) {
                pin_output(expr, output, ident.span);
                return;
            }
        }
        self.expr(expr);
    }

    /// ORDER BY of VALUES and set operations: outputs and positions, on SQLite outputs of any arm.
    pub(super) fn order_of_outputs(
        &mut self,
        items: &mut [OrderItem],
        outputs: &[Output<'a>],
        others: &[Vec<Output<'a>>],
    ) {
        if items.is_empty() || outputs.iter().any(|o| o.key == "*") {
            return;
        }
        for item in items {
            if self.position(&item.expr, outputs) {
                continue;
            }
            let Some(key) = self.last_name(&item.expr) else {
                self.order_over_outputs(&mut item.expr, outputs);
                continue;
            };
            let any_arm = self.engine == Engine::Sqlite;
            let at = outputs.iter().position(|o| o.key == key).or_else(|| {
                any_arm.then(|| others.iter().find_map(|arm| arm.iter().position(|o| o.key == key)))?
            });
            match at.and_then(|at| outputs.get(at)) {
                Some(output) => {
                    let span = span_of(&item.expr);
                    pin_output(&mut item.expr, output, span);
                }
                None => self.order_over_outputs(&mut item.expr, outputs),
            }
        }
    }

    /// An expression over outputs: PostgreSQL refuses it after set operations, the others know outputs alone.
    fn order_over_outputs(&mut self, expr: &mut Expr, outputs: &[Output<'a>]) {
        let fields = outputs
            .iter()
            .map(|o| super::scope::Field { name: o.name.clone(), key: o.key.clone(), info: o.info.clone() })
            .collect();
        let entry = super::scope::Entry { fields, ..Default::default() };
        self.scopes.push(Scope { names: Namespace::of(entry), ..Scope::default() });
        self.expr(expr);
        self.scopes.pop();
    }

    fn last_name(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Column(name) if name.0.len() == 1 || self.engine == Engine::Sqlite => {
                name.last().map(|i| self.key(i))
            }
            _ => None,
        }
    }

    fn bare_name(&self, expr: &Expr) -> Option<(Ident, String)> {
        match expr {
            Expr::Column(name) => match name.0.as_slice() {
                [ident] => Some((ident.clone(), self.key(ident))),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the expression is a position; one that does not exist is refused.
    fn position(&mut self, expr: &Expr, outputs: &[Output<'a>]) -> bool {
        let Expr::Literal(Literal::Number(digits), span) = expr else { return false };
        let Ok(position) = digits.parse::<usize>() else { return false };
        let opaque = outputs.iter().any(|o| o.key == "*");
        if !opaque && (position == 0 || position > outputs.len()) {
            let message = format!("there is no output column {position}");
            let hint = format!("positions go from 1 to {}", outputs.len());
            self.refuse(Finding::new(Code::G105, message).at(*span).subject(digits).hint(hint));
        }
        true
    }
}

fn pin_output(expr: &mut Expr, output: &Output<'_>, span: crate::tree::Span) {
    let ident = Ident { value: output.name.clone(), quoted: true, span };
    *expr = Expr::Column(crate::tree::ObjectName(vec![ident]));
}

fn span_of(expr: &Expr) -> crate::tree::Span {
    match expr {
        Expr::Column(name) => name.span(),
        _ => crate::tree::Span::default(),
    }
}
