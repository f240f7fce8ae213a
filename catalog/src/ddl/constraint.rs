//! Reads table constraints: keys, references, checks and MySQL's inline indexes.

use super::column::{index_columns, plain_columns};
use super::cursor::{Cursor, bare_text_of};
use crate::{Check, Engine, ForeignKey, Index, Key, Table};

/// Whether a table constraint starts here (rather than a column that is called so).
pub(super) fn starts(at: &Cursor<'_, '_>) -> bool {
    let mysql = matches!(at.engine, Engine::Mysql | Engine::Mariadb);
    let parens_soon = (1..6).any(|i| at.is_punct(i, "("));
    at.is(0, "CONSTRAINT")
        || (at.is(0, "PRIMARY") && at.is(1, "KEY"))
        || (at.is(0, "FOREIGN") && at.is(1, "KEY"))
        || (at.is(0, "CHECK") && at.is_punct(1, "("))
        || (at.is(0, "UNIQUE") && parens_soon)
        || (at.is(0, "EXCLUDE") && (at.is(1, "USING") || at.is_punct(1, "(")))
        || (at.is(0, "PERIOD") && at.is(1, "FOR"))
        || (mysql && at.is_any(&["KEY", "INDEX", "FULLTEXT", "SPATIAL"]) && parens_soon)
        || (at.engine == Engine::Mssql && at.is(0, "INDEX") && parens_soon)
}

/// Reads the table constraint that starts here; false, without moving, when none does.
pub(super) fn read(table: &mut Table, at: &mut Cursor<'_, '_>) -> bool {
    if !starts(at) {
        return false;
    }
    let name = if at.eat("CONSTRAINT") { constraint_name(at) } else { None };
    if at.eat("PRIMARY KEY") {
        primary(table, at, name);
    } else if at.eat("UNIQUE") {
        unique(table, at, name);
    } else if at.eat("FOREIGN KEY") {
        if !at.is_punct(0, "(") {
            at.name();
        }
        let columns = at.group().and_then(|g| plain_columns(g, at.engine)).unwrap_or_default();
        if at.eat("REFERENCES") {
            references(table, at, name, columns);
        }
    } else if at.eat("CHECK") {
        at.eat("NOT FOR REPLICATION");
        check(table, at, name);
    } else if at.is_any(&["KEY", "INDEX", "FULLTEXT", "SPATIAL"]) {
        inline_index(table, at);
    } else if at.eat_any(&["EXCLUDE", "PERIOD"]) {
        while !at.done() && at.group().is_none() {
            at.bump();
        }
    }
    true
}

/// The name after `CONSTRAINT`; MySQL lets it be left out.
fn constraint_name(at: &mut Cursor<'_, '_>) -> Option<String> {
    let unnamed = at.is(1, "KEY") || (at.is(0, "UNIQUE") && at.is_punct(1, "("));
    if unnamed && at.is_any(&["PRIMARY", "FOREIGN", "UNIQUE"]) {
        return None;
    }
    at.name()
}

fn eat_key_words(at: &mut Cursor<'_, '_>) {
    while at.eat_any(&["CLUSTERED", "NONCLUSTERED", "KEY", "INDEX", "NULLS NOT DISTINCT", "NULLS DISTINCT"]) {
    }
}

fn primary(table: &mut Table, at: &mut Cursor<'_, '_>, name: Option<String>) {
    eat_key_words(at);
    if at.eat("USING INDEX") {
        let index = at.name().unwrap_or_default();
        let found = table.unique_keys.iter().find(|k| k.name.as_deref() == Some(&index));
        table.primary_key = found.map(|k| Key { name, columns: k.columns.clone() });
        return;
    }
    eat_using(at);
    let columns = at.group().and_then(|g| plain_columns(g, at.engine)).unwrap_or_default();
    at.eat("AUTOINCREMENT");
    if !columns.is_empty() {
        table.primary_key = Some(Key { name, columns });
    }
}

fn unique(table: &mut Table, at: &mut Cursor<'_, '_>, name: Option<String>) {
    eat_key_words(at);
    let own = if at.is_punct(0, "(") || at.is(0, "USING") { None } else { at.name() };
    eat_using(at);
    let Some(group) = at.group() else { return };
    let name = name.or(own);
    match plain_columns(group, at.engine) {
        Some(columns) => table.unique_keys.push(Key { name, columns }),
        None => table.indexes.push(Index {
            name: name.unwrap_or_default(),
            method: "btree".to_owned(),
            columns: index_columns(group, at.engine),
            unique: true,
            predicate: None,
        }),
    }
}

fn eat_using(at: &mut Cursor<'_, '_>) {
    if at.eat("USING") {
        at.name();
    }
}

fn inline_index(table: &mut Table, at: &mut Cursor<'_, '_>) {
    let mut method = "btree".to_owned();
    if at.is_any(&["FULLTEXT", "SPATIAL"]) {
        method = at.name().unwrap_or_default().to_lowercase();
    }
    eat_key_words(at);
    let name = if at.is_punct(0, "(") { String::new() } else { at.name().unwrap_or_default() };
    at.eat("UNIQUE");
    at.eat_any(&["CLUSTERED", "NONCLUSTERED"]);
    if at.eat("USING") {
        method = at.name().unwrap_or_default().to_lowercase();
    }
    let Some(group) = at.group() else { return };
    let columns = index_columns(group, at.engine);
    table.indexes.push(Index { name, method, columns, unique: false, predicate: None });
}

/// Reads the condition that stands in parentheses here.
pub(super) fn check(table: &mut Table, at: &mut Cursor<'_, '_>, name: Option<String>) {
    let Some(condition) = at.group() else { return };
    table.checks.push(Check { name, expression: bare_text_of(condition) });
    at.eat("NOT ENFORCED");
    at.eat("NO INHERIT");
}

/// Reads what follows `REFERENCES`.
pub(super) fn references(
    table: &mut Table,
    at: &mut Cursor<'_, '_>,
    name: Option<String>,
    columns: Vec<String>,
) {
    let Some(target) = at.object_name() else { return };
    let to_columns = at.group().and_then(|g| plain_columns(g, at.engine)).unwrap_or_default();
    let mut key = ForeignKey {
        name,
        columns,
        to_schema: target.schema.unwrap_or_default(),
        to_table: target.name,
        to_columns,
        ..ForeignKey::default()
    };
    loop {
        if at.eat("ON DELETE") {
            key.on_delete = action(at);
        } else if at.eat("ON UPDATE") {
            key.on_update = action(at);
        } else if at.eat("MATCH") {
            at.bump();
        } else if !at.eat_any(&[
            "NOT DEFERRABLE",
            "DEFERRABLE",
            "INITIALLY DEFERRED",
            "INITIALLY IMMEDIATE",
            "NOT FOR REPLICATION",
            "NOT VALID",
        ]) {
            break;
        }
    }
    if !key.columns.is_empty() {
        table.foreign_keys.push(key);
    }
}

/// The action, where it is not the default.
fn action(at: &mut Cursor<'_, '_>) -> Option<String> {
    for known in ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"] {
        if at.eat(known) {
            return Some(known.to_owned());
        }
    }
    at.eat("NO ACTION");
    None
}
