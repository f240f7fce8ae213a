//! The end of a daemon: from the moment that it is told to stop it says that it is not ready, and waits a while for what
//! clients wait for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::exec::Exec;

/// Whether the daemon is about to end, and what it still answers.
#[derive(Debug, Default)]
pub struct Drain {
    begun: AtomicBool,
    requests: TaskTracker,
}

impl Drain {
    /// Whether it is about to end.
    pub fn begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// Counts a request until what this gives is dropped.
    pub fn enter(&self) -> TaskTrackerToken {
        self.requests.token()
    }

    /// From now on the daemon is not ready. Waits until every request is answered to its end and every statement has
    /// ended, `time` at the most. What has not ended by then is left for another daemon, or the next start.
    pub async fn run(&self, exec: &Exec, time: Duration) {
        self.begun.store(true, Ordering::SeqCst);
        if !self.empty(exec, time).await {
            tracing::warn!(requests = self.requests.len(), "what still runs is cut off: its time is over");
        }
    }

    async fn empty(&self, exec: &Exec, time: Duration) -> bool {
        self.requests.close();
        let requests = tokio::time::timeout(time, self.requests.wait());
        let (requests, executions) = tokio::join!(requests, exec.unsettled().settled(time));
        requests.is_ok() && executions
    }
}
