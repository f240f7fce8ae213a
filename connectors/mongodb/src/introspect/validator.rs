//! What a collection's validator says: types, required fields, descriptions and enumerated labels of `$jsonSchema`.

use bson::{Bson, Document};
use catalog::{Check, Column, Table, TypeClass, nested};

use super::kinds;
use crate::decode;

/// Characters of a validator's text that are kept.
const LONGEST: usize = 4_000;
/// Documents inside each other that are followed.
const DEEPEST: usize = 16;

/// Adds what the validator says to the collection's table (the first) and the tables of its arrays.
pub(super) fn apply(tables: &mut [Table], validator: &Document) {
    if validator.is_empty() {
        return;
    }
    let text = decode::simple(Bson::Document(validator.clone())).to_string();
    let Some(table) = tables.first_mut() else { return };
    if text.chars().count() <= LONGEST {
        table.checks.push(Check { name: Some("validator".to_owned()), expression: text });
    }
    let Ok(schema) = validator.get_document("$jsonSchema") else { return };
    table.comment = described(schema).or_else(|| schema.get_str("title").ok().map(str::to_owned));
    object(tables, "", "", schema, true, 0);
}

/// The properties of a document. `root` is the path of the array that it is an element of, `prefix` the one inside.
fn object(tables: &mut [Table], root: &str, prefix: &str, schema: &Document, required: bool, depth: usize) {
    let Ok(properties) = schema.get_document("properties") else { return };
    if depth > DEEPEST {
        return;
    }
    let must = schema.get_array("required").map(Vec::as_slice).unwrap_or_default();
    for (name, about) in properties {
        let Bson::Document(about) = about else { continue };
        if name.is_empty() || name.starts_with('$') || name.contains('.') {
            continue;
        }
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let required = required && must.iter().any(|m| m.as_str() == Some(name));
        let kinds = kinds_of(about);
        if kinds.contains(&"object") && about.contains_key("properties") {
            object(tables, root, &path, about, required && !kinds.contains(&"null"), depth + 1);
            continue;
        }
        field(tables, root, &path, about, &kinds, required);
        if let Ok(items) = about.get_document("items") {
            let array = if root.is_empty() { path } else { format!("{root}.{path}") };
            if items.contains_key("properties") {
                object(tables, &array, "", items, true, depth + 1);
            } else {
                field(tables, &array, nested::VALUE, items, &kinds_of(items), false);
            }
        }
    }
}

/// One field: completes its column, or makes it when no document had it.
fn field(tables: &mut [Table], root: &str, path: &str, about: &Document, kinds: &[&str], required: bool) {
    let held = |table: &&mut Table| match &table.nested {
        Some(nested) => nested.path == root,
        None => root.is_empty(),
    };
    let Some(table) = tables.iter_mut().find(held) else { return };
    if table.column(path).is_none() {
        let known: Vec<&str> = kinds.iter().copied().filter(|kind| *kind != "null").collect();
        let class = match known.as_slice() {
            [one] => kinds::class_of(one),
            // a document of which nothing is known, or one of several types
            _ => TypeClass::Other,
        };
        if class == TypeClass::Other {
            return;
        }
        let (name, native_type) = (path.to_owned(), known.join("|"));
        nested::push(table, Column { name, native_type, class, nullable: true, ..Column::default() });
    }
    let Some(column) = table.columns.iter_mut().find(|c| c.name == path) else { return };
    column.comment = described(about);
    if let Ok(labels) = about.get_array("enum") {
        column.enum_labels = labels.iter().filter_map(Bson::as_str).map(str::to_owned).collect();
    }
    if required && !kinds.contains(&"null") && !kinds.is_empty() {
        column.nullable = false;
    }
}

fn described(schema: &Document) -> Option<String> {
    schema.get_str("description").ok().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// Types by MongoDB's names, or by those of JSON Schema.
fn kinds_of(schema: &Document) -> Vec<&str> {
    let given = schema.get("bsonType").or_else(|| schema.get("type"));
    let names = match given {
        Some(Bson::String(one)) => vec![one.as_str()],
        Some(Bson::Array(several)) => several.iter().filter_map(Bson::as_str).collect(),
        _ if schema.contains_key("enum") => vec!["string"],
        _ => Vec::new(),
    };
    let name = |name| match name {
        "boolean" => "bool",
        "number" => "double",
        "integer" => "long",
        other => other,
    };
    names.into_iter().map(name).collect()
}
