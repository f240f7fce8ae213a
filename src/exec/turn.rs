//! Whose turn it is: places in this daemon and in all of them together, and what daemons hear of each other.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use guard::ReadOnly;

use super::queue::{Asker, Place, Slot};
use super::{Exec, Finished};
use crate::error::{Class, Result};
use crate::model::Execution;
use crate::sources::Source;
use crate::store::executions::Begun;
use crate::store::{self, Conn};

/// Between two looks for a place that another daemon has.
const ELSEWHERE: Duration = Duration::from_millis(100);
/// Between two tries to find a place for an execution that was accepted by a daemon that died.
const AGAIN: Duration = Duration::from_secs(1);
/// Other daemons' cancellations that are older are known to have been heard.
const HEARD: Duration = Duration::from_secs(120);

impl Exec {
    /// How many may be at work on the connection at the same time; 0: any number.
    fn per_connection(&self, source: &Source) -> Result<usize> {
        let own = source.options()?.executions.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        Ok(own.unwrap_or(self.shared.settings.per_connection))
    }

    pub(super) fn enter(&self, source: &Source) -> Result<Place> {
        self.shared.queue.enter(Asker {
            user: (self.db.workspace(), self.db.by().to_owned()),
            connection: source.connection.id,
            per_connection: self.per_connection(source)?,
        })
    }

    /// Runs an accepted execution that this daemon took over from a dead one.
    ///
    /// # Errors
    /// As [`Exec::run`].
    pub async fn run_again(
        &self,
        source: &Source,
        statement: &ReadOnly,
        execution: Execution,
    ) -> Result<Finished> {
        let place = loop {
            match self.enter(source) {
                // it was accepted once, so it is not refused now
                Err(error) if error.class == Class::Busy => tokio::time::sleep(AGAIN).await,
                entered => break entered?,
            }
        };
        self.work(source, statement, execution, place).await
    }

    /// From now on work that is dropped is left for another daemon.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// Stops what other daemons cancelled of this one's: their record is closed already, so nothing is stored.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hear_cancels(&self) -> Result<usize> {
        let Some(daemon) = self.shared.daemon.get() else { return Ok(0) };
        if self.shared.running.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return Ok(0);
        }
        let cancelled = store::executions::cancelled_of(&self.db.everywhere(), *daemon, HEARD).await?;
        Ok(cancelled.into_iter().filter(|id| self.cancel(*id, "another daemon")).count())
    }

    /// Waits for a place in this daemon, and for one of those that all daemons share.
    pub(super) async fn turn(
        &self,
        source: &Source,
        execution: &Execution,
        mut place: Place,
    ) -> Result<Slot> {
        let bounds = store::executions::Bounds {
            connection: self.per_connection(source)?,
            user: self.shared.settings.per_user,
        };
        loop {
            let slot = place.turn().await?;
            match store::executions::begin_within(&self.db, execution, self.lease(), bounds).await? {
                Begun::Running(_) => return Ok(slot),
                // others of this daemon, on other connections, may begin meanwhile
                Begun::Full => drop(slot),
            }
            tokio::time::sleep(ELSEWHERE).await;
        }
    }
}
