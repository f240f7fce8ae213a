//! Reads `CREATE TABLE` in its forms: ordinary, partitioned, inherited, foreign, virtual, copied, from a query.

use super::builder::Builder;
use super::cursor::{Cursor, ObjectName, split_commas, text_of};
use super::lex::{Kind, Token};
use super::{Reason, UNREADABLE, column, constraint, view};
use crate::{Column, Engine, Partitioning, Table, TableKind, TypeClass};

/// Passes words between `CREATE` and `TABLE`/`VIEW`; true when the object is temporary.
pub(super) fn eat_table_words(at: &mut Cursor<'_, '_>) -> bool {
    let mut temporary = false;
    loop {
        if at.eat_any(&["TEMPORARY", "TEMP"]) {
            temporary = true;
        } else if !at.eat_any(&["GLOBAL", "LOCAL", "UNLOGGED", "EXTERNAL"]) {
            return temporary;
        }
    }
}

/// Reads the name, and says whether an older table of that name stays.
fn named(builder: &Builder, at: &mut Cursor<'_, '_>) -> Option<(ObjectName, bool)> {
    let only_new = at.eat("IF NOT EXISTS");
    let name = at.object_name()?;
    let keep = only_new && builder.position(&name).is_some();
    Some((name, keep))
}

fn fresh(builder: &Builder, name: &ObjectName, kind: TableKind) -> Table {
    Table { schema: builder.schema_of(name), name: name.name.clone(), kind, ..Table::default() }
}

/// After `CREATE TABLE`.
pub(super) fn create(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let (name, keep) = named(builder, &mut at).ok_or(UNREADABLE)?;
    if keep {
        return Err("the table exists already");
    }
    if name.name.starts_with('#') {
        return Err("a temporary table is no part of the catalog");
    }
    if at.eat("PARTITION OF") {
        let parent = at.object_name().ok_or(UNREADABLE)?;
        let leaf = !at
            .rest()
            .windows(2)
            .any(|w| w.iter().map(|t| t.raw.to_ascii_uppercase()).eq(["PARTITION", "BY"]));
        return builder.fold(&name, &parent, leaf).ok_or("the partitioned table is not known");
    }
    let mut table = fresh(builder, &name, TableKind::Table);
    if at.eat("LIKE") {
        copy_columns(builder, &mut table, &mut at);
    } else if let Some(body) = at.group() {
        read_body(builder, &mut table, body);
    }
    options(builder, &mut table, &mut at);
    let query = if at.eat("AS") || at.is(0, "SELECT") { Some(text_of(at.rest())) } else { None };
    if table.columns.is_empty() && query.is_none() {
        return Err(UNREADABLE);
    }
    let untyped = table.columns.is_empty();
    let position = builder.put(table);
    if let Some(query) = query.filter(|_| untyped) {
        view::pend(builder, position, query, Vec::new());
    }
    Ok(())
}

/// After `CREATE FOREIGN TABLE`.
pub(super) fn create_foreign(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let (name, keep) = named(builder, &mut at).ok_or(UNREADABLE)?;
    if keep {
        return Err("the table exists already");
    }
    let mut table = fresh(builder, &name, TableKind::Foreign);
    read_body(builder, &mut table, at.group().ok_or(UNREADABLE)?);
    builder.put(table);
    Ok(())
}

/// After `CREATE VIRTUAL TABLE` (SQLite).
pub(super) fn create_virtual(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let (name, keep) = named(builder, &mut at).ok_or(UNREADABLE)?;
    if keep {
        return Err("the table exists already");
    }
    let mut table = fresh(builder, &name, TableKind::Virtual);
    at.eat("USING");
    let module = at.name().unwrap_or_default().to_lowercase();
    for part in at.group().map(split_commas).unwrap_or_default() {
        if part.iter().any(|t| t.is_punct("=")) {
            continue;
        }
        let mut part = Cursor::new(part, builder.engine);
        let Some(name) = part.name() else { continue };
        let class = virtual_class(&module, table.columns.len());
        let column = Column { name, class, nullable: true, ..Column::default() };
        column::put(&mut table, column);
    }
    builder.put(table);
    Ok(())
}

