//! References and indexes, and which columns take part in any.

use std::collections::{HashMap, HashSet};

use super::Writer;
use super::names::{list, quoted};
use crate::{Column, Engine, ForeignKey, Table, TypeClass};

/// References that are followed from a column, one after the other; those that go round end here.
const MOST_STEPS: usize = 8;

/// The columns of a table that keys, indexes and references use.
pub(super) struct Keyed<'s>(HashSet<&'s str>);

impl<'s> Keyed<'s> {
    pub(super) fn of(table: &'s Table, incoming: &HashMap<(&'s str, &'s str), Vec<&'s str>>) -> Keyed<'s> {
        let keys = table.primary_key.iter().chain(&table.unique_keys).flat_map(|k| &k.columns);
        let own = keys.chain(table.foreign_keys.iter().flat_map(|k| &k.columns)).map(String::as_str);
        let incoming = incoming.get(&(table.schema.as_str(), table.name.as_str()));
        Keyed(own.chain(incoming.into_iter().flatten().copied()).collect())
    }

    pub(super) fn contains(&self, column: &str) -> bool {
        self.0.contains(column)
    }

    /// Whether a key of the table begins with the column: MySQL numbers no other.
    pub(super) fn leads(&self, table: &Table, column: &str) -> bool {
        let mut keys = table.primary_key.iter().chain(&table.unique_keys);
        keys.any(|k| k.columns.first().is_some_and(|c| c == column))
    }
}

impl<'s> Writer<'s> {
    /// The column that a referring one refers to in the end: both must be of one type, where engines are strict.
    pub(super) fn referred(&self, table: &'s Table, column: &'s Column) -> &'s Column {
        let (mut table, mut at) = (table, column);
        for _ in 0..MOST_STEPS {
            let next = table.foreign_keys.iter().filter(|k| k.inferred.is_none()).find_map(|key| {
                let place = key.columns.iter().position(|c| *c == at.name)?;
                let to = self.known.get(&(key.to_schema.as_str(), key.to_table.as_str()))?;
                Some((*to, to.column(key.to_columns.get(place)?)?))
            });
            match next.filter(|(_, c)| c.class == column.class) {
                Some(next) => (table, at) = next,
                None => break,
            }
        }
        at
    }

    /// The table's references as clauses.
    pub(super) fn foreign_keys(&mut self, table: &Table) -> Vec<String> {
        let declared = table.foreign_keys.iter().filter(|k| k.inferred.is_none());
        declared.filter_map(|key| self.foreign_key(table, key)).collect()
    }

    fn foreign_key(&mut self, table: &Table, key: &ForeignKey) -> Option<String> {
        let known = self.known.contains_key(&(key.to_schema.as_str(), key.to_table.as_str()));
        if !known || key.columns.is_empty() || key.columns.len() != key.to_columns.len() {
            self.note(format!("{}: a reference to {} leads nowhere", table.full_name(), key.to_table));
            return None;
        }
        let mut clause = format!(
            "FOREIGN KEY ({}) REFERENCES {} ({})",
            list(self.engine, &key.columns),
            self.names.path(&key.to_schema, &key.to_table),
            list(self.engine, &key.to_columns)
        );
        for (when, rule) in [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)] {
            match rule.as_deref() {
                None | Some("RESTRICT" | "NO ACTION") => {}
                Some("SET DEFAULT") if matches!(self.engine, Engine::Mysql | Engine::Mariadb) => {
                    self.note(format!("{}: a reference cannot set a default here", table.full_name()));
                }
                Some(rule) => clause.push_str(&format!(" ON {when} {rule}")),
            }
        }
        Some(clause)
    }

    /// The table's references as statements, after all tables are there.
    pub(super) fn references(&mut self, table: &Table) {
        for clause in self.foreign_keys(table) {
            let name = self.names.table(table);
            self.say(&format!("ALTER TABLE {name} ADD {clause}"));
        }
    }

    /// Indexes over plain columns that the engine can sort.
    pub(super) fn indexes(&mut self, table: &Table) {
        for index in &table.indexes {
            let column = |name: &String| table.columns.iter().find(|c| c.name == *name);
            let sorted = index.columns.iter().all(|name| {
                column(name).is_some_and(|c| match c.class {
                    TypeClass::Json | TypeClass::Array | TypeClass::Geometry | TypeClass::Xml => false,
                    TypeClass::Text | TypeClass::Bytes => self.sorts_long() || c.native_type.contains('('),
                    _ => true,
                })
            });
            let plain = sorted && !index.columns.is_empty() && index.predicate.is_none();
            if !plain || !matches!(index.method.as_str(), "btree" | "") {
                self.note(format!("{}: index {} has no like", table.full_name(), index.name));
                continue;
            }
            let name = self.index_name(table, &index.name);
            let unique = if index.unique { "UNIQUE " } else { "" };
            let statement = format!(
                "CREATE {unique}INDEX {} ON {} ({})",
                quoted(self.engine, &name),
                self.names.table(table),
                list(self.engine, &index.columns)
            );
            self.say(&statement);
        }
    }

    /// Whether a text without a length can be in an index.
    fn sorts_long(&self) -> bool {
        matches!(self.engine, Engine::Postgres | Engine::Sqlite)
    }

    /// The index's name, once in the whole text: some engines have one space of names for all tables.
    fn index_name(&mut self, table: &Table, name: &str) -> String {
        let own: String =
            if name.is_empty() { format!("{}_index", table.name) } else { name.chars().take(50).collect() };
        let mut free = own.clone();
        let mut number = 2_u32;
        while self.taken.contains(&free.to_lowercase()) {
            free = format!("{own}_{number}");
            number += 1;
        }
        self.taken.insert(free.to_lowercase());
        free
    }
}
