//! FROM: tables, sub-queries, table functions and joins.

use sqlparser::ast;

use super::Converter;
use super::query::refuse_some;
use super::refuse::unproven;
use crate::finding::Finding;
use crate::tree::{
    Arg, Call, Form, FormKind, FromItem, Ident, JoinKind, JoinOn, ObjectName, Query, Select, SelectItem,
    SetExpr, Span, TableAlias, TypeName,
};

/// An alias with the column types that a function's alias may carry.
type AliasParts = (Option<TableAlias>, Vec<(Ident, TypeName)>);

impl Converter<'_> {
    pub(super) fn table_with_joins(&self, item: ast::TableWithJoins) -> Result<FromItem, Finding> {
        let ast::TableWithJoins { relation, joins } = item;
        let mut left = self.table_factor(relation)?;
        for join in joins {
            left = self.join(left, join)?;
        }
        Ok(left)
    }

    fn join(&self, left: FromItem, join: ast::Join) -> Result<FromItem, Finding> {
        let ast::Join { relation, global, join_operator } = join;
        refuse_some(global, "GLOBAL JOIN")?;
        let (kind, constraint) = match join_operator {
            ast::JoinOperator::Join(c) | ast::JoinOperator::Inner(c) => (JoinKind::Inner, c),
            ast::JoinOperator::Left(c) | ast::JoinOperator::LeftOuter(c) => (JoinKind::Left, c),
            ast::JoinOperator::Right(c) | ast::JoinOperator::RightOuter(c) => (JoinKind::Right, c),
            ast::JoinOperator::FullOuter(c) => (JoinKind::Full, c),
            ast::JoinOperator::CrossJoin(c) => (JoinKind::Cross, c),
            // Says in which order to read, and changes no result.
            ast::JoinOperator::StraightJoin(c) if self.mysql() => (JoinKind::Inner, c),
            ast::JoinOperator::StraightJoin(_) => return Err(unproven("STRAIGHT_JOIN")),
            ast::JoinOperator::CrossApply if self.mssql() => {
                return self.apply(left, JoinKind::CrossApply, relation);
            }
            ast::JoinOperator::OuterApply if self.mssql() => {
                return self.apply(left, JoinKind::OuterApply, relation);
            }
            ast::JoinOperator::CrossApply | ast::JoinOperator::OuterApply => return Err(unproven("APPLY")),
            ast::JoinOperator::Semi(_)
            | ast::JoinOperator::LeftSemi(_)
            | ast::JoinOperator::RightSemi(_)
            | ast::JoinOperator::Anti(_)
            | ast::JoinOperator::LeftAnti(_)
            | ast::JoinOperator::RightAnti(_)
            | ast::JoinOperator::AsOf { match_condition: _, constraint: _ }
            | ast::JoinOperator::ArrayJoin
            | ast::JoinOperator::LeftArrayJoin
            | ast::JoinOperator::InnerArrayJoin => return Err(unproven("This kind of join")),
        };
        let on = self.join_on(constraint)?;
        refuse_some(self.mysql() && kind == JoinKind::Full, "FULL JOIN")?;
        if self.mysql() {
            return self.mysql_join(kind, left, relation, on);
        }
        let cross = kind == JoinKind::Cross;
        refuse_some(cross && on != JoinOn::None, "A condition on CROSS JOIN")?;
        let strict = self.postgres() || self.mssql();
        refuse_some(strict && !cross && on == JoinOn::None, "A join without ON or USING")?;
        refuse_some(self.mssql() && !matches!(on, JoinOn::On(_) | JoinOn::None), "USING or NATURAL")?;
        let kind = if kind == JoinKind::Inner && on == JoinOn::None { JoinKind::Cross } else { kind };
        let right = self.table_factor(relation)?;
        let turned = |f: &Form| matches!(f.kind, FormKind::Pivot { .. } | FormKind::Unpivot { .. });
        let reach = matches!(&right, FromItem::Form(form) if turned(form));
        refuse_some(reach, "PIVOT or UNPIVOT on the right of a join")?;
        Ok(FromItem::Join { kind, left: Box::new(left), right: Box::new(right), on })
    }

    /// CROSS APPLY and OUTER APPLY: the right side sees the left.
    fn apply(&self, left: FromItem, kind: JoinKind, relation: ast::TableFactor) -> Result<FromItem, Finding> {
        let mut right = self.table_factor(relation)?;
        if let FromItem::Derived { lateral, query: _, alias: _ } = &mut right {
            *lateral = true;
        }
        Ok(FromItem::Join { kind, left: Box::new(left), right: Box::new(right), on: JoinOn::None })
    }

    fn join_on(&self, constraint: ast::JoinConstraint) -> Result<JoinOn, Finding> {
        match constraint {
            ast::JoinConstraint::On(expr) => self.condition(expr).map(JoinOn::On),
            ast::JoinConstraint::Using(names) => {
                let mut columns = Vec::with_capacity(names.len());
                for name in names {
                    let ObjectName(mut parts) = self.object_name(name)?;
                    refuse_some(parts.len() != 1, "A qualified name in USING")?;
                    columns.append(&mut parts);
                }
                Ok(JoinOn::Using(columns))
            }
            ast::JoinConstraint::Natural => Ok(JoinOn::Natural),
            ast::JoinConstraint::None => Ok(JoinOn::None),
        }
    }

    pub(super) fn table_factor(&self, factor: ast::TableFactor) -> Result<FromItem, Finding> {
        match factor {
            ast::TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                // Which index to use changes no result on MySQL: left out.
                refuse_some(!(self.mysql() || index_hints.is_empty()), "A table hint")?;
                self.table_hints(with_hints)?;
                refuse_some(!partitions.is_empty(), "PARTITION")?;
                refuse_some(json_path.is_some(), "A path after a table")?;
                if let Some(nodes) = self.nodes(&name, args.as_ref(), alias.as_ref())? {
                    refuse_some(
                        version.is_some() || sample.is_some() || with_ordinality,
                        "This after nodes",
                    )?;
                    return Ok(nodes);
                }
                let args = if self.old_hints(args.as_ref()) { None } else { args };
                if version.is_some() || sample.is_some() {
                    refuse_some(args.is_some() || with_ordinality, "A function at another time or in part")?;
                    return self.table_form(name, alias, version, sample);
                }
                match args {
                    Some(args) => self.table_function(name, args, with_ordinality, alias),
                    None => {
                        refuse_some(with_ordinality, "WITH ORDINALITY after a table")?;
                        self.table(name, alias)
                    }
                }
            }
            ast::TableFactor::Derived { lateral, subquery, alias, sample } => {
                refuse_some(sample.is_some(), "TABLESAMPLE")?;
                let never = self.sqlite() || self.mariadb() || self.mssql();
                refuse_some(lateral && never, "LATERAL")?;
                let query = Box::new(self.derived(*subquery)?);
                let alias = self.plain_alias(alias)?;
                let named = alias.as_ref().is_some_and(|a| !a.columns.is_empty());
                refuse_some(self.mariadb() && named, "A list of column aliases")?;
                let nameless = alias.is_none() && (self.mysql() || self.mssql());
                refuse_some(nameless, "A sub-query in FROM without an alias")?;
                Ok(FromItem::Derived { lateral, query, alias })
            }
            ast::TableFactor::Function { lateral, name, args, with_ordinality, alias } => {
                self.function_item(lateral, name, args, with_ordinality, alias)
            }
            ast::TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset,
                with_offset_alias,
                with_ordinality,
            } => {
                refuse_some(with_offset || with_offset_alias.is_some(), "WITH OFFSET")?;
                refuse_some(!self.postgres(), "UNNEST")?;
                let args = self.exprs(array_exprs)?.into_iter().map(Arg::plain).collect();
                let name = ObjectName(vec![Ident { value: "unnest".to_owned(), ..Ident::default() }]);
                let (alias, column_types) = self.table_alias(alias)?;
                let call = Box::new(Call { name, args, ..Call::default() });
                Ok(FromItem::Function {
                    lateral: false,
                    call,
                    ordinality: with_ordinality,
                    alias,
                    column_types,
                })
            }
            ast::TableFactor::NestedJoin { table_with_joins, alias } => {
                refuse_some(alias.is_some() && !self.postgres(), "An alias of a join in parentheses")?;
                let inside = self.table_with_joins(*table_with_joins)?;
                Ok(match self.plain_alias(alias)? {
                    None => inside,
                    alias => all_of(inside, alias),
                })
            }
            ast::TableFactor::TableFunction { expr: _, alias: _ } => Err(unproven("TABLE(...)")),
            ast::TableFactor::JsonTable { json_expr, json_path, columns, alias } => {
                self.json_table(json_expr, json_path, columns, alias)
            }
            ast::TableFactor::OpenJsonTable { json_expr, json_path, columns, alias } => {
                self.open_json(json_expr, json_path, columns, alias)
            }
            ast::TableFactor::Pivot {
                table,
                aggregate_functions,
                value_column,
                value_source,
                default_on_null,
                alias,
            } => {
                refuse_some(!self.mssql() || default_on_null.is_some(), "This PIVOT")?;
                let input = self.table_factor(*table)?;
                self.pivot(input, aggregate_functions, value_column, value_source, alias)
            }
            ast::TableFactor::Unpivot { table, value, null_inclusion, name, columns, alias } => {
                refuse_some(!self.mssql() || null_inclusion.is_some(), "This UNPIVOT")?;
                let input = self.table_factor(*table)?;
                self.unpivot(input, value, name, columns, alias)
            }
            ast::TableFactor::UnpivotExpr { .. } => Err(unproven("UNPIVOT of a value")),
            ast::TableFactor::MatchRecognize { .. } => Err(unproven("MATCH_RECOGNIZE")),
            ast::TableFactor::XmlTable { .. } => Err(unproven("XMLTABLE")),
            ast::TableFactor::SemanticView { .. } => Err(unproven("SEMANTIC_VIEW")),
        }
    }

    /// A sub-query in FROM; on SQL Server the only place of VALUES.
    fn derived(&self, query: ast::Query) -> Result<Query, Finding> {
        match *query.body {
            ast::SetExpr::Values(values)
                if self.mssql()
                    && query.with.is_none()
                    && query.order_by.is_none()
                    && query.limit_clause.is_none()
                    && query.fetch.is_none()
                    && query.for_clause.is_none()
                    && query.locks.is_empty() =>
            {
                let body = self.values(values)?;
                Ok(Query { body, ..Query::default() })
            }
            body => self.query(ast::Query { body: Box::new(body), ..query }),
        }
    }

    fn table(&self, name: ast::ObjectName, alias: Option<ast::TableAlias>) -> Result<FromItem, Finding> {
        let (name, mut alias) = (self.object_name(name)?, self.plain_alias(alias)?);
        let named = alias.as_ref().is_some_and(|a| !a.columns.is_empty());
        refuse_some(
            self.mysql() && (named || name.0.len() > 2),
            "A list of column aliases, or a name of three parts",
        )?;
        if let (true, Some(alias)) = (self.mssql(), alias.as_mut()) {
            // `t AS a (NOLOCK)`; a table's columns cannot be renamed there
            let hints = alias.columns.iter().all(|c| super::mssql::is_read_hint(&c.value));
            refuse_some(!hints, "This table hint")?;
            alias.columns.clear();
        }
        Ok(FromItem::Table { name, alias })
    }

    fn table_function(
        &self,
        name: ast::ObjectName,
        args: ast::TableFunctionArgs,
        ordinality: bool,
        alias: Option<ast::TableAlias>,
    ) -> Result<FromItem, Finding> {
        let ast::TableFunctionArgs { args, settings } = args;
        refuse_some(settings.is_some(), "SETTINGS")?;
        self.function_item(false, name, args, ordinality, alias)
    }

    fn function_item(
        &self,
        lateral: bool,
        name: ast::ObjectName,
        args: Vec<ast::FunctionArg>,
        ordinality: bool,
        alias: Option<ast::TableAlias>,
    ) -> Result<FromItem, Finding> {
        refuse_some(self.mysql(), "A function in FROM")?;
        refuse_some((lateral || ordinality) && !self.postgres(), "LATERAL or WITH ORDINALITY")?;
        let (alias, column_types) = self.table_alias(alias)?;
        let call =
            Box::new(Call { name: self.function_name(name)?, args: self.args(args)?, ..Call::default() });
        Ok(FromItem::Function { lateral, call, ordinality, alias, column_types })
    }

    pub(super) fn plain_alias(&self, alias: Option<ast::TableAlias>) -> Result<Option<TableAlias>, Finding> {
        let (alias, types) = self.table_alias(alias)?;
        refuse_some(!types.is_empty(), "A type in a list of column aliases")?;
        refuse_some(
            self.sqlite() && alias.as_ref().is_some_and(|a| !a.columns.is_empty()),
            "A list of column aliases",
        )?;
        Ok(alias)
    }

    /// An alias; its columns have types either all (`AS x(a int, b text)`) or none.
    fn table_alias(&self, alias: Option<ast::TableAlias>) -> Result<AliasParts, Finding> {
        let Some(ast::TableAlias { explicit: _, name, columns, at }) = alias else {
            return Ok((None, Vec::new()));
        };
        refuse_some(at.is_some(), "AT after an alias")?;
        let name = if self.mysql() { self.ident(name)? } else { self.alias(name)? };
        let mut names = Vec::new();
        let mut types = Vec::new();
        for ast::TableAliasColumnDef { name, data_type } in columns {
            let name = self.ident(name)?;
            match data_type {
                Some(ty) => types.push((name, self.type_name(ty)?)),
                None => names.push(name),
            }
        }
        refuse_some(
            !names.is_empty() && !types.is_empty(),
            "A list of aliases of which only some have types",
        )?;
        Ok((Some(TableAlias { name, columns: names }), types))
    }
}

/// A join under a name of its own gives its columns and hides its tables: the same as a sub-query.
fn all_of(from: FromItem, alias: Option<TableAlias>) -> FromItem {
    let items = vec![SelectItem::Wildcard(Span::default())];
    let body = SetExpr::Select(Box::new(Select { items, from: vec![from], ..Select::default() }));
    FromItem::Derived { lateral: false, query: Box::new(Query { body, ..Query::default() }), alias }
}
