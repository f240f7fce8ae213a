//! A catalog of collections from JSON: what DDL is to tables.
//!
//! `{"orders": {"fields": {"_id": "int", "total": "double"}}, "hidden": {"exposed": false}}`. A field's type is a text
//! (`string`, `array<string>`, `array<{sku:string,qty:int}>`, `object` ...), an object of its own fields, or `[element]`
//! for an array. Documents inside documents become dotted columns, arrays become child tables (and stay a column of class
//! array). Keys that hold no object (notes) are passed over, and so are collections that are not exposed: they do not
//! exist.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{DdlOutcome, Skipped};
use crate::types::classify;
use crate::{Column, Engine, Key, Snapshot, Table, TableKind, TypeClass, nested};

/// Fields below fields that are followed.
const DEEPEST: usize = 16;

/// What a field holds.
enum Kind {
    /// A scalar, or a document of which nothing is known.
    Plain(String),
    Array(Box<Kind>),
    Document(Vec<(String, Kind)>),
}

/// Reads the collections.
pub(super) fn read(text: &str) -> DdlOutcome {
    let mut outcome = DdlOutcome::default();
    let Ok(Value::Object(collections)) = serde_json::from_str::<Value>(text) else {
        outcome.skipped_total = 1;
        let reason = "the text is no JSON object of collections".to_owned();
        outcome.skipped.push(Skipped { line: 1, reason, excerpt: String::new() });
        return outcome;
    };
    let mut taken: HashSet<String> = collections.keys().cloned().collect();
    let mut tables: Vec<Table> = collections
        .iter()
        .filter_map(|(name, about)| collection(name, about.as_object()?, &mut taken))
        .flatten()
        .collect();
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

/// The collection's own table and those of its arrays.
fn collection(name: &str, about: &Map<String, Value>, taken: &mut HashSet<String>) -> Option<Vec<Table>> {
    if about.get("exposed") == Some(&Value::Bool(false)) {
        return None;
    }
    let fields = about.get("fields").and_then(Value::as_object)?;
    let fields: Vec<(String, Kind)> = fields.iter().map(|(n, k)| (n.clone(), kind(k, 0))).collect();
    let mut table = Table { name: name.to_owned(), kind: TableKind::Collection, ..Table::default() };
    let mut arrays = Vec::new();
    add_fields(&mut table, "", "", &fields, &mut arrays);
    table.primary_key = table
        .column("_id")
        .is_some()
        .then(|| Key { name: Some("_id_".to_owned()), columns: vec!["_id".to_owned()] });
    let mut below = Vec::new();
    for (path, element) in arrays {
        add_child(&table, &table, &path, element, taken, &mut below);
    }
    below.insert(0, table);
    Some(below)
}

/// The child table of one array, and those of the arrays in its elements.
fn add_child(
    collection: &Table,
    parent: &Table,
    path: &str,
    element: &Kind,
    taken: &mut HashSet<String>,
    made: &mut Vec<Table>,
) {
    if nested::level(parent) >= nested::DEEPEST {
        return;
    }
    let name = nested::name(&collection.name, path, taken);
    let mut arrays = Vec::new();
    let table = match element {
        Kind::Document(fields) => {
            let mut table = nested::child(collection, parent, path, name, false);
            add_fields(&mut table, "", path, fields, &mut arrays);
            table
        }
        // what stands in an array in an array stays a column
        Kind::Plain(_) | Kind::Array(_) => {
            let mut table = nested::child(collection, parent, path, name, true);
            nested::push(&mut table, column(nested::VALUE, element));
            table
        }
    };
    for (path, element) in arrays {
        add_child(collection, &table, &path, element, taken, made);
    }
    made.push(table);
}

/// Adds fields as columns, those of documents dotted. Arrays are listed with their path from the document's root.
fn add_fields<'k>(
    table: &mut Table,
    prefix: &str,
    root: &str,
    fields: &'k [(String, Kind)],
    arrays: &mut Vec<(String, &'k Kind)>,
) {
    for (field, kind) in fields {
        let name = joined(prefix, field);
        match kind {
            Kind::Document(inner) => add_fields(table, &name, root, inner, arrays),
            Kind::Plain(_) => drop(nested::push(table, column(&name, kind))),
            Kind::Array(element) => {
                if nested::push(table, column(&name, kind)) {
                    arrays.push((joined(root, &name), element));
                }
            }
        }
    }
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn column(name: &str, kind: &Kind) -> Column {
    let (class, element) = match kind {
        Kind::Array(element) => (TypeClass::Array, Some(class_of(element))),
        Kind::Plain(_) | Kind::Document(_) => (class_of(kind), None),
    };
    let (name, native_type) = (name.to_owned(), text_of(kind));
    Column { nullable: name != "_id", name, native_type, class, element, ..Column::default() }
}

fn class_of(kind: &Kind) -> TypeClass {
    match kind {
        Kind::Plain(text) => classify(Engine::Mongodb, text).0,
        Kind::Array(_) => TypeClass::Array,
        Kind::Document(_) => TypeClass::Json,
    }
}

/// The type as one text.
fn text_of(kind: &Kind) -> String {
    match kind {
        Kind::Plain(text) => text.clone(),
        Kind::Array(element) => format!("array<{}>", text_of(element)),
        Kind::Document(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|(name, kind)| match text_of(kind) {
                    text if text.is_empty() => name.clone(),
                    text => format!("{name}:{text}"),
                })
                .collect();
            format!("{{{}}}", parts.join(","))
        }
    }
}

fn kind(value: &Value, depth: usize) -> Kind {
    match value {
        Value::String(text) => kind_of_text(text, depth),
        Value::Object(fields) if depth < DEEPEST && !fields.is_empty() => {
            Kind::Document(fields.iter().map(|(n, k)| (n.clone(), kind(k, depth + 1))).collect())
        }
        Value::Array(elements) if depth < DEEPEST => match elements.as_slice() {
            [element] => Kind::Array(Box::new(kind(element, depth + 1))),
            _ => Kind::Plain("array".to_owned()),
        },
        _ => Kind::Plain("object".to_owned()),
    }
}

fn kind_of_text(text: &str, depth: usize) -> Kind {
    let text = text.trim();
    let plain = || Kind::Plain(text.to_owned());
    if depth >= DEEPEST {
        return plain();
    }
    if let Some(element) = text.strip_prefix("array<").and_then(|t| t.strip_suffix('>')) {
        return Kind::Array(Box::new(kind_of_text(element, depth + 1)));
    }
    let Some(inner) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else { return plain() };
    let fields: Vec<(String, Kind)> = parts(inner)
        .into_iter()
        .filter(|part| !part.trim().is_empty())
        .map(|part| match part.split_once(':') {
            Some((name, of)) => (name.trim().to_owned(), kind_of_text(of, depth + 1)),
            None => (part.trim().to_owned(), Kind::Plain(String::new())),
        })
        .collect();
    if fields.is_empty() { Kind::Plain("object".to_owned()) } else { Kind::Document(fields) }
}

/// Splits at the commas that stand in no bracket.
fn parts(text: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (i, c) in text.char_indices() {
        match c {
            '{' | '<' => depth += 1,
            '}' | '>' => depth -= 1,
            ',' if depth == 0 => {
                found.push(text.get(start..i).unwrap_or_default());
                start = i + 1;
            }
            _ => {}
        }
    }
    found.push(text.get(start..).unwrap_or_default());
    found
}
