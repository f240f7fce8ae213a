//! Size of what came in, before anything follows its nesting: depth, number of values, bytes.

use serde_json::Value;

use crate::finding::{Code, Finding};
use crate::measure::Size;
use crate::policy::Policy;

use super::Request;

/// Values in a request: an `$in` with some thousand values is honest.
const VALUES_PER_CHAIN: usize = 20;

/// Measures without recursion.
pub(super) fn measure(request: &Request, policy: &Policy) -> Result<Size, Finding> {
    let mut open: Vec<(&Value, usize)> =
        [&request.collection, &request.pipeline, &request.options].map(|v| (v, 1)).to_vec();
    let most = policy.max_chain.saturating_mul(VALUES_PER_CHAIN);
    let (mut values, mut bytes, mut deepest) = (0_usize, 0_usize, 0_usize);
    while let Some((value, depth)) = open.pop() {
        values += 1;
        deepest = deepest.max(depth);
        match value {
            Value::String(text) => bytes += text.len(),
            Value::Array(items) => open.extend(items.iter().map(|v| (v, depth + 1))),
            Value::Object(fields) => {
                bytes += fields.keys().map(String::len).sum::<usize>();
                open.extend(fields.values().map(|v| (v, depth + 1)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => bytes += 8,
        }
        if values > most || bytes > policy.max_bytes || deepest > policy.max_depth {
            return Err(too_large(policy, most));
        }
    }
    Ok(Size { links: 0, brackets: deepest })
}

fn too_large(policy: &Policy, most: usize) -> Finding {
    Finding::new(Code::G002, "The pipeline is too long, too deep, or has too many values.")
        .hint(format!("At most {} bytes, {} levels and {most} values.", policy.max_bytes, policy.max_depth))
}
