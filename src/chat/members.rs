//! Who is in a chat. The maker owns it for good; other members come and go.

use serde_json::json;

use super::records::needs;
use crate::error::{Class, Error, Result};
use crate::model::ids::user_of;
use crate::model::{ChatMember, ChatRole, ChatSession, Id};
use crate::store::{self, Conn, Db};

/// The maker's key.
fn maker(chat: &ChatSession) -> Option<Id> {
    user_of(chat.created_by.as_deref()?)
}

/// Members of a chat, the maker first.
///
/// # Errors
/// Not found.
pub async fn list(db: &Db, id: Id) -> Result<Vec<ChatMember>> {
    let chat = store::chats::get(db, id).await?;
    let owner = maker(&chat).map(|user_id| ChatMember {
        user_id,
        name: String::new(),
        role: ChatRole::Owner,
        created_at: chat.created_at,
        created_by: chat.created_by.clone(),
    });
    let mut members: Vec<ChatMember> = owner.into_iter().collect();
    if let Some(owner) = members.first_mut() {
        owner.name = store::chats::name_of(db, owner.user_id).await?.unwrap_or_default();
    }
    members.extend(store::chats::members(db, id).await?);
    Ok(members)
}

/// Lets somebody of the workspace into a chat, or gives a member another role.
///
/// # Errors
/// Not found: the chat, or such a member of the workspace; `A040`; `A046` for the maker.
pub async fn put(db: &Db, id: Id, user: Id, role: ChatRole) -> Result<Vec<ChatMember>> {
    let tx = db.begin().await?;
    let chat = store::chats::get(&tx, id).await?;
    needs(&chat, ChatRole::Owner)?;
    not_the_maker(&chat, user)?;
    if !store::chats::is_in_workspace(&tx, user).await? {
        return Err(store::StoreError::not_found("member of the workspace").into());
    }
    store::chats::put_member(&tx, id, user, role).await?;
    let details = json!({ "user": user, "role": role });
    store::audits::add(&tx, db.by(), "chat.member", &id.to_string(), details).await?;
    tx.commit().await?;
    list(db, id).await
}

/// Takes somebody out of a chat: owners anyone but the maker, everybody themselves.
///
/// # Errors
/// As [`put`].
pub async fn remove(db: &Db, id: Id, user: Id) -> Result<()> {
    let tx = db.begin().await?;
    let chat = store::chats::get(&tx, id).await?;
    if db.caller().is_none_or(|caller| caller.who().user != user) {
        needs(&chat, ChatRole::Owner)?;
    }
    not_the_maker(&chat, user)?;
    store::chats::remove_member(&tx, id, user).await?;
    let details = json!({ "user": user, "role": null });
    store::audits::add(&tx, db.by(), "chat.member", &id.to_string(), details).await?;
    Ok(tx.commit().await?)
}

fn not_the_maker(chat: &ChatSession, user: Id) -> Result<()> {
    if maker(chat) != Some(user) {
        return Ok(());
    }
    Err(Error::new("A046", Class::Conflict, "who made a chat stays its owner")
        .hint("Delete the chat, or make somebody else an owner, too."))
}
