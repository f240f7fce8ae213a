//! Chats: conversations about one database.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::chat::export;
use crate::chat::records;
use crate::error::{Class, Error};
use crate::http::extract::{Body, page_request};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{ChatSession, Found, Page};
use crate::store;

/// Longest title or search, in characters.
const MAX_TITLE: usize = 200;
/// Words of a search.
const MAX_WORDS: usize = 8;

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

/// Which chats.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Those that were archived, in the place of those in use.
    #[serde(default)]
    archived: bool,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Words that a message must all hold, in any form of letters: up to 8, of 200 characters together.
    q: String,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// In which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// `json` or `markdown`.
    #[param(example = "markdown")]
    format: String,
}

fn checked(title: &str) -> Result<&str, Problem> {
    let title = title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE {
        let message = format!("a chat's title has 1 to {MAX_TITLE} characters");
        return Err(Error::new("H020", Class::BadInput, message).hint("Choose another title.").into());
    }
    Ok(title)
}

/// Chats that the caller may see and that are not deleted, newest first: those of their own, those that they are a member of,
/// and those that are shared with the workspace.
#[utoipa::path(get, path = "/api/v1/chats", tag = "chats", params(ListParams),
    responses((status = 200, description = "A page", body = Page<ChatSession>)))]
pub async fn list(may: May<actions::ReadChats>, params: Query<ListParams>) -> Answer<Page<ChatSession>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    Ok(Json(store::chats::list(&may.db, params.archived, page).await?))
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
    Ok(Json(store::chats::get_counted(&may.db, *id).await?))
}

/// Gives a chat another title.
#[utoipa::path(patch, path = "/api/v1/chats/{id}", tag = "chats", params(("id" = Uuid, Path)), request_body = Title,
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn rename(may: May<actions::WriteChats>, id: Path<Uuid>, body: Body<Title>) -> Answer<ChatSession> {
    Ok(Json(records::rename(&may.db, *id, checked(&body.0.title)?).await?))
}

/// Deletes a chat; it can be restored.
#[utoipa::path(delete, path = "/api/v1/chats/{id}", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(may: May<actions::WriteChats>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    records::delete(&may.db, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Brings a deleted chat back.
#[utoipa::path(post, path = "/api/v1/chats/{id}/restore", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn restore(may: May<actions::WriteChats>, id: Path<Uuid>) -> Answer<ChatSession> {
    Ok(Json(records::restore(&may.db, *id).await?))
}

/// Puts a chat away: it is read, and not written to.
#[utoipa::path(post, path = "/api/v1/chats/{id}/archive", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn archive(may: May<actions::WriteChats>, id: Path<Uuid>) -> Answer<ChatSession> {
    Ok(Json(records::archive(&may.db, *id, true).await?))
}

/// Takes a chat out of the archive.
#[utoipa::path(post, path = "/api/v1/chats/{id}/unarchive", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn unarchive(may: May<actions::WriteChats>, id: Path<Uuid>) -> Answer<ChatSession> {
    Ok(Json(records::archive(&may.db, *id, false).await?))
}

/// Notes that the caller has read everything in a chat.
#[utoipa::path(post, path = "/api/v1/chats/{id}/read", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn read(may: May<actions::ReadChats>, id: Path<Uuid>) -> Answer<ChatSession> {
    let chat = store::chats::get(&may.db, *id).await?;
    store::chats::mark_read(&may.db, chat.id).await?;
    Ok(Json(store::chats::get_counted(&may.db, chat.id).await?))
}

/// Searches the caller's own history: messages of chats that they made or are a member of, newest first.
#[utoipa::path(get, path = "/api/v1/chats/search", tag = "chats", params(SearchParams),
    responses((status = 200, description = "A page", body = Page<Found>)))]
pub async fn search(may: May<actions::ReadChats>, params: Query<SearchParams>) -> Answer<Page<Found>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    let words: Vec<String> = params.q.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() || words.len() > MAX_WORDS || params.q.chars().count() > MAX_TITLE {
        let message = format!("a search has 1 to {MAX_WORDS} words, of {MAX_TITLE} characters together");
        return Err(Error::new("H027", Class::BadInput, message).hint("Look for less.").into());
    }
    Ok(Json(store::chats::search(&may.db, &words, page).await?))
}

/// A chat as a document. Rows of results are not in it.
#[utoipa::path(get, path = "/api/v1/chats/{id}/export", tag = "chats", params(("id" = Uuid, Path), ExportParams),
    responses((status = 200, description = "The document",
        content((export::Exported = "application/json"), (String = "text/markdown")))))]
pub async fn export(
    may: May<actions::ReadChats>,
    id: Path<Uuid>,
    params: Query<ExportParams>,
) -> Result<HttpResponse, Problem> {
    let markdown = match params.format.as_str() {
        "markdown" => true,
        "json" => false,
        _ => {
            let error = Error::new("H021", Class::BadInput, "there is no such format");
            return Err(error.hint("Use json or markdown.").into());
        }
    };
    let exported = export::read(&may.db, *id).await?;
    let name = format!("attachment; filename=\"querent-chat-{id}.{}\"", if markdown { "md" } else { "json" });
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_DISPOSITION, name));
    Ok(match markdown {
        true => response.content_type("text/markdown; charset=utf-8").body(exported.markdown()),
        false => response.json(exported),
    })
}
