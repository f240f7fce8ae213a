//! A catalog of collections from JSON: what DDL is to tables.
//!
//! `{"orders": {"fields": {"_id": "int", "total": "double"}}, "hidden": {"exposed": false}}`. A field's type is a text
//! (`string`, `array<string>`, `array<{sku,qty}>`, `object` ...) or an object of its own fields. Keys that hold no object
//! (notes) are passed over, and so are collections that are not exposed: they do not exist.

use serde_json::{Map, Value};

use super::{DdlOutcome, Skipped};
use crate::types::classify;
use crate::{Column, Engine, Key, Snapshot, Table, TableKind, TypeClass};

/// Fields below fields that are followed.
const DEEPEST: usize = 16;

/// Reads the collections.
pub(super) fn read(text: &str) -> DdlOutcome {
    let mut outcome = DdlOutcome::default();
    let Ok(Value::Object(collections)) = serde_json::from_str::<Value>(text) else {
        outcome.skipped_total = 1;
        let reason = "the text is no JSON object of collections".to_owned();
        outcome.skipped.push(Skipped { line: 1, reason, excerpt: String::new() });
        return outcome;
    };
    let mut tables: Vec<Table> =
        collections.iter().filter_map(|(name, about)| collection(name, about.as_object()?)).collect();
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    outcome.snapshot = Snapshot {
        engine: Engine::Mongodb,
        // collections of one database: names stand alone
        search_path: vec![String::new()],
        tables,
        ..Snapshot::default()
    };
    outcome
}

fn collection(name: &str, about: &Map<String, Value>) -> Option<Table> {
    if about.get("exposed") == Some(&Value::Bool(false)) {
        return None;
    }
    let fields = about.get("fields").and_then(Value::as_object)?;
    let mut columns = Vec::new();
    for (field, kind) in fields {
        let native_type = type_text(kind, 0);
        let (class, element) = classes(&native_type);
        columns.push(Column {
            position: u32::try_from(columns.len() + 1).unwrap_or(u32::MAX),
            name: field.clone(),
            nullable: field != "_id",
            native_type,
            class,
            element,
            ..Column::default()
        });
    }
    let primary_key = fields
        .contains_key("_id")
        .then(|| Key { name: Some("_id_".to_owned()), columns: vec!["_id".to_owned()] });
    let kind = TableKind::Collection;
    Some(Table { name: name.to_owned(), kind, columns, primary_key, ..Table::default() })
}

/// The type as one text; an object of fields becomes `{name:type,...}`.
fn type_text(kind: &Value, depth: usize) -> String {
    match kind {
        Value::String(text) => text.trim().to_owned(),
        Value::Object(fields) if depth < DEEPEST => {
            let parts: Vec<String> =
                fields.iter().map(|(n, k)| format!("{n}:{}", type_text(k, depth + 1))).collect();
            format!("{{{}}}", parts.join(","))
        }
        _ => "object".to_owned(),
    }
}

/// The neutral class, and that of an array's elements.
fn classes(native: &str) -> (TypeClass, Option<TypeClass>) {
    let plain =
        |text: &str| if text.starts_with('{') { TypeClass::Json } else { classify(Engine::Mongodb, text).0 };
    match native.strip_prefix("array<").and_then(|t| t.strip_suffix('>')) {
        Some(element) if element.starts_with("array<") => (TypeClass::Array, Some(TypeClass::Array)),
        Some(element) => (TypeClass::Array, Some(plain(element))),
        None => (plain(native), None),
    }
}
