//! A catalog as DDL text of an engine, so that a database's shape can be made anew on the same or on another one.
//!
//! Tables, columns, keys, references, plain indexes, literal defaults, comments and views are written. What one engine
//! says in its own language alone is left out when the text is for another, and named in the notes; a view is written
//! there as one without rows, whose columns have the names and types of the original.

mod keys;
mod names;
mod table;
mod types;
mod values;
mod view;

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{Engine, Snapshot, Table, TableKind};
use names::Names;

/// Notes that are listed; the rest is only counted.
const LISTED: usize = 1_000;

/// DDL text, and what it leaves out.
#[derive(Debug, Clone, Default)]
pub struct Written {
    /// The statements, each ended by `;` and a new line (T-SQL: views stand in batches of their own, between `GO`).
    pub sql: String,
    /// What was left out or written in another way, one line each; at most 1,000 are listed.
    pub notes: Vec<String>,
    /// How many notes there are, the unlisted ones included.
    pub notes_total: usize,
}

/// Writes a catalog as DDL of an engine; `None` for MongoDB, which has none.
///
/// An engine without schemas inside a database (MySQL, MariaDB, SQLite) gets those beside the first as a part of the
/// tables' names: `sales.orders` becomes `sales_orders`.
///
/// ```
/// use catalog::{Engine, ddl, write::write};
/// let pet = ddl::read("CREATE TABLE pet (id int PRIMARY KEY, seen timestamptz NOT NULL)", Engine::Postgres).snapshot;
/// let there = write(&pet, Engine::Mssql).unwrap();
/// assert!(there.sql.contains("[seen] datetimeoffset NOT NULL"));
/// let back = ddl::read(&there.sql, Engine::Mssql).snapshot;
/// assert!(catalog::diff::across(&pet, &back).is_empty());
/// ```
pub fn write(snapshot: &Snapshot, engine: Engine) -> Option<Written> {
    if engine == Engine::Mongodb {
        return None;
    }
    let mut incoming: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for key in snapshot.tables.iter().flat_map(|t| &t.foreign_keys) {
        let columns = key.to_columns.iter().map(String::as_str);
        incoming.entry((&key.to_schema, &key.to_table)).or_default().extend(columns);
    }
    let mut writer = Writer {
        from: snapshot.engine,
        engine,
        snapshot,
        names: Names::new(snapshot, engine),
        known: snapshot.tables.iter().map(|t| ((t.schema.as_str(), t.name.as_str()), t)).collect(),
        incoming,
        labels: BTreeMap::new(),
        taken: snapshot.tables.iter().map(|t| t.name.to_lowercase()).collect(),
        written: Written::default(),
    };
    writer.all();
    Some(writer.written)
}

/// The text in the making.
struct Writer<'s> {
    from: Engine,
    engine: Engine,
    snapshot: &'s Snapshot,
    names: Names,
    known: HashMap<(&'s str, &'s str), &'s Table>,
    /// The columns of each table that references lead to.
    incoming: HashMap<(&'s str, &'s str), Vec<&'s str>>,
    /// PostgreSQL: the type made for each list of labels.
    labels: BTreeMap<Vec<String>, String>,
    /// Names of tables and indexes that are in use.
    taken: HashSet<String>,
    written: Written,
}

fn is_view(table: &Table) -> bool {
    matches!(table.kind, TableKind::View | TableKind::MaterializedView)
}

impl Writer<'_> {
    /// Whether the text is for the engine that the catalog is of.
    fn same(&self) -> bool {
        self.from == self.engine
    }

    fn say(&mut self, statement: &str) {
        self.written.sql.push_str(statement);
        self.written.sql.push_str(";\n");
    }

    fn note(&mut self, what: String) {
        self.written.notes_total += 1;
        if self.written.notes.len() < LISTED {
            self.written.notes.push(what);
        }
    }

    fn all(&mut self) {
        for schema in self.names.schemas() {
            self.say(&schema);
        }
        self.enums();
        let snapshot = self.snapshot;
        let tables: Vec<&Table> = snapshot.tables.iter().filter(|t| !is_view(t)).collect();
        for table in &tables {
            self.table(table);
        }
        if self.engine != Engine::Sqlite {
            tables.iter().for_each(|table| self.references(table));
        }
        for table in &tables {
            self.indexes(table);
        }
        for view in view::ordered(snapshot) {
            self.view(view);
        }
        for table in &snapshot.tables {
            self.comments(table);
        }
        for routine in &snapshot.routines {
            self.note(format!("{}.{}: routines are not written", routine.schema, routine.name));
        }
    }
}
