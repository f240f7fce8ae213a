//! Numbers of objects, which stay the same for as long as the database lives.

use std::collections::HashMap;

use rusqlite::types::Value;

use super::rows::{int, text};

/// Numbers by what they number: `schema.name`, with a kind before it for what is no relation.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    by_name: HashMap<String, i64>,
}

impl Ids {
    /// The number of something; a new one at the first time.
    pub(crate) fn of(&mut self, name: &str) -> i64 {
        let next = 245_575_913 + 16 * self.by_name.len() as i64;
        *self.by_name.entry(name.to_lowercase()).or_insert(next)
    }
}

/// Kinds of objects.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("U ", "USER_TABLE"),
    ("V ", "VIEW"),
    ("PK", "PRIMARY_KEY_CONSTRAINT"),
    ("UQ", "UNIQUE_CONSTRAINT"),
    ("F ", "FOREIGN_KEY_CONSTRAINT"),
    ("C ", "CHECK_CONSTRAINT"),
    ("D ", "DEFAULT_CONSTRAINT"),
    ("P ", "SQL_STORED_PROCEDURE"),
    ("FN", "SQL_SCALAR_FUNCTION"),
    ("IF", "SQL_INLINE_TABLE_VALUED_FUNCTION"),
    ("TF", "SQL_TABLE_VALUED_FUNCTION"),
];

/// An object of a schema.
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    pub(crate) id: i64,
    pub(crate) name: &'a str,
    pub(crate) schema: i64,
    pub(crate) parent: i64,
    pub(crate) kind: &'static str,
}

impl Object<'_> {
    /// The columns that every object has, and more.
    pub(crate) fn cells<'c>(&self, more: &[(&'c str, Value)]) -> Vec<(&'c str, Value)> {
        let described = KINDS.iter().find(|(k, _)| *k == self.kind).map_or("", |(_, d)| *d);
        let mut cells = vec![
            ("name", text(self.name)),
            ("object_id", int(self.id)),
            ("schema_id", int(self.schema)),
            ("parent_object_id", int(self.parent)),
            ("type", text(self.kind)),
            ("type_desc", text(described)),
        ];
        cells.extend_from_slice(more);
        cells
    }
}
