//! The recipe of an answer. [`Chat::ask`] reads from top to bottom: remember, understand, prove, run, tell, store.

mod abandoned;
pub mod attachments;
mod compose;
mod events;
pub mod export;
pub mod members;
pub mod parts;
mod propose;
pub mod reactions;
pub mod records;
mod review;
mod tape;
mod thread;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nl2sql::propose::Translator;
use nl2sql::{Checked, Turn};
use serde_json::{Value, json};
use tracing::Instrument;

pub use compose::{Answer, TextParts};
pub use events::{Event, Events, RowsPart, SqlPart};
pub use propose::{Proposed, Seen, privacy, propose, relevant, translator_for};
pub use tape::{Tape, Tapes};
pub use thread::{Wanted, Words, edit, note, versions};

use self::abandoned::Abandoned;
use crate::error::{Class, Error, Result};
use crate::exec::{self, Exec, Finished};
use crate::model::{ChatMessage, ChatSession, Execution, Id, Measure, MessageStatus, Query, new_id};
use crate::seen;
use crate::sources::{Source, Sources};
use crate::store::chats::MessageEnd;
use crate::store::queries::NewQuery;
use crate::store::{self, Conn, Db, StoreError, StoreErrorKind};
use crate::telemetry::{metrics, spans};

/// Longest question, in characters.
pub const MAX_QUESTION: usize = 4_000;

/// Answers a caller's questions about registered databases. Clones share the translator.
#[derive(Clone)]
pub struct Chat {
    db: Db,
    sources: Sources,
    exec: Exec,
    translator: Arc<Translator>,
    max_cost: Option<f64>,
    standing: Arc<Standing>,
}

/// The daemon among others.
#[derive(Default)]
struct Standing {
    /// Its key, once it gives signs of life.
    daemon: OnceLock<Id>,
    /// It was told to stop: what it does not end is left for another.
    draining: AtomicBool,
}

/// What a question led to.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The answer's message, complete.
    pub message: ChatMessage,
    /// The query behind it, when there is one.
    pub query: Option<Query>,
}

impl Chat {
    /// `max_cost` refuses statements that the server expects to cost more.
    pub fn new(db: Db, sources: Sources, exec: Exec, translator: Translator, max_cost: Option<f64>) -> Chat {
        Chat { db, sources, exec, translator: Arc::new(translator), max_cost, standing: Arc::default() }
    }

    /// From now on answers belong to that daemon, which gives signs of life.
    pub fn belong_to(&self, daemon: Id) {
        let _ = self.standing.daemon.set(daemon);
    }

    /// From now on an answer that is dropped is left for another daemon.
    pub fn drain(&self) {
        self.standing.draining.store(true, Ordering::Relaxed);
    }

    fn daemon(&self) -> Option<Id> {
        self.standing.daemon.get().copied()
    }

    /// The same for whom that store speaks for.
    pub fn within(&self, db: &Db) -> Chat {
        Chat {
            db: db.clone(),
            sources: self.sources.within(db),
            exec: self.exec.within(db),
            translator: self.translator.clone(),
            max_cost: self.max_cost,
            standing: self.standing.clone(),
        }
    }

    /// Answers a question in a chat: a new one, or one that was asked before and is edited since. Everything is stored,
    /// a failure too; `events` hears of each step.
    ///
    /// # Errors
    /// When the question is empty or too long, the caller may not write in the chat, the chat's database is gone, or the
    /// store fails. A question that cannot be answered is no error: the answer's message says so with its code.
    pub async fn ask(
        &self,
        session: &ChatSession,
        wanted: impl Into<Wanted>,
        events: &Events,
    ) -> Result<Answered> {
        let wanted = wanted.into();
        records::writable(session)?;
        let asked = self.wanted(session, wanted).await?;
        let source = self.sources.get(session.connection_id).await?;
        source.may_be_asked()?;
        exec::quota::judge(&self.db, Measure::ALL).await?;
        let history = self.history(session.id, &asked, None).await?;
        let message = self.remember(session, &asked).await?;
        let pending = Abandoned::watch(self, message.id);
        events.send(Event::Started { message_id: message.id });
        let answer = self.answer(&source, message.id, &asked.text, &history, events);
        let outcome = answer.instrument(spans::question(&message.id.to_string())).await;
        self.settle(&message, outcome, pending, events).await
    }

