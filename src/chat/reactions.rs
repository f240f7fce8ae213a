//! Thumbs, with a reason where there is one: on an answer they are feedback that reviewers see.

use serde_json::json;

use super::thread::message_of;
use crate::error::{Class, Error, Result};
use crate::model::{ChatSession, Id, Thumb};
use crate::store::{self, Conn, Db};

/// Longest reason, in characters.
const MAX_REASON: usize = 1_000;

/// Keeps what the caller thinks of a message, in the place of what they thought before.
///
/// # Errors
/// Not found; `A047` when the reason is too long.
pub async fn put(db: &Db, chat: &ChatSession, id: Id, value: Thumb, reason: Option<&str>) -> Result<()> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > MAX_REASON) {
        let message = format!("the reason is longer than {MAX_REASON} characters");
        return Err(Error::new("A047", Class::TooLarge, message).hint("Write a shorter one."));
    }
    let message = message_of(db, chat, id).await?;
    let tx = db.begin().await?;
    store::chats::react(&tx, message.id, value, reason).await?;
    let details = json!({ "session": chat.id, "value": value, "query": message.query_id });
    store::audits::add(&tx, db.by(), "chat.react", &id.to_string(), details).await?;
    Ok(tx.commit().await?)
}

/// Takes it back.
///
/// # Errors
/// Not found.
pub async fn remove(db: &Db, chat: &ChatSession, id: Id) -> Result<()> {
    let message = message_of(db, chat, id).await?;
    let tx = db.begin().await?;
    store::chats::unreact(&tx, message.id).await?;
    let details = json!({ "session": chat.id, "value": null });
    store::audits::add(&tx, db.by(), "chat.react", &id.to_string(), details).await?;
    Ok(tx.commit().await?)
}