/// What a virtual table's columns hold: text in full-text tables, an id and bounds in R-trees.
fn virtual_class(module: &str, before: usize) -> TypeClass {
    match (module, before) {
        (m, _) if m.starts_with("fts") => TypeClass::Text,
        ("rtree" | "rtree_i32", 0) | ("rtree_i32", _) => TypeClass::Integer,
        ("rtree", _) => TypeClass::Float,
        _ => TypeClass::Other,
    }
}

/// The list in parentheses: columns and constraints.
fn read_body(builder: &Builder, table: &mut Table, body: &[Token<'_>]) {
    for part in split_commas(body) {
        let mut at = Cursor::new(part, builder.engine);
        if at.is(0, "LIKE") && builder.engine == Engine::Postgres {
            at.bump();
            copy_columns(builder, table, &mut at);
            continue;
        }
        if !constraint::starts(&at) {
            column::read(builder, table, at);
            continue;
        }
        while !at.done() {
            if !constraint::read(table, &mut at) {
                at.bump();
            }
        }
    }
}

fn copy_columns(builder: &Builder, table: &mut Table, at: &mut Cursor<'_, '_>) {
    let Some(source) = at.object_name().and_then(|n| builder.table(&n)) else { return };
    for column in source.columns.clone() {
        column::put(table, column);
    }
}

/// What follows the column list.
fn options(builder: &Builder, table: &mut Table, at: &mut Cursor<'_, '_>) {
    // `AS NODE` is an option of SQL Server's graph tables
    while !at.done() && !at.is(0, "SELECT") && (!at.is(0, "AS") || at.is(1, "NODE")) {
        if at.eat("INHERITS") {
            inherit(builder, table, at);
        } else if at.eat("PARTITION BY") {
            partition_by(table, at);
        } else if at.eat("WITHOUT ROWID") {
            not_null_key(table);
        } else if at.eat("COMMENT") {
            at.eat_punct("=");
            table.comment = at.string().filter(|c| !c.is_empty());
        } else if at.group().is_none() {
            at.bump();
        }
    }
}

fn not_null_key(table: &mut Table) {
    let keyed = table.primary_key.iter().flat_map(|k| k.columns.clone()).collect::<Vec<_>>();
    for column in table.columns.iter_mut().filter(|c| keyed.iter().any(|k| k.eq_ignore_ascii_case(&c.name))) {
        column.nullable = false;
    }
}

fn inherit(builder: &Builder, table: &mut Table, at: &mut Cursor<'_, '_>) {
    let own = std::mem::take(&mut table.columns);
    for part in at.group().map(split_commas).unwrap_or_default() {
        let parent = Cursor::new(part, builder.engine).object_name().and_then(|n| builder.table(&n));
        for column in parent.map(|p| p.columns.clone()).unwrap_or_default() {
            column::put(table, column);
        }
    }
    for column in own {
        column::put(table, column);
    }
}

fn partition_by(table: &mut Table, at: &mut Cursor<'_, '_>) {
    let strategy =
        at.run_until(|c| !c.is_punct(0, "(") && !c.is(0, "COLUMNS") && !c.is(0, "HASH") && !c.is(0, "KEY"));
    let mut partitioning = Partitioning { strategy: text_of(strategy), partitions: 0 };
    while at.eat_any(&["PARTITIONS", "SUBPARTITION", "BY"]) {
        if let Some(count) = at.peek().filter(|t| t.kind == Kind::Number).and_then(|t| t.raw.parse().ok()) {
            partitioning.partitions = count;
            at.bump();
        }
    }
    if let Some(list) = at.group() {
        partitioning.partitions = split_commas(list).len() as u32;
    }
    table.kind = TableKind::Partitioned;
    table.partitioning = Some(partitioning);
}

/// Reads one column or constraint that `ALTER TABLE ... ADD` brings.
pub(super) fn add(builder: &Builder, table: &mut Table, mut at: Cursor<'_, '_>) {
    if constraint::starts(&at) {
        constraint::read(table, &mut at);
        return;
    }
    at.eat("COLUMN");
    at.eat("IF NOT EXISTS");
    column::read(builder, table, at);
}