    /// Gives an answer anew that this daemon took over from a dead one: what that had stored of it stays as a trace. With
    /// `first`, nobody has heard of its beginning.
    ///
    /// # Errors
    /// When the store fails, or another daemon took it over in turn.
    pub async fn answer_again(&self, id: Id, first: bool, events: &Events) -> Result<Answered> {
        let message = store::chats::get_message(&self.db, id).await?;
        let pending = Abandoned::watch(self, id);
        if first {
            events.send(Event::Started { message_id: id });
        }
        events.send(Event::Status("The daemon that was answering ended; another one goes on".to_owned()));
        let answer = self.answer_stored(&message, events);
        let outcome = answer.instrument(spans::question(&message.id.to_string())).await;
        self.settle(&message, outcome, pending, events).await
    }

    async fn answer_stored(&self, message: &ChatMessage, events: &Events) -> Result<Answer> {
        let session = store::chats::get(&self.db, message.session_id).await?;
        let lost = || Error::new("A098", Class::Internal, "the answer belongs to no question");
        let question = store::chats::get_message(&self.db, message.reply_to.ok_or_else(lost)?).await?;
        let asked = self.wanted(&session, Wanted::Again(question.id)).await?;
        let source = self.sources.get(session.connection_id).await?;
        source.may_be_asked()?;
        let history = self.history(session.id, &asked, Some(question.created_at)).await?;
        self.answer(&source, message.id, &asked.text, &history, events).await
    }

    /// Stores how an answer ended.
    async fn settle(
        &self,
        message: &ChatMessage,
        outcome: Result<Answer>,
        mut pending: Abandoned,
        events: &Events,
    ) -> Result<Answered> {
        let (end, query) = compose::end(outcome);
        metrics::answered(end.status.as_str(), pending.elapsed());
        if let Err(error) = events.settle(&self.db).await {
            tracing::warn!(message = %message.id, %error, "the last events of a stream could not be stored");
        }
        let stored = self.close(message, end, query.as_ref()).await;
        pending.settled();
        Ok(Answered { message: stored?, query })
    }

    async fn answer(
        &self,
        source: &Source,
        message: Id,
        question: &str,
        history: &[Turn],
        events: &Events,
    ) -> Result<Answer> {
        let (version, index) = source.catalog()?;
        let policy = source.policy()?;
        let catalog = relevant(index, &policy, question);
        let translator = translator_for(&self.translator, &source.connection.privacy);
        let seen = Seen { catalog: &catalog, whole: index.catalog(), policy: &policy };
        let verified = review::verified(&self.db, source.connection.id, question, &seen).await?;
        let mut best = match verified.answers {
            Some(best) => best,
            None => {
                let history = verified.before(history, &translator);
                let proposing = propose(question, &history, &seen, &translator, events);
                let proposed = proposing.instrument(spans::step("propose")).await;
                self.keep_calls(message, &proposed).await?;
                proposed?.best
            }
        };
        if let Some(why) = review::held(&self.db, source, &best).await? {
            let query = self.keep(source, version.id, message, question, &best).await?;
            events.send(Event::Sql(compose::sql_part(&query, &best)));
            return Ok(compose::held(query, &best, &why, events));
        }
        let (mut query, mut finished) =
            self.run(source, version.id, message, question, &best, events).await?;
        if finished.as_ref().is_ok_and(Finished::is_empty)
            && let Some(respelled) = propose::respelled(&best, &seen)
        {
            events.send(Event::Repaired(respelled.repairs.join(" ")));
            best = respelled;
            (query, finished) = self.run(source, version.id, message, question, &best, events).await?;
        }
        compose::answer(question, query, &best, finished, events)
    }

    /// Stores a candidate and runs it. A failed run is no error here: the answer tells it.
    async fn run(
        &self,
        source: &Source,
        version: Id,
        message: Id,
        question: &str,
        best: &Checked,
        events: &Events,
    ) -> Result<(Query, Result<Finished>)> {
        let query = self.keep(source, version, message, question, best).await?;
        events.send(Event::Sql(compose::sql_part(&query, best)));
        self.check_cost(source, best, events).await?;
        let told = |execution: &Execution| events.send(Event::Running(Box::new(execution.clone())));
        let finished = self.exec.run(source, &query, &best.statement, told).await;
        Ok((query, finished))
    }

