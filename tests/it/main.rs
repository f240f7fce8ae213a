//! All integration tests in one binary: one link, one harness.

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod check;
mod cli;
mod cli_audit;
mod cli_backup;
mod cli_impact;
mod cli_jobs;
mod cli_people;
mod cli_review;
mod cli_understanding;
mod config;
mod crash;
mod daemons;
mod faults;
mod fleet;
mod gate;
mod golden;
mod harness;
mod http;
mod operations;
mod results;
mod retrieval;
mod secrets;
mod store;
mod targets;
mod team;
mod test_app;
mod tunnel;
mod types;
