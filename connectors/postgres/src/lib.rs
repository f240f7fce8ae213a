//! Connector for postgres.
