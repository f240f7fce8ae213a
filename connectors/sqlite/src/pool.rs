//! A small pool of sessions: a bound on how many are open, a bound on how long one is waited for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_api::{ConnectorError, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Config;
use crate::session::Session;

/// The sessions of one connection that run statements.
pub(crate) struct Pool {
    config: Config,
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Session>>,
}

impl Pool {
    pub(crate) fn new(config: Config) -> Arc<Pool> {
        let slots = Arc::new(Semaphore::new(config.max_connections));
        Arc::new(Pool { config, slots, idle: Mutex::new(Vec::new()) })
    }

    /// Waits for a free slot. The session itself is opened by [`Lease::open`], on a thread that may block.
    pub(crate) async fn take(self: &Arc<Pool>) -> Result<Lease, ConnectorError> {
        let wait = tokio::time::timeout(self.config.pool_timeout, Arc::clone(&self.slots).acquire_owned());
        let Ok(Ok(permit)) = wait.await else {
            let waited = self.config.pool_timeout;
            return Err(ConnectorError::new(
                ErrorKind::Busy,
                format!("all {} sessions were in use for {waited:?}", self.config.max_connections),
            )
            .hint("try again, or raise max_connections in the connection's URL"));
        };
        Ok(Lease { pool: Arc::clone(self), session: None, _permit: permit })
    }

    /// Longest run of any statement.
    pub(crate) fn statement_timeout(&self) -> Duration {
        self.config.statement_timeout
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot of the pool; it is free again when this is dropped.
pub(crate) struct Lease {
    pool: Arc<Pool>,
    session: Option<Session>,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    /// The session: an idle one that still looks at the same file, or a new one. Blocks.
    pub(crate) fn open(&mut self) -> Result<&mut Session, ConnectorError> {
        let idle = self.pool.idle().pop();
        // a session that cannot be refreshed (the file was replaced, the disk is gone) is simply not used again
        let fresh = idle.and_then(|mut session| matches!(session.refresh(), Ok(true)).then_some(session));
        let session = match fresh {
            Some(session) => session,
            None => Session::open(&self.pool.config)?,
        };
        Ok(self.session.insert(session))
    }

    /// Gives the session back for the next statement. Without this call it is closed.
    pub(crate) fn reuse(mut self) {
        if let Some(session) = self.session.take() {
            self.pool.idle().push(session);
        }
    }
}
