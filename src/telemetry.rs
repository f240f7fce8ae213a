//! Logs: structured, to standard error, without secrets and row values.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

use crate::config::{Log, LogFormat};
use crate::error::{Class, Error, Result};

/// Starts logging. Called once, by the program.
///
/// # Errors
/// When the level cannot be read.
pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.level).map_err(|e| {
        Error::new("K010", Class::BadInput, format!("log.level {:?} cannot be read: {e}", log.level))
            .hint("Use error, warn, info, debug or trace, or a list such as querent=debug,info.")
    })?;
    // this driver logs the server's messages, which may quote values
    let silent = "tiberius=off".parse::<Directive>().ok();
    let filter = silent.into_iter().fold(filter, EnvFilter::add_directive);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start (tests in one process) keeps the first.
    let _ = match log.format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    Ok(())
}
