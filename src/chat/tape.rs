//! What streams have sent, kept in the store in pieces, so that any daemon can go on with a stream that broke.
//!
//! Events wait here for at most the time between two [`Tapes::flush`]es. An answer that reached its client before the
//! first of them costs the store nothing: whoever comes for it later reads its message.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};

use super::events::Event;
use super::parts;
use crate::model::Id;
use crate::store::streams::Piece;
use crate::store::{self, Db};

/// Bytes of events that are kept of one answer at the most; after that only what belongs to the message is.
const MAX_BYTES: usize = 1024 * 1024;

/// The tapes of all answers that this daemon gives. Clones share them.
#[derive(Clone, Default)]
pub struct Tapes(Arc<Mutex<HashMap<Id, Kept>>>);

#[derive(Default)]
struct Kept {
    workspace: Id,
    events: Vec<(i64, Value)>,
    bytes: usize,
    /// Some of it is in the store.
    begun: bool,
    ended: bool,
}

/// One answer's tape. It ends when it is dropped.
pub struct Tape {
    tapes: Tapes,
    workspace: Id,
    message: OnceLock<Id>,
    number: AtomicI64,
}

impl Tapes {
    /// A tape for an answer in a workspace; its first event says which message it is.
    pub fn begin(&self, workspace: Id) -> Tape {
        Tape { tapes: self.clone(), workspace, message: OnceLock::new(), number: AtomicI64::new(0) }
    }

    /// A tape that goes on after the event of that number.
    pub fn go_on(&self, workspace: Id, message: Id, number: i64) -> Tape {
        let tape = self.begin(workspace);
        tape.number.store(number, Ordering::Relaxed);
        tape.message.get_or_init(|| message);
        tape
    }

    /// The client has all of it: where nothing was stored yet, nothing need be. What is stored is stored to its end.
    pub fn delivered(&self, message: Id) {
        let mut all = self.lock();
        if all.get(&message).is_some_and(|kept| !kept.begun) {
            all.remove(&message);
        }
    }

    /// Stores what came since the last time. What could not be stored is tried again the next time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn flush(&self, db: &Db) -> store::Result<()> {
        self.write(db, self.pieces(|_| true)).await
    }

    async fn write(&self, db: &Db, pieces: Vec<Piece>) -> store::Result<()> {
        if pieces.is_empty() {
            return Ok(());
        }
        let written: Vec<(Id, i64)> = pieces.iter().map(|p| (p.message, p.seq)).collect();
        let tx = db.everywhere().begin().await?;
        store::streams::add(&tx, pieces).await?;
        tx.commit().await?;
        let mut all = self.lock();
        for (message, seq) in written {
            if let Some(kept) = all.get_mut(&message) {
                kept.events.retain(|(number, _)| *number > seq);
            }
        }
        all.retain(|_, kept| !(kept.ended && kept.events.is_empty()));
        Ok(())
    }

    fn pieces(&self, of: impl Fn(Id) -> bool) -> Vec<Piece> {
        let mut all = self.lock();
        all.retain(|_, kept| !(kept.ended && kept.events.is_empty()));
        let piece = |(message, kept): (&Id, &mut Kept)| {
            let (seq, _) = kept.events.last()?;
            // from here on, although they are not written yet: what follows them must be written, too
            kept.begun = true;
            let events = kept.events.iter().map(|(number, parts)| json!([number, parts])).collect();
            Some(Piece { message: *message, workspace: kept.workspace, seq: *seq, events })
        };
        all.iter_mut().filter(|(message, _)| of(**message)).filter_map(piece).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tape {
    /// Notes an event.
    pub fn note(&self, event: &Event) {
        if let Event::Started { message_id } = event {
            self.message.get_or_init(|| *message_id);
        }
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(message) = self.message.get() else { return };
        let parts = Value::Array(parts::kept_parts(event));
        let size = parts.to_string().len();
        let mut all = self.tapes.lock();
        let kept = all.entry(*message).or_default();
        kept.workspace = self.workspace;
        let passing = matches!(event, Event::Delta(_) | Event::Status(_) | Event::Repaired(_));
        if passing && kept.bytes + size > MAX_BYTES {
            return;
        }
        kept.bytes += size;
        kept.events.push((number, parts));
    }
}

impl Tape {
    /// Stores what is left, where some of it is stored: before the end of the answer is, so that whoever sees the end finds
    /// all events or none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self, db: &Db) -> store::Result<()> {
        let Some(message) = self.message.get() else { return Ok(()) };
        if !self.tapes.lock().get(message).is_some_and(|kept| kept.begun) {
            return Ok(());
        }
        self.tapes.write(db, self.tapes.pieces(|id| id == *message)).await
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        let Some(message) = self.message.get() else { return };
        if let Some(kept) = self.tapes.lock().get_mut(message) {
            kept.ended = true;
        }
    }
}
