//! Compares catalogs of different engines: what one database is on two servers, seen without what only one of them can say.
//!
//! Names are compared without case, `_` and spaces, as one engine's `CustomerId` is another's `customer_id`; types by their
//! class; keys and references by their columns. Defaults, comments, checks, indexes, texts of views and routines are written
//! in each engine's own language and are left out, as is the order of columns. Where one side has one schema and the
//! other several, a table of these is compared with one that has the schema's name before its own: engines without schemas
//! keep them so.

use super::{Diff, diff};
use crate::{Column, Engine, ForeignKey, Key, Snapshot, Table, TableKind};

/// Differences between the same database on two engines. Types are named by their class.
///
/// ```
/// use catalog::{Engine, ddl, diff::across};
/// let postgres = ddl::read("CREATE TABLE pet (pet_id serial PRIMARY KEY, born timestamp)", Engine::Postgres).snapshot;
/// let mysql = ddl::read("CREATE TABLE `Pet` (`PetId` int PRIMARY KEY, `Born` date)", Engine::Mysql).snapshot;
/// let lines: Vec<String> = across(&postgres, &mysql).changes.iter().map(|c| c.line()).collect();
/// assert_eq!(lines, ["pet.born: type narrowed from timestamp to date"]);
/// ```
pub fn across(old: &Snapshot, new: &Snapshot) -> Diff {
    let (before, after) = (Schemas::of(old), Schemas::of(new));
    // one side keeps in names of tables what the other has schemas for
    let flat = before.single != after.single;
    let side = |snapshot, schemas: Schemas<'_>| neutral(snapshot, &Schemas { flat, ..schemas });
    diff(&side(old, before), &side(new, after))
}

/// A snapshot in words that every engine has.
fn neutral(snapshot: &Snapshot, schemas: &Schemas<'_>) -> Snapshot {
    let mut tables: Vec<Table> = snapshot.tables.iter().map(|t| table(t, schemas)).collect();
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    // one engine for both, as the comparison of one engine's catalogs has it
    Snapshot { engine: Engine::Postgres, tables, ..Snapshot::default() }
}

/// What schemas are called: the one where names are looked up first has no name, or the only one.
struct Schemas<'a> {
    home: Option<&'a str>,
    /// Whether there is one schema only.
    single: bool,
    /// Whether schemas are a part of the names of tables.
    flat: bool,
}

impl<'a> Schemas<'a> {
    fn of(snapshot: &'a Snapshot) -> Schemas<'a> {
        let mut names = snapshot.tables.iter().map(|t| t.schema.as_str());
        let first = names.next();
        let only = first.filter(|first| names.all(|name| name == *first));
        let home = only.or(snapshot.search_path.first().map(String::as_str));
        Schemas { home, single: only.is_some(), flat: false }
    }

    fn name(&self, schema: &str) -> String {
        if self.flat || self.home == Some(schema) { String::new() } else { folded(schema) }
    }

    fn table(&self, schema: &str, name: &str) -> String {
        let within = self.flat && self.home != Some(schema);
        if within { folded(schema) + &folded(name) } else { folded(name) }
    }
}

/// A name without case and separators. One that is made of nothing else keeps them.
fn folded(name: &str) -> String {
    let letters: String = name.chars().filter(|c| !matches!(c, '_' | ' ' | '-')).collect();
    if letters.is_empty() { name.to_owned() } else { letters.to_lowercase() }
}

fn all(names: &[String]) -> Vec<String> {
    names.iter().map(|name| folded(name)).collect()
}

fn table(table: &Table, schemas: &Schemas<'_>) -> Table {
    let mut columns: Vec<Column> = table.columns.iter().map(column).collect();
    let kind = kind(table.kind);
    // what a view may give is told by some engines and unknown to others
    columns.iter_mut().filter(|_| kind == TableKind::View).for_each(|column| column.nullable = true);
    let primary_key = table.primary_key.as_ref().map(key);
    // in some engines a key beside the primary one over the same columns is written, in others it goes without saying
    let mut unique_keys: Vec<Key> = table.unique_keys.iter().map(key).collect();
    // one engine indexes views whose rows are stored, the others know no key of a view
    unique_keys.retain(|_| kind == TableKind::Table);
    unique_keys.retain(|unique| Some(unique) != primary_key.as_ref());
    unique_keys.sort_by(|a, b| a.columns.cmp(&b.columns));
    unique_keys.dedup();
    Table {
        schema: schemas.name(&table.schema),
        name: schemas.table(&table.schema, &table.name),
        kind,
        columns,
        primary_key,
        unique_keys,
        foreign_keys: table
            .foreign_keys
            .iter()
            .filter(|k| k.inferred.is_none())
            .map(|k| reference(k, schemas))
            .collect(),
        ..Table::default()
    }
}

/// What holds rows of its own, however it is kept, is a table.
fn kind(kind: TableKind) -> TableKind {
    match kind {
        TableKind::View | TableKind::MaterializedView => TableKind::View,
        TableKind::Table
        | TableKind::Partitioned
        | TableKind::Foreign
        | TableKind::Virtual
        | TableKind::Collection => TableKind::Table,
    }
}

fn column(column: &Column) -> Column {
    Column {
        // all at one place: where a column stands says nothing
        position: 0,
        name: folded(&column.name),
        native_type: word(column),
        class: column.class,
        element: column.element,
        nullable: column.nullable,
        // by what means a key is numbered is the engine's own matter
        generated: column
            .generated
            .as_ref()
            .filter(|how| how.as_str() != "identity")
            .map(|_| "computed".to_owned()),
        ..Column::default()
    }
}

/// The class as its word, `timestamp_tz`.
fn word(column: &Column) -> String {
    let word = |class| {
        serde_json::to_value(class).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    };
    match column.element {
        Some(element) => format!("{} of {}", word(column.class), word(element)),
        None => word(column.class),
    }
}

/// A key by its columns; their order counts for speed alone.
fn key(key: &Key) -> Key {
    let mut columns = all(&key.columns);
    columns.sort();
    Key { name: None, columns }
}

fn reference(key: &ForeignKey, schemas: &Schemas<'_>) -> ForeignKey {
    let mut pairs: Vec<_> = all(&key.columns).into_iter().zip(all(&key.to_columns)).collect();
    pairs.sort();
    let (columns, to_columns) = pairs.into_iter().unzip();
    // to refuse at once or at the end is the same to whoever reads
    let rule = |rule: &Option<String>| {
        rule.as_ref().map(|r| r.to_uppercase()).filter(|r| !matches!(r.as_str(), "RESTRICT" | "NO ACTION"))
    };
    ForeignKey {
        name: None,
        columns,
        to_schema: schemas.name(&key.to_schema),
        to_table: schemas.table(&key.to_schema, &key.to_table),
        to_columns,
        on_delete: rule(&key.on_delete),
        on_update: rule(&key.on_update),
        inferred: None,
    }
}
