//! Reads `ALTER TABLE`: what it adds, changes, renames, drops and attaches.

use super::builder::Builder;
use super::column;
use super::cursor::{Cursor, ObjectName, bare_text_of, split_commas};
use super::{Reason, UNREADABLE, table};
use crate::{Column, Engine, Table};

/// After `ALTER TABLE`.
pub(super) fn alter_table(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    at.eat("IF EXISTS");
    at.eat("ONLY");
    let name = at.object_name().ok_or(UNREADABLE)?;
    at.eat_punct("*");
    if builder.is_folded(&name) {
        return Ok(());
    }
    if at.eat("ATTACH PARTITION") {
        let child = at.object_name().ok_or(UNREADABLE)?;
        return builder.fold(&child, &name, true).ok_or("the partitioned table is not known");
    }
    if at.eat("RENAME TO") || at.eat("RENAME AS") {
        return rename(builder, &name, &mut at);
    }
    let position = builder.position(&name).ok_or("the altered table is not known")?;
    let Some(mut changed) = builder.tables.get_mut(position).and_then(Option::take) else {
        return Err(UNREADABLE);
    };
    let mut adding = false;
    let mut read = false;
    for part in split_commas(at.rest()) {
        read |= action(builder, &mut changed, Cursor::new(part, builder.engine), &mut adding);
    }
    if let Some(slot) = builder.tables.get_mut(position) {
        *slot = Some(changed);
    }
    if read { Ok(()) } else { Err("the alteration changes nothing that the catalog holds") }
}

fn rename(builder: &mut Builder, name: &ObjectName, at: &mut Cursor<'_, '_>) -> Result<(), Reason> {
    let new = at.object_name().ok_or(UNREADABLE)?;
    let mut table = builder.remove(name).ok_or("the altered table is not known")?;
    table.name = new.name;
    builder.put(table);
    Ok(())
}

fn action(builder: &Builder, table: &mut Table, mut at: Cursor<'_, '_>, adding: &mut bool) -> bool {
    at.eat_any(&["WITH CHECK", "WITH NOCHECK"]);
    if at.eat("ADD") {
        *adding = true;
        return add(builder, table, at);
    }
    if at.eat("MODIFY") {
        at.eat("COLUMN");
        return column::read(builder, table, at).is_some();
    }
    if at.eat("CHANGE") {
        at.eat("COLUMN");
        return change(builder, table, at).is_some();
    }
    if at.eat("RENAME COLUMN") || (at.is(0, "RENAME") && at.is(2, "TO") && at.bump().is_some()) {
        return rename_column(table, at).is_some();
    }
    if at.eat("DROP") {
        *adding = false;
        return drop(table, at);
    }
    if at.eat("ALTER") {
        at.eat("COLUMN");
        return alter_column(builder, table, at).is_some();
    }
    if at.eat("COMMENT") {
        at.eat_punct("=");
        table.comment = at.string();
        return true;
    }
    // T-SQL: ADD a int, b int - the word stands once
    *adding && builder.engine == Engine::Mssql && add(builder, table, at)
}

fn add(builder: &Builder, table: &mut Table, mut at: Cursor<'_, '_>) -> bool {
    let named_default = at.is(0, "CONSTRAINT") && at.is(2, "DEFAULT");
    if named_default {
        at.bump();
        at.bump();
    }
    if builder.engine == Engine::Mssql && at.eat("DEFAULT") {
        let value = bare_text_of(column::expression(&mut at));
        let column = if at.eat("FOR") { at.name() } else { None };
        let found = column.and_then(|c| find(table, &c));
        return found.map(|c| c.default = Some(value)).is_some();
    }
    if let Some(list) = at.is_punct(0, "(").then(|| at.group()).flatten() {
        for part in split_commas(list) {
            table::add(builder, table, Cursor::new(part, builder.engine));
        }
        return true;
    }
    table::add(builder, table, at);
    true
}

fn find<'c>(table: &'c mut Table, name: &str) -> Option<&'c mut Column> {
    table.columns.iter_mut().find(|c| c.name.eq_ignore_ascii_case(name))
}

fn change(builder: &Builder, table: &mut Table, mut at: Cursor<'_, '_>) -> Option<()> {
    let old = at.name()?;
    let new = at.clone().name()?;
    rename_everywhere(table, &old, &new);
    column::read(builder, table, at)
}

fn rename_column(table: &mut Table, mut at: Cursor<'_, '_>) -> Option<()> {
    let old = at.name()?;
    let new = if at.eat("TO") { at.name()? } else { return None };
    rename_everywhere(table, &old, &new);
    Some(())
}

fn rename_everywhere(table: &mut Table, old: &str, new: &str) {
    let keys = table.primary_key.iter_mut().chain(table.unique_keys.iter_mut()).map(|k| &mut k.columns);
    let lists = keys.chain(table.foreign_keys.iter_mut().map(|k| &mut k.columns));
    let lists = lists.chain(table.indexes.iter_mut().map(|i| &mut i.columns));
    for name in lists.flatten().chain(table.columns.iter_mut().map(|c| &mut c.name)) {
        if name.eq_ignore_ascii_case(old) {
            *name = new.to_owned();
        }
    }
}

fn drop(table: &mut Table, mut at: Cursor<'_, '_>) -> bool {
    if at.eat("CONSTRAINT") || at.eat("FOREIGN KEY") || at.eat("INDEX") || at.eat("KEY") {
        at.eat("IF EXISTS");
        let name = at.name();
        let same = |n: &Option<String>| n.is_some() && *n == name;
        table.foreign_keys.retain(|k| !same(&k.name));
        table.unique_keys.retain(|k| !same(&k.name));
        table.checks.retain(|c| !same(&c.name));
        table.indexes.retain(|i| Some(&i.name) != name.as_ref());
        if table.primary_key.as_ref().is_some_and(|k| same(&k.name)) {
            table.primary_key = None;
        }
        return true;
    }
    if at.eat("PRIMARY KEY") {
        table.primary_key = None;
        return true;
    }
    at.eat("COLUMN");
    at.eat("IF EXISTS");
    let Some(name) = at.name() else { return false };
    table.columns.retain(|c| !c.name.eq_ignore_ascii_case(&name));
    for (i, column) in table.columns.iter_mut().enumerate() {
        column.position = i as u32 + 1;
    }
    true
}

fn alter_column(builder: &Builder, table: &mut Table, mut at: Cursor<'_, '_>) -> Option<()> {
    let name = at.name()?;
    let column = find(table, &name)?;
    if at.eat("SET DEFAULT") {
        column.default = Some(bare_text_of(at.rest()));
    } else if at.eat("DROP DEFAULT") {
        column.default = None;
    } else if at.eat("SET NOT NULL") {
        column.nullable = false;
    } else if at.eat("DROP NOT NULL") {
        column.nullable = true;
    } else if at.eat_any(&["ADD GENERATED ALWAYS AS IDENTITY", "ADD GENERATED BY DEFAULT AS IDENTITY"]) {
        column.generated = Some("identity".to_owned());
    } else if at.eat("SET DATA TYPE") || at.eat("TYPE") {
        column::read_type(builder, column, &mut at);
    } else if builder.engine == Engine::Mssql && !at.is_any(&["SET", "ADD", "DROP"]) {
        column::read_type(builder, column, &mut at);
        column.nullable = !at.rest().iter().any(|t| t.is("NOT"));
    } else {
        return None;
    }
    Some(())
}
