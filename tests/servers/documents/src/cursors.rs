//! Results that are not read to their end. Some go on from a state that the engine gave; the others live in a connection
//! of their own, inside a transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::Object;

use crate::postgres;

/// Open cursors at the most; the oldest one is closed for a new one.
const MOST: usize = 48;

/// A result's rest.
pub(crate) struct Cursor {
    pub id: i64,
    pub session: Option<Vec<u8>>,
    /// Where to go on, as the engine writes it.
    pub continuation: Vec<u8>,
    /// The connection that holds it, when the engine asked for one.
    pub connection: Option<Object>,
    /// What is left of its time limit.
    pub left: Option<Duration>,
}

impl Cursor {
    /// Ends its transaction.
    pub(crate) async fn close(self) {
        if let Some(connection) = self.connection {
            let _ = postgres::plain(&connection, "ROLLBACK").await;
        }
    }
}

/// All of them, the oldest first.
#[derive(Default)]
pub(crate) struct Cursors(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    open: BTreeMap<u64, Cursor>,
}

impl Cursors {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one; gives the one that it took the place of.
    pub(crate) fn keep(&self, cursor: Cursor) -> Option<Cursor> {
        let mut state = self.state();
        state.next += 1;
        let place = state.next;
        state.open.insert(place, cursor);
        if state.open.len() > MOST { state.open.pop_first().map(|(_, oldest)| oldest) } else { None }
    }

    /// Takes one out, to go on with it or to close it.
    pub(crate) fn take(&self, id: i64) -> Option<Cursor> {
        let mut state = self.state();
        let place = state.open.iter().find(|(_, cursor)| cursor.id == id).map(|(place, _)| *place)?;
        state.open.remove(&place)
    }

    /// Takes out those of a session.
    pub(crate) fn of_session(&self, session: &[u8]) -> Vec<Cursor> {
        let mut state = self.state();
        let ours = |cursor: &Cursor| cursor.session.as_deref() == Some(session);
        let places: Vec<u64> =
            state.open.iter().filter(|(_, cursor)| ours(cursor)).map(|(place, _)| *place).collect();
        places.iter().filter_map(|place| state.open.remove(place)).collect()
    }
}
