//! All integration tests in one binary: one link, one harness.

mod harness;
mod store;
