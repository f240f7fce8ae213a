//! FROM: tables, views, derived tables, functions that give rows, joins.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart,
    TableAlias, TableFactor, TableWithJoins,
};

use super::scope::{Scope, Source, Writer, quote};
use crate::error::{Result, SqlError};
use crate::schema::Relation;
use crate::wire::row::Column;

/// How deep views may stand inside each other, as on the server.
const MAX_VIEWS: usize = 32;

/// The parts of a name.
pub(crate) fn names_of(name: &ObjectName) -> Result<Vec<String>> {
    let parts = name.0.iter().map(|part| match part {
        ObjectNamePart::Identifier(ident) => Ok(ident.value.clone()),
        ObjectNamePart::Function(_) => Err(SqlError::syntax("(")),
    });
    parts.collect()
}

/// Arguments that are plain expressions.
pub(crate) fn plain_args(args: &[FunctionArg]) -> Result<Vec<&Expr>> {
    let args = args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
        _ => Err(SqlError::syntax("=>")),
    });
    args.collect()
}

impl Writer<'_> {
    /// ` FROM ...`; its relations come into the scope.
    pub(crate) fn from(&mut self, from: &[TableWithJoins], scope: &mut Scope<'_>) -> Result<String> {
        let tables = from.iter().map(|t| self.joined(t, scope)).collect::<Result<Vec<_>>>()?;
        Ok(if tables.is_empty() { String::new() } else { format!(" FROM {}", tables.join(" CROSS JOIN ")) })
    }

    fn joined(&mut self, tables: &TableWithJoins, scope: &mut Scope<'_>) -> Result<String> {
        let mut text = self.factor(&tables.relation, scope, false)?;
        for join in &tables.joins {
            text += &self.join(join, scope)?;
        }
        Ok(text)
    }

    fn join(&mut self, join: &Join, scope: &mut Scope<'_>) -> Result<String> {
        let (word, on) = match &join.join_operator {
            JoinOperator::Join(on) | JoinOperator::Inner(on) => ("JOIN", on),
            JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => ("LEFT JOIN", on),
            JoinOperator::Right(on) | JoinOperator::RightOuter(on) => ("RIGHT JOIN", on),
            JoinOperator::FullOuter(on) => ("FULL JOIN", on),
            JoinOperator::CrossJoin(on) => ("CROSS JOIN", on),
            JoinOperator::CrossApply => {
                return Ok(format!(" JOIN {}", self.factor(&join.relation, scope, true)?));
            }
            JoinOperator::OuterApply => {
                return Ok(format!(" LEFT JOIN {}", self.factor(&join.relation, scope, true)?));
            }
            _ => return Err(SqlError::unserved("this kind of join")),
        };
        let first = scope.sources.len();
        let relation = self.factor(&join.relation, scope, false)?;
        let condition = match on {
            JoinConstraint::On(condition) => format!(" ON {}", self.expr(condition, scope)?.sql),
            JoinConstraint::None => String::new(),
            _ => return Err(SqlError::syntax("USING")),
        };
        let (left, right) = scope.sources.split_at_mut(first);
        let optional = match word {
            "LEFT JOIN" => [Some(right), None],
            "RIGHT JOIN" => [Some(left), None],
            "FULL JOIN" => [Some(left), Some(right)],
            _ => [None, None],
        };
        let columns = optional.into_iter().flatten().flatten().flat_map(|s| &mut s.columns);
        columns.for_each(|c| c.nullable = true);
        Ok(format!(" {word} {relation}{condition}"))
    }

    fn factor(&mut self, factor: &TableFactor, scope: &mut Scope<'_>, apply: bool) -> Result<String> {
        match factor {
            TableFactor::Table { name, alias, args: None, version: None, .. } => {
                let (text, source) = self.table(&names_of(name)?, alias.as_ref())?;
                scope.sources.push(source);
                Ok(text)
            }
            TableFactor::Table { name, alias, args: Some(args), .. } => {
                let args = plain_args(&args.args)?;
                let (text, source) = self.table_function(&names_of(name)?, &args, alias.as_ref(), scope)?;
                scope.sources.push(source);
                Ok(text)
            }
            TableFactor::Derived { subquery, alias, .. } if !apply => {
                let (text, columns) = self.query(subquery, scope.outer)?;
                let Some(alias) = alias else { return Err(SqlError::syntax(")")) };
                let (text, source) = derived(&text, columns, alias)?;
                scope.sources.push(source);
                Ok(text)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                Ok(format!("({})", self.joined(table_with_joins, scope)?))
            }
            _ => Err(SqlError::unserved("this entry of FROM")),
        }
    }

    fn table(&mut self, names: &[String], alias: Option<&TableAlias>) -> Result<(String, Source)> {
        let answers = alias.map_or_else(|| names.to_vec(), |a| vec![a.name.value.clone()]);
        let name = names.last().cloned().unwrap_or_default();
        if let [only] = names
            && let Some((_, columns)) = self.with.iter().rev().find(|(n, _)| *n == only.to_lowercase())
        {
            let alias = alias.map_or(name.clone(), |a| a.name.value.clone());
            let source = Source { alias: alias.clone(), names: answers, columns: columns.clone() };
            return Ok((format!("{} AS {}", quote(only), quote(&alias)), source));
        }
        if let Some((text, columns)) = self.live(names) {
            let alias = alias.map_or(name, |a| a.name.value.clone());
            let source = Source { alias: alias.clone(), names: answers, columns };
            return Ok((format!("({text}) AS {}", quote(&alias)), source));
        }
        let relation = self
            .schema
            .find(names, &self.context.database)
            .ok_or_else(|| SqlError::no_object(&names.join(".")))?;
        let full = relation.full_name();
        if self.depth == 0 {
            self.touched.push(full.clone());
        }
        let alias = alias.map_or(full, |a| a.name.value.clone());
        let (text, columns) = self.relation(&relation)?;
        let text = format!("{} AS {}", self.visible(&relation, text), quote(&alias));
        Ok((text, Source { alias, names: answers, columns }))
    }

    /// The catalog shows a user only what it may use.
    fn visible(&self, relation: &Relation, text: String) -> String {
        if relation.schema != "sys" || self.context.user == "dbo" {
            return text;
        }
        let has = |name: &str| relation.column(name).is_some();
        let object = if has("parent_object_id") && has("object_id") {
            "CASE WHEN parent_object_id <> 0 THEN parent_object_id ELSE object_id END"
        } else if has("object_id") {
            "object_id"
        } else if has("parent_object_id") {
            "parent_object_id"
        } else if relation.name == "extended_properties" {
            "CASE WHEN class = 1 THEN major_id ELSE 0 END"
        } else {
            return text;
        };
        format!("(SELECT * FROM {text} WHERE tds_visible({object}))")
    }

    /// A stored relation as an entry of FROM: a table by its name, a view by its query.
    pub(crate) fn relation(&mut self, relation: &Relation) -> Result<(String, Vec<Column>)> {
        let Some(definition) = &relation.view else { return self.stored(relation) };
        if self.depth >= MAX_VIEWS {
            return Err(SqlError::new(
                217,
                "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
            ));
        }
        let with = std::mem::take(&mut self.with);
        self.depth += 1;
        let written = super::parse_query(definition).and_then(|q| self.query(&q, None));
        self.depth -= 1;
        self.with = with;
        let (text, mut columns) = written.map_err(|_| {
            let said =
                format!("Could not use view or function '{}' because of binding errors.", relation.name);
            SqlError::new(4413, said)
        })?;
        for (column, name) in columns.iter_mut().zip(&relation.view_columns) {
            column.name.clone_from(name);
        }
        let names: Vec<String> = columns.iter().map(|c| quote(&c.name)).collect();
        Ok((
            format!("(WITH \"tds view\"({}) AS ({text}) SELECT * FROM \"tds view\")", names.join(", ")),
            columns,
        ))
    }

    /// Finds the types of a table's computed columns.
    pub(crate) fn computed_types(&mut self, relation: &mut Relation) {
        let stored =
            relation.columns.iter().filter(|c| c.computed.is_none()).map(|c| c.column.clone()).collect();
        let source = Source { alias: relation.full_name(), names: Vec::new(), columns: stored };
        let scope = Scope { sources: vec![source], ..Scope::default() };
        for column in &mut relation.columns {
            if let Some(Ok(ex)) = column.computed.as_ref().map(|text| self.expression_text(text, &scope)) {
                (column.column.ty, column.column.nullable) = (ex.ty, ex.nullable);
            }
        }
    }

    fn stored(&mut self, relation: &Relation) -> Result<(String, Vec<Column>)> {
        let columns: Vec<Column> = relation.columns.iter().map(|c| c.column.clone()).collect();
        let table = quote(&relation.full_name());
        if relation.columns.iter().all(|c| c.computed.is_none()) {
            return Ok((table, columns));
        }
        let stored =
            relation.columns.iter().filter(|c| c.computed.is_none()).map(|c| c.column.clone()).collect();
        let source = Source { alias: relation.full_name(), names: Vec::new(), columns: stored };
        let scope = Scope { sources: vec![source], ..Scope::default() };
        let mut list = Vec::new();
        for column in &relation.columns {
            let name = quote(&column.column.name);
            list.push(match &column.computed {
                Some(text) => format!("{} AS {name}", self.expression_text(text, &scope)?.sql),
                None => name,
            });
        }
        Ok((format!("(SELECT {} FROM {table})", list.join(", ")), columns))
    }
}

/// A query in FROM, its columns renamed where the alias says so.
pub(crate) fn derived(text: &str, mut columns: Vec<Column>, alias: &TableAlias) -> Result<(String, Source)> {
    let name = alias.name.value.clone();
    for (column, renamed) in columns.iter_mut().zip(&alias.columns) {
        column.name.clone_from(&renamed.name.value);
    }
    if let Some(at) = columns.iter().position(|c| c.name.is_empty()) {
        let said = format!("No column name was specified for column {} of '{name}'.", at + 1);
        return Err(SqlError::new(8155, said));
    }
    let quoted = quote(&name);
    let text = if alias.columns.is_empty() {
        format!("({text}) AS {quoted}")
    } else {
        let names: Vec<String> = columns.iter().map(|c| quote(&c.name)).collect();
        format!(
            "(WITH \"tds rows\"({}) AS ({text}) SELECT * FROM \"tds rows\") AS {quoted}",
            names.join(", ")
        )
    };
    Ok((text, Source { alias: name.clone(), names: vec![name], columns }))
}
