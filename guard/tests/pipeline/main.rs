//! Pipelines through the public surface: reads, refusals, policy, and properties.

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod policy;
mod property;
mod reads;
mod refused;

use catalog::{Catalog, Engine};
use guard::pipeline::{ReadPipeline, Request, check};
use guard::{Finding, Policy};
use serde_json::{Value, json};

/// A library: books with copies, loans of readers.
pub(crate) fn library() -> Catalog {
    let text = json!({
        "note": "a lending library",
        "books": {"fields": {"_id": "objectId", "title": "string", "year": "int", "price": "decimal",
            "authors": "array<string>", "copies": "array<{shelf:string,state:string}>", "extra": "object"}},
        "loans": {"fields": {"_id": "int", "book": "objectId", "reader": "int", "from": "date", "until": "date"}},
        "readers": {"fields": {"_id": "int", "name": "string", "card": "string", "parent": "int",
            "address": {"city": "string", "street": "string"}}},
        "drafts": {"fields": {"_id": "int"}, "exposed": false},
    });
    Catalog::new(catalog::ddl::read(&text.to_string(), Engine::Mongodb).snapshot)
}

pub(crate) fn request(collection: &str, pipeline: Value) -> Request {
    Request { collection: json!(collection), pipeline, options: Value::Null }
}

pub(crate) fn judge(
    collection: &str,
    pipeline: Value,
    policy: &Policy,
) -> Result<ReadPipeline, Vec<Finding>> {
    check(&request(collection, pipeline), &library(), policy)
}

pub(crate) fn accepted(collection: &str, pipeline: Value) -> ReadPipeline {
    judge(collection, pipeline, &Policy::default()).unwrap()
}

/// The code and place of the first finding.
pub(crate) fn refusal(collection: &str, pipeline: Value) -> (String, String) {
    let findings = judge(collection, pipeline, &Policy::default()).unwrap_err();
    (findings[0].code.as_str(), findings[0].subject.clone().unwrap_or_default())
}

pub(crate) fn codes(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|f| f.code.as_str()).collect()
}
