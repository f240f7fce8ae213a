//! Files in chats: taken as they are, given back as downloads alone.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ETAG};
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::chat::attachments;
use crate::http::extract::Raw;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::Attachment;
use crate::store;

/// What a file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NameParams {
    /// Its name, without a path.
    #[param(example = "returns.csv")]
    name: String,
}

/// Files of a chat that were sent, oldest first, 500 at the most.
#[utoipa::path(get, path = "/api/v1/chats/{id}/attachments", tag = "chats", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The files", body = Vec<Attachment>)))]
pub async fn list(may: May<actions::ReadChats>, id: Path<Uuid>) -> Answer<Vec<Attachment>> {
    let chat = store::chats::get(&may.db, *id).await?;
    Ok(Json(store::chats::attachments(&may.db, chat.id).await?))
}

/// Keeps a file, to be sent with a message. The body is the file; its kind is found out from its content: PNG, JPEG, GIF,
/// WebP, PDF, CSV or other text, up to 4 MiB and server.max_body.
#[utoipa::path(post, path = "/api/v1/chats/{id}/attachments", tag = "chats", params(("id" = Uuid, Path), NameParams),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, description = "Kept", body = Attachment)))]
pub async fn add(
    may: May<actions::WriteChats>,
    id: Path<Uuid>,
    params: Query<NameParams>,
    body: Raw,
) -> Result<HttpResponse, Problem> {
    let chat = store::chats::get(&may.db, *id).await?;
    let attachment = attachments::add(&may.db, &chat, &params.name, body.0).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(attachment))
}

/// A file, as a download.
#[utoipa::path(get, path = "/api/v1/chats/{id}/attachments/{attachment}", tag = "chats",
    params(("id" = Uuid, Path), ("attachment" = Uuid, Path)),
    responses((status = 200, description = "The file", body = String, content_type = "application/octet-stream")))]
pub async fn get(may: May<actions::ReadChats>, path: Path<(Uuid, Uuid)>) -> Result<HttpResponse, Problem> {
    let chat = store::chats::get(&may.db, path.0).await?;
    let attachment = store::chats::get_attachment(&may.db, chat.id, path.1).await?;
    let content = store::chats::content(&may.db, &attachment).await?;
    let kind = match attachment.media_type.starts_with("text/") {
        true => format!("{}; charset=utf-8", attachment.media_type),
        false => attachment.media_type,
    };
    let name: String = url::form_urlencoded::byte_serialize(attachment.name.as_bytes()).collect();
    let name = name.replace('+', "%20");
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((ETAG, format!("\"{}\"", attachment.hash)))
        .body(content))
}

/// Takes back a file of one's own that was not sent.
#[utoipa::path(delete, path = "/api/v1/chats/{id}/attachments/{attachment}", tag = "chats",
    params(("id" = Uuid, Path), ("attachment" = Uuid, Path)),
    responses((status = 204, description = "Gone")))]
pub async fn remove(
    may: May<actions::WriteChats>,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let chat = store::chats::get(&may.db, path.0).await?;
    attachments::remove(&may.db, &chat, path.1).await?;
    Ok(HttpResponse::NoContent().finish())
}
