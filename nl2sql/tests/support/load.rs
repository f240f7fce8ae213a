//! Reads a SQLite file into a catalog, with stored values: what the tests of the translator stand on.

use catalog::{
    Catalog, Column, CommonValue, Engine, ForeignKey, Key, Snapshot, Statistics, Table, TypeClass,
};
use rusqlite::Connection;

/// Most distinct values and longest value that are taken.
const MAX_VALUES: usize = 5000;
const MAX_LENGTH: usize = 80;

/// The catalog of a file.
pub fn catalog(connection: &Connection, database: &str) -> rusqlite::Result<Catalog> {
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_master WHERE type IN ('table','view') AND name NOT LIKE 'sqlite_%' ORDER BY name")?
        .query_map([], |r| r.get(0))?
        .collect::<Result<_, _>>()?;
    let mut tables = Vec::new();
    for name in names {
        tables.push(table(connection, &name)?);
    }
    resolve_keys(&mut tables);
    Ok(Catalog::new(Snapshot {
        engine: Engine::Sqlite,
        database: database.to_owned(),
        search_path: vec!["main".to_owned()],
        tables,
        ..Snapshot::default()
    }))
}

fn table(connection: &Connection, name: &str) -> rusqlite::Result<Table> {
    let mut table = Table { schema: "main".to_owned(), name: name.to_owned(), ..Table::default() };
    let mut key: Vec<(i64, String)> = Vec::new();
    let mut statement = connection.prepare(&format!("PRAGMA table_xinfo({})", quote(name)))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let column: String = row.get(1)?;
        let native: String = row.get(2)?;
        let not_null: bool = row.get(3)?;
        let pk: i64 = row.get(5)?;
        if pk > 0 {
            key.push((pk, column.clone()));
        }
        table.columns.push(Column {
            position: table.columns.len() as u32 + 1,
            class: class(&native),
            native_type: native,
            nullable: !not_null,
            statistics: Some(values(connection, name, &column)?),
            name: column,
            ..Column::default()
        });
    }
    key.sort();
    if !key.is_empty() {
        table.primary_key = Some(Key { name: None, columns: key.into_iter().map(|k| k.1).collect() });
    }
    let mut statement = connection.prepare(&format!("PRAGMA foreign_key_list({})", quote(name)))?;
    let mut rows = statement.query([])?;
    let mut last = -1;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if id != last {
            table.foreign_keys.push(ForeignKey {
                to_schema: "main".to_owned(),
                to_table: row.get(2)?,
                ..ForeignKey::default()
            });
            last = id;
        }
        let (from, to): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        if let Some(fk) = table.foreign_keys.last_mut() {
            fk.columns.push(from);
            fk.to_columns.push(to.unwrap_or_default());
        }
    }
    table.foreign_keys.reverse();
    Ok(table)
}

/// Names as the catalog spells them; a reference without columns is to the primary key.
fn resolve_keys(tables: &mut [Table]) {
    let known: Vec<(String, Vec<String>, Option<Key>)> = tables
        .iter()
        .map(|t| (t.name.clone(), t.columns.iter().map(|c| c.name.clone()).collect(), t.primary_key.clone()))
        .collect();
    for fk in tables.iter_mut().flat_map(|t| t.foreign_keys.iter_mut()) {
        let Some((name, columns, key)) = known.iter().find(|k| k.0.eq_ignore_ascii_case(&fk.to_table)) else {
            continue;
        };
        fk.to_table = name.clone();
        for (i, to) in fk.to_columns.iter_mut().enumerate() {
            if to.is_empty() {
                *to = key.as_ref().and_then(|k| k.columns.get(i).cloned()).unwrap_or_default();
            } else if let Some(c) = columns.iter().find(|c| c.eq_ignore_ascii_case(to)) {
                *to = c.clone();
            }
        }
    }
}

fn values(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<Statistics> {
    let (table, column) = (quote(table), quote(column));
    let nulls: f64 = connection.query_row(
        &format!("SELECT coalesce(avg({column} IS NULL), 0.0) FROM {table}"),
        [],
        |r| r.get(0),
    )?;
    let sql = format!(
        "SELECT CAST({column} AS TEXT), count(*) FROM {table} WHERE {column} IS NOT NULL AND length({column}) <= {MAX_LENGTH} \
         GROUP BY {column} ORDER BY count(*) DESC LIMIT {MAX_VALUES}"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut common = Vec::new();
    while let Some(row) = rows.next()? {
        if let Ok(value) = row.get::<_, String>(0) {
            common.push(CommonValue { value, share: None });
        }
    }
    Ok(Statistics {
        null_share: Some(nulls),
        distinct: Some(common.len() as f64),
        common,
        ..Statistics::default()
    })
}

fn class(native: &str) -> TypeClass {
    let t = native.to_uppercase();
    let has = |part: &str| t.contains(part);
    match () {
        _ if has("BOOL") => TypeClass::Boolean,
        _ if has("INT") => TypeClass::Integer,
        _ if has("DATETIME") || has("TIMESTAMP") => TypeClass::Timestamp,
        _ if has("DATE") => TypeClass::Date,
        _ if has("CHAR") || has("TEXT") || has("CLOB") => TypeClass::Text,
        _ if has("REAL") || has("FLOA") || has("DOUB") => TypeClass::Float,
        _ if has("DEC") || has("NUM") => TypeClass::Decimal,
        _ => TypeClass::Other,
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
