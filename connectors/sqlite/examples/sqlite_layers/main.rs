//! Measures each layer of the read-only proof on SQLite: `sqlite_layers CORPUS.jsonl SCHEMA.sql [--hidden TABLE]...`.
//!
//! The third layer is the system's: the file and its folder may not be written. Run it as a user other than root, or
//! file permissions mean nothing; the state is kept in the folder for temporary files.

#![allow(missing_docs)]

mod bench;

use connector_api::layers::Arguments;

#[tokio::main]
async fn main() -> Result<(), String> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let mut bench = bench::Sqlite::new(&arguments).await?;
    let measured = arguments.run(&mut bench).await;
    bench.leave()?;
    measured.map(|_| ())
}
