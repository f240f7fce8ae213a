//! A stream that broke, gone on with from its last event by whichever daemon is asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{PING, done, event_stream, frames, numbered, told};
use crate::app::Desk;
use crate::chat::parts;
use crate::error::Result;
use crate::model::{ChatMessage, Id, MessageStatus};
use crate::store;

/// Between two looks at what the daemon that answers has stored.
const LOOK: Duration = Duration::from_millis(300);
/// Rows of a result that a stream shows.
const ROWS: usize = 200;

/// A stream that is gone on with.
struct Again {
    desk: Desk,
    message: Id,
    last: i64,
    ready: VecDeque<Bytes>,
    shown: Instant,
    ended: bool,
}

/// Answers with the events of a message after one, and with those to come until its answer has ended. Where its events are
/// not kept any more, the answer is told from its message.
///
/// # Errors
/// Not found when the chat has no such message.
pub async fn go_on(desk: Desk, message: ChatMessage, last: i64) -> Result<HttpResponse> {
    let ready = VecDeque::new();
    let again = Again { desk, message: message.id, last, ready, shown: Instant::now(), ended: false };
    let bytes = stream::unfold(again, |mut again| async move {
        let bytes = again.next().await?;
        Some((Ok::<_, Infallible>(bytes), again))
    });
    Ok(event_stream().streaming(Box::pin(bytes)))
}

impl Again {
    /// The next bytes; `None` after the last.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                self.shown = Instant::now();
                return Some(bytes);
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.look().await {
                self.ended = true;
                self.ready.push_back(done(&[json!({ "type": "error", "errorText": told(&error) })]));
            } else if self.ready.is_empty() {
                if self.shown.elapsed() >= PING {
                    self.ready.push_back(Bytes::from_static(b": still working\n\n"));
                }
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    async fn look(&mut self) -> Result<()> {
        let (status, pieces) = store::streams::after(&self.desk.db, self.message, self.last).await?;
        let found = !pieces.is_empty();
        for piece in pieces {
            self.tell(&piece).await;
        }
        if found || status == MessageStatus::Pending {
            return Ok(());
        }
        let message = store::chats::get_message(&self.desk.db, self.message).await?;
        // a stream that reached its client before any of it was stored is told again as a whole
        if self.last == 0 || store::streams::last(&self.desk.db, self.message).await? == 0 {
            let mut whole = parts::whole(&message);
            self.fill(&mut whole).await;
            self.ready.push_back(frames(&whole));
        }
        self.ready.push_back(done(&parts::ending(&message)));
        self.ended = true;
        Ok(())
    }

    /// A piece holds events that were sent before the last one that the client has, too.
    async fn tell(&mut self, piece: &Value) {
        for event in piece.as_array().into_iter().flatten() {
            let number = event.get(0).and_then(Value::as_i64).unwrap_or_default();
            if number <= self.last {
                continue;
            }
            let mut parts = event.get(1).and_then(Value::as_array).cloned().unwrap_or_default();
            self.fill(&mut parts).await;
            self.ready.push_back(numbered(number, &parts));
            self.last = number;
        }
    }

    /// Rows are not kept with events: they are read from the result, as far as the caller may and this daemon can.
    async fn fill(&self, parts: &mut [Value]) {
        for part in parts {
            let Some(data) = part.get_mut("data").and_then(Value::as_object_mut) else { continue };
            let id = data.get("execution_id").and_then(Value::as_str).and_then(|id| Id::parse_str(id).ok());
            let (Some(id), false) = (id, data.contains_key("rows")) else { continue };
            let rows = self.desk.exec.rows(id, 0, ROWS).await.map(|page| page.rows).unwrap_or_default();
            data.insert("rows".to_owned(), json!(rows));
        }
    }
}
