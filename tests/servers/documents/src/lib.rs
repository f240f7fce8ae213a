//! A gateway for the tests: speaks MongoDB's wire protocol and hands commands to the DocumentDB extension.
//!
//! It is not MongoDB: no transactions, no logins, no TLS, no time series; what a command answers is what the extension
//! answers, with its error codes turned into MongoDB's. One client connection runs one command at a time; when the
//! connection ends, so does the statement that it runs.

mod administer;
mod commands;
mod cursors;
mod failpoint;
mod failure;
mod plan;
mod postgres;
mod running;
mod serve;
pub mod wire;

pub use serve::{Gateway, serve};
