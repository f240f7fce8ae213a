//! An answer whose client went away midway is stored as that.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::{Chat, Standing};
use crate::exec::Exec;
use crate::model::clock::Stopwatch;
use crate::model::{Id, MessageStatus};
use crate::store::chats::MessageEnd;
use crate::store::{self, Db};

/// Marks an answer as abandoned when its future is dropped midway (the client went away).
pub(super) struct Abandoned {
    db: Db,
    standing: Arc<Standing>,
    exec: Exec,
    watch: Stopwatch,
    message: Option<Id>,
}

impl Abandoned {
    /// Watches over an answer from now on.
    pub(super) fn watch(chat: &Chat, message: Id) -> Abandoned {
        Abandoned {
            db: chat.db.clone(),
            standing: chat.standing.clone(),
            exec: chat.exec.clone(),
            watch: Stopwatch::start(),
            message: Some(message),
        }
    }

    /// Time since then.
    pub(super) fn elapsed(&self) -> Duration {
        self.watch.elapsed()
    }

    /// The answer has ended in another way.
    pub(super) fn settled(&mut self) {
        self.message = None;
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        let Some(message) = self.message else { return };
        if self.standing.daemon.get().is_some() && self.standing.draining.load(Ordering::Relaxed) {
            return;
        }
        let db = self.db.clone();
        let unsettled = self.exec.unsettled().enter();
        tokio::spawn(async move {
            let _unsettled = unsettled;
            let end = MessageEnd {
                status: MessageStatus::Cancelled,
                parts: Value::Array(Vec::new()),
                query_id: None,
                error: Some(("A004".into(), "the client went away before the answer was complete".into())),
            };
            if let Err(error) = store::chats::finish_message(&db, message, end).await {
                tracing::warn!(%message, %error, "an abandoned answer could not be marked");
            }
        });
    }
}
