//! Chats: conversations about one database.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::chat::records;
use crate::error::{Class, Error};
use crate::http::extract::{Body, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{ChatSession, Page};
use crate::store;

/// Longest title, in characters.
const MAX_TITLE: usize = 200;

/// A chat to be started.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChat {
    /// The database it is about.
    connection_id: Uuid,
    /// Title; the connection's name when left out.
    title: Option<String>,
}

/// Another title.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// 1 to 200 characters.
    title: String,
}

fn checked(title: &str) -> Result<&str, Problem> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE {
        let message = format!("a chat's title has 1 to {MAX_TITLE} characters");
        return Err(Error::new("H020", Class::BadInput, message).hint("Choose another title.").into());
    }
    Ok(title)
}

/// Chats that are not deleted, newest first.
#[utoipa::path(get, path = "/api/v1/chats", tag = "chats", params(PageParams),
    responses((status = 200, description = "A page", body = Page<ChatSession>)))]
pub async fn list(may: May<actions::ReadChats>, page: Query<PageParams>) -> Answer<Page<ChatSession>> {
    Ok(Json(store::chats::list(&may.db, page.request()?).await?))
}

/// Starts a chat.
#[utoipa::path(post, path = "/api/v1/chats", tag = "chats", request_body = NewChat,
    responses((status = 201, description = "Started", body = ChatSession)))]
pub async fn create(
    may: May<actions::WriteChats>,
    once: Once,
    body: Body<NewChat>,
) -> Result<HttpResponse, Problem> {
    let (Body(new, hash), db, by) = (body, may.db.clone(), may.caller.clone());
    let work = async move {
        let connection = store::connections::get(&db, new.connection_id).await?;
        let title = checked(new.title.as_deref().unwrap_or(&connection.name))?;
        let chat = records::create(&db, connection.id, title, by.name()).await?;
        Ok(Made::new(StatusCode::CREATED, &chat)?.at(format!("/api/v1/chats/{}", chat.id)))
    };
    once.run(&may, hash, work).await
}

/// One chat.
#[utoipa::path(get, path = "/api/v1/chats/{id}", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The chat", body = ChatSession)))]
pub async fn get(may: May<actions::ReadChats>, id: Path<Uuid>) -> Answer<ChatSession> {
    Ok(Json(store::chats::get(&may.db, *id).await?))
}

/// Gives a chat another title.
#[utoipa::path(patch, path = "/api/v1/chats/{id}", tag = "chats", params(("id" = Uuid, Path)), request_body = Title,
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn rename(may: May<actions::WriteChats>, id: Path<Uuid>, body: Body<Title>) -> Answer<ChatSession> {
    Ok(Json(records::rename(&may.db, *id, checked(&body.0.title)?, may.caller.name()).await?))
}

/// Deletes a chat; it can be restored.
#[utoipa::path(delete, path = "/api/v1/chats/{id}", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(may: May<actions::WriteChats>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    records::delete(&may.db, *id, may.caller.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Brings a deleted chat back.
#[utoipa::path(post, path = "/api/v1/chats/{id}/restore", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn restore(may: May<actions::WriteChats>, id: Path<Uuid>) -> Answer<ChatSession> {
    Ok(Json(records::restore(&may.db, *id, may.caller.name()).await?))
}
