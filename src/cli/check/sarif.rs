//! Verdicts as SARIF 2.1.0, the form that code scanning reads.

use std::collections::BTreeSet;

use guard::{Code, Finding};
use serde_json::{Value, json};

use super::{Checked, place};

/// Prints one run with every finding.
pub fn print(all: &[Checked]) {
    say!("{:#}", document(all));
}

fn document(all: &[Checked]) -> Value {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code)).collect();
    let files: BTreeSet<&str> = all.iter().map(artifact).collect();
    let artifacts: Vec<Value> = files.iter().map(|file| json!({ "location": location(file) })).collect();
    let results: Vec<Value> = all.iter().flat_map(results).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "querent check",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true }],
            "artifacts": artifacts,
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.about() },
        "defaultConfiguration": { "level": level(code) },
    })
}

fn level(code: Code) -> &'static str {
    if code.is_error() { "error" } else { "warning" }
}

/// What a statement without a file is called.
fn artifact(checked: &Checked) -> &str {
    checked.piece.file.as_deref().unwrap_or("statement.sql")
}

/// A path below the folder in which the command ran, as a relative URI; an absolute one where it is elsewhere.
fn location(file: &str) -> Value {
    let escaped: String = file.bytes().map(escape).collect();
    let uri = if file.starts_with('/') { format!("file://{escaped}") } else { escaped };
    json!({ "uri": uri })
}

/// What may not stand in the path of a URI is written as its bytes.
fn escape(byte: u8) -> String {
    let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn results(checked: &Checked) -> Vec<Value> {
    let (_, findings) = checked.findings();
    findings.iter().map(|finding| result(checked, finding)).collect()
}

fn result(checked: &Checked, finding: &Finding) -> Value {
    let place = place::of(&checked.piece.text, checked.piece.start, finding.span);
    let text = match &finding.hint {
        Some(hint) => format!("{} ({hint})", finding.message),
        None => finding.message.clone(),
    };
    let region = json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    });
    json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": level(finding.code),
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": location(artifact(checked)),
            "region": region,
        }}],
    })
}
