//! What the daemon tells of its work: logs to standard error, metrics, traces. None of them holds secrets, row values or the
//! text of questions.

pub mod metrics;
pub mod slow;
pub mod spans;
pub mod traces;

use std::io::IsTerminal;

use tokio::runtime::Handle;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Log, LogFormat, Traces};
use crate::error::{Class, Error, Result};

/// Starts logging and, where a collector is named, traces. Called once, by the program.
///
/// # Errors
/// When the level or the collector's address cannot be read.
pub fn start(log: &Log, traces: &Traces, runtime: Handle) -> Result<()> {
    let filter = filter(&log.level)?;
    slow::start(log);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // colours are for people: files and collectors get none
    let lines = if std::io::stderr().is_terminal() { lines } else { lines.with_ansi(false) };
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    let layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> =
        [Some(lines), traces::layer(traces, runtime)?].into_iter().flatten().collect();
    // A second start (tests in one process) keeps the first.
    let _ = tracing_subscriber::registry().with(layers).try_init();
    Ok(())
}

fn filter(level: &str) -> Result<EnvFilter> {
    let filter = EnvFilter::try_new(level).map_err(|e| {
        Error::new("K010", Class::BadInput, format!("log.level {level:?} cannot be read: {e}"))
            .hint("Use error, warn, info, debug or trace, or a list such as querent=debug,info.")
    })?;
    // this driver logs the server's messages, which may quote values
    let silent = "tiberius=off".parse::<Directive>().ok();
    Ok(silent.into_iter().fold(filter, EnvFilter::add_directive))
}
