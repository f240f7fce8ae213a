//! A server that speaks TDS for the tests of the SQL Server connector. It is not SQL Server: it speaks the protocol for
//! real (MS-TDS 7.4), and evaluates a part of T-SQL with SQLite over catalog views of its own. What it cannot evaluate
//! is error 49999. It is no judge of whether SQL Server takes a statement or how it plans one.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let server = test_tds::Server::start(test_tds::Options::default()).await?;
//! server.execute("querent", "CREATE TABLE pet (id int PRIMARY KEY, name nvarchar(40))").await.map_err(|e| e.message)?;
//! println!("mssql://sa:Querent-1@localhost:{}/querent", server.port());
//! # Ok(()) }
//! ```

mod access;
mod calendar;
mod carry_out;
mod certificate;
mod code_page;
mod connection;
mod convert;
mod database;
mod decimal;
mod error;
mod faults;
mod functions;
mod functions_of_dates;
mod functions_of_session;
mod hierarchy;
mod like;
mod plan;
mod rights;
mod schema;
mod server;
mod session;
mod settings;
mod sink;
mod sql;
mod sys;
mod tls;
mod types;
mod wire;

pub use error::SqlError;
pub use faults::{Fault, Hold};
pub use server::{Counts, Options, Server, Tls, User};
