//! What a daemon does beside its work so that several can share a store: it says that it lives, hears what others
//! cancelled, keeps the events of its streams in the store, and takes over what dead ones had at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::chat::{Chat, Events, Tapes};
use crate::error::Result;
use crate::exec::Exec;
use crate::model::{Id, MessageStatus, new_id};
use crate::queries;
use crate::sources::Sources;
use crate::store::chats::MessageEnd;
use crate::store::takeover::{self, Taken};
use crate::store::{self, Conn, Db, Dialect};

/// Between two looks for cancellations of other daemons.
const CANCELS: Duration = Duration::from_millis(400);
/// Events of streams are in the store after that.
const FLUSH: Duration = Duration::from_millis(100);
/// Between two looks for work of dead daemons.
const TAKE: Duration = Duration::from_secs(1);
/// Between two clearings of what is too old.
const CLEAR: Duration = Duration::from_secs(60);
/// Numbers of events that one attempt at an answer may use.
const NUMBERS: i64 = 1_000_000;
/// Work taken over that is done at the same time.
const TAKEN: usize = 4;

/// Keeps this daemon among the others.
pub struct Keeper {
    id: Id,
    name: String,
    lease: Duration,
    db: Db,
    sources: Sources,
    exec: Exec,
    chat: Chat,
    tapes: Tapes,
    at_work: AtomicUsize,
    left: CancellationToken,
}

impl Keeper {
    /// A keeper with a key of its own.
    pub fn new(db: Db, sources: Sources, exec: Exec, chat: Chat, name: String, lease: Duration) -> Keeper {
        let (tapes, at_work, left) = (Tapes::default(), AtomicUsize::new(0), CancellationToken::new());
        Keeper { id: new_id(), name, lease, db, sources, exec, chat, tapes, at_work, left }
    }

    /// The daemon's key.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Where answers' events are kept.
    pub fn tapes(&self) -> &Tapes {
        &self.tapes
    }

    /// Daemons that give signs of life.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn living(&self) -> Result<Vec<store::daemons::Daemon>> {
        Ok(store::daemons::living(&self.db, self.lease).await?)
    }

    /// Gives the first sign of life. From then on what this daemon accepts carries its key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn join(&self) -> Result<()> {
        store::daemons::beat(&self.db, self.id, &self.name, false).await?;
        self.exec.belong_to(self.id);
        self.chat.belong_to(self.id);
        Ok(())
    }

    /// Works until it is told to stop; it goes on giving signs of life until
    /// [`Keeper::leave`].
    pub async fn run(self: &Arc<Self>, stop: CancellationToken) {
        tokio::spawn(self.clone().beats(stop.clone()));
        let (mut cancels, mut flushes) = (every(CANCELS), every(FLUSH));
        let (mut takes, mut clears) = (every(TAKE), every(CLEAR));
        while !stop.is_cancelled() {
            let done = tokio::select! {
                () = stop.cancelled() => break,
                _ = cancels.tick() => self.exec.hear_cancels().await.map(drop),
                _ = flushes.tick() => self.tapes.flush(&self.db).await.map_err(Into::into),
                _ = takes.tick() => self.take_over().await,
                _ = clears.tick() => store::streams::clear(&self.db).await.map(drop).map_err(Into::into),
            };
            if let Err(error) = done {
                tracing::warn!(code = error.code, %error, "the daemon's housekeeping failed; it is tried again");
            }
        }
        self.exec.drain();
        self.chat.drain();
    }

    /// Beside everything else, so that slow housekeeping does not look like death.
    async fn beats(self: Arc<Self>, stop: CancellationToken) {
        let (mut beats, mut told) = (every(self.lease / 4), false);
        loop {
            tokio::select! {
                () = self.left.cancelled() => return,
                () = stop.cancelled(), if !told => told = true,
                _ = beats.tick() => {}
            }
            self.beat(told).await;
        }
    }

    async fn beat(&self, draining: bool) {
        if let Err(error) = store::daemons::beat(&self.db, self.id, &self.name, draining).await {
            tracing::warn!(%error, "a sign of life could not be stored");
        }
    }

    /// The last thing: what this daemon still has at work is free for others at once.
    pub async fn leave(&self) {
        self.left.cancel();
        let flushed = self.tapes.flush(&self.db).await;
        let left = store::daemons::leave(&self.db, self.id).await;
        if let Err(error) = flushed.and(left) {
            tracing::warn!(%error, "the daemon could not take its leave: others wait for its lease to run out");
        }
    }

    /// On SQLite nobody else can be at work, and a start marks what the daemon before it left.
    async fn take_over(self: &Arc<Self>) -> Result<()> {
        if self.db.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        while self.at_work.load(Ordering::Relaxed) < TAKEN {
            if let Some(taken) = takeover::take_message(&self.db, self.id, self.lease).await? {
                self.spawn(taken, Work::Answer);
            } else if let Some(taken) = takeover::take_execution(&self.db, self.id, self.lease).await? {
                self.spawn(taken, Work::Execution);
            } else {
                break;
            }
        }
        takeover::give_up(&self.db, self.id, self.lease).await?;
        Ok(())
    }

    fn spawn(self: &Arc<Self>, taken: Taken, work: Work) {
        self.at_work.fetch_add(1, Ordering::Relaxed);
        let keeper = self.clone();
        tokio::spawn(async move {
            tracing::info!(id = %taken.id, ?work, "work of a dead daemon is taken over");
            let done = match work {
                Work::Answer => keeper.answer(&taken).await,
                Work::Execution => keeper.execute(&taken).await,
            };
            if let Err(error) = done {
                tracing::warn!(id = %taken.id, code = error.code, %error, "work that was taken over ended with an error");
            }
            keeper.at_work.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// Gives an answer anew, with the rights that the asker has now.
    async fn answer(&self, taken: &Taken) -> Result<()> {
        let Some(caller) = takeover::asker(&self.db, taken).await? else {
            let db = self.db.daemon_in(taken.workspace);
            let told = "the daemon ended before this was done, and who asked may not ask here any more";
            let end = MessageEnd {
                status: MessageStatus::Interrupted,
                parts: serde_json::Value::Array(Vec::new()),
                query_id: None,
                error: Some(("S030".to_owned(), told.to_owned())),
            };
            store::chats::finish_message(&db, taken.id, end).await?;
            return Ok(());
        };
        let db = self.db.acting(Arc::new(caller));
        let last = store::streams::last(&db, taken.id).await?;
        // the dead one may have sent more than it stored: what comes now must count as later for every client
        let tape = self.tapes.go_on(taken.workspace, taken.id, last.max(taken.attempts * NUMBERS));
        let (events, mut heard) = Events::taped(tape);
        // nobody listens here; whoever follows the stream reads the tape
        let hearing = tokio::spawn(async move { while heard.recv().await.is_some() {} });
        let answered = self.chat.within(&db).answer_again(taken.id, last == 0, &events).await;
        drop(events);
        hearing.abort();
        answered.map(drop)
    }

    async fn execute(&self, taken: &Taken) -> Result<()> {
        let Some(caller) = takeover::asker(&self.db, taken).await? else {
            let db = self.db.daemon_in(taken.workspace);
            return queries::abandon(&db, taken.id).await;
        };
        let db = self.db.acting(Arc::new(caller));
        queries::run_again(&db, &self.sources.within(&db), &self.exec.within(&db), taken.id).await
    }
}

/// What was taken over.
#[derive(Debug, Clone, Copy)]
enum Work {
    Answer,
    Execution,
}

fn every(period: Duration) -> Interval {
    let mut ticks = interval(period.max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
