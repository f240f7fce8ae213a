//! Reads the small statements: comments, types, schemas, drops, search path, extended properties.

use super::builder::{Builder, UserType};
use super::column::{labels, type_text};
use super::cursor::{Cursor, ObjectName, split_commas};
use super::lex::Kind;
use super::{NOT_DDL, Reason, UNREADABLE};
use crate::Engine;

const UNKNOWN: Reason = "the object it names is not known";

/// After `COMMENT ON`.
pub(super) fn comment_on(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    if at.eat("COLUMN") {
        let mut parts = vec![at.name().ok_or(UNREADABLE)?];
        while at.eat_punct(".") {
            parts.push(at.name().ok_or(UNREADABLE)?);
        }
        let text = comment_text(&mut at);
        let column = parts.pop().ok_or(UNREADABLE)?;
        let name = parts.pop().ok_or(UNREADABLE)?;
        let table = ObjectName { schema: parts.pop(), name };
        return comment_column(builder, &table, &column, text);
    }
    if at.eat_any(&["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"]) {
        let name = at.object_name().ok_or(UNREADABLE)?;
        builder.table_mut(&name).ok_or(UNKNOWN)?.comment = comment_text(&mut at);
        return Ok(());
    }
    if at.eat("SCHEMA") {
        let name = at.name().ok_or(UNREADABLE)?;
        let text = comment_text(&mut at);
        builder.add_schema(&name).ok_or(UNKNOWN)?.comment = text;
        return Ok(());
    }
    if at.eat_any(&["FUNCTION", "PROCEDURE", "AGGREGATE", "ROUTINE"]) {
        let name = at.object_name().ok_or(UNREADABLE)?;
        at.group();
        let (schema, text) = (builder.schema_of(&name), comment_text(&mut at));
        let found = builder.routines.iter_mut().find(|r| r.schema == schema && r.name == name.name);
        found.ok_or(UNKNOWN)?.comment = text;
        return Ok(());
    }
    Err("the catalog keeps no comment on this kind of object")
}

fn comment_column(
    builder: &mut Builder,
    table: &ObjectName,
    column: &str,
    text: Option<String>,
) -> Result<(), Reason> {
    let table = builder.table_mut(table).ok_or(UNKNOWN)?;
    if let Some(found) = table.columns.iter_mut().find(|c| c.name.eq_ignore_ascii_case(column)) {
        found.comment = text;
        return Ok(());
    }
    // a view's columns are known only at the end
    Err(UNKNOWN)
}

fn comment_text(at: &mut Cursor<'_, '_>) -> Option<String> {
    at.eat("IS");
    at.string().filter(|s| !s.is_empty())
}

/// After `CREATE SCHEMA` (or, in MySQL, at `DATABASE`).
pub(super) fn create_schema(builder: &mut Builder, at: &mut Cursor<'_, '_>) -> Result<String, Reason> {
    at.eat("DATABASE");
    at.eat("IF NOT EXISTS");
    at.eat("AUTHORIZATION");
    let name = at.name().ok_or(UNREADABLE)?;
    builder.add_schema(&name).ok_or(UNREADABLE)?;
    Ok(name)
}

/// After `CREATE TYPE`.
pub(super) fn create_type(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let name = at.object_name().ok_or(UNREADABLE)?;
    let key = Builder::type_key(&name.name);
    if at.eat("AS ENUM") {
        let labels = labels(at.group().ok_or(UNREADABLE)?, builder.engine);
        builder.types.insert(key, UserType::Enum(labels));
        return Ok(());
    }
    if at.eat("FROM") {
        return domain(builder, key, at);
    }
    Err("a composite or base type is no part of the catalog")
}

/// After `CREATE DOMAIN`.
pub(super) fn create_domain(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let name = at.object_name().ok_or(UNREADABLE)?;
    at.eat("AS");
    domain(builder, Builder::type_key(&name.name), at)
}

