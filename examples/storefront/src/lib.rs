//! The sample database: a shop with 15 tables and about 200,000 rows, the same on every machine for the same seed.
//!
//! It holds the traps that real schemas hold: two dates on an order, a status code with a lookup table, soft deletes,
//! self-references (managers, category tree), a many-to-many relation, NULLs that mean something.

mod calendar;
mod people;
mod range;
mod rng;
mod sales;
mod words;

use std::path::Path;

use rusqlite::Connection;

/// Seed of the published sample.
pub const SEED: u64 = 20_260_101;

/// The tables' definitions (SQLite).
pub const SCHEMA: &str = include_str!("schema.sql");

/// Last day on which something happens in the sample: 2026-06-30.
pub(crate) fn last_day() -> i64 {
    calendar::day(2026, 6, 30)
}

/// Writes the sample to a new file and returns the number of rows.
///
/// `progress` is told the name of each table when it is full. The file appears whole or not at all: it is written
/// beside its place and moved there.
///
/// # Errors
/// When the file cannot be written.
pub fn generate(path: &Path, seed: u64, progress: &dyn Fn(&str)) -> Result<u64, Error> {
    let partial = path.with_extension("partial");
    if partial.exists() {
        std::fs::remove_file(&partial)?;
    }
    let rows = fill(&partial, seed, progress)?;
    std::fs::rename(&partial, path)?;
    Ok(rows)
}

/// Why the sample could not be written.
#[derive(Debug)]
pub enum Error {
    /// The file system refused.
    Io(std::io::Error),
    /// SQLite refused.
    Sqlite(rusqlite::Error),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Io(e) => write!(f, "the sample database could not be written: {e}"),
            Error::Sqlite(e) => write!(f, "the sample database could not be filled: {e}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Error {
        Error::Io(e)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Error {
        Error::Sqlite(e)
    }
}

fn fill(path: &Path, seed: u64, progress: &dyn Fn(&str)) -> Result<u64, Error> {
    let mut db = Connection::open(path)?;
    db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;")?;
    let tx = db.transaction()?;
    tx.execute_batch(SCHEMA)?;
    let mut rng = rng::Rng::new(seed);
    let mut rows = 0;
    rows += people::fill(&tx, &mut rng, progress)?;
    let goods = range::fill(&tx, &mut rng, progress)?;
    rows += goods.rows;
    rows += sales::fill(&tx, &mut rng, &goods, progress)?;
    tx.commit()?;
    db.execute_batch("PRAGMA foreign_keys = ON; ANALYZE;")?;
    Ok(rows)
}
