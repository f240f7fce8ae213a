//! The guard: is this statement one read, what does it touch, and what text may run.
//!
//! [`check`] takes text and gives a [`ReadOnly`] or the findings that refuse it. `ReadOnly` has no public constructor:
//! a connector that takes nothing else cannot be handed unchecked SQL.

pub mod finding;
pub mod functions;
mod lex;
mod measure;
mod parse;
pub mod policy;
pub mod reading;
pub mod render;
pub mod report;
pub mod resolve;
pub mod tree;
mod warn;

use std::sync::Arc;

use catalog::{Catalog, Engine};

pub use finding::{Code, Finding};
pub use policy::Policy;
pub use report::Report;

/// A statement proven to be one read: the text that may run, its tree and its report.
#[derive(Debug, Clone)]
pub struct ReadOnly {
    engine: Engine,
    sql: Arc<str>,
    tree: Arc<tree::Query>,
    report: Arc<Report>,
}

impl ReadOnly {
    /// The canonical text, rendered from the checked tree. Nothing else may be sent to a database.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The engine whose rules it was checked by.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The checked tree (names resolved and qualified).
    pub fn tree(&self) -> &tree::Query {
        &self.tree
    }

    /// What it reads and what comes out.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// Checks text against a catalog and a policy.
///
/// # Errors
/// All findings that refuse the statement, in the order of the text.
pub fn check(_sql: &str, _catalog: &Catalog, _policy: &Policy) -> Result<ReadOnly, Vec<Finding>> {
    Err(vec![Finding::new(Code::G010, "not built yet")])
}

/// Checks a tree that was built rather than parsed (by the built-in translator): rendered, then checked as text is.
///
/// # Errors
/// As [`check`].
pub fn check_tree(
    _query: &tree::Query,
    _catalog: &Catalog,
    _policy: &Policy,
) -> Result<ReadOnly, Vec<Finding>> {
    Err(vec![Finding::new(Code::G010, "not built yet")])
}
