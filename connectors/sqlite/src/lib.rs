//! Connector for sqlite.
