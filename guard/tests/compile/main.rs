//! SQL over documents: the pipelines that statements become, and why others are refused.

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod policy;
mod refused;
mod snapshots;

use catalog::{Catalog, Engine};
use guard::{Compiled, Finding, Policy, ReadOnly};
use serde_json::json;

/// A garden shop: plants in a nursery, customers with an address and phones, orders with lines and their cuts.
pub(crate) fn garden() -> Catalog {
    let text = json!({
        "plants": {"fields": {"_id": "int", "name": "string", "family": "string", "price": "double",
            "stock": "int", "hardy": "bool", "sown": "date"}},
        "customers": {"fields": {"_id": "objectId", "name": "string", "email": "string",
            "address": {"city": "string", "zip": "string"}, "phones": ["string"]}},
        "orders": {"fields": {"_id": "int", "customer": "objectId", "placed": "date", "total": "decimal",
            "note": "string", "lines": [{"plant": "int", "count": "int", "cuts": [{"why": "string", "off": "double"}]}]}},
    });
    Catalog::new(catalog::ddl::read(&text.to_string(), Engine::Mongodb).snapshot)
}

pub(crate) fn judge(sql: &str, policy: &Policy) -> Result<ReadOnly, Vec<Finding>> {
    guard::check(sql, &garden(), policy)
}

pub(crate) fn pipeline(sql: &str) -> Compiled {
    judge(sql, &Policy::default()).unwrap().pipeline().unwrap().clone()
}

/// Code and message of the first finding.
pub(crate) fn refusal(sql: &str) -> (String, String) {
    let findings = judge(sql, &Policy::default()).unwrap_err();
    (findings[0].code.as_str(), findings[0].message.clone())
}