fn domain(builder: &mut Builder, key: String, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let stops = ["CONSTRAINT", "NOT", "NULL", "DEFAULT", "CHECK", "COLLATE"];
    let tokens = at.run_until(|c| c.is_any(&stops));
    let below = type_text(tokens, builder.engine);
    builder.types.insert(key, UserType::Domain(below));
    Ok(())
}

/// After `ALTER TYPE`.
pub(super) fn alter_type(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let name = at.object_name().ok_or(UNREADABLE)?;
    if !at.eat("ADD VALUE") {
        return Err("the alteration changes nothing that the catalog holds");
    }
    at.eat("IF NOT EXISTS");
    let label = at.string().ok_or(UNREADABLE)?;
    let before = at.eat("BEFORE");
    at.eat("AFTER");
    let anchor = at.string();
    let Some(UserType::Enum(labels)) = builder.types.get_mut(&Builder::type_key(&name.name)) else {
        return Err(UNKNOWN);
    };
    let found = anchor.and_then(|a| labels.iter().position(|l| *l == a));
    let place = found.map_or(labels.len(), |i| if before { i } else { i + 1 });
    labels.insert(place.min(labels.len()), label);
    Ok(())
}

/// After `DROP`.
pub(super) fn drop(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let relation = at.eat_any(&["TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"]);
    if !relation {
        return Err(NOT_DDL);
    }
    at.eat("IF EXISTS");
    let mut dropped = false;
    for part in split_commas(at.rest()) {
        let name = Cursor::new(part, builder.engine).object_name();
        dropped |= name.and_then(|n| builder.remove(&n)).is_some();
    }
    if dropped { Ok(()) } else { Err(UNKNOWN) }
}

/// After `SET`.
pub(super) fn set(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    at.eat_any(&["LOCAL", "SESSION"]);
    if builder.engine != Engine::Postgres || !at.eat("SEARCH_PATH") {
        return Err(NOT_DDL);
    }
    at.eat("TO");
    at.eat_punct("=");
    let parts = split_commas(at.rest());
    let names = parts.into_iter().filter_map(|p| Cursor::new(p, builder.engine).name());
    let path = names.filter(|n| n != "pg_catalog" && n != "$user" && !n.is_empty() && n != "default");
    builder.set_path = path.collect();
    if let Some(first) = builder.set_path.first() {
        builder.default_schema.clone_from(first);
    }
    Ok(())
}

/// After `USE`.
pub(super) fn use_database(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let name = at.name().ok_or(UNREADABLE)?;
    if matches!(builder.engine, Engine::Mysql | Engine::Mariadb) {
        builder.default_schema.clone_from(&name);
    }
    builder.database = name;
    Ok(())
}

/// After `EXEC`: `sp_addextendedproperty` with `MS_Description` is how SQL Server keeps comments.
pub(super) fn extended_property(builder: &mut Builder, mut at: Cursor<'_, '_>) -> Result<(), Reason> {
    let procedure = at.object_name().ok_or(NOT_DDL)?;
    if builder.engine != Engine::Mssql || !procedure.name.eq_ignore_ascii_case("sp_addextendedproperty") {
        return Err(NOT_DDL);
    }
    let strings = at.rest().iter().filter(|t| matches!(t.kind, Kind::Text | Kind::Quoted));
    let values = strings.map(|t| t.value(builder.engine)).collect::<Vec<_>>();
    let [property, text, rest @ ..] = values.as_slice() else { return Err(UNREADABLE) };
    if !property.eq_ignore_ascii_case("MS_Description") {
        return Err("the catalog keeps no property but MS_Description");
    }
    let [_, schema, _, table, rest @ ..] = rest else { return Err(UNKNOWN) };
    let table = ObjectName { schema: Some(schema.clone()), name: table.clone() };
    match rest {
        [kind, column, ..] if kind.eq_ignore_ascii_case("column") => {
            comment_column(builder, &table, column, Some(text.clone()))
        }
        [] => {
            builder.table_mut(&table).ok_or(UNKNOWN)?.comment = Some(text.clone());
            Ok(())
        }
        _ => Err("the catalog keeps no comment on this kind of object"),
    }
}
