//! Queries: WITH, set operations, ORDER BY and paging.

use sqlparser::ast::{
    Cte, Expr, ForClause, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Query, SetExpr,
    SetOperator, SetQuantifier, Values,
};

use super::kind::common;
use super::scope::{Scope, Writer, quote};
use crate::error::{Result, SqlError};
use crate::wire::row::Column;

/// SQLite's text of a query, and the columns of its result.
pub(crate) type Written = (String, Vec<Column>);

/// OFFSET and FETCH or TOP.
#[derive(Default)]
pub(crate) struct Paging {
    pub(crate) limit: Option<String>,
    pub(crate) offset: Option<String>,
}

impl Paging {
    pub(crate) fn text(&self) -> String {
        match (&self.limit, &self.offset) {
            (None, None) => String::new(),
            (Some(limit), None) => format!(" LIMIT {limit}"),
            (limit, Some(offset)) => format!(" LIMIT {} OFFSET {offset}", limit.as_deref().unwrap_or("-1")),
        }
    }
}

impl Writer<'_> {
    /// Writes a query.
    pub(crate) fn query(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Result<Written> {
        if !matches!(query.for_clause, None | Some(ForClause::Browse)) {
            return Err(SqlError::unserved("FOR JSON and FOR XML"));
        }
        let known = self.with.len();
        let mut text = String::new();
        if let Some(with) = &query.with {
            let ctes = with.cte_tables.iter().map(|cte| self.cte(cte, outer)).collect::<Result<Vec<_>>>()?;
            text = format!("WITH RECURSIVE {} ", ctes.join(", "));
        }
        let written = self.body(query, outer);
        self.with.truncate(known);
        let (body, columns) = written?;
        Ok((text + &body, columns))
    }

    fn body(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Result<Written> {
        let paging = self.paging(query, outer)?;
        if let SetExpr::Select(select) = &*query.body {
            return self.select(select, query.order_by.as_ref(), paging, outer);
        }
        let (mut text, columns) = self.set_expr(&query.body, outer)?;
        if let Some(order) = &query.order_by {
            let scope = Scope { outputs: columns.clone(), outer, ..Scope::default() };
            text += &self.order_by(order, &scope)?;
        }
        Ok((text + &paging.text(), columns))
    }

    fn paging(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Result<Paging> {
        let nothing = Scope::default();
        let scope = outer.unwrap_or(&nothing);
        let mut paging = Paging::default();
        if let Some(LimitClause::LimitOffset { offset: Some(offset), .. }) = &query.limit_clause {
            paging.offset = Some(self.expr(&offset.value, scope)?.sql);
        }
        if let Some(quantity) = query.fetch.as_ref().and_then(|f| f.quantity.as_ref()) {
            paging.limit = Some(self.expr(quantity, scope)?.sql);
        }
        Ok(paging)
    }

    fn cte(&mut self, cte: &Cte, outer: Option<&Scope<'_>>) -> Result<String> {
        let name = cte.alias.name.value.clone();
        let names: Vec<&str> = cte.alias.columns.iter().map(|c| c.name.value.as_str()).collect();
        let renamed = |mut columns: Vec<Column>| {
            columns.iter_mut().zip(&names).for_each(|(c, n)| (*n).clone_into(&mut c.name));
            columns
        };
        let lower = name.to_lowercase();
        let first = first_arm(&cte.query.body);
        let own = self.with.len();
        // the first arm cannot name the table itself, so it says what the columns are
        if let (true, Some(first)) = (mentions(&cte.query, &lower), first) {
            let (_, columns) = self.set_expr(first, outer)?;
            self.with.push((lower.clone(), renamed(columns)));
        }
        let (text, columns) = self.query(&cte.query, outer)?;
        let columns = renamed(columns);
        let list: Vec<String> = columns.iter().map(|c| quote(&c.name)).collect();
        self.with.truncate(own);
        self.with.push((lower, columns));
        Ok(format!("{}({}) AS ({text})", quote(&name), list.join(", ")))
    }

    fn set_expr(&mut self, body: &SetExpr, outer: Option<&Scope<'_>>) -> Result<Written> {
        match body {
            SetExpr::Select(select) => self.select(select, None, Paging::default(), outer),
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::Values(values) => self.values(values, outer),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let word = match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::All) => "UNION ALL",
                    (SetOperator::Union, _) => "UNION",
                    (SetOperator::Except, _) => "EXCEPT",
                    (SetOperator::Intersect, _) => "INTERSECT",
                    (SetOperator::Minus, _) => return Err(SqlError::syntax("MINUS")),
                };
                let (a, columns) = self.arm(left, outer)?;
                let (b, others) = self.arm(right, outer)?;
                if columns.len() != others.len() {
                    let said = "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal \
                                number of expressions in their target lists.";
                    return Err(SqlError::new(205, said));
                }
                let both = columns.into_iter().zip(others).map(|(c, d)| Column {
                    ty: common(&c.ty, &d.ty),
                    nullable: c.nullable || d.nullable,
                    identity: false,
                    name: c.name,
                });
                Ok((format!("{a} {word} {b}"), both.collect()))
            }
            _ => Err(SqlError::unserved("this part of a set operation")),
        }
    }

    /// One arm: SQLite takes no brackets around it, and no ORDER BY or LIMIT in it.
    fn arm(&mut self, body: &SetExpr, outer: Option<&Scope<'_>>) -> Result<Written> {
        let (text, columns) = self.set_expr(body, outer)?;
        let plain = match body {
            SetExpr::Select(select) => select.top.is_none(),
            SetExpr::SetOperation { .. } => false,
            _ => false,
        };
        let left_chain = matches!(body, SetExpr::SetOperation { .. });
        Ok(if plain || (left_chain && !text.contains("INTERSECT") && !text.contains("EXCEPT")) {
            (text, columns)
        } else {
            (format!("SELECT * FROM ({text})"), columns)
        })
    }

    fn values(&mut self, values: &Values, outer: Option<&Scope<'_>>) -> Result<Written> {
        let nothing = Scope::default();
        let scope = outer.unwrap_or(&nothing);
        let mut columns: Vec<Column> = Vec::new();
        let mut rows = Vec::new();
        for row in &values.rows {
            let mut cells = Vec::new();
            for (at, expr) in row.content.iter().enumerate() {
                let ex = self.expr(expr, scope)?;
                match columns.get_mut(at) {
                    Some(column) if !ex.free => {
                        column.ty = common(&column.ty, &ex.ty);
                        column.nullable |= ex.nullable;
                    }
                    Some(column) => column.nullable = true,
                    None => columns.push(Column {
                        nullable: ex.nullable,
                        ..Column::new(format!("column{}", at + 1), ex.ty.clone())
                    }),
                }
                cells.push(ex.sql);
            }
            rows.push(format!("({})", cells.join(", ")));
        }
        Ok((format!("VALUES {}", rows.join(", ")), columns))
    }

    /// ` ORDER BY ...`.
    pub(crate) fn order_by(&mut self, order: &OrderBy, scope: &Scope<'_>) -> Result<String> {
        let OrderByKind::Expressions(items) = &order.kind else { return Err(SqlError::syntax("ALL")) };
        let items = items.iter().map(|item| self.order_item(item, scope)).collect::<Result<Vec<_>>>()?;
        Ok(if items.is_empty() { String::new() } else { format!(" ORDER BY {}", items.join(", ")) })
    }

    pub(crate) fn order_item(&mut self, item: &OrderByExpr, scope: &Scope<'_>) -> Result<String> {
        let ex = self.expr(&item.expr, scope)?;
        let collated = if ex.ty.is_text() && !matches!(item.expr, Expr::Value(_)) {
            format!("{} COLLATE {}", ex.sql, ex.collation.unwrap_or("NOCASE"))
        } else {
            ex.sql
        };
        let direction = match item.options.sort {
            Some(OrderBySort::Desc) => " DESC",
            _ => "",
        };
        Ok(collated + direction)
    }
}

fn first_arm(body: &SetExpr) -> Option<&SetExpr> {
    match body {
        SetExpr::SetOperation { left, .. } => first_arm(left).or(Some(left)),
        _ => None,
    }
}

/// Whether a name stands anywhere in a query, which is what makes it look recursive.
fn mentions(query: &Query, lower: &str) -> bool {
    query.to_string().to_lowercase().contains(lower)
}
