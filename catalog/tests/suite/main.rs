//! The crate's tests, in one binary: all of them go through the public surface.

// clippy's leave for tests ends at the helpers beside them
#![allow(clippy::unwrap_used)]

mod across;
mod common;
mod ddl_collections;
mod ddl_engines;
mod ddl_postgres;
mod diff;
mod diff_evidence;
mod diff_property;
mod fingerprint;
mod glob;
mod infer;
mod render;
mod sensitivity;
mod types;
mod write;
