//! The relations of a database as queries see them: tables, views, catalog views.

use std::collections::HashMap;
use std::sync::Arc;

use crate::types::Ty;
use crate::wire::row::Column;

/// A column of a relation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RelationColumn {
    pub(crate) column: Column,
    /// Expression of a computed column, in T-SQL.
    pub(crate) computed: Option<String>,
    /// Default expression, in T-SQL.
    pub(crate) default: Option<String>,
}

/// A table, or a view.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Relation {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) columns: Vec<RelationColumn>,
    /// The query of a view, in T-SQL.
    pub(crate) view: Option<String>,
    /// Names that a view gives its columns.
    pub(crate) view_columns: Vec<String>,
}

impl Relation {
    /// What its table is called in SQLite.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    pub(crate) fn column(&self, name: &str) -> Option<Column> {
        let lower = name.to_lowercase();
        self.columns.iter().find(|c| c.column.name.to_lowercase() == lower).map(|c| c.column.clone())
    }
}

/// All relations of a database, and its own types.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    relations: HashMap<(String, String), Arc<Relation>>,
    /// Types made with CREATE TYPE, by their name with and without schema.
    pub(crate) types: HashMap<String, Ty>,
}

impl Schema {
    pub(crate) fn add(&mut self, relation: Relation) {
        let key = (relation.schema.to_lowercase(), relation.name.to_lowercase());
        self.relations.insert(key, Arc::new(relation));
    }

    /// A relation by a name of one to three parts; the database has to be the one that is used.
    pub(crate) fn find(&self, names: &[String], database: &str) -> Option<Arc<Relation>> {
        let (schema, name) = match names {
            [name] => ("dbo", name),
            [schema, name] => (schema.as_str(), name),
            [other, schema, name] if other.eq_ignore_ascii_case(database) => (schema.as_str(), name),
            [other, schema, name]
                if schema.eq_ignore_ascii_case("sys") && other.eq_ignore_ascii_case("master") =>
            {
                (schema.as_str(), name)
            }
            _ => return None,
        };
        let schema = if schema.is_empty() { "dbo" } else { schema };
        self.relations.get(&(schema.to_lowercase(), name.to_lowercase())).cloned()
    }
}
