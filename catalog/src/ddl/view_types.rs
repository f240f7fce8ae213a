//! The output columns of a view's query, by each engine's rules of names; `view_exprs` tells their types.

use std::collections::HashMap;

use sqlparser::ast::{
    Cte, Expr, Ident, JoinConstraint, JoinOperator, ObjectName as AstName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableAliasColumnDef, TableFactor,
};

use super::builder::Builder;
use super::cursor::ObjectName;
use super::view_exprs::function_name;
use crate::{Column, Engine};

/// Columns of the common table expressions in scope.
type Ctes = HashMap<String, Vec<Column>>;

/// Works out the columns of queries over what has been read.
pub(super) struct Resolver<'b> {
    pub builder: &'b Builder,
    pub default_schema: &'b str,
}

/// One relation of a FROM clause; `hidden` columns are merged into an earlier one by USING.
pub(super) struct Source {
    name: String,
    columns: Vec<Column>,
    hidden: Vec<String>,
}

impl Resolver<'_> {
    pub(super) fn engine(&self) -> Engine {
        self.builder.engine
    }

    fn stored(&self, ident: &Ident) -> String {
        match self.engine() {
            Engine::Postgres => self.engine().fold(&ident.value, ident.quote_style.is_some()),
            _ => ident.value.clone(),
        }
    }

    fn key(&self, name: &str) -> String {
        self.engine().stored_key(name)
    }

    /// Output columns; `None` where a wildcard stands for a relation that nobody knows.
    pub fn query(&self, query: &Query, outer: &Ctes) -> Option<Vec<Column>> {
        let mut ctes = outer.clone();
        for cte in query.with.iter().flat_map(|w| &w.cte_tables) {
            let columns = self.cte(cte, &ctes);
            ctes.insert(self.key(&self.stored(&cte.alias.name)), columns);
        }
        self.set(&query.body, &ctes)
    }

    /// A recursive one is seen through its first branch.
    fn cte(&self, cte: &Cte, ctes: &Ctes) -> Vec<Column> {
        let columns = self.query(&cte.query, ctes).unwrap_or_default();
        self.renamed(columns, Some(&cte.alias))
    }

    fn renamed(&self, mut columns: Vec<Column>, alias: Option<&TableAlias>) -> Vec<Column> {
        for (column, def) in columns.iter_mut().zip(alias.iter().flat_map(|a| &a.columns)) {
            column.name = self.stored(&def.name);
        }
        columns
    }

    fn set(&self, body: &SetExpr, ctes: &Ctes) -> Option<Vec<Column>> {
        match body {
            SetExpr::Select(select) => self.select(select, ctes),
            SetExpr::Query(query) => self.query(query, ctes),
            SetExpr::SetOperation { left, .. } => self.set(left, ctes),
            SetExpr::Values(values) => {
                let first = values.rows.first()?;
                let named =
                    first.iter().enumerate().map(|(i, e)| self.output(e, format!("column{}", i + 1), &[]));
                Some(named.collect())
            }
            _ => None,
        }
    }

    fn select(&self, select: &Select, ctes: &Ctes) -> Option<Vec<Column>> {
        let mut sources = Vec::new();
        for from in &select.from {
            self.add_source(&mut sources, &from.relation, ctes);
            for join in &from.joins {
                let before = sources.len();
                self.add_source(&mut sources, &join.relation, ctes);
                self.hide_merged(&mut sources, before, constraint(&join.join_operator));
            }
        }
        let mut out = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    out.push(self.output(expr, self.implied_name(expr), &sources))
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    out.push(self.output(expr, self.stored(alias), &sources));
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    out.extend(aliases.iter().map(|a| self.output(expr, self.stored(a), &sources)));
                }
                SelectItem::Wildcard(_) => self.expand(&mut out, sources.iter())?,
                SelectItem::QualifiedWildcard(kind, _) => {
                    let name = self.wildcard_of(kind)?;
                    self.expand(&mut out, sources.iter().filter(|s| s.name == name))?;
                }
            }
        }
        Some(out)
    }

    fn wildcard_of(&self, kind: &SelectItemQualifiedWildcardKind) -> Option<String> {
        match kind {
            SelectItemQualifiedWildcardKind::ObjectName(name) => Some(self.key(&self.object(name)?.name)),
            SelectItemQualifiedWildcardKind::Expr(_) => None,
        }
    }

    fn expand<'s>(&self, out: &mut Vec<Column>, sources: impl Iterator<Item = &'s Source>) -> Option<()> {
        let mut any = false;
        for source in sources {
            any = true;
            if source.columns.is_empty() {
                return None;
            }
            let shown = source.columns.iter().filter(|c| !source.hidden.contains(&self.key(&c.name)));
            out.extend(shown.map(|c| view_column(c, c.name.clone())));
        }
        any.then_some(())
    }

    fn object(&self, name: &AstName) -> Option<ObjectName> {
        let mut parts = name.0.iter().rev().filter_map(|p| p.as_ident()).map(|i| self.stored(i));
        let name = parts.next()?;
        Some(ObjectName { schema: parts.next(), name })
    }

    fn add_source(&self, sources: &mut Vec<Source>, factor: &TableFactor, ctes: &Ctes) {
        let (columns, own, alias) = match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let Some(object) = self.object(name) else { return };
                let columns = match args {
                    Some(_) => self.declared(alias.as_ref()),
                    None => self.relation(&object, ctes),
                };
                (columns, object.name, alias.as_ref())
            }
            TableFactor::Derived { subquery, alias, .. } => {
                (self.query(subquery, ctes).unwrap_or_default(), String::new(), alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                self.add_source(sources, &table_with_joins.relation, ctes);
                for join in &table_with_joins.joins {
                    let before = sources.len();
                    self.add_source(sources, &join.relation, ctes);
                    self.hide_merged(sources, before, constraint(&join.join_operator));
                }
                return;
            }
            TableFactor::Function { alias, .. } | TableFactor::TableFunction { alias, .. } => {
                (self.declared(alias.as_ref()), String::new(), alias.as_ref())
            }
            _ => (Vec::new(), String::new(), None),
        };
        let name = alias.map_or(own, |a| self.stored(&a.name));
        let columns = self.renamed(columns, alias);
        sources.push(Source { name: self.key(&name), columns, hidden: Vec::new() });
    }

    /// The columns that an alias gives a function's rows: `f(...) AS t(a int, b text)`.
    fn declared(&self, alias: Option<&TableAlias>) -> Vec<Column> {
        let defs = alias.iter().flat_map(|a| &a.columns);
        let column = |def: &TableAliasColumnDef| {
            let typed = def.data_type.as_ref().map(|t| self.of_type(t)).unwrap_or_default();
            view_column(&typed, self.stored(&def.name))
        };
        defs.map(column).collect()
    }

    fn relation(&self, name: &ObjectName, ctes: &Ctes) -> Vec<Column> {
        if name.schema.is_none()
            && let Some(columns) = ctes.get(&self.key(&name.name))
        {
            return columns.clone();
        }
        let in_default = ObjectName {
            schema: Some(name.schema.clone().unwrap_or_else(|| self.default_schema.to_owned())),
            name: name.name.clone(),
        };
        let table = self.builder.table(&in_default).or_else(|| self.builder.table(name));
        table.map(|t| t.columns.clone()).unwrap_or_default()
    }

    fn hide_merged(&self, sources: &mut [Source], before: usize, constraint: Option<&JoinConstraint>) {
        let (left, right) = sources.split_at_mut(before.min(sources.len()));
        let merged = match constraint {
            Some(JoinConstraint::Using(names)) => {
                names.iter().filter_map(|n| self.object(n)).map(|n| self.key(&n.name)).collect()
            }
            Some(JoinConstraint::Natural) => {
                left.iter().flat_map(|s| &s.columns).map(|c| self.key(&c.name)).collect()
            }
            _ => Vec::new(),
        };
        for source in right {
            source.hidden.clone_from(&merged);
        }
    }

    /// The name of an expression without alias.
    fn implied_name(&self, expr: &Expr) -> String {
        match expr {
            Expr::Identifier(ident) => self.stored(ident),
            Expr::CompoundIdentifier(parts) => parts.last().map(|i| self.stored(i)).unwrap_or_default(),
            Expr::Nested(inner) if self.engine() == Engine::Postgres => self.implied_name(inner),
            Expr::Cast { expr, .. } if self.engine() == Engine::Postgres => self.implied_name(expr),
            Expr::Function(f) if self.engine() == Engine::Postgres => function_name(f),
            Expr::Case { .. } if self.engine() == Engine::Postgres => "case".to_owned(),
            Expr::Exists { .. } if self.engine() == Engine::Postgres => "exists".to_owned(),
            _ if self.engine() == Engine::Postgres => "?column?".to_owned(),
            other => other.to_string(),
        }
    }

    fn output(&self, expr: &Expr, name: String, sources: &[Source]) -> Column {
        view_column(&self.typed(expr, sources, 0), name)
    }

    pub(super) fn find(
        &self,
        qualifier: Option<&Ident>,
        ident: &Ident,
        sources: &[Source],
    ) -> Option<Column> {
        let qualifier = qualifier.map(|q| self.key(&self.stored(q)));
        let key = self.key(&self.stored(ident));
        let in_scope = sources.iter().filter(|s| qualifier.as_ref().is_none_or(|q| *q == s.name));
        in_scope.flat_map(|s| &s.columns).find(|c| self.key(&c.name) == key).cloned()
    }
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(c)
        | JoinOperator::Inner(c)
        | JoinOperator::Left(c)
        | JoinOperator::LeftOuter(c)
        | JoinOperator::Right(c)
        | JoinOperator::RightOuter(c)
        | JoinOperator::FullOuter(c)
        | JoinOperator::CrossJoin(c)
        | JoinOperator::StraightJoin(c) => Some(c),
        _ => None,
    }
}

/// A view's column: type and comment of its source, without what belongs to the stored column alone.
fn view_column(source: &Column, name: String) -> Column {
    Column {
        name,
        native_type: source.native_type.clone(),
        class: source.class,
        element: source.element,
        enum_labels: source.enum_labels.clone(),
        nullable: true,
        ..Column::default()
    }
}
