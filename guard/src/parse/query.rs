//! Queries, set operations, WITH, ORDER BY and LIMIT.

use catalog::Engine;
use sqlparser::ast;

use super::refuse::{self, unproven};
use super::{Converter, prepass};
use crate::finding::Finding;
use crate::tree::{Cte, Expr, Literal, OrderItem, Query, SetExpr, SetOp, Tail, Walk};

impl Converter<'_> {
    /// A query inside another, or a whole statement of an engine where that is the same.
    pub(super) fn query(&self, query: ast::Query) -> Result<Query, Finding> {
        let query = self.whole_query(query)?;
        self.check_nested(&query)?;
        Ok(query)
    }

    pub(super) fn whole_query(&self, query: ast::Query) -> Result<Query, Finding> {
        let ast::Query {
            with,
            mut body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if !locks.is_empty() {
            return Err(refuse::writes("FOR UPDATE or FOR SHARE"));
        }
        let tail = self.for_clause(for_clause)?;
        refuse_some(settings.is_some(), "SETTINGS")?;
        refuse_some(format_clause.is_some(), "FORMAT")?;
        refuse_some(!pipe_operators.is_empty(), "A pipe operator")?;
        let (recursive, with) = match with {
            Some(with) => self.with(with)?,
            None => (false, Vec::new()),
        };
        let top = match body.as_mut() {
            ast::SetExpr::Select(select) if self.mssql() => select.top.take(),
            _ => None,
        };
        let body = self.set_expr(*body)?;
        let order_by = self.order_by_clause(order_by)?;
        let (limit, offset) = self.limit(limit_clause)?;
        let strict = self.sqlite() || self.mysql();
        refuse_some(strict && offset.is_some() && limit.is_none(), "OFFSET without LIMIT")?;
        if self.mysql() {
            refuse_some(limit.as_deref().is_some_and(|l| !is_count(l)), "LIMIT with anything but a number")?;
            refuse_some(
                offset.as_deref().is_some_and(|o| !is_count(o)),
                "OFFSET with anything but a number",
            )?;
        }
        let mut out = Query { recursive, with, body, order_by, limit, offset, with_ties: false, tail };
        if let Some(fetch) = fetch {
            self.fetch(fetch, &mut out)?;
        }
        if let Some(top) = top {
            self.top(top, &mut out)?;
        }
        self.check_paging(&out)?;
        Ok(flatten(out))
    }

    pub(super) fn with(&self, with: ast::With) -> Result<(bool, Vec<Cte>), Finding> {
        let ast::With { with_token: _, recursive, cte_tables } = with;
        let mut ctes = Vec::with_capacity(cte_tables.len());
        for cte in cte_tables {
            if !self.walk(&cte, &mut ctes, recursive)? {
                ctes.push(self.cte(cte)?);
            }
        }
        Ok((recursive, ctes))
    }

    fn cte(&self, cte: ast::Cte) -> Result<Cte, Finding> {
        let ast::Cte { alias, query, from, materialized, closing_paren_token: _ } = cte;
        refuse_some(from.is_some(), "FROM after a common table expression")?;
        let ast::TableAlias { explicit: _, mut name, columns, at } = alias;
        refuse_some(at.is_some(), "AT after a common table expression")?;
        let mut materialized = materialized.map(|m| match m {
            ast::CteAsMaterialized::Materialized => true,
            ast::CteAsMaterialized::NotMaterialized => false,
        });
        if let Some(rest) = name.value.strip_prefix(prepass::CTE) {
            let (kind, real) = rest.split_once(':').unwrap_or(("", rest));
            materialized = Some(kind == "yes");
            name.value = real.to_owned();
        }
        refuse_some((self.mysql() || self.mssql()) && materialized.is_some(), "MATERIALIZED")?;
        let mut names = Vec::with_capacity(columns.len());
        for ast::TableAliasColumnDef { name, data_type } in columns {
            refuse_some(data_type.is_some(), "A type in a list of column aliases")?;
            names.push(self.ident(name)?);
        }
        let (name, query) = (self.ident(name)?, self.query(*query)?);
        Ok(Cte { name, columns: names, materialized, query, walk: Walk::default() })
    }

    fn set_expr(&self, body: ast::SetExpr) -> Result<SetExpr, Finding> {
        match body {
            ast::SetExpr::Select(select) if self.mssql() => self.topped(*select),
            ast::SetExpr::Select(select) => self.select(*select).map(|s| SetExpr::Select(Box::new(s))),
            ast::SetExpr::Query(query) => {
                let query = self.query(*query)?;
                if is_bare(&query) {
                    return Ok(query.body);
                }
                let sorted = !query.order_by.is_empty() || query.tail.output.is_some();
                refuse_some(self.mssql() && sorted, "ORDER BY or FOR inside a set operation")?;
                refuse_some(self.sqlite(), "A query in parentheses inside a set operation")?;
                Ok(SetExpr::Query(Box::new(query)))
            }
            ast::SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let left = self.set_expr(*left)?;
                self.set_operation(left, op, set_quantifier, *right)
            }
            ast::SetExpr::Values(_) if self.mssql() => Err(unproven("VALUES outside of FROM")),
            ast::SetExpr::Values(values) => self.values(values),
            ast::SetExpr::Insert(s)
            | ast::SetExpr::Update(s)
            | ast::SetExpr::Delete(s)
            | ast::SetExpr::Merge(s) => Err(refuse::statement(&s)),
            ast::SetExpr::Table(_) => Err(unproven("TABLE here")),
        }
    }

    /// One set operation. SQLite has no precedence among them: `a UNION b INTERSECT c` is read from the left.
    fn set_operation(
        &self,
        left: SetExpr,
        op: ast::SetOperator,
        quantifier: ast::SetQuantifier,
        right: ast::SetExpr,
    ) -> Result<SetExpr, Finding> {
        match right {
            ast::SetExpr::SetOperation { left: middle, op: next, set_quantifier, right } if self.sqlite() => {
                let left = self.set_operation(left, op, quantifier, *middle)?;
                self.set_operation(left, next, set_quantifier, *right)
            }
            right => {
                let (op, all) = self.set_op(op, quantifier)?;
                let right = Box::new(self.set_expr(right)?);
                Ok(SetExpr::SetOp { op, all, left: Box::new(left), right })
            }
        }
    }

    fn set_op(&self, op: ast::SetOperator, quantifier: ast::SetQuantifier) -> Result<(SetOp, bool), Finding> {
        let all = match quantifier {
            ast::SetQuantifier::All => true,
            ast::SetQuantifier::None => false,
            ast::SetQuantifier::Distinct if !self.sqlite() && !self.mssql() => false,
            ast::SetQuantifier::Distinct
            | ast::SetQuantifier::ByName
            | ast::SetQuantifier::AllByName
            | ast::SetQuantifier::DistinctByName => return Err(unproven("This kind of set operation")),
        };
        let op = match op {
            ast::SetOperator::Union => SetOp::Union,
            ast::SetOperator::Except => SetOp::Except,
            ast::SetOperator::Intersect => SetOp::Intersect,
            ast::SetOperator::Minus => return Err(unproven("MINUS")),
        };
        let once = self.sqlite() || self.mssql();
        refuse_some(once && all && op != SetOp::Union, "INTERSECT ALL or EXCEPT ALL")?;
        Ok((op, all))
    }

    pub(super) fn values(&self, values: ast::Values) -> Result<SetExpr, Finding> {
        let ast::Values { explicit_row, value_keyword, rows } = values;
        let row = self.engine == Engine::Mysql;
        refuse_some(explicit_row != row, if row { "VALUES without ROW" } else { "VALUES ROW" })?;
        refuse_some(value_keyword, "VALUE instead of VALUES")?;
        let mut out = Vec::with_capacity(rows.len());
        for ast::Parens { opening_token: _, content, closing_token: _ } in rows {
            refuse_some(content.is_empty(), "An empty row")?;
            out.push(self.exprs(content)?);
        }
        Ok(SetExpr::Values(out))
    }

    fn order_by_clause(&self, order_by: Option<ast::OrderBy>) -> Result<Vec<OrderItem>, Finding> {
        let Some(ast::OrderBy { kind, interpolate }) = order_by else { return Ok(Vec::new()) };
        refuse_some(interpolate.is_some(), "INTERPOLATE")?;
        match kind {
            ast::OrderByKind::All(_) => Err(unproven("ORDER BY ALL")),
            ast::OrderByKind::Expressions(items) => self.order_items(items),
        }
    }

    pub(super) fn order_items(&self, items: Vec<ast::OrderByExpr>) -> Result<Vec<OrderItem>, Finding> {
        items.into_iter().map(|item| self.order_item(item)).collect()
    }

    fn order_item(&self, item: ast::OrderByExpr) -> Result<OrderItem, Finding> {
        let ast::OrderByExpr { expr, options: ast::OrderByOptions { sort, nulls_first }, with_fill } = item;
        refuse_some(with_fill.is_some(), "WITH FILL")?;
        let asc = match sort {
            None => None,
            Some(ast::OrderBySort::Asc) => Some(true),
            Some(ast::OrderBySort::Desc) => Some(false),
            Some(ast::OrderBySort::Using(_)) => return Err(unproven("ORDER BY ... USING")),
        };
        let never = self.mysql() || self.mssql();
        refuse_some(never && nulls_first.is_some(), "NULLS FIRST or NULLS LAST")?;
        Ok(OrderItem { expr: self.plain(expr)?, asc, nulls_first })
    }

    fn limit(&self, clause: Option<ast::LimitClause>) -> Result<Limits, Finding> {
        match clause {
            None => Ok((None, None)),
            Some(ast::LimitClause::LimitOffset { limit, offset, limit_by }) => {
                refuse_some(!limit_by.is_empty(), "LIMIT BY")?;
                refuse_some(self.mssql() && limit.is_some(), "LIMIT")?;
                let limit = limit.map(|l| self.expr(l)).transpose()?;
                let offset = match offset {
                    None => None,
                    Some(ast::Offset { value, rows: _ }) => Some(self.expr(value)?),
                };
                Ok((limit.filter(|l| !is_null(l)).map(Box::new), offset.map(Box::new)))
            }
            Some(ast::LimitClause::OffsetCommaLimit { offset, limit }) => {
                refuse_some(self.postgres() || self.mssql(), "LIMIT offset, count")?;
                Ok((Some(Box::new(self.expr(limit)?)), Some(Box::new(self.expr(offset)?))))
            }
        }
    }

    fn fetch(&self, fetch: ast::Fetch, out: &mut Query) -> Result<(), Finding> {
        let ast::Fetch { with_ties, percent, quantity } = fetch;
        refuse_some(percent, "FETCH ... PERCENT")?;
        refuse_some(!self.postgres() && !self.mssql(), "FETCH FIRST")?;
        refuse_some(out.limit.is_some(), "LIMIT together with FETCH")?;
        let bare = out.offset.is_none() || with_ties;
        refuse_some(self.mssql() && bare, "FETCH without OFFSET")?;
        let one = || Expr::Literal(Literal::Number("1".to_owned()), Default::default());
        let quantity = quantity.map(|q| self.expr(q)).transpose()?;
        let quantity = quantity.unwrap_or_else(one);
        refuse_some(
            !matches!(quantity, Expr::Literal(Literal::Number(_), _)),
            "FETCH of something other than a number",
        )?;
        out.limit = Some(Box::new(quantity));
        out.with_ties = with_ties;
        Ok(())
    }
}

type Limits = (Option<Box<Expr>>, Option<Box<Expr>>);

/// A number of rows, or a parameter in its place.
fn is_count(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(Literal::Number(digits), _) => digits.bytes().all(|b| b.is_ascii_digit()),
        Expr::Param(_) => true,
        _ => false,
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(Literal::Null, _))
}

/// A query that only wraps another in parentheses is that query: `(SELECT 1)` is `SELECT 1`.
fn flatten(mut query: Query) -> Query {
    if !is_bare(&query) {
        return query;
    }
    match query.body {
        SetExpr::Query(inner) => *inner,
        body => {
            query.body = body;
            query
        }
    }
}

/// Refuses a form when it is there.
pub(super) fn refuse_some(there: bool, what: &str) -> Result<(), Finding> {
    if there { Err(unproven(what)) } else { Ok(()) }
}

/// Whether a query is its body alone.
fn is_bare(query: &Query) -> bool {
    query.with.is_empty()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.tail == Tail::default()
}
