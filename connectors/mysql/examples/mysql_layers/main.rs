//! Measures each layer of the read-only proof on a real MariaDB or MySQL:
//! `mysql_layers CORPUS.jsonl SCHEMA.sql --url mysql://root@host:port/ [--hidden TABLE]... [--secret TEXT]...`.
//!
//! The server is attacked as a login that may do everything and must be one that may be lost. Run it on the server's
//! own machine, so that its files can be watched.

#![allow(missing_docs)]

mod bench;
mod state;

use connector_api::layers::Arguments;

#[tokio::main]
async fn main() -> Result<(), String> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let mut bench = bench::Mysql::new(&arguments).await?;
    let measured = arguments.run(&mut bench).await;
    bench.leave().await?;
    measured.map(|_| ())
}
