//! Verdicts as one JSON document.

use serde_json::{Map, Value, json};

use super::{Checked, place};
use crate::queries::verdict_fields;

/// The verdict on the one statement of an argument or standard input.
pub fn print_one(checked: &Checked) {
    say!("{}", Value::Object(verdict_fields(&checked.verdict)));
}

/// Every statement with its file, line and column, and how many were accepted and refused.
pub fn print_all(all: &[Checked]) {
    let refused = all.iter().filter(|c| c.verdict.is_err()).count();
    let warnings: usize = all.iter().map(|c| c.warnings().len()).sum();
    let statements: Vec<Value> = all.iter().map(|c| Value::Object(statement(c))).collect();
    let document = json!({
        "accepted": all.len() - refused,
        "refused": refused,
        "warnings": warnings,
        "statements": statements,
    });
    say!("{document}");
}

fn statement(checked: &Checked) -> Map<String, Value> {
    let piece = &checked.piece;
    let mut fields = Map::new();
    fields.insert("file".to_owned(), json!(piece.file));
    fields.insert("line".to_owned(), json!(piece.start.line));
    fields.insert("column".to_owned(), json!(piece.start.column));
    fields.append(&mut verdict_fields(&checked.verdict));
    let (_, findings) = checked.findings();
    if let Some(Value::Array(values)) = fields.get_mut("findings") {
        for (value, finding) in values.iter_mut().zip(findings) {
            let place = place::of(&piece.text, piece.start, finding.span);
            if let Value::Object(value) = value {
                value.insert("line".to_owned(), json!(place.line));
                value.insert("column".to_owned(), json!(place.column));
            }
        }
    }
    fields
}
