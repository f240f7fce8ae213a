//! Querent, as a library: the daemon behind the binary. ARCHITECTURE.md has the map.

pub mod access;
pub mod app;
pub mod auth;
pub mod backup;
pub mod chat;
pub mod cli;
pub mod config;
pub mod crawl;
pub mod error;
pub mod exec;
pub mod http;
pub mod impact;
pub mod index;
pub mod model;
pub mod network;
pub mod overlay;
pub mod queries;
pub mod register;
pub mod results;
pub mod schedule;
pub mod secrets;
pub mod sources;
pub mod store;
pub mod telemetry;
pub mod understand;
