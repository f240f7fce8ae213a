//! Who is in a chat, and whether the whole workspace is.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::chat::{members, records};
use crate::http::extract::Body;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{ChatMember, ChatRole, ChatSession};

/// What a member may do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    role: ChatRole,
}

/// What everybody in the workspace may do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sharing {
    /// `reader` or `writer`; null: the chat is its members' alone.
    role: Option<ChatRole>,
}

/// Shares a chat with the whole workspace, or with its members alone again.
#[utoipa::path(put, path = "/api/v1/chats/{id}/sharing", tag = "chats", params(("id" = Uuid, Path)), request_body = Sharing,
    responses((status = 200, description = "As it is now", body = ChatSession)))]
pub async fn share(
    may: May<actions::WriteChats>,
    id: Path<Uuid>,
    body: Body<Sharing>,
) -> Answer<ChatSession> {
    Ok(Json(records::share(&may.db, *id, body.0.role).await?))
}

/// Members of a chat, its maker first.
#[utoipa::path(get, path = "/api/v1/chats/{id}/members", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The members", body = Vec<ChatMember>)))]
pub async fn list(may: May<actions::ReadChats>, id: Path<Uuid>) -> Answer<Vec<ChatMember>> {
    Ok(Json(members::list(&may.db, *id).await?))
}

/// Lets somebody of the workspace into a chat, or gives a member another role.
#[utoipa::path(put, path = "/api/v1/chats/{id}/members/{user}", tag = "chats", request_body = Membership,
    params(("id" = Uuid, Path), ("user" = Uuid, Path)),
    responses((status = 200, description = "The members", body = Vec<ChatMember>)))]
pub async fn put(
    may: May<actions::WriteChats>,
    path: Path<(Uuid, Uuid)>,
    body: Body<Membership>,
) -> Answer<Vec<ChatMember>> {
    Ok(Json(members::put(&may.db, path.0, path.1, body.0.role).await?))
}

/// Takes somebody out of a chat. Owners take out anybody but the maker, everybody themselves.
#[utoipa::path(delete, path = "/api/v1/chats/{id}/members/{user}", tag = "chats",
    params(("id" = Uuid, Path), ("user" = Uuid, Path)),
    responses((status = 204, description = "Gone")))]
pub async fn remove(
    may: May<actions::WriteChats>,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    members::remove(&may.db, path.0, path.1).await?;
    Ok(HttpResponse::NoContent().finish())
}
