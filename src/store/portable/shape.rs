//! Which tables and columns a store has, read from the store itself: a backup forgets no table that a migration adds.

use std::collections::BTreeMap;

use crate::store::db::{Conn, Dialect};
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A truth value.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A key.
    Uuid,
    /// A moment.
    Time,
    /// A document.
    Json,
    /// A vector.
    Vector,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, but for those that the database makes from others.
    pub columns: Vec<Column>,
    /// The columns of its key.
    pub key: Vec<String>,
    /// Tables that it refers to.
    pub refers_to: Vec<String>,
}

const POSTGRES_COLUMNS: &str = "SELECT c.relname::text AS t, a.attname::text AS name, \
     format_type(a.atttypid, NULL) AS type, \
     coalesce((SELECT array_position(x.indkey::int2[], a.attnum) FROM pg_index x \
               WHERE x.indrelid = c.oid AND x.indisprimary), -1)::bigint AS place \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid \
     WHERE n.nspname = current_schema() AND c.relkind = 'r' \
     AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY c.relname, a.attnum";
const POSTGRES_REFERENCES: &str = "SELECT DISTINCT c.relname::text AS t, r.relname::text AS refers FROM pg_constraint k \
     JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid \
     JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE n.nspname = current_schema() AND k.contype = 'f' ORDER BY 1, 2";

// tables behind a full-text index are that index's own
const SQLITE_COLUMNS: &str = "SELECT l.name AS t, c.name AS name, c.type AS type, \
     CASE c.pk WHEN 0 THEN -1 ELSE c.pk END AS place FROM pragma_table_list l, pragma_table_xinfo(l.name) c \
     WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
     AND c.hidden = 0 ORDER BY l.name, c.cid";
const SQLITE_REFERENCES: &str = "SELECT DISTINCT l.name AS t, f.\"table\" AS refers \
     FROM pragma_table_list l, pragma_foreign_key_list(l.name) f \
     WHERE l.schema = 'main' AND l.type = 'table' ORDER BY 1, 2";

/// Tables that say nothing of their own: which migrations ran (a backup says that elsewhere), and which lines of the audit
/// trail wait for their place (all that have none).
const DERIVED: [&str; 2] = ["migrations", "audit_unsealed"];

/// All tables of a store that say something of their own, by name.
///
/// # Errors
/// When the store fails, or has a column that no backup can hold.
pub async fn tables(on: &impl Conn) -> Result<Vec<Table>> {
    let (columns, references) = match on.dialect() {
        Dialect::Postgres => (POSTGRES_COLUMNS, POSTGRES_REFERENCES),
        Dialect::Sqlite => (SQLITE_COLUMNS, SQLITE_REFERENCES),
    };
    let mut found: BTreeMap<String, (Table, Vec<(i64, String)>)> = BTreeMap::new();
    for row in on.query(columns, &[]).await? {
        let (table, name, place) = (row.text("t")?, row.text("name")?, row.int("place")?);
        if DERIVED.contains(&table.as_str()) {
            continue;
        }
        let kind = kind(&row.text("type")?).ok_or_else(|| unfit(&table, &name))?;
        let (entry, key) = found.entry(table.clone()).or_insert_with(|| {
            (Table { name: table, columns: Vec::new(), key: Vec::new(), refers_to: Vec::new() }, Vec::new())
        });
        entry.columns.push(Column { name: name.clone(), kind });
        if place >= 0 {
            key.push((place, name));
        }
    }
    for row in on.query(references, &[]).await? {
        if let Some((table, _)) = found.get_mut(&row.text("t")?) {
            table.refers_to.push(row.text("refers")?);
        }
    }
    found.into_values().map(|(table, key)| with_key(table, key)).collect()
}

fn with_key(mut table: Table, mut key: Vec<(i64, String)>) -> Result<Table> {
    key.sort();
    table.key = key.into_iter().map(|(_, name)| name).collect();
    if table.key.is_empty() {
        let message = format!("the store's table {} has no key, so it cannot be read in steps", table.name);
        return Err(StoreError::new(StoreErrorKind::Internal, message));
    }
    Ok(table)
}

fn kind(declared: &str) -> Option<Kind> {
    Some(match declared.to_ascii_lowercase().as_str() {
        "boolean" => Kind::Bool,
        "integer" | "int" | "smallint" | "bigint" => Kind::Int,
        "real" | "double precision" => Kind::Float,
        "text" | "character varying" => Kind::Text,
        "blob" | "bytea" => Kind::Bytes,
        "uuid" => Kind::Uuid,
        "timestamp with time zone" => Kind::Time,
        "json" | "jsonb" => Kind::Json,
        // an extension's type is named with its schema where that is not searched
        other if other == "vector" || other.ends_with(".vector") => Kind::Vector,
        _ => return None,
    })
}

fn unfit(table: &str, column: &str) -> StoreError {
    let message = format!("the store's column {table}.{column} is of a type that no backup can hold");
    StoreError::new(StoreErrorKind::Internal, message)
}

/// The tables in an order in which each comes after those that it refers to. Circles stay in the order of their names.
pub fn order(tables: Vec<Table>) -> Vec<Table> {
    let mut left = tables;
    let mut out: Vec<Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |table: &Table| {
            let others = table.refers_to.iter().filter(|name| **name != table.name);
            others.clone().any(|name| left.iter().any(|t| t.name == *name))
        };
        let next = left.iter().position(|table| !waits(table)).unwrap_or(0);
        out.push(left.remove(next));
    }
    out
}
