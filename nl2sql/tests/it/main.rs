//! Tests of nl2sql through its public surface, in one binary.

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod catalogs;
mod eval;
mod extract;
mod model;
mod prompt;
mod propose;
mod repair;
mod server;
