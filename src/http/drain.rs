//! The end of a daemon: from the moment that it is told to stop it says that it is not ready, and waits a while for what
//! clients wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Whether the daemon is about to end, and what it still answers.
#[derive(Debug, Default)]
pub struct Drain {
    begun: AtomicBool,
    present: AtomicUsize,
    left: Notify,
}

/// A request that has not been answered to its end.
#[must_use]
pub struct Present(Arc<Drain>);

impl Drain {
    /// From now on the daemon is not ready.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    /// Whether it is about to end.
    pub fn begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// Counts a request until it is dropped.
    pub fn enter(self: &Arc<Self>) -> Present {
        self.present.fetch_add(1, Ordering::SeqCst);
        Present(self.clone())
    }

    /// Requests that are not answered to their end.
    pub fn present(&self) -> usize {
        self.present.load(Ordering::SeqCst)
    }

    /// Waits until there is none.
    pub async fn empty(&self) {
        loop {
            let left = self.left.notified();
            if self.present() == 0 {
                return;
            }
            left.await;
        }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.present.fetch_sub(1, Ordering::SeqCst);
        self.0.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_empty_when_the_last_has_left() {
        let drain = Arc::new(Drain::default());
        drain.empty().await;
        let (one, two) = (drain.enter(), drain.enter());
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move { drain.empty().await }
        });
        drop(one);
        assert_eq!(drain.present(), 1);
        assert!(!waiting.is_finished());
        drop(two);
        waiting.await.unwrap();
    }
}
