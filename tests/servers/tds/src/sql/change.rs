//! INSERT, UPDATE and DELETE, for setting databases up.

use sqlparser::ast::{
    AssignmentTarget, Delete, Expr, FromTable, Insert, ObjectName, SetExpr, Statement, TableFactor,
    TableObject, Update,
};

use super::from::names_of;
use super::scope::{Scope, Source, Writer, quote, text_literal};
use crate::error::{Result, SqlError};
use crate::schema::Relation;
use crate::types::Ty;
use crate::wire::row::Column;

impl Writer<'_> {
    /// A statement that changes rows, as SQLite's.
    pub(crate) fn change(&mut self, statement: &Statement) -> Result<String> {
        match statement {
            Statement::Insert(insert) => self.insert(insert, String::new()),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::Query(query) => {
                let SetExpr::Insert(Statement::Insert(insert)) = &*query.body else {
                    return Err(SqlError::unserved("this change"));
                };
                let mut inner = query.clone();
                let Some(source) = &insert.source else { return Err(SqlError::syntax("WITH")) };
                inner.body = source.body.clone();
                let mut insert = insert.clone();
                insert.source = Some(inner);
                self.insert(&insert, String::new())
            }
            _ => Err(SqlError::unserved("this change")),
        }
    }

    /// The table that is changed; it comes first among those that are touched.
    fn target(&mut self, name: &ObjectName) -> Result<std::sync::Arc<Relation>> {
        let names = names_of(name)?;
        let relation = self.schema.find(&names, &self.context.database).filter(|r| r.view.is_none());
        let relation = relation.ok_or_else(|| SqlError::no_object(&names.join(".")))?;
        self.touched.push(relation.full_name());
        Ok(relation)
    }

    fn insert(&mut self, insert: &Insert, _with: String) -> Result<String> {
        let TableObject::TableName(name) = &insert.table else {
            return Err(SqlError::unserved("this target"));
        };
        let relation = self.target(name)?;
        let given: Vec<String> = if insert.columns.is_empty() {
            let plain = relation.columns.iter().filter(|c| {
                c.computed.is_none()
                    && (!c.column.identity || self.context.identity_insert)
                    && c.column.ty != Ty::RowVersion
            });
            plain.map(|c| c.column.name.clone()).collect()
        } else {
            let names = insert.columns.iter().map(|c| Ok(names_of(c)?.pop().unwrap_or_default()));
            names.collect::<Result<_>>()?
        };
        let targets = given.iter().map(|n| relation.column(n).ok_or_else(|| SqlError::no_column(n)));
        let targets: Vec<Column> = targets.collect::<Result<_>>()?;
        // what is left out gets its default
        let scope = Scope::default();
        let mut names: Vec<String> = targets.iter().map(|c| quote(&c.name)).collect();
        let mut defaults = Vec::new();
        for column in relation.columns.iter().filter(|c| !targets.iter().any(|t| t.name == c.column.name)) {
            if let Some(default) = &column.default {
                names.push(quote(&column.column.name));
                defaults.push(self.expression_text(default, &scope)?.cast(&column.column.ty).sql);
            } else if column.column.ty == Ty::RowVersion {
                names.push(quote(&column.column.name));
                defaults.push("tds_version()".to_owned());
            }
        }
        let head = format!("INSERT INTO {} ({})", quote(&relation.full_name()), names.join(", "));
        let Some(source) = &insert.source else {
            return Ok(format!("{head} SELECT {}", defaults.join(", ")));
        };
        if let SetExpr::Values(values) = &*source.body {
            let mut rows = Vec::new();
            for row in &values.rows {
                if row.content.len() != targets.len() {
                    let said = "There are fewer columns in the INSERT statement than values specified in the VALUES clause.";
                    return Err(SqlError::new(110, said));
                }
                let cells = row.content.iter().zip(&targets).map(|(e, t)| self.assigned(e, t, &scope));
                let cells = cells.collect::<Result<Vec<_>>>()?.into_iter().chain(defaults.iter().cloned());
                rows.push(format!("({})", cells.collect::<Vec<_>>().join(", ")));
            }
            return Ok(format!("{head} VALUES {}", rows.join(", ")));
        }
        let (text, columns) = self.query(source, None)?;
        if columns.len() != targets.len() {
            let said = "The select list for the INSERT statement contains another number of items than the insert list.";
            return Err(SqlError::new(121, said));
        }
        let inner: Vec<String> = (0..columns.len()).map(|n| format!("\"c{n}\"")).collect();
        let cells =
            columns.iter().zip(&targets).zip(&inner).map(|((from, to), name)| stored(name, &from.ty, to));
        let cells: Vec<String> = cells.chain(defaults).collect();
        Ok(format!(
            "{head} WITH \"tds source\"({}) AS ({text}) SELECT {} FROM \"tds source\"",
            inner.join(", "),
            cells.join(", ")
        ))
    }

    fn assigned(&mut self, expr: &Expr, to: &Column, scope: &Scope<'_>) -> Result<String> {
        let ex = self.expr(expr, scope)?;
        Ok(if ex.free { ex.sql } else { stored(&ex.sql, &ex.ty, to) })
    }

    fn update(&mut self, update: &Update) -> Result<String> {
        let TableFactor::Table { name, .. } = &update.table.relation else {
            return Err(SqlError::unserved("this target"));
        };
        let relation = self.target(name)?;
        let scope = own_scope(&relation);
        let mut sets = Vec::new();
        for assignment in &update.assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                return Err(SqlError::unserved("this assignment"));
            };
            let name = names_of(name)?.pop().unwrap_or_default();
            let column = relation.column(&name).ok_or_else(|| SqlError::no_column(&name))?;
            sets.push(format!("{} = {}", quote(&name), self.assigned(&assignment.value, &column, &scope)?));
        }
        let condition = self.condition(update.selection.as_ref(), &scope)?;
        Ok(format!("UPDATE {} SET {}{condition}", quote(&relation.full_name()), sets.join(", ")))
    }

    fn delete(&mut self, delete: &Delete) -> Result<String> {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        let Some(TableFactor::Table { name, .. }) = from.first().map(|t| &t.relation) else {
            return Err(SqlError::unserved("this target"));
        };
        let relation = self.target(name)?;
        let condition = self.condition(delete.selection.as_ref(), &own_scope(&relation))?;
        Ok(format!("DELETE FROM {}{condition}", quote(&relation.full_name())))
    }

    fn condition(&mut self, selection: Option<&Expr>, scope: &Scope<'_>) -> Result<String> {
        match selection {
            Some(condition) => Ok(format!(" WHERE {}", self.expr(condition, scope)?.sql)),
            None => Ok(String::new()),
        }
    }
}

fn own_scope(relation: &Relation) -> Scope<'static> {
    let columns = relation.columns.iter().map(|c| c.column.clone()).collect();
    let names = vec![relation.schema.clone(), relation.name.clone()];
    Scope { sources: vec![Source { alias: relation.full_name(), names, columns }], ..Scope::default() }
}

/// A value as a column keeps it.
fn stored(sql: &str, from: &Ty, to: &Column) -> String {
    let keeps = *from == to.ty && (to.ty.is_integer() || matches!(to.ty, Ty::Float));
    if keeps {
        return sql.to_owned();
    }
    format!("tds_store({sql}, {}, {})", text_literal(&from.text()), text_literal(&to.ty.text()))
}
