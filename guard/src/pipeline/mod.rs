//! Pipelines: is this aggregation one read, what does it touch, and what may run.
//!
//! [`check`] takes a collection, a pipeline and options as JSON and gives a [`ReadPipeline`] or the findings that refuse
//! it. The way is that of a statement: size, our own tree by allow-lists of stages and operators, names by the catalog,
//! policy, row cap, canonical JSON from the tree, and that JSON read once more to the same tree.

mod accumulators;
mod at;
mod bounds;
mod entry;
mod eval;
mod expr;
mod filter;
mod grouping;
mod joining;
mod literal;
mod measure;
mod names;
mod operators;
mod options;
mod proof;
mod reading;
mod regex;
mod render;
mod render_stage;
mod resolve;
mod resolve_filter;
mod resolve_join;
mod shape;
mod special;
mod stage;
mod tree;
mod types;
mod walk;

use catalog::Catalog;
use serde_json::Value;

use crate::finding::{Code, Finding};
use crate::policy::Policy;

pub use proof::ReadPipeline;

/// An aggregation as it comes in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// The collection's name. Anything but text is refused.
    pub collection: Value,
    /// The stages.
    pub pipeline: Value,
    /// Options; null when there are none.
    pub options: Value,
}

impl Request {
    /// Reads an object with `collection`, `pipeline` and `options`; other keys are not looked at.
    pub fn from_object(object: &serde_json::Map<String, Value>) -> Request {
        let part = |key: &str| object.get(key).cloned().unwrap_or(Value::Null);
        Request { collection: part("collection"), pipeline: part("pipeline"), options: part("options") }
    }
}

/// Stages that were made here, through the same allow-lists as any others: their canonical form.
///
/// # Errors
/// The first finding that refuses them.
pub(crate) fn canonical(stages: Vec<Value>) -> Result<Vec<Value>, Finding> {
    let root = at::At::root("pipeline");
    let tree = stage::pipeline(&Value::Array(stages), 0, &root)?;
    let rendered = render_stage::pipeline(&tree);
    match (stage::pipeline(&rendered, 0, &root)? == tree, rendered) {
        (true, Value::Array(stages)) => Ok(stages),
        _ => Err(Finding::new(Code::G500, "The compiled pipeline could not be proven to mean the same.")),
    }
}

/// Checks an aggregation against a catalog and a policy.
///
/// # Errors
/// The findings that refuse it; the subject of each is the place, for example `pipeline[2].$lookup`.
pub fn check(request: &Request, catalog: &Catalog, policy: &Policy) -> Result<ReadPipeline, Vec<Finding>> {
    if catalog.engine() != catalog::Engine::Mongodb {
        let finding = Finding::new(Code::G201, "Pipelines are checked for MongoDB only.");
        return Err(vec![finding.hint("Use SQL for this database.")]);
    }
    let size = measure::measure(request, policy).map_err(|f| vec![f])?;
    crate::fault::contained(|| crate::stack::with_room(size, || proof::prove(request, catalog, policy)))
}
