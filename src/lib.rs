//! Querent, as a library: the daemon behind the binary.

pub mod error;
pub mod model;
pub mod secrets;
pub mod store;
