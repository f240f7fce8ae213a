//! What tests let go wrong: errors, cut connections, statements that wait until they are told to go on.

use std::sync::{Arc, Condvar, Mutex};

use tokio::sync::watch;

use crate::database::locked;
use crate::error::SqlError;

/// What happens to a statement.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It fails with this error before its first row.
    Error(SqlError),
    /// It fails with this error after so many rows.
    ErrorAfter(u64, SqlError),
    /// The connection is cut after so many rows.
    CutAfter(u64),
}

/// A fault and the statement that it waits for.
pub(crate) struct Planned {
    part: String,
    what: Kind,
    /// How many statements it still hits.
    times: usize,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Fault(Fault),
    Hold(Arc<Gate>, u64),
}

/// The faults that are planned.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Planned>>);

impl Faults {
    pub(crate) fn plan(&self, part: &str, what: Kind, times: usize) {
        locked(&self.0).push(Planned { part: part.to_lowercase(), what, times });
    }

    /// What hits a statement, if anything; a fault hits as often as it was planned.
    pub(crate) fn take(&self, statement: &str) -> Option<Kind> {
        let mut planned = locked(&self.0);
        if planned.is_empty() {
            return None;
        }
        let lower = statement.to_lowercase();
        let found = planned.iter_mut().find(|p| p.times > 0 && lower.contains(&p.part))?;
        found.times -= 1;
        let what = found.what.clone();
        planned.retain(|p| p.times > 0);
        Some(what)
    }
}

/// Where a statement waits.
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
    reached: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    open: bool,
    given_up: bool,
}

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Gate {
            state: Mutex::default(),
            changed: Condvar::new(),
            reached: watch::Sender::new(false),
        })
    }

    /// Waits; gives false when the statement was cancelled meanwhile.
    pub(crate) fn pass(&self) -> bool {
        self.reached.send_replace(true);
        let mut state = locked(&self.state);
        while !state.open && !state.given_up {
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        state.open
    }

    pub(crate) fn open(&self) {
        locked(&self.state).open = true;
        self.changed.notify_all();
    }

    pub(crate) fn give_up(&self) {
        locked(&self.state).given_up = true;
        self.changed.notify_all();
    }

    pub(crate) async fn reached(&self) {
        // the sender lives as long as the gate
        let _ = self.reached.subscribe().wait_for(|reached| *reached).await;
    }
}

/// A statement that is held up: wait until it is, then let it go on. Dropping this lets it go on too.
pub struct Hold(pub(crate) Arc<Gate>);

impl Hold {
    /// Returns when a statement waits.
    pub async fn reached(&self) {
        self.0.reached().await;
    }

    /// Lets it go on.
    pub fn release(&self) {
        self.0.open();
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.open();
    }
}