    async fn keep(
        &self,
        source: &Source,
        version: Id,
        message: Id,
        question: &str,
        best: &Checked,
    ) -> Result<Query> {
        let new = new_query(source, version, message, question, best, self.db.by());
        Ok(store::queries::create(&self.db, new).await?)
    }

    /// What answered an earlier question; nothing where it is hidden from the caller, who did not ask it then.
    async fn asked(&self, id: Id) -> Result<Option<String>> {
        match seen::query(&self.db, &self.sources, id).await {
            Ok(query) => Ok(Some(query.asked().to_owned())),
            Err(error) if error.class == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn check_cost(&self, source: &Source, best: &Checked, events: &Events) -> Result<()> {
        let policy = source.policy()?;
        let connector = source.connector.as_ref();
        let estimate = exec::within_cost(connector, &best.statement, self.max_cost, &policy).await?;
        // an estimate counts rows that the caller may not see, too
        if let Some(estimate) = estimate.filter(|_| !policy.rewrites()) {
            events.send(Event::Estimate { cost: estimate.cost, rows: estimate.rows });
        }
        Ok(())
    }

    async fn keep_calls(&self, message: Id, proposed: &Result<Proposed>) -> Result<()> {
        let Ok(proposed) = proposed else { return Ok(()) };
        for call in &proposed.calls {
            let (took, usage) = (Duration::from_millis(call.latency_ms), &call.usage);
            metrics::model_called(&call.outcome, took, usage.input, usage.output, call.cost);
            store::llm_calls::add(&self.db, &compose::llm_call(message, call)).await?;
        }
        Ok(())
    }

    /// Completes the answer's message and its audit line in one transaction.
    async fn close(
        &self,
        message: &ChatMessage,
        end: MessageEnd,
        query: Option<&Query>,
    ) -> Result<ChatMessage> {
        let details =
            json!({ "session": message.session_id, "status": end.status.as_str(), "query": end.query_id });
        let tx = self.db.begin().await?;
        store::takeover::still_held(&tx, message.id, self.daemon()).await.map_err(taken_over)?;
        if let (MessageStatus::Waiting, Some(query)) = (end.status, query) {
            review::ask_for(&tx, query).await?;
        }
        let stored = store::chats::finish_message(&tx, message.id, end).await?;
        store::audits::add(&tx, self.db.by(), "chat.answer", &message.id.to_string(), details).await?;
        tx.commit().await?;
        Ok(stored)
    }
}

/// Code of the error that another daemon gives the answer now.
pub const TAKEN_OVER: &str = "A014";

fn taken_over(error: StoreError) -> Error {
    if error.kind != StoreErrorKind::Conflict {
        return error.into();
    }
    Error::new(
        TAKEN_OVER,
        Class::Conflict,
        "another daemon took the answer over, because this one gave no sign",
    )
    .hint("Its message, or its stream, has the answer.")
}

fn checked_question(question: &str) -> Result<&str> {
    let question = question.trim();
    if question.is_empty() {
        return Err(
            Error::new("A001", Class::BadInput, "the question is empty").hint("Write what you want to know.")
        );
    }
    if question.chars().count() > MAX_QUESTION {
        let message = format!("the question is longer than {MAX_QUESTION} characters");
        return Err(Error::new("A002", Class::TooLarge, message).hint("Ask a shorter question."));
    }
    Ok(question)
}

fn new_query(
    source: &Source,
    version: Id,
    message: Id,
    question: &str,
    best: &Checked,
    by: &str,
) -> NewQuery {
    NewQuery {
        id: new_id(),
        connection_id: source.connection.id,
        chat_message_id: Some(message),
        question: Some(question.to_owned()),
        sql: best.candidate.sql.clone(),
        canonical_sql: best.statement.sql().to_owned(),
        schema_version_id: Some(version),
        reading: best.statement.report().reading.clone(),
        report: serde_json::to_value(best.statement.report()).unwrap_or(Value::Null),
        source: compose::source_name(&best.candidate.source),
        confidence: Some(best.candidate.score),
        created_by: Some(by.to_owned()),
    }
}
