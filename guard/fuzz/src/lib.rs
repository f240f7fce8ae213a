//! What the fuzz targets share: a small schema, generators of statements, and the properties that must hold.

pub mod generate;
#[cfg(feature = "servers")]
pub mod postgres;
pub mod properties;
pub mod schema;
pub mod sqlite;
