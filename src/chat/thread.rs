//! What people write in a chat: questions with what they reply to and carry, notes to one another, and edits.

use std::time::Duration;

use jiff::Timestamp;
use nl2sql::Turn;
use serde_json::{Value, json};

use super::{Chat, checked_question, records};
use crate::error::{Class, Error, Result};
use crate::model::{ChatMessage, ChatSession, Id, MessageStatus, MessageVersion, Role, new_id};
use crate::store::chats::NewMessage;
use crate::store::{self, Conn, Db, Tx};

/// Earlier turns that a question may lean on.
const HISTORY: u32 = 12;
/// How long an answer may look pending before it counts as abandoned.
const LEASE: Duration = Duration::from_secs(900);
/// Attachments of one message.
const ATTACHMENTS: usize = 8;

/// What somebody writes.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// In plain language.
    pub text: String,
    /// The message that it is about: an earlier question, answer or note of the chat.
    pub reply_to: Option<Id>,
    /// Attachments that were uploaded before.
    pub attachments: Vec<Id>,
}

/// A question that is to be answered.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// A new one.
    New(Words),
    /// One that is in the chat already.
    Again(Id),
}

impl From<&String> for Wanted {
    fn from(text: &String) -> Wanted {
        Wanted::New(Words { text: text.clone(), ..Words::default() })
    }
}

impl From<&str> for Wanted {
    fn from(text: &str) -> Wanted {
        Wanted::New(Words { text: text.to_owned(), ..Words::default() })
    }
}

/// A question, looked up and checked.
pub(super) struct Asked {
    /// Its text.
    pub text: String,
    /// The message that holds it already.
    again: Option<Id>,
    words: Words,
    /// The message that it replies to.
    about: Option<ChatMessage>,
}

impl Chat {
    pub(super) async fn wanted(&self, session: &ChatSession, wanted: Wanted) -> Result<Asked> {
        match wanted {
            Wanted::New(words) => {
                let text = checked_question(&words.text)?.to_owned();
                let about = replied_to(&self.db, session, &words).await?;
                Ok(Asked { text, again: None, words, about })
            }
            Wanted::Again(id) => {
                let message = message_of(&self.db, session, id).await?;
                let text = message.text().filter(|_| message.role == Role::User).ok_or_else(no_question)?;
                let about = match message.reply_to {
                    Some(id) => Some(message_of(&self.db, session, id).await?),
                    None => None,
                };
                Ok(Asked {
                    text: checked_question(&text)?.to_owned(),
                    again: Some(id),
                    words: Words::default(),
                    about,
                })
            }
        }
    }

    /// Stores the question and its pending answer together.
    pub(super) async fn remember(&self, session: &ChatSession, asked: &Asked) -> Result<ChatMessage> {
        let tx = self.db.begin().await?;
        let question = match asked.again {
            Some(id) => id,
            None => say(&tx, session, &asked.text, &asked.words).await?.id,
        };
        let answer = NewMessage {
            id: new_id(),
            session_id: session.id,
            role: Role::Assistant,
            parts: Value::Array(Vec::new()),
            reply_to: Some(question),
            status: MessageStatus::Pending,
            lease: LEASE,
        };
        let message = store::chats::add_message(&tx, answer).await?;
        store::takeover::hold_message(&tx, message.id, self.daemon(), self.db.by()).await?;
        tx.commit().await?;
        Ok(message)
    }

    /// The last turns: each question with the SQL that answered it as it is now. The turn that the question replies to
    /// comes last, so that it weighs most.
    pub(super) async fn history(
        &self,
        session: Id,
        asked: &Asked,
        before: Option<Timestamp>,
    ) -> Result<Vec<Turn>> {
        let messages = store::chats::last_messages(&self.db, session, HISTORY).await?;
        let mut turns = Vec::new();
        let fresh = |m: &&ChatMessage| {
            m.role == Role::Assistant
                && before.is_none_or(|moment| m.created_at < moment)
                && m.stale_at.is_none()
                && (asked.again.is_none() || m.reply_to != asked.again)
        };
        for answer in messages.iter().filter(fresh) {
            turns.extend(self.turn(&messages, answer).await?);
        }
        if let Some(answer) = asked.about.as_ref().filter(|m| m.role == Role::Assistant)
            && let Some(turn) = self.turn(&messages, answer).await?
        {
            turns.retain(|known| known.question != turn.question || known.sql != turn.sql);
            turns.push(turn);
        }
        Ok(turns)
    }

