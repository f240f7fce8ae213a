//! Numbers of objects, which stay the same for as long as the database lives.

use std::collections::HashMap;

use rusqlite::types::Value;

use super::rows::{int, text};

/// Numbers by what they number: `schema.name`, with a kind before it for what is no relation.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    by_name: HashMap<String, i64>,
    names: Vec<String>,
}

/// The number of the first object, and how far apart they are.
const FIRST: i64 = 245_575_913;
const STEP: i64 = 16;

impl Ids {
    /// The number of something; a new one at the first time.
    pub(crate) fn of(&mut self, name: &str) -> i64 {
        let lower = name.to_lowercase();
        if let Some(id) = self.by_name.get(&lower) {
            return *id;
        }
        let next = FIRST + STEP * self.names.len() as i64;
        self.names.push(name.to_owned());
        self.by_name.insert(lower, next);
        next
    }

    /// What a number was given to.
    pub(crate) fn name(&self, id: i64) -> Option<&str> {
        let at = usize::try_from((id - FIRST) / STEP).ok()?;
        self.names.get(at).map(String::as_str)
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
