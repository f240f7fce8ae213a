//! Names of relations in scope, and what each is called in the canonical form.

use std::collections::HashMap;

use catalog::TypeClass;

use super::Canon;
use crate::tree::{Ident, ObjectName};

/// The relations of one block.
#[derive(Default)]
pub struct Level {
    pub entries: Vec<Entry>,
}

/// One relation.
pub struct Entry {
    /// Name as looked up.
    pub key: String,
    /// Name in the canonical form.
    pub name: String,
    /// The table's own name, when it is one.
    pub table: Option<String>,
    /// What its columns are called in the canonical form, where they have no names of their own.
    pub columns: HashMap<String, String>,
}

impl Canon<'_> {
    /// Renames a column reference.
    pub(super) fn rename(&self, name: &mut ObjectName) {
        let [qualifier, column] = name.0.as_mut_slice() else { return };
        let Some(entry) = self.entry(&qualifier.value) else { return };
        if let Some(new) = entry.columns.get(&self.engine.stored_key(&column.value)) {
            *column = Ident::quoted(new.clone());
        }
        *qualifier = Ident::quoted(entry.name.clone());
    }

    /// Renames the qualifier of a wildcard.
    pub(super) fn rename_relation(&self, name: &mut ObjectName) {
        let Some(last) = name.0.last() else { return };
        if let Some(entry) = self.entry(&last.value) {
            name.0 = vec![Ident::quoted(entry.name.clone())];
        }
    }

    fn entry(&self, qualifier: &str) -> Option<&Entry> {
        let key = self.engine.stored_key(qualifier);
        self.levels.iter().rev().find_map(|level| level.entries.iter().find(|e| e.key == key))
    }

    /// Whether a relation in scope is called so: a name without qualifier may then be its row.
    pub(super) fn is_relation(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Class of a renamed column, when a table's column is behind it.
    pub(super) fn class(&self, name: &ObjectName) -> Option<TypeClass> {
        let [qualifier, column] = name.0.as_slice() else { return None };
        let entries = || self.levels.iter().rev().flat_map(|level| &level.entries);
        let table = entries().find(|e| e.name == qualifier.value)?.table.as_deref()?;
        let key = |name: &str| self.engine.stored_key(name);
        let mut found = self
            .report
            .columns
            .iter()
            .filter(|c| key(&c.table) == key(table) && key(&c.column) == key(&column.value))
            .map(|c| c.class);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}
