//! Fingerprints: did a table, or anything at all, change between two crawls?
//!
//! The canonical form is a sequence of tagged, length-prefixed fields written in one fixed order, so that no two
//! different tables share a form. It leaves out what changes without anybody changing the schema: row estimates, sizes,
//! the number of partitions, statistics, sensitivity tags, and inferred references. Lists whose order has no meaning
//! (keys, references, indexes, checks) are sorted; columns and labels keep theirs.
//!
//! [`VERSION`] is part of the form: raise it when the form changes, and every table counts as changed once.

use std::fmt;
use std::io::Write as _;

use crate::parallel;
use crate::{Check, Column, ForeignKey, Index, Key, Routine, Schema, Snapshot, Table};

/// Version of the canonical form.
pub const VERSION: u8 = 1;

/// The canonical form in the making.
struct Form {
    bytes: Vec<u8>,
}

impl Form {
    fn new(kind: &str) -> Form {
        let mut form = Form { bytes: vec![VERSION] };
        form.text(kind);
        form
    }

    fn number(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        self.number(value.len() as u64);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// As [`Form::text`] of what is shown, without a text of its own.
    fn shown(&mut self, value: fmt::Arguments<'_>) {
        let at = self.bytes.len();
        self.number(0);
        let start = self.bytes.len();
        // writing into memory does not fail
        let _ = self.bytes.write_fmt(value);
        let length = ((self.bytes.len() - start) as u64).to_le_bytes();
        if let Some(place) = self.bytes.get_mut(at..start) {
            place.copy_from_slice(&length);
        }
    }

    fn flag(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    fn optional(&mut self, value: Option<&str>) {
        self.flag(value.is_some());
        if let Some(value) = value {
            self.text(value);
        }
    }

    fn texts(&mut self, values: &[String]) {
        self.number(values.len() as u64);
        for value in values {
            self.text(value);
        }
    }

    /// Parts whose order has no meaning.
    fn unordered(&mut self, mut parts: Vec<Vec<u8>>) {
        parts.sort();
        self.number(parts.len() as u64);
        for part in parts {
            self.number(part.len() as u64);
            self.bytes.extend_from_slice(&part);
        }
    }

    fn hash(&self) -> String {
        blake3::hash(&self.bytes).to_hex().to_string()
    }
}

/// The fingerprint of a table, as lower-case hex.
pub fn table(table: &Table) -> String {
    let mut form = Form::new("table");
    form.text(&table.schema);
    form.text(&table.name);
    form.shown(format_args!("{:?}", table.kind));
    form.optional(table.comment.as_deref());
    form.number(table.columns.len() as u64);
    for column in &table.columns {
        add_column(&mut form, column);
    }
    form.unordered(table.primary_key.iter().map(key).collect());
    form.unordered(table.unique_keys.iter().map(key).collect());
    form.unordered(table.foreign_keys.iter().filter(|k| k.inferred.is_none()).map(foreign_key).collect());
    form.unordered(table.indexes.iter().map(index).collect());
    form.unordered(table.checks.iter().map(check).collect());
    form.optional(table.view_text.as_deref());
    form.optional(table.partitioning.as_ref().map(|p| p.strategy.as_str()));
    // said only where it is: the form of every other table stays what it was
    if let Some(nested) = &table.nested {
        form.text("nested");
        form.texts(&[nested.collection.clone(), nested.path.clone(), nested.parent.clone()]);
        form.flag(nested.scalar);
        form.number(u64::from(nested.level));
    }
    form.hash()
}

/// The fingerprint of a routine.
pub fn routine(routine: &Routine) -> String {
    let mut form = Form::new("routine");
    for text in [&routine.schema, &routine.name, &routine.kind, &routine.arguments] {
        form.text(text);
    }
    for text in [&routine.returns, &routine.volatility, &routine.language, &routine.comment] {
        form.optional(text.as_deref());
    }
    form.hash()
}

/// The fingerprint of everything; the server's version and the database's name are no part of it.
///
/// ```
/// use catalog::{Engine, ddl, fingerprint};
/// let read = |sql| ddl::read(sql, Engine::Sqlite).snapshot;
/// let one = read("CREATE TABLE a (id INT); CREATE TABLE b (id INT)");
/// let two = read("CREATE TABLE b (id INT); CREATE TABLE a (id INT)");
/// assert_eq!(fingerprint::snapshot(&one), fingerprint::snapshot(&two));
/// ```
pub fn snapshot(snapshot: &Snapshot) -> String {
    combine(snapshot, tables(&snapshot.tables))
}

/// The fingerprints of tables, in their order.
pub fn tables(tables: &[Table]) -> Vec<String> {
    parallel::map(tables, table)
}

/// As [`snapshot`], from table fingerprints that are known already (in any order).
pub fn combine(snapshot: &Snapshot, tables: Vec<String>) -> String {
    let mut form = Form::new("snapshot");
    form.text(snapshot.engine.name());
    form.texts(&snapshot.search_path);
    form.unordered(snapshot.schemas.iter().map(schema).collect());
    form.unordered(tables.into_iter().map(String::into_bytes).collect());
    form.unordered(snapshot.routines.iter().map(|r| routine(r).into_bytes()).collect());
    form.hash()
}

fn part(fill: impl FnOnce(&mut Form)) -> Vec<u8> {
    let mut form = Form { bytes: Vec::new() };
    fill(&mut form);
    form.bytes
}

fn schema(schema: &Schema) -> Vec<u8> {
    part(|f| {
        f.text(&schema.name);
        f.optional(schema.comment.as_deref());
    })
}

fn add_column(form: &mut Form, column: &Column) {
    form.number(u64::from(column.position));
    form.text(&column.name);
    form.text(&column.native_type);
    form.shown(format_args!("{:?} {:?}", column.class, column.element));
    form.flag(column.nullable);
    form.optional(column.default.as_deref());
    form.optional(column.generated.as_deref());
    form.texts(&column.enum_labels);
    form.optional(column.comment.as_deref());
}

fn key(key: &Key) -> Vec<u8> {
    part(|f| {
        f.optional(key.name.as_deref());
        f.texts(&key.columns);
    })
}

fn foreign_key(key: &ForeignKey) -> Vec<u8> {
    part(|f| {
        f.optional(key.name.as_deref());
        f.texts(&key.columns);
        f.text(&key.to_schema);
        f.text(&key.to_table);
        f.texts(&key.to_columns);
        f.optional(key.on_delete.as_deref());
        f.optional(key.on_update.as_deref());
    })
}

fn index(index: &Index) -> Vec<u8> {
    part(|f| {
        f.text(&index.name);
        f.text(&index.method);
        f.texts(&index.columns);
        f.flag(index.unique);
        f.optional(index.predicate.as_deref());
    })
}

fn check(check: &Check) -> Vec<u8> {
    part(|f| {
        f.optional(check.name.as_deref());
        f.text(&check.expression);
    })
}
