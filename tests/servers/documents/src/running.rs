//! The commands that run now: who asked, and how each is ended.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_postgres::{CancelToken, NoTls};

/// One command.
pub(crate) struct Running {
    /// Its number, as `killOp` takes it.
    pub op: i32,
    /// The command's name.
    pub command: String,
    /// The database it is for.
    pub database: String,
    /// The session it came in.
    pub session: Option<Vec<u8>>,
    /// The comment that the client gave.
    pub comment: Option<bson::Bson>,
    token: Mutex<Option<CancelToken>>,
    killed: AtomicBool,
    done: watch::Sender<bool>,
}

impl Running {
    pub(crate) fn new(
        op: i32,
        command: String,
        database: String,
        session: Option<Vec<u8>>,
        comment: Option<bson::Bson>,
    ) -> Running {
        let token = Mutex::default();
        let killed = AtomicBool::new(false);
        Running { op, command, database, session, comment, token, killed, done: watch::Sender::new(false) }
    }

    /// Names the connection that works for it. False when it was killed before.
    pub(crate) fn on(&self, token: CancelToken) -> bool {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        !self.killed.load(Ordering::SeqCst)
    }

    /// Ends it. A cancel that reaches the engine between two statements does nothing: it is repeated until the command
    /// is over.
    pub(crate) async fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        let mut done = self.done.subscribe();
        while !*done.borrow_and_update() {
            let token = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(token) = token {
                let _ = token.cancel_query(NoTls).await;
            }
            let _ = tokio::time::timeout(Duration::from_millis(100), done.changed()).await;
        }
    }

    fn over(&self) {
        self.done.send_replace(true);
    }
}

/// All that runs.
#[derive(Default)]
pub(crate) struct Register(Mutex<HashMap<i32, Arc<Running>>>);

/// An entry; it is taken out when this is dropped.
pub(crate) struct Entry<'a> {
    register: &'a Register,
    pub running: Arc<Running>,
}

impl Register {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<i32, Arc<Running>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a command.
    pub(crate) fn enter(&self, running: Running) -> Entry<'_> {
        let running = Arc::new(running);
        self.all().insert(running.op, Arc::clone(&running));
        Entry { register: self, running }
    }

    /// Those that match.
    pub(crate) fn matching(&self, wanted: impl Fn(&Running) -> bool) -> Vec<Arc<Running>> {
        let mut found: Vec<_> = self.all().values().filter(|r| wanted(r)).cloned().collect();
        found.sort_by_key(|running| running.op);
        found
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.register.all().remove(&self.running.op);
        self.running.over();
    }
}