    async fn turn(&self, messages: &[ChatMessage], answer: &ChatMessage) -> Result<Option<Turn>> {
        let Some(id) = answer.reply_to else { return Ok(None) };
        let question = match messages.iter().find(|m| m.id == id) {
            Some(message) => message.text(),
            None => store::chats::get_message(&self.db, id).await?.text(),
        };
        let Some(question) = question else { return Ok(None) };
        let sql = match answer.query_id {
            Some(id) => self.asked(id).await?,
            None => None,
        };
        Ok(Some(Turn { question, sql }))
    }
}

/// A message of that chat.
///
/// # Errors
/// Not found.
pub(super) async fn message_of(on: &impl Conn, session: &ChatSession, id: Id) -> Result<ChatMessage> {
    let message = store::chats::get_message(on, id).await?;
    if message.session_id != session.id {
        return Err(store::StoreError::not_found("message").into());
    }
    Ok(message)
}

async fn replied_to(db: &Db, session: &ChatSession, words: &Words) -> Result<Option<ChatMessage>> {
    if words.attachments.len() > ATTACHMENTS {
        let message = format!("a message carries at most {ATTACHMENTS} attachments");
        return Err(
            Error::new("A042", Class::TooLarge, message).hint("Send the others with another message.")
        );
    }
    match words.reply_to {
        Some(id) => message_of(db, session, id).await.map(Some),
        None => Ok(None),
    }
}

/// Stores what somebody says, with what it carries.
async fn say(tx: &Tx, session: &ChatSession, text: &str, words: &Words) -> Result<ChatMessage> {
    let mut parts = vec![json!({ "type": "text", "text": text })];
    for id in &words.attachments {
        let file = store::chats::get_attachment(tx, session.id, *id).await?;
        let url = format!("/api/v1/chats/{}/attachments/{}", session.id, file.id);
        parts
            .push(json!({ "type": "file", "mediaType": file.media_type, "filename": file.name, "url": url }));
    }
    let said = NewMessage {
        id: new_id(),
        session_id: session.id,
        role: Role::User,
        parts: Value::Array(parts),
        reply_to: words.reply_to,
        status: MessageStatus::Complete,
        lease: LEASE,
    };
    let message = store::chats::add_message(tx, said).await?;
    for id in &words.attachments {
        store::chats::send_attachment(tx, session.id, *id, message.id).await?;
    }
    Ok(message)
}

/// Writes to the others in the chat; nothing is asked of a database.
///
/// # Errors
/// As [`Chat::ask`].
pub async fn note(db: &Db, session: &ChatSession, words: &Words) -> Result<ChatMessage> {
    records::writable(session)?;
    let text = checked_question(&words.text)?;
    replied_to(db, session, words).await?;
    let tx = db.begin().await?;
    let message = say(&tx, session, text, words).await?;
    let details = json!({ "session": session.id });
    store::audits::add(&tx, db.by(), "chat.note", &message.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(message)
}

/// Changes the text of a message of one's own; what it was is kept, and answers to it are marked as older than it.
///
/// # Errors
/// Not found; `A041` for a message of somebody else's; as [`Chat::ask`] for the text.
pub async fn edit(db: &Db, session: &ChatSession, id: Id, text: &str) -> Result<ChatMessage> {
    records::writable(session)?;
    let text = checked_question(text)?;
    let message = message_of(db, session, id).await?;
    let author = message.created_by.as_deref().or(session.created_by.as_deref());
    if message.role != Role::User || author != Some(db.by()) {
        return Err(Error::new("A041", Class::Forbidden, "only who wrote a message can change it")
            .hint("Answer it with a message of your own."));
    }
    let mut parts = vec![json!({ "type": "text", "text": text })];
    let is_file = |part: &&Value| part.get("type").and_then(Value::as_str) == Some("file");
    parts.extend(message.parts.as_array().into_iter().flatten().filter(is_file).cloned());
    let tx = db.begin().await?;
    let edited = store::chats::edit(&tx, &message, Value::Array(parts)).await?;
    let stale = store::chats::mark_stale(&tx, id).await?;
    let details = json!({ "session": session.id, "stale_answers": stale });
    store::audits::add(&tx, db.by(), "chat.edit", &id.to_string(), details).await?;
    tx.commit().await?;
    Ok(edited)
}

/// What a message said before it was edited, oldest first.
///
/// # Errors
/// Not found.
pub async fn versions(db: &Db, session: &ChatSession, id: Id) -> Result<Vec<MessageVersion>> {
    let message = message_of(db, session, id).await?;
    Ok(store::chats::versions(db, message.id).await?)
}

fn no_question() -> Error {
    Error::new("A043", Class::BadInput, "the message is no question")
        .hint("Name a message that a person wrote.")
}
