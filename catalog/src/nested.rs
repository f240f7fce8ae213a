//! Arrays in documents as child tables: their names, their own columns and their keys, the same for every source.

use std::collections::HashSet;

use crate::{Column, ForeignKey, Key, Nested, Table, TableKind, TypeClass};

/// The column that holds the `_id` of the document.
pub const PARENT_ID: &str = "_parent_id";
/// The column of an array's scalar elements.
pub const VALUE: &str = "value";
/// How many arrays inside each other become tables; what is deeper stays a column of class array.
pub const DEEPEST: usize = 4;

/// The column that holds the position in the array at a level, 1 being the outermost: `_position`, `_position2` ...
pub fn position_column(level: usize) -> String {
    if level <= 1 { "_position".to_owned() } else { format!("_position{level}") }
}

/// How many arrays a table's rows stand in: 0 for a collection.
pub fn level(table: &Table) -> usize {
    table.nested.as_ref().map_or(0, |n| n.level as usize)
}

/// Whether a child table's column is one of its own, and no field of the elements.
pub fn is_own_column(table: &Table, name: &str) -> bool {
    name == PARENT_ID || (1..=level(table)).any(|level| name == position_column(level))
}

/// A name for the child table: `<collection>_<path>` with underscores for dots, and a number where it is taken. The
/// name is added to `taken`.
pub fn name(collection: &str, path: &str, taken: &mut HashSet<String>) -> String {
    let plain = format!("{collection}_{}", path.replace('.', "_"));
    let mut name = plain.clone();
    let mut number = 2_u32;
    while !taken.insert(name.clone()) {
        name = format!("{plain}_{number}");
        number = number.saturating_add(1);
    }
    name
}

/// A child table with its own columns and keys; the caller adds the fields of the elements by [`push`].
///
/// `collection` is the table of the documents, `parent` the table whose rows hold the array: the collection itself, or
/// the child table of the array around this one.
pub fn child(collection: &Table, parent: &Table, path: &str, name: String, scalar: bool) -> Table {
    let depth = level(parent) + 1;
    let mut table = Table {
        schema: collection.schema.clone(),
        name,
        kind: TableKind::Collection,
        nested: Some(Nested {
            collection: collection.name.clone(),
            path: path.to_owned(),
            parent: parent.name.clone(),
            scalar,
            level: u32::try_from(depth).unwrap_or(u32::MAX),
        }),
        ..Table::default()
    };
    let id = collection.column("_id").cloned().unwrap_or_default();
    push(&mut table, Column { name: PARENT_ID.to_owned(), nullable: false, statistics: None, ..id });
    let positions: Vec<String> = (1..=depth).map(position_column).collect();
    for name in &positions {
        let (native_type, class) = ("int".to_owned(), TypeClass::Integer);
        push(&mut table, Column { name: name.clone(), native_type, class, ..Column::default() });
    }
    let keys = |count: usize| {
        let own = positions.iter().take(count).cloned();
        std::iter::once(PARENT_ID.to_owned()).chain(own).collect::<Vec<_>>()
    };
    table.primary_key = Some(Key { name: None, columns: keys(depth) });
    table.foreign_keys.push(reference(collection, vec![PARENT_ID.to_owned()], vec!["_id".to_owned()]));
    if parent.nested.is_some() {
        table.foreign_keys.push(reference(parent, keys(depth - 1), keys(depth - 1)));
    }
    table
}

/// Adds a column at the end. A field that is called as one of the table's columns is left out: false then.
pub fn push(table: &mut Table, mut column: Column) -> bool {
    if table.column(&column.name).is_some() {
        return false;
    }
    column.position = u32::try_from(table.columns.len() + 1).unwrap_or(u32::MAX);
    table.columns.push(column);
    true
}

fn reference(to: &Table, columns: Vec<String>, to_columns: Vec<String>) -> ForeignKey {
    let (to_schema, to_table) = (to.schema.clone(), to.name.clone());
    ForeignKey { columns, to_schema, to_table, to_columns, ..ForeignKey::default() }
}
