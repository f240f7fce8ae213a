//! Chats as records: started, renamed, shared, put away, deleted and restored, each with its audit line, each by who may.

use serde_json::{Value, json};

use crate::error::{Class, Error, Result};
use crate::model::{ChatRole, ChatSession, Id};
use crate::store::{self, Conn, Db};

/// Refuses who has a lesser role in the chat.
///
/// # Errors
/// `A040`.
pub fn needs(chat: &ChatSession, role: ChatRole) -> Result<()> {
    if chat.role >= role {
        return Ok(());
    }
    let message =
        format!("a {} of the chat cannot do that: it needs a {}", chat.role.as_str(), role.as_str());
    Err(Error::new("A040", Class::Forbidden, message).hint("An owner of the chat can give you another role."))
}

/// Refuses to write where the caller only reads, or where nobody writes any more.
///
/// # Errors
/// `A040`; `A044` when the chat is archived.
pub fn writable(chat: &ChatSession) -> Result<()> {
    needs(chat, ChatRole::Writer)?;
    if chat.archived_at.is_some() {
        return Err(Error::new("A044", Class::Conflict, "the chat is archived")
            .hint("Take it out with POST /api/v1/chats/{id}/unarchive, or start another."));
    }
    Ok(())
}

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

async fn line(on: &impl Conn, action: &str, id: Id, details: Value) -> Result<()> {
    Ok(store::audits::add(on, on.by(), action, &id.to_string(), details).await?)
}

/// Gives a chat another title. The trail does not say which: titles are a person's words.
///
/// # Errors
/// Not found; `A040`.
pub async fn rename(db: &Db, id: Id, title: &str) -> Result<ChatSession> {
    let tx = db.begin().await?;
    needs(&store::chats::get(&tx, id).await?, ChatRole::Owner)?;
    let chat = store::chats::rename(&tx, id, title).await?;
    line(&tx, "chat.rename", id, json!({})).await?;
    tx.commit().await?;
    Ok(chat)
}

/// Puts a chat away, or takes it out again.
///
/// # Errors
/// Not found; `A040`.
pub async fn archive(db: &Db, id: Id, archived: bool) -> Result<ChatSession> {
    let tx = db.begin().await?;
    needs(&store::chats::get(&tx, id).await?, ChatRole::Owner)?;
    let chat = store::chats::archive(&tx, id, archived).await?;
    line(&tx, if archived { "chat.archive" } else { "chat.unarchive" }, id, json!({})).await?;
    tx.commit().await?;
    Ok(chat)
}

/// Says what everybody in the workspace may do in a chat; `None`: it is its members' alone.
///
/// # Errors
/// Not found; `A040`; `A045` for an ownership that everybody would have.
pub async fn share(db: &Db, id: Id, shared_as: Option<ChatRole>) -> Result<ChatSession> {
    if shared_as == Some(ChatRole::Owner) {
        return Err(Error::new("A045", Class::BadInput, "a workspace as a whole cannot own a chat")
            .hint("Share it as reader or writer, and make people owners one by one."));
    }
    let tx = db.begin().await?;
    let before = store::chats::get(&tx, id).await?;
    needs(&before, ChatRole::Owner)?;
    let chat = store::chats::set_sharing(&tx, id, shared_as).await?;
    line(&tx, "chat.share", id, json!({ "before": before.shared_as, "after": shared_as })).await?;
    tx.commit().await?;
    Ok(chat)
}

/// Deletes a chat in a way that [`restore`] can undo.
///
/// # Errors
/// Not found; `A040`.
pub async fn delete(db: &Db, id: Id) -> Result<()> {
    let tx = db.begin().await?;
    needs(&store::chats::get(&tx, id).await?, ChatRole::Owner)?;
    store::chats::delete(&tx, id).await?;
    line(&tx, "chat.delete", id, json!({})).await?;
    Ok(tx.commit().await?)
}

/// Undoes [`delete`].
///
/// # Errors
/// Not found, or not deleted; `A040`.
pub async fn restore(db: &Db, id: Id) -> Result<ChatSession> {
    let tx = db.begin().await?;
    needs(&store::chats::get_deleted(&tx, id).await?, ChatRole::Owner)?;
    let chat = store::chats::restore(&tx, id).await?;
    line(&tx, "chat.restore", id, json!({})).await?;
    tx.commit().await?;
    Ok(chat)
}
