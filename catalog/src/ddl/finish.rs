//! Makes the snapshot of what was read: views resolved, references completed, names spelled as stored, all sorted.

use std::collections::HashMap;

use super::builder::{Builder, default_schema};
use super::view;
use crate::{Engine, Key, Snapshot, Table, TypeClass};

/// Where tables stand by folded schema and name, with stored spelling and primary key.
type Targets = HashMap<(String, String), Target>;

struct Target {
    schema: String,
    name: String,
    columns: Vec<String>,
    key: Vec<String>,
}

/// The snapshot of all that was read.
pub(super) fn finish(mut builder: Builder) -> Snapshot {
    view::resolve_all(&mut builder);
    let engine = builder.engine;
    let mut tables = std::mem::take(&mut builder.tables).into_iter().flatten().collect::<Vec<_>>();
    for table in &mut tables {
        settle_keys(engine, table);
        if engine == Engine::Mariadb {
            settle_json(table);
        }
    }
    let targets = targets(engine, &tables);
    for table in &mut tables {
        complete_references(engine, table, &targets);
    }
    for table in &tables {
        builder.add_schema(&table.schema);
    }
    if engine == Engine::Mssql || engine == Engine::Postgres || engine == Engine::Sqlite {
        builder.add_schema(default_schema(engine));
    }
    tables.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let mut schemas = builder.schemas;
    schemas.retain(|s| !s.name.is_empty());
    schemas.sort_by(|a, b| a.name.cmp(&b.name));
    let mut routines = builder.routines;
    routines.sort_by(|a, b| (&a.schema, &a.name, &a.arguments).cmp(&(&b.schema, &b.name, &b.arguments)));
    let search_path = search_path(engine, &tables, &builder.default_schema, builder.set_path);
    Snapshot {
        engine,
        database: builder.database,
        search_path,
        schemas,
        tables,
        routines,
        ..Snapshot::default()
    }
}

/// The engine's default, unless the text set a path and left the default schema empty.
fn search_path(engine: Engine, tables: &[Table], used: &str, set: Vec<String>) -> Vec<String> {
    let default = default_schema(engine);
    let used_default = tables.iter().any(|t| t.schema == default);
    if matches!(engine, Engine::Mysql | Engine::Mariadb) {
        return vec![if used_default { String::new() } else { used.to_owned() }];
    }
    if set.is_empty() || used_default { vec![default.to_owned()] } else { set }
}

fn stored_spelling(engine: Engine, names: &[String], wanted: &mut String) {
    let key = engine.stored_key(wanted);
    if let Some(found) = names.iter().find(|n| engine.stored_key(n) == key) {
        wanted.clone_from(found);
    }
}

/// Spells key columns as the columns are spelled; columns of the primary key hold no NULL where the engine says so.
fn settle_keys(engine: Engine, table: &mut Table) {
    let names = table.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
    let keys = table.primary_key.iter_mut().chain(table.unique_keys.iter_mut());
    let lists = keys.map(|k| &mut k.columns).chain(table.foreign_keys.iter_mut().map(|k| &mut k.columns));
    for name in lists.flatten().chain(table.indexes.iter_mut().flat_map(|i| &mut i.columns)) {
        stored_spelling(engine, &names, name);
    }
    table.unique_keys.dedup_by(|a, b| a.columns == b.columns);
    if let Some(key) = &table.primary_key {
        let own = |k: &Key| k.columns == key.columns;
        table.unique_keys.retain(|k| !own(k));
    }
    let keyed = table.primary_key.iter().flat_map(|k| k.columns.clone()).collect::<Vec<_>>();
    let row_id = |c: &crate::Column| {
        keyed.len() == 1 && c.class == TypeClass::Integer && c.native_type.eq_ignore_ascii_case("integer")
    };
    for column in table.columns.iter_mut().filter(|c| keyed.contains(&c.name)) {
        // SQLite lets NULL into primary keys, except where the column is the row id
        if engine != Engine::Sqlite || row_id(column) {
            column.nullable = false;
        }
    }
}

/// MariaDB has no type of JSON of its own: it prints a column that was declared so as text with a check.
fn settle_json(table: &mut Table) {
    let bare = |text: &str| text.to_lowercase().replace(['`', ' '], "");
    for column in table.columns.iter_mut().filter(|c| c.class == TypeClass::Text) {
        let sign = bare(&format!("json_valid({})", column.name));
        let before = table.checks.len();
        table.checks.retain(|check| bare(&check.expression) != sign);
        if table.checks.len() < before {
            column.class = TypeClass::Json;
        }
    }
}

fn targets(engine: Engine, tables: &[Table]) -> Targets {
    let entry = |t: &Table| {
        let target = Target {
            schema: t.schema.clone(),
            name: t.name.clone(),
            columns: t.columns.iter().map(|c| c.name.clone()).collect(),
            key: t.primary_key.as_ref().map(|k| k.columns.clone()).unwrap_or_default(),
        };
        ((engine.stored_key(&t.schema), engine.stored_key(&t.name)), target)
    };
    tables.iter().map(entry).collect()
}

fn complete_references(engine: Engine, table: &mut Table, targets: &Targets) {
    let own = table.schema.clone();
    for key in &mut table.foreign_keys {
        let name = engine.stored_key(&key.to_table);
        let candidates = match key.to_schema.as_str() {
            "" => vec![own.clone(), default_schema(engine).to_owned()],
            named => vec![named.to_owned()],
        };
        let found = candidates.iter().find_map(|s| targets.get(&(engine.stored_key(s), name.clone())));
        let Some(target) = found else {
            key.to_schema = candidates.into_iter().next().unwrap_or_default();
            continue;
        };
        key.to_schema.clone_from(&target.schema);
        key.to_table.clone_from(&target.name);
        if key.to_columns.is_empty() {
            key.to_columns.clone_from(&target.key);
        }
        for column in &mut key.to_columns {
            stored_spelling(engine, &target.columns, column);
        }
    }
}
