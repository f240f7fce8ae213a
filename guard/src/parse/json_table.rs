//! JSON_TABLE: paths and defaults are plain texts, column types are on a list, errors are not asked for.

use sqlparser::ast;

use super::Converter;
use super::query::refuse_some;
use super::refuse::unproven;
use crate::finding::Finding;
use crate::tree::{FromItem, JsonColumn, JsonMissing, JsonTable};

impl Converter<'_> {
    pub(super) fn json_table(
        &self,
        value: ast::Expr,
        path: ast::ValueWithSpan,
        columns: Vec<ast::JsonTableColumn>,
        alias: Option<ast::TableAlias>,
    ) -> Result<FromItem, Finding> {
        refuse_some(!self.mysql(), "JSON_TABLE")?;
        let Some(alias) = self.plain_alias(alias)? else {
            return Err(unproven("JSON_TABLE without an alias"));
        };
        refuse_some(!alias.columns.is_empty(), "A list of column aliases")?;
        let (path, _) = self.text(path)?;
        let table = JsonTable { value: self.expr(value)?, path, columns: self.json_columns(columns)?, alias };
        Ok(FromItem::JsonTable(Box::new(table)))
    }

    fn json_columns(&self, columns: Vec<ast::JsonTableColumn>) -> Result<Vec<JsonColumn>, Finding> {
        refuse_some(columns.is_empty(), "JSON_TABLE without columns")?;
        columns.into_iter().map(|c| self.json_column(c)).collect()
    }

    fn json_column(&self, column: ast::JsonTableColumn) -> Result<JsonColumn, Finding> {
        match column {
            ast::JsonTableColumn::ForOrdinality(name) => Ok(JsonColumn::Ordinality(self.ident(name)?)),
            ast::JsonTableColumn::Nested(ast::JsonTableNestedColumn { path, columns }) => {
                Ok(JsonColumn::Nested { path: self.text(path)?.0, columns: self.json_columns(columns)? })
            }
            ast::JsonTableColumn::Named(ast::JsonTableNamedColumn {
                name,
                r#type,
                path,
                exists,
                on_empty,
                on_error,
            }) => Ok(JsonColumn::Value {
                name: self.ident(name)?,
                ty: self.column_type(r#type)?,
                path: self.text(path)?.0,
                exists,
                empty: self.missing(on_empty)?,
                error: self.missing(on_error)?,
            }),
        }
    }

    /// An error would give the value away in its text.
    fn missing(&self, clause: Option<ast::JsonTableColumnErrorHandling>) -> Result<JsonMissing, Finding> {
        match clause {
            None => Ok(JsonMissing::Unsaid),
            Some(ast::JsonTableColumnErrorHandling::Null) => Ok(JsonMissing::Null),
            Some(ast::JsonTableColumnErrorHandling::Default(value)) => {
                Ok(JsonMissing::Default(self.text(value)?.0))
            }
            Some(ast::JsonTableColumnErrorHandling::Error) => Err(unproven("ERROR in JSON_TABLE")),
        }
    }
}
