//! The catalog: what a database looks like. Model, fingerprint, diff, rendering, and reading of DDL text. No I/O.

mod engine;
mod index;
mod model;

pub use engine::Engine;
pub use index::Catalog;
pub use model::*;
