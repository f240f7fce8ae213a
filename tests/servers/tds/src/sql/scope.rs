//! Names in scope while a query is written: the relations of FROM, those outside of it, WITH, variables.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::{Result, SqlError};
use crate::schema::Schema;
use crate::session::Context;
use crate::types::Ty;
use crate::wire::row::Column;

/// An expression as SQLite's text, with its type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ex {
    pub(crate) sql: String,
    pub(crate) ty: Ty,
    pub(crate) nullable: bool,
    /// Whether it is the column of an identity.
    pub(crate) identity: bool,
    /// A literal NULL, which has any type.
    pub(crate) free: bool,
    /// A collation that was asked for.
    pub(crate) collation: Option<&'static str>,
}

impl Ex {
    pub(crate) fn new(sql: impl Into<String>, ty: Ty) -> Self {
        Ex { sql: sql.into(), ty, nullable: true, identity: false, free: false, collation: None }
    }

    /// That is never NULL.
    pub(crate) fn full(sql: impl Into<String>, ty: Ty) -> Self {
        Ex { nullable: false, ..Ex::new(sql, ty) }
    }

    /// Converted to a type, as CAST does.
    pub(crate) fn cast(self, ty: &Ty) -> Ex {
        if self.ty == *ty || self.free {
            return Ex { ty: ty.clone(), ..self };
        }
        let (from, to) = (text_literal(&self.ty.text()), text_literal(&ty.text()));
        Ex {
            sql: format!("tds_cast({}, {from}, {to}, 0)", self.sql),
            ty: ty.clone(),
            identity: false,
            ..self
        }
    }
}

/// A relation of FROM.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// What columns are qualified by in SQLite's text.
    pub(crate) alias: String,
    /// Names that it answers to, most significant last: `t` or `dbo`, `t`.
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<Column>,
}

/// Relations of one FROM and of those around it.
#[derive(Debug, Default)]
pub(crate) struct Scope<'a> {
    pub(crate) sources: Vec<Source>,
    /// Columns of the select list, which ORDER BY may name.
    pub(crate) outputs: Vec<Column>,
    pub(crate) outer: Option<&'a Scope<'a>>,
}

/// An identifier for SQLite.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string for SQLite.
pub(crate) fn text_literal(text: &str) -> String {
    if text.contains('\0') {
        let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
        return format!("CAST(x'{hex}' AS TEXT)");
    }
    format!("'{}'", text.replace('\'', "''"))
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

impl Source {
    fn answers_to(&self, qualifier: &[String]) -> bool {
        let mut own = self.names.iter().rev();
        qualifier.iter().rev().all(|q| own.next().is_none_or(|name| same(name, q)))
    }

    fn column(&self, column: &Column) -> Ex {
        let sql = format!("{}.{}", quote(&self.alias), quote(&column.name));
        let mut ex = Ex::new(sql, column.ty.clone());
        ex.nullable = column.nullable;
        ex.identity = column.identity;
        ex
    }

    /// Every column, for `*`.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Ex, &Column)> {
        self.columns.iter().map(|c| (self.column(c), c))
    }
}

impl Scope<'_> {
    /// A column by its name and what stands before it.
    pub(crate) fn find(&self, qualifier: &[String], name: &str) -> Result<Ex> {
        if qualifier.is_empty()
            && let Some(output) = self.outputs.iter().find(|c| same(&c.name, name))
        {
            return Ok(Ex { nullable: output.nullable, ..Ex::new(quote(&output.name), output.ty.clone()) });
        }
        let here: Vec<&Source> = self.sources.iter().filter(|s| s.answers_to(qualifier)).collect();
        let mut found =
            here.iter().filter_map(|s| s.columns.iter().find(|c| same(&c.name, name)).map(|c| s.column(c)));
        match (found.next(), found.next()) {
            (Some(column), None) => return Ok(column),
            (Some(_), Some(_)) => return Err(SqlError::new(209, format!("Ambiguous column name '{name}'."))),
            _ => {}
        }
        match self.outer {
            Some(outer) => outer.find(qualifier, name),
            None if qualifier.is_empty() || !here.is_empty() => Err(SqlError::no_column(name)),
            None => {
                let full = [qualifier, &[name.to_owned()]].concat().join(".");
                let said = format!("The multi-part identifier \"{full}\" could not be bound.");
                Err(SqlError::new(4104, said))
            }
        }
    }
}

/// What a query is written with: the database's relations, the session, WITH.
pub(crate) struct Writer<'a> {
    pub(crate) schema: &'a Arc<Schema>,
    pub(crate) context: &'a Context,
    /// Variables and parameters with their types.
    pub(crate) variables: &'a HashMap<String, Ty>,
    /// Queries of WITH, innermost last.
    pub(crate) with: Vec<(String, Vec<Column>)>,
    /// How many views stand inside each other here.
    pub(crate) depth: usize,
    /// Relations that were named, for the permission to read them.
    pub(crate) touched: Vec<String>,
}
