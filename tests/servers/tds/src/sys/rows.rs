//! Rows of catalog views by the names of their columns; what is not said is NULL, or nothing.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::error::{Result, SqlError};
use crate::schema::Relation;
use crate::sql::scope::quote;

/// When everything was made, as far as the catalog says.
const MADE: &str = "2024-01-01 00:00:00";

/// Collects rows and writes them.
pub(crate) struct Rows<'a> {
    lite: &'a Connection,
    relations: HashMap<String, Relation>,
}

/// Text as a value.
pub(crate) fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// A whole number as a value.
pub(crate) fn int(n: impl Into<i64>) -> Value {
    Value::Integer(n.into())
}

/// Text, or NULL.
pub(crate) fn maybe(value: Option<String>) -> Value {
    value.map_or(Value::Null, Value::Text)
}

impl<'a> Rows<'a> {
    /// Empties the views, which are filled again.
    pub(crate) fn fresh(lite: &'a Connection) -> Result<Self> {
        let relations: HashMap<String, Relation> =
            super::relations().map(|r| (r.name.to_lowercase(), r)).collect();
        for relation in relations.values() {
            run(lite, &format!("DELETE FROM {}", quote(&relation.full_name())))?;
        }
        Ok(Rows { lite, relations })
    }

    /// Adds a row.
    pub(crate) fn add(&self, view: &str, cells: &[(&str, Value)]) -> Result<()> {
        let Some(relation) = self.relations.get(view) else { return Err(SqlError::no_object(view)) };
        let cell = |name: &str, nullable: bool, ty: &crate::types::Ty| {
            if let Some((_, value)) = cells.iter().find(|(n, _)| *n == name) {
                return value.clone();
            }
            match (name, nullable) {
                ("create_date" | "modify_date", _) => text(MADE),
                (_, true) if !name.starts_with("is_") => Value::Null,
                _ if ty.is_text() => text(""),
                _ => int(0),
            }
        };
        let values: Vec<Value> =
            relation.columns.iter().map(|c| cell(&c.column.name, c.column.nullable, &c.column.ty)).collect();
        let marks = vec!["?"; values.len()].join(", ");
        let sql = format!("INSERT INTO {} VALUES ({marks})", quote(&relation.full_name()));
        let mut statement = self.lite.prepare_cached(&sql).map_err(|e| SqlError::from_sqlite(&e))?;
        statement.execute(params_from_iter(values)).map_err(|e| SqlError::from_sqlite(&e))?;
        Ok(())
    }
}

/// Runs a statement of our own.
pub(crate) fn run(lite: &Connection, sql: &str) -> Result<()> {
    lite.execute_batch(sql).map_err(|e| SqlError::from_sqlite(&e))
}
