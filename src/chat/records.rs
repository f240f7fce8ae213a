//! Chats as records: started, renamed, deleted and restored, each with its audit line.

use serde_json::json;

use crate::error::Result;
use crate::model::{ChatSession, Id};
use crate::store::{self, Db};

/// Starts a chat about a connection.
///
/// # Errors
/// There is no such connection.
pub async fn create(db: &Db, connection: Id, title: &str, by: &str) -> Result<ChatSession> {
    let tx = db.begin().await?;
    let chat = store::chats::create(&tx, connection, title, Some(by)).await?;
    let details = json!({ "connection": connection });
    store::audits::add(&tx, by, "chat.create", &chat.id.to_string(), details).await?;
    tx.commit().await?;
    Ok(chat)
}

/// Gives a chat another title. The trail does not say which: titles are a person's words.
///
/// # Errors
/// Not found.
pub async fn rename(db: &Db, id: Id, title: &str, by: &str) -> Result<ChatSession> {
    let tx = db.begin().await?;
    let chat = store::chats::rename(&tx, id, title).await?;
    store::audits::add(&tx, by, "chat.rename", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(chat)
}

/// Deletes a chat in a way that [`restore`] can undo.
///
/// # Errors
/// Not found.
pub async fn delete(db: &Db, id: Id, by: &str) -> Result<()> {
    let tx = db.begin().await?;
    store::chats::delete(&tx, id).await?;
    store::audits::add(&tx, by, "chat.delete", &id.to_string(), json!({})).await?;
    Ok(tx.commit().await?)
}

/// Undoes [`delete`].
///
/// # Errors
/// Not found, or not deleted.
pub async fn restore(db: &Db, id: Id, by: &str) -> Result<ChatSession> {
    let tx = db.begin().await?;
    let chat = store::chats::restore(&tx, id).await?;
    store::audits::add(&tx, by, "chat.restore", &id.to_string(), json!({})).await?;
    tx.commit().await?;
    Ok(chat)
}
