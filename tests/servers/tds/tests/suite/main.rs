//! The server as a client sees it, that is: as tiberius does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests stop at what is not as it should be

mod first;
mod protocol;
mod support;
mod types;
