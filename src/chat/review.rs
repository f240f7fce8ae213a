//! Review seen from an answer: whether its statement runs at once, what happens when somebody approved it, and what
//! approved pairs of question and SQL give to later questions.

use guard::Policy;
use nl2sql::propose::Translator;
use nl2sql::{Candidate, Checked, Source as Proposer, Turn};
use serde_json::json;

use super::compose::{self, Answer};
use super::events::Events;
use super::propose::Seen;
use super::{Chat, ChatMessage};
use crate::error::{Class, Error, Result};
use crate::model::{Id, Level, MessageStatus, Query, QueryState, ReviewMode};
use crate::sources::Source;
use crate::store::chats::MessageEnd;
use crate::store::notifications::NewNotification;
use crate::store::{self, Conn, Db, Tx};

/// With `guarded`: percent of confidence that an answer needs when nothing is said.
const CONFIDENCE: u8 = 70;
/// Approved queries that a question is compared with, the newest.
const COMPARED: u32 = 100;
/// Approved pairs that a model is shown.
const SHOWN: usize = 3;
/// Share of words that a pair's question must have in common with the question.
const ALIKE: f64 = 0.3;
/// A shorter question may mean something else where it is asked.
const WHOLE: usize = 4;

/// Why a statement may not run at once; `None`: it may. One that was approved before may.
///
/// # Errors
/// The connection's options cannot be read; the server cannot say what it expects.
pub(super) async fn held(db: &Db, source: &Source, best: &Checked) -> Result<Option<String>> {
    let options = source.options()?;
    let why = match options.review.unwrap_or_default() {
        ReviewMode::Run => None,
        ReviewMode::Review => Some("every statement on this connection does".to_owned()),
        ReviewMode::Guarded => {
            let least = options.review_confidence.unwrap_or(CONFIDENCE);
            let confidence = (best.candidate.score * 100.0).floor();
            if confidence < f64::from(least) {
                Some(format!("its confidence of {confidence}% is below {least}%"))
            } else {
                too_costly(source, best, options.review_cost).await?
            }
        }
    };
    let Some(why) = why else { return Ok(None) };
    let approved = store::queries::approved(db, source.connection.id, COMPARED).await?;
    Ok(if approved.iter().any(|query| query.asked() == best.statement.asked()) { None } else { Some(why) })
}

async fn too_costly(source: &Source, best: &Checked, most: Option<u64>) -> Result<Option<String>> {
    let Some(most) = most else { return Ok(None) };
    // the number itself would tell of rows that the caller may not see
    Ok(match source.connector.explain(&best.statement).await?.cost {
        Some(cost) if cost <= most as f64 => None,
        Some(_) => Some(format!("the server expects it to cost more than {most}")),
        None => Some("the server does not say what it would cost".to_owned()),
    })
}

/// Proposes the statement of an answer that waits, and tells reviewers, in the transaction that stores the answer.
pub(super) async fn ask_for(tx: &Tx, query: &Query) -> Result<()> {
    store::reviews::propose(tx, query, QueryState::Proposed).await?;
    let new = NewNotification {
        kind: "review",
        severity: Level::Info,
        connection_id: Some(query.connection_id),
        subject_type: "query",
        subject_id: query.id.to_string(),
        title: "An answer waits for review".to_owned(),
        details: json!({ "query": query.id, "by": tx.by() }),
        dedup_key: format!("review:{}:answer", query.id),
    };
    store::notifications::add(tx, new).await?;
    Ok(())
}

/// What approved queries give to a question.
pub(super) struct Verified {
    /// The statement of the same question.
    pub answers: Option<Checked>,
    /// Questions like it, with their statements.
    alike: Vec<Turn>,
}

impl Verified {
    /// The turns that a translator gets: a model sees the approved pairs before those of the chat.
    pub fn before(self, history: &[Turn], translator: &Translator) -> Vec<Turn> {
        let alike = if matches!(translator, Translator::Model(_)) { self.alike } else { Vec::new() };
        alike.into_iter().chain(history.iter().cloned()).collect()
    }
}

/// Looks the question up among approved ones. What the caller may not see does not pass the guard, and is left out.
///
/// # Errors
/// When the store fails.
pub(super) async fn verified(db: &Db, connection: Id, question: &str, seen: &Seen<'_>) -> Result<Verified> {
    let asked = words(question);
    let mut ranked: Vec<(f64, Query)> = store::queries::approved(db, connection, COMPARED)
        .await?
        .into_iter()
        .map(|query| (likeness(&asked, &words(query.question.as_deref().unwrap_or_default())), query))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found = Verified { answers: None, alike: Vec::new() };
    for (_, query) in ranked.into_iter().take(2 * SHOWN) {
        let Ok(checked) = recalled(&query, seen.whole, seen.policy) else { continue };
        let known = query.question.unwrap_or_default();
        if found.answers.is_none() && asked.len() >= WHOLE && words(&known) == asked {
            found.answers = Some(checked);
        } else if found.alike.len() < SHOWN {
            found.alike.push(Turn { question: known, sql: Some(checked.candidate.sql) });
        }
    }
    Ok(found)
}

