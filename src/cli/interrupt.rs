//! Ctrl-C or a request to end, in a command: what runs on a database is cancelled there before the program ends.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::{Class, Error, Result};

/// Code of an interrupted command.
pub const INTERRUPTED: &str = "K061";
/// What shells expect of a program that an interrupt ended: 128 and the signal's number.
pub const EXIT_CODE: i32 = 130;
/// How long the cancelling of statements may take.
const GRACE: Duration = Duration::from_secs(1);

/// Works until done or interrupted. What was dropped half-way cancels itself in tasks of its own; those are waited for.
pub async fn or(work: impl Future<Output = Result<i32>>) -> Result<i32> {
    tokio::select! {
        ended = work => return ended,
        () = told(SignalKind::interrupt()) => {}
        () = told(SignalKind::terminate()) => {}
    }
    let settle = async {
        while Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // idle sessions of a pool have tasks too, and nobody waits for those
    let _ = tokio::time::timeout(GRACE, settle).await;
    Err(Error::new(INTERRUPTED, Class::Cancelled, "interrupted; what ran on the database was cancelled"))
}

/// Waits for a signal. One that cannot be heard ends the process as it always did.
async fn told(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => std::future::pending().await,
    }
}
