//! Column names as object keys: SQL allows doubles, JSON objects and data frames do not.

use arrow::datatypes::Schema;
use std::collections::HashSet;

/// The schema's column names with `_2`, `_3` ... added to doubles.
pub fn unique_names(schema: &Schema) -> Vec<String> {
    let mut seen = HashSet::new();
    schema.fields().iter().map(|field| unique(field.name(), &mut seen)).collect()
}

fn unique(name: &str, seen: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !seen.insert(candidate.clone()) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}
