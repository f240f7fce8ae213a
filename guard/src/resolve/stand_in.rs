//! Stand-ins: a table of which the caller sees less than there is becomes a sub-query that gives what is left.
//!
//! It takes the table's place in FROM, under its name or alias, so that masks and filters hold under every way of
//! reaching the table, and whatever it leaves out does not exist for the server either. Nothing in the statement can
//! name the table itself: the sub-query is made after its name was looked up, and its own names are qualified.

use std::rc::Rc;

use catalog::{Engine, Table};

use crate::finding::{Code, Finding};
use crate::policy::How;
use crate::tree::{
    Cte, Expr, FromItem, Ident, Literal, ObjectName, Query, Select, SelectItem, SetExpr, Span, TableAlias,
    UnaryOp, Walk,
};

use super::Resolver;
use super::views::View;
use super::{filter, mask};

/// The conditions of a table's rows.
#[derive(Debug, Clone)]
pub(super) enum Filter {
    /// None: all rows are seen.
    No,
    /// Resolved, over the table's own name.
    Where(Rc<Expr>),
    /// The policy is at fault.
    Broken(String),
}

impl<'a> Resolver<'a, '_> {
    /// The sub-query that takes the table's place, where the caller does not see all of it.
    pub(super) fn stand_in(&mut self, table: &'a Table, span: Span) -> Option<Query> {
        if !self.rewriting || !self.policy.rewrites() {
            return None;
        }
        let readable = self.readable;
        let view = match readable.visibility().view_allowed(table) {
            true => None,
            false => readable.view(table).filter(|v| v.altered.is_some()),
        };
        if view.is_none() && readable.visibility().whole(table) {
            return None;
        }
        // a filter of the documents around an array names their collection, too
        let named = std::iter::once(&table.name).chain(table.nested.as_ref().map(|n| &n.collection));
        let taken = |name: &&String| self.ctes.iter().any(|c| c.key == self.engine.stored_key(name));
        if let Some(name) = named.into_iter().find(taken).filter(|_| table.schema.is_empty()) {
            let message = format!("{name} is the name of a table and of a WITH");
            self.refuse(Finding::new(Code::G400, message).at(span).hint("give the WITH another name"));
        }
        self.altered |= view.is_some() || readable.visibility().alters(table);
        let selection = match readable.filter(table, || filter::of(self.catalog, readable, table)) {
            Filter::No => None,
            Filter::Where(condition) => Some(condition.as_ref().clone()),
            Filter::Broken(why) => {
                self.broken_filter(table, &why, span);
                None
            }
        };
        if selection.is_some() {
            self.filtered.insert((table.schema.clone(), table.name.clone()));
        }
        let items = self.left_over(table, view.as_deref(), span);
        let from = vec![source(self.engine, table, view.as_deref())];
        let fenced = selection.is_some();
        let select = Select { items, from, selection, ..Select::default() };
        let mut query = Query { body: SetExpr::Select(Box::new(select)), ..Query::default() };
        if fenced {
            fence(&mut query, self.engine);
        }
        Some(query)
    }

    fn broken_filter(&mut self, table: &Table, why: &str, span: Span) {
        let message = format!("the policy's row filter for {} cannot be applied: {why}", table.name);
        let hint = "whoever keeps the policy has to correct it";
        self.refuse(Finding::new(Code::G400, message).at(span).subject(&table.name).hint(hint));
    }

    /// The columns that the caller sees, masked where they are.
    fn left_over(&mut self, table: &'a Table, view: Option<&View<'a>>, span: Span) -> Vec<SelectItem> {
        let mut items = Vec::with_capacity(table.columns.len());
        for (index, column) in table.columns.iter().enumerate() {
            if !self.readable.column(table, column) {
                continue;
            }
            let expr = Expr::Column(ObjectName::quoted([table.name.as_str(), column.name.as_str()]));
            let item = match self.mask_of(table, index, view) {
                None => SelectItem::Expr { expr, alias: None },
                Some(how) => {
                    let masked = mask::over(self.engine, how, expr);
                    if masked.is_none() {
                        self.broken_mask(table, &column.name, span);
                    }
                    let null = || Expr::Literal(Literal::Null, Span::default());
                    let alias = Some(Ident::quoted(column.name.clone()));
                    SelectItem::Expr { expr: masked.unwrap_or_else(null), alias }
                }
            };
            items.push(item);
        }
        items
    }

    /// What is still to be done to a column; a view's may be masked below already.
    pub(super) fn mask_of(&self, table: &Table, index: usize, view: Option<&View<'a>>) -> Option<How> {
        let how = self.readable.visibility().mask(table, table.columns.get(index)?)?;
        let below = view.and_then(|v| v.columns.get(index)).and_then(|info| info.masked);
        (below != Some(how) && below.is_none_or(|b| b.stricter(how) == how)).then_some(how)
    }

    fn broken_mask(&mut self, table: &Table, column: &str, span: Span) {
        let message = format!(
            "the policy's mask of {}.{column} cannot be applied: {} has no function for it",
            table.name, self.engine
        );
        let hint = "whoever keeps the policy has to choose another mask";
        self.refuse(Finding::new(Code::G400, message).at(span).subject(column).hint(hint));
    }
}

