//! Options of an aggregation: few may be given, and the dangerous ones are ours to set.

use serde_json::{Value, json};

use crate::finding::{Code, Finding};
use crate::policy::Policy;

use super::at::At;
use super::literal;
use super::names;

/// Longest time that a pipeline may run, in milliseconds.
const MAX_TIME: i64 = 30_000;
/// Keys of a collation and nothing else.
const COLLATION: [&str; 4] = ["strength", "caseLevel", "numericOrdering", "backwards"];

/// The longest time that a pipeline may run under a policy, in milliseconds: always some, never without an end.
pub(super) fn longest(policy: &Policy) -> i64 {
    let millis = policy.max_seconds.map(|s| s.saturating_mul(1_000));
    millis.and_then(|m| i64::try_from(m).ok()).map_or(MAX_TIME, |m| m.clamp(1, MAX_TIME))
}

/// Options as they are sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    pub(super) max_time: i64,
    pub(super) collation: Option<Value>,
}

impl Options {
    /// Reads options. What is not on the list is refused, whatever its value.
    pub(super) fn read(value: &Value, most: i64, at: &At<'_>) -> Result<Options, Finding> {
        let mut options = Options { max_time: most, collation: None };
        if value.is_null() {
            return Ok(options);
        }
        for (key, value) in names::object(value, at)? {
            let at = at.key(key);
            match key.as_str() {
                "allowDiskUse" if !names::boolean(value, &at)? => {}
                "maxTimeMS" => options.max_time = literal::integer(value, 1, most, &at)?,
                "comment" => drop(names::text(value, &at)?),
                "batchSize" => drop(literal::integer(value, 0, 100_000, &at)?),
                "cursor" => {
                    let size = names::keys(value, &[], &["batchSize"], &at)?.get("batchSize");
                    size.map(|v| literal::integer(v, 0, 100_000, &at.key("batchSize"))).transpose()?;
                }
                "collation" => options.collation = Some(collation(value, &at)?),
                _ => return Err(refused(&at)),
            }
        }
        Ok(options)
    }

    /// As they are sent.
    pub(super) fn json(&self) -> Value {
        let mut options = json!({ "allowDiskUse": false, "maxTimeMS": self.max_time });
        if let (Some(collation), Some(object)) = (&self.collation, options.as_object_mut()) {
            object.insert("collation".to_owned(), collation.clone());
        }
        options
    }
}

fn refused(at: &At<'_>) -> Finding {
    at.finding(Code::G201, "An option is not accepted here, or not with that value.")
        .hint("Leave it out: limits, disk use, concerns and hints are set by the program.")
}

fn collation(value: &Value, at: &At<'_>) -> Result<Value, Finding> {
    let object = names::keys(value, &["locale"], &COLLATION, at)?;
    for (key, value) in object {
        let at = at.key(key);
        match key.as_str() {
            "locale" => {
                let name = names::text(value, &at)?;
                let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_@=-".contains(&b));
                if !word || name.len() > 32 {
                    return Err(at.form("A locale has a short name."));
                }
            }
            "strength" => drop(literal::integer(value, 1, 5, &at)?),
            _ => drop(names::boolean(value, &at)?),
        }
    }
    Ok(value.clone())
}
