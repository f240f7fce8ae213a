//! The daemon's worker: takes jobs from the store and does them, a few at a time, and asks for those whose schedule says
//! so. Any number of daemons may do so on one store.

mod attempt;
mod cron;
mod kinds;
mod plans;
mod run;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub use attempt::{Attempt, Stop};
pub use cron::Plan;
pub use kinds::Parts;
pub use plans::{Planned, Wanted, pause, planned, remove, resume, run_now, set};

use crate::error::{Class, Error, Result};
use crate::model::{Id, Job, clock, new_id};
use crate::store::recover::Abandoned;
use crate::store::{self, Conn, Db, Dialect};
use crate::telemetry::{metrics, spans};

/// What other processes do to the store is seen after that at the latest.
const LOOK: Duration = Duration::from_secs(5);
/// Between two looks at a store where something is due that somebody else is about to take.
const BREATH: Duration = Duration::from_millis(200);
/// Between two looks for what dead daemons left beside jobs.
const RECOVER: Duration = Duration::from_secs(60);
/// Jobs that are told to stop must have ended by then.
const LEAVE: Duration = Duration::from_secs(10);

/// How a worker works.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Jobs at the same time; 0: it takes none.
    pub workers: usize,
    /// A job whose daemon gives no sign for that long is taken over.
    pub lease: Duration,
    /// Jobs that are at work when the daemon stops may end in that time, before they are given back.
    pub grace: Duration,
}

/// Takes jobs and does them.
pub struct Worker {
    parts: Parts,
    habits: Habits,
    daemon: String,
    running: Mutex<HashMap<Id, Arc<Attempt>>>,
}

impl Worker {
    /// A worker with a name of its own.
    pub fn new(parts: Parts, habits: Habits) -> Worker {
        let id = new_id().simple().to_string();
        let daemon = format!("{}-{}", std::process::id(), id.get(24..).unwrap_or_default());
        Worker { parts, habits, daemon, running: Mutex::default() }
    }

    /// Its name, as the records of its jobs show it.
    pub fn daemon(&self) -> &str {
        &self.daemon
    }

    /// Works until it is told to stop. Jobs at work then get a short while to end, and are given back after it.
    pub async fn run(self: &Arc<Self>, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        let mut recovered = Instant::now();
        while !stop.is_cancelled() {
            if recovered.elapsed() >= RECOVER {
                recovered = Instant::now();
                self.recover().await;
            }
            let wait = match self.turn(&mut tasks).await {
                Ok(due) => wait(due),
                Err(error) => {
                    tracing::warn!(%error, "the store's jobs could not be looked at");
                    LOOK
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                () = self.db().woken() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        self.leave(tasks).await;
    }

    fn db(&self) -> &Db {
        &self.parts.db
    }

    /// Asks for what is due and takes what there is place for; gives when there is something to do next.
    async fn turn(self: &Arc<Self>, tasks: &mut JoinSet<()>) -> store::Result<Option<Timestamp>> {
        while tasks.try_join_next().is_some() {}
        plans::ask_for_due(self.db()).await?;
        while tasks.len() < self.habits.workers {
            let Some(job) = store::jobs::claim(self.db(), &self.daemon, self.habits.lease).await? else {
                break;
            };
            tracing::debug!(job = %job.id, kind = %job.kind, attempt = job.fence, "a job begins");
            let worker = self.clone();
            tasks.spawn(async move { worker.work(job).await });
        }
        let schedules = store::schedules::next_due(self.db()).await?;
        if tasks.len() >= self.habits.workers {
            return Ok(schedules);
        }
        let jobs = store::jobs::next_due(self.db()).await?;
        Ok([schedules, jobs].into_iter().flatten().min())
    }

    async fn work(self: Arc<Self>, job: Job) {
        let attempt = Arc::new(Attempt::default());
        let id = job.id;
        self.lock().insert(id, attempt.clone());
        let _at_work = metrics::job_begins(job.kind.as_str());
        let span = spans::job(&id.to_string(), job.kind.as_str());
        let parts = self.parts.daemon_in(job.workspace_id);
        run::attempt(parts, job, attempt.clone(), self.habits.lease).instrument(span).await;
        let mut running = self.lock();
        // it may have come back to this daemon while its first attempt was ending
        if running.get(&id).is_some_and(|current| Arc::ptr_eq(current, &attempt)) {
            running.remove(&id);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Id, Arc<Attempt>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn leave(&self, mut tasks: JoinSet<()>) {
        let all_ended = async |tasks: &mut JoinSet<()>| while tasks.join_next().await.is_some() {};
        if tokio::time::timeout(self.habits.grace, all_ended(&mut tasks)).await.is_ok() {
            return;
        }
        for attempt in self.lock().values() {
            attempt.tell(Stop::Shutdown);
        }
        if tokio::time::timeout(LEAVE, all_ended(&mut tasks)).await.is_err() {
            tracing::warn!("jobs did not end: another daemon takes them over when their leases run out");
        }
    }

    /// On a store with several daemons nobody else says of a dead one's other work that it is abandoned.
    async fn recover(&self) {
        if self.db().dialect() == Dialect::Sqlite {
            return;
        }
        let marked = async {
            let tx = self.db().begin().await?;
            let marked = store::recover::mark_interrupted(&tx, Abandoned::Expired).await?;
            tx.commit().await?;
            Ok::<_, store::StoreError>(marked)
        };
        if let Err(error) = marked.await {
            tracing::warn!(%error, "work of dead daemons could not be marked");
        }
    }

    /// Cancels a job that has not ended, with its audit line. One at work here is told at once, one of another daemon
    /// when that next renews its lease; neither can be stored as done any more.
    ///
    /// # Errors
    /// Not found; `J002` when it has ended.
    pub async fn cancel(&self, db: &Db, id: Id) -> Result<Job> {
        let job = cancel(db, id).await?;
        if let Some(attempt) = self.lock().get(&id) {
            attempt.tell(Stop::Cancelled);
        }
        Ok(job)
    }
}

/// As [`Worker::cancel`], from a process that does no jobs.
///
/// # Errors
/// As there.
pub async fn cancel(db: &Db, id: Id) -> Result<Job> {
    let job = store::jobs::get(db, id).await?;
    let ended = |state| Error::new("J002", Class::Conflict, format!("the job has ended already: {state}"));
    if job.finished_at.is_some() {
        return Err(ended(job.state));
    }
    let tx = db.begin().await?;
    let job = store::jobs::cancel(&tx, id).await?;
    let details = json!({ "kind": job.kind, "connection": job.connection_id });
    store::audits::add(&tx, db.by(), "job.cancel", &id.to_string(), details).await?;
    tx.commit().await?;
    Ok(job)
}

/// How long nothing is to be done here, as far as is known.
fn wait(due: Option<Timestamp>) -> Duration {
    let until =
        |moment: Timestamp| Duration::try_from(moment.duration_since(clock::now())).unwrap_or(Duration::ZERO);
    due.map_or(LOOK, |moment| until(moment).clamp(BREATH, LOOK))
}
