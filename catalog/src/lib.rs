//! The catalog: what a database looks like. Model, fingerprint, diff, rendering, and reading of DDL text. No I/O.

pub mod ddl;
mod defaults;
pub mod diff;
mod engine;
pub mod fingerprint;
mod gaps;
pub mod glob;
mod index;
pub mod infer;
mod model;
pub mod nested;
pub mod parallel;
pub mod render;
pub mod sensitivity;
pub mod types;
pub mod write;

pub use engine::Engine;
pub use gaps::Sought;
pub use glob::Glob;
pub use index::Catalog;
pub use model::*;

/// The example of the README, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
