//! What can be referred to: keys of tables, found by the words of the table's and the key's names.

use std::collections::HashMap;

use super::names;
use crate::{Column, Engine, Snapshot, Table, TableKind, TypeClass};

/// Keys of one word at the most; a word of more says nothing.
const MOST: usize = 12;
/// Letters of an abbreviation at the least.
pub(super) const SHORT: usize = 3;

/// A key of one column.
pub(super) struct Target<'a> {
    pub table: &'a Table,
    pub column: &'a Column,
    /// Words of the table's name.
    pub words: Vec<String>,
    /// The key's name taken apart.
    pub name: names::ColumnName,
    /// Whether it is the primary key.
    pub primary: bool,
}

impl Target<'_> {
    /// The last word of the table's name, where it has several.
    pub fn head(&self) -> Option<&String> {
        self.words.last().filter(|_| self.words.len() > 1)
    }

    /// Whether the key's own name speaks of its table.
    pub fn is_named_after_its_table(&self) -> bool {
        names::speaks_of(&self.name.base, &self.words)
    }
}

/// All keys of a snapshot.
pub(super) struct Targets<'a> {
    pub engine: Engine,
    pub all: Vec<Target<'a>>,
    by_table: HashMap<String, Vec<usize>>,
    by_head: HashMap<String, Vec<usize>>,
    by_key_base: HashMap<String, Vec<usize>>,
    by_key_name: HashMap<String, Vec<usize>>,
    by_start: HashMap<String, Vec<usize>>,
    /// Tables with a primary key over several columns, by the first of them.
    wide: HashMap<String, Vec<&'a Table>>,
    /// How many tables have the same wide key.
    alike: HashMap<String, usize>,
}

/// Whether a relation stores rows that can refer.
pub(super) fn holds_rows(table: &Table) -> bool {
    matches!(
        table.kind,
        TableKind::Table | TableKind::Partitioned | TableKind::Foreign | TableKind::Collection
    )
}

/// Whether values of that class serve as keys.
pub(super) fn is_key_class(class: TypeClass) -> bool {
    matches!(
        class,
        TypeClass::Integer
            | TypeClass::Decimal
            | TypeClass::Text
            | TypeClass::Uuid
            | TypeClass::Bytes
            | TypeClass::Other
    )
}

/// Names of a key's columns, whatever their order.
fn wide_key(columns: &[String]) -> String {
    let mut columns: Vec<String> = columns.iter().map(|c| c.to_lowercase()).collect();
    columns.sort_unstable();
    columns.join("\0")
}

impl<'a> Targets<'a> {
    pub fn of(snapshot: &'a Snapshot) -> Targets<'a> {
        let mut targets = Targets {
            engine: snapshot.engine,
            all: Vec::new(),
            by_table: HashMap::new(),
            by_head: HashMap::new(),
            by_key_base: HashMap::new(),
            by_key_name: HashMap::new(),
            by_start: HashMap::new(),
            wide: HashMap::new(),
            alike: HashMap::new(),
        };
        for table in snapshot.tables.iter().filter(|t| holds_rows(t)) {
            targets.add_table(table);
        }
        targets
    }

    fn add_table(&mut self, table: &'a Table) {
        let primary = table.primary_key.iter();
        for (key, is_primary) in
            primary.map(|k| (k, true)).chain(table.unique_keys.iter().map(|k| (k, false)))
        {
            match key.columns.as_slice() {
                [name] => {
                    let known = self.all.iter().rev().take_while(|t| std::ptr::eq(t.table, table));
                    let twice = known.into_iter().any(|t| t.column.name == *name);
                    if let Some(column) = table.column(name).filter(|c| !twice && is_key_class(c.class)) {
                        self.add(table, column, is_primary);
                    }
                }
                [first, ..] if is_primary => {
                    *self.alike.entry(wide_key(&key.columns)).or_default() += 1;
                    let list = self.wide.entry(first.to_lowercase()).or_default();
                    if list.len() <= MOST {
                        list.push(table);
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, table: &'a Table, column: &'a Column, primary: bool) {
        let at = self.all.len();
        let target = Target {
            table,
            column,
            words: names::table(&table.name),
            name: names::column(&column.name),
            primary,
        };
        let put = |map: &mut HashMap<String, Vec<usize>>, word: String| {
            let list = map.entry(word).or_default();
            // one more than is used, so that a crowded word is known as such
            if list.len() <= MOST {
                list.push(at);
            }
        };
        put(&mut self.by_table, target.words.join(" "));
        if let Some(head) = target.head() {
            put(&mut self.by_head, head.clone());
        }
        if !target.name.base.is_empty() {
            put(&mut self.by_key_base, target.name.base.join(" "));
            put(&mut self.by_key_name, column.name.to_lowercase());
        }
        let last = target.words.last().cloned().unwrap_or_default();
        let start: String = last.chars().take(SHORT).collect();
        put(&mut self.by_start, start);
        self.all.push(target);
    }

    fn found<'t>(
        &'t self,
        map: &'t HashMap<String, Vec<usize>>,
        word: &str,
    ) -> impl Iterator<Item = &'t Target<'a>> + use<'t, 'a> {
        let list = map.get(word).filter(|l| l.len() <= MOST).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|at| self.all.get(*at))
    }

    /// Tables whose wide key begins with a column of that name; none where many do.
    pub fn wide(&self, first: &str) -> &[&'a Table] {
        self.wide.get(&first.to_lowercase()).filter(|l| l.len() <= MOST).map_or(&[], Vec::as_slice)
    }

    /// How many tables have that wide key.
    pub fn with_key(&self, columns: &[String]) -> usize {
        self.alike.get(&wide_key(columns)).copied().unwrap_or_default()
    }

    /// Keys of the table of that name.
    pub fn of_table<'t>(&'t self, words: &str) -> impl Iterator<Item = &'t Target<'a>> + use<'t, 'a> {
        self.found(&self.by_table, words)
    }

    /// Keys of tables whose name ends with that word.
    pub fn of_head<'t>(&'t self, word: &str) -> impl Iterator<Item = &'t Target<'a>> + use<'t, 'a> {
        self.found(&self.by_head, word)
    }

    /// Keys that speak of that.
    pub fn of_key_base<'t>(&'t self, words: &str) -> impl Iterator<Item = &'t Target<'a>> + use<'t, 'a> {
        self.found(&self.by_key_base, words)
    }

    /// Keys of exactly that name.
    pub fn of_key_name<'t>(&'t self, name: &str) -> impl Iterator<Item = &'t Target<'a>> + use<'t, 'a> {
        self.found(&self.by_key_name, &name.to_lowercase())
    }

    /// Keys of tables whose last word begins with that abbreviation.
    pub fn of_abbreviation<'t>(&'t self, short: &str) -> impl Iterator<Item = &'t Target<'a>> + use<'t, 'a> {
        let start: String = short.chars().take(SHORT).collect();
        let short = short.to_owned();
        self.found(&self.by_start, &start)
            .filter(move |t| t.words.last().is_some_and(|w| w.starts_with(&short) && *w != short))
    }
}
