//! The audit trail at work: lines are sealed while the daemon runs, and the chain is verified.

mod heads;
mod verify;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use heads::{SignedHead, keep, kept, read_head, sign};
pub use verify::{Fault, Report, verify};

use crate::store::{Db, audit_chain};

/// A line waits for its place that long at the most, where a daemon runs.
const EVERY: Duration = Duration::from_secs(1);

/// Seals lines until it is told to stop, and once more then.
pub async fn run(db: Db, stop: CancellationToken) {
    while !stop.is_cancelled() {
        seal(&db).await;
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
    seal(&db).await;
}

/// Seals what waits. What fails is tried again the next time: the lines are kept.
pub async fn seal(db: &Db) {
    match audit_chain::seal_all(db).await {
        Ok(0) => {}
        Ok(lines) => tracing::debug!(lines, "audit lines sealed"),
        Err(error) => tracing::warn!(%error, "audit lines could not be sealed"),
    }
}