/// A stored statement as a candidate, checked for the caller.
fn recalled(
    query: &Query,
    whole: &catalog::Catalog,
    policy: &Policy,
) -> std::result::Result<Checked, Vec<guard::Finding>> {
    let statement = guard::check(query.asked(), whole, policy)?;
    let candidate = Candidate {
        sql: query.asked().to_owned(),
        tree: None,
        source: Proposer::Recorded,
        notes: vec!["The statement was approved for this question.".to_owned()],
        unread: Vec::new(),
        score: 1.0,
    };
    Ok(Checked { candidate, statement, repairs: Vec::new() })
}

/// The words of a question, in small letters.
fn words(question: &str) -> Vec<String> {
    let parts = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.map(str::to_lowercase).collect()
}

/// The share of words that two questions have in common.
fn likeness(one: &[String], other: &[String]) -> f64 {
    let common = one.iter().filter(|word| other.contains(word)).count();
    let all = one.len() + other.iter().filter(|word| !one.contains(word)).count();
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

impl Chat {
    /// Runs the approved statement of an answer that waits for it, and completes the answer. For the store of who asked.
    /// Done before, or not approved: nothing happens.
    ///
    /// # Errors
    /// When the store fails, or too many statements wait: it can be tried again.
    pub async fn complete(&self, waiting: &ChatMessage) -> Result<()> {
        let message = store::chats::get_message(&self.db, waiting.id).await?;
        let (MessageStatus::Waiting, Some(query)) = (message.status, message.query_id) else { return Ok(()) };
        let query = store::queries::get(&self.db, query).await?;
        if query.state != QueryState::Approved {
            return Ok(());
        }
        let outcome = self.run_approved(query).await;
        if let Err(error) = &outcome
            && error.class == Class::Busy
        {
            return Err(error.clone());
        }
        let (mut end, _) = compose::end(outcome);
        end.query_id = message.query_id;
        self.end_waiting(&message, end).await
    }

    /// Ends an answer whose asker is gone.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn give_up(&self, message: &ChatMessage) -> Result<()> {
        if message.status != MessageStatus::Waiting {
            return Ok(());
        }
        let why = "who asked is no member of the workspace any more";
        let end = MessageEnd {
            status: MessageStatus::Failed,
            parts: message.parts.clone(),
            query_id: message.query_id,
            error: Some(("A065".to_owned(), why.to_owned())),
        };
        self.end_waiting(message, end).await
    }

    async fn run_approved(&self, query: Query) -> Result<Answer> {
        let source = self.sources.get(query.connection_id).await?;
        source.may_be_asked()?;
        let (_, index) = source.catalog()?;
        let best = recalled(&query, index.catalog(), &source.policy()?).map_err(|findings| {
            let first = findings.first().map(ToString::to_string).unwrap_or_default();
            Error::new("A011", Class::BadInput, format!("the guard refused the approved statement: {first}"))
                .hint("The schema changed since, or who asked may not see all that it reads.")
        })?;
        let (events, _nobody) = Events::channel();
        self.check_cost(&source, &best, &events).await?;
        let finished = match self.exec.run(&source, &query, &best.statement, |_| {}).await {
            Err(error) if error.class == Class::Busy => return Err(error),
            finished => finished,
        };
        let question = query.question.clone().unwrap_or_default();
        compose::answer(&question, query, &best, finished, &events)
    }

    async fn end_waiting(&self, message: &ChatMessage, end: MessageEnd) -> Result<()> {
        let details =
            json!({ "session": message.session_id, "status": end.status.as_str(), "query": end.query_id });
        let tx = self.db.begin().await?;
        match store::chats::finish_waiting(&tx, message.id, end).await {
            // somebody else ended it in this moment
            Err(error) if error.kind == store::StoreErrorKind::NotFound => return Ok(tx.rollback().await?),
            outcome => outcome?,
        };
        store::audits::add(&tx, self.db.by(), "chat.answer", &message.id.to_string(), details).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_compared_by_their_words() {
        assert_eq!(words("How many, by country?"), words("how MANY by country"));
        let (one, other) = (words("orders by country"), words("orders by month"));
        assert!((likeness(&one, &other) - 0.5).abs() < 1e-9);
        assert_eq!(likeness(&[], &[]), 0.0);
    }
}
