//! SELECT: the select list, WHERE, grouping.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderBy, Select, SelectItem, SelectItemQualifiedWildcardKind, TopQuantity,
};

use super::from::names_of;
use super::query::{Paging, Written};
use super::scope::{Ex, Scope, Writer, quote};
use crate::error::{Result, SqlError};
use crate::wire::row::Column;

impl Writer<'_> {
    pub(crate) fn select(
        &mut self,
        select: &Select,
        order: Option<&OrderBy>,
        mut paging: Paging,
        outer: Option<&Scope<'_>>,
    ) -> Result<Written> {
        if select.into.is_some() {
            return Err(SqlError::unserved("SELECT INTO"));
        }
        let mut scope = Scope { outer, ..Scope::default() };
        let from = self.from(&select.from, &mut scope)?;
        let items = self.items(&select.projection, &scope)?;
        let mut text = String::from("SELECT ");
        if matches!(select.distinct, Some(Distinct::Distinct)) {
            text.push_str("DISTINCT ");
        }
        let list: Vec<String> = items
            .iter()
            .map(
                |(ex, name)| {
                    if name.is_empty() { ex.sql.clone() } else { format!("{} AS {}", ex.sql, quote(name)) }
                },
            )
            .collect();
        text += &list.join(", ");
        text += &from;
        if let Some(condition) = &select.selection {
            text += &format!(" WHERE {}", self.expr(condition, &scope)?.sql);
        }
        text += &self.group_by(&select.group_by, &scope)?;
        if let Some(condition) = &select.having {
            text += &format!(" HAVING {}", self.expr(condition, &scope)?.sql);
        }
        let columns: Vec<Column> = items
            .into_iter()
            .map(|(ex, name)| Column { name, ty: ex.ty, nullable: ex.nullable, identity: ex.identity })
            .collect();
        if let Some(top) = &select.top {
            if top.with_ties {
                return Err(SqlError::unserved("TOP ... WITH TIES"));
            }
            let quantity = match &top.quantity {
                Some(TopQuantity::Constant(n)) => n.to_string(),
                Some(TopQuantity::Expr(expr)) => self.expr(expr, &scope)?.sql,
                None => return Err(SqlError::syntax("TOP")),
            };
            paging.limit = Some(if top.percent {
                format!("(SELECT (COUNT(*) * {quantity} + 99) / 100 FROM ({text}))")
            } else {
                quantity
            });
        }
        if let Some(order) = order {
            scope.outputs.clone_from(&columns);
            text += &self.order_by(order, &scope)?;
        }
        Ok((text + &paging.text(), columns))
    }

    /// The select list with stars written out.
    fn items(&mut self, items: &[SelectItem], scope: &Scope<'_>) -> Result<Vec<(Ex, String)>> {
        let mut written = Vec::new();
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => written.push(self.item(expr, None, scope)?),
                SelectItem::ExprWithAlias { expr, alias } => {
                    written.push(self.item(expr, Some(&alias.value), scope)?);
                }
                SelectItem::Wildcard(_) if scope.sources.is_empty() => {
                    let said = "Must specify table to select from.";
                    return Err(SqlError::new(263, said));
                }
                SelectItem::Wildcard(_) => {
                    let all = scope.sources.iter().flat_map(|s| s.all());
                    written.extend(all.map(|(ex, column)| (ex, column.name.clone())));
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let names = names_of(name)?;
                    let source = scope.sources.iter().find(|s| {
                        let mut own = s.names.iter().rev();
                        names.iter().rev().all(|n| own.next().is_none_or(|o| o.eq_ignore_ascii_case(n)))
                    });
                    let source = source.ok_or_else(|| SqlError::no_column("*"))?;
                    written.extend(source.all().map(|(ex, column)| (ex, column.name.clone())));
                }
                _ => return Err(SqlError::unserved("an item of a select list")),
            }
        }
        Ok(written)
    }

    fn item(&mut self, expr: &Expr, alias: Option<&str>, scope: &Scope<'_>) -> Result<(Ex, String)> {
        // SELECT name = expression
        if let (Expr::BinaryOp { left, op: sqlparser::ast::BinaryOperator::Eq, right }, None) = (expr, alias)
            && let Expr::Identifier(name) = &**left
        {
            return self.item(right, Some(&name.value), scope);
        }
        let name = alias.map_or_else(|| own_name(expr), str::to_owned);
        Ok((self.expr(expr, scope)?, name))
    }

    fn group_by(&mut self, group: &GroupByExpr, scope: &Scope<'_>) -> Result<String> {
        let GroupByExpr::Expressions(list, modifiers) = group else {
            return Err(SqlError::unserved("GROUP BY ALL"));
        };
        if !modifiers.is_empty() {
            return Err(SqlError::unserved("GROUP BY with a modifier"));
        }
        let list = list.iter().map(|e| Ok(self.expr(e, scope)?.sql)).collect::<Result<Vec<_>>>()?;
        Ok(if list.is_empty() { String::new() } else { format!(" GROUP BY {}", list.join(", ")) })
    }
}

/// The name that a column of a result has by itself.
fn own_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(name) if !name.value.starts_with('@') => name.value.clone(),
        Expr::CompoundIdentifier(names) => names.last().map(|n| n.value.clone()).unwrap_or_default(),
        Expr::Nested(inner) => own_name(inner),
        _ => String::new(),
    }
}