/// What the stand-in reads: the table by its full name, or the checked query of a view under the view's name.
fn source(engine: Engine, table: &Table, view: Option<&View<'_>>) -> FromItem {
    let Some(query) = view.and_then(|v| v.altered.clone()) else {
        let parts = [table.schema.as_str(), table.name.as_str()];
        let name = ObjectName::quoted(parts.into_iter().filter(|p| !p.is_empty()));
        return FromItem::Table { name, alias: None };
    };
    let columns: Vec<Ident> = table.columns.iter().map(|c| Ident::quoted(c.name.clone())).collect();
    let name = Ident::quoted(table.name.clone());
    if matches!(engine, Engine::Postgres | Engine::Mssql | Engine::Mongodb) {
        let alias = Some(TableAlias { name, columns });
        return FromItem::Derived { lateral: false, query: Box::new(query), alias };
    }
    // no list of column aliases behind a sub-query there, but behind the name of a common table expression
    let from = vec![FromItem::Table { name: ObjectName(vec![name.clone()]), alias: None }];
    let items = columns.iter().map(|c| {
        let expr = Expr::Column(ObjectName(vec![name.clone(), c.clone()]));
        SelectItem::Expr { expr, alias: None }
    });
    let select = Select { items: items.collect(), from, ..Select::default() };
    let with = vec![Cte { name: name.clone(), columns, materialized: None, query, walk: Walk::default() }];
    let query = Query { with, body: SetExpr::Select(Box::new(select)), ..Query::default() };
    let alias = Some(TableAlias { name, columns: Vec::new() });
    FromItem::Derived { lateral: false, query: Box::new(query), alias }
}

/// Keeps the server from moving a condition of the statement into the stand-in, where it would be tried on rows that
/// the filter takes out: an error it raises there (a division by zero, a failing cast) would tell of them. No server
/// moves conditions past a limit, as that would change which rows are within it.
fn fence(query: &mut Query, engine: Engine) {
    let number = |digits: &str| Box::new(Expr::Literal(Literal::Number(digits.to_owned()), Span::default()));
    match engine {
        // OFFSET 0: `is_simple_subquery` and `subquery_is_pushdown_safe` of its planner
        Engine::Postgres => query.offset = Some(number("0")),
        // no limit: rules 3 and 19 of its query flattener, rule 3 of its WHERE push-down
        Engine::Sqlite => {
            query.limit = Some(Box::new(Expr::Unary { op: UnaryOp::Minus, expr: number("1") }));
        }
        // LIMIT keeps a derived table from being merged and from taking conditions ("Derived Condition Pushdown
        // Optimization"); all rows are said by the largest number
        Engine::Mysql | Engine::Mariadb => query.limit = Some(number("18446744073709551615")),
        // TOP of the largest bigint; a percentage would be optimised away
        Engine::Mssql | Engine::Mongodb => query.limit = Some(number("9223372036854775807")),
    }
}
