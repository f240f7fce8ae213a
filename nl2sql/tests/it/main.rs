//! Tests of nl2sql through its public surface, in one binary.

mod catalogs;
mod eval;
mod extract;
mod model;
mod prompt;
mod propose;
mod repair;
mod server;
