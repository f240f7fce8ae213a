//! What people think of answers: thumbs on messages, and the list of them for reviewers.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::chat::reactions;
use crate::http::extract::{Body, page_request};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Feedback, Page, Thumb};
use crate::store;

/// What somebody thinks of a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    value: Thumb,
    /// Why: up to 1,000 characters.
    reason: Option<String>,
}

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Those on answers of one query.
    query_id: Option<Uuid>,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// Says what one thinks of a message. On an answer it is feedback: reviewers see it with the question and its SQL.
#[utoipa::path(put, path = "/api/v1/chats/{id}/messages/{message}/reaction", tag = "chats", request_body = Reaction,
    params(("id" = Uuid, Path), ("message" = Uuid, Path)),
    responses((status = 204, description = "Kept")))]
pub async fn react(
    may: May<actions::CommentQueries>,
    path: Path<(Uuid, Uuid)>,
    body: Body<Reaction>,
) -> Result<HttpResponse, Problem> {
    let chat = store::chats::get(&may.db, path.0).await?;
    reactions::put(&may.db, &chat, path.1, body.0.value, body.0.reason.as_deref()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes back what one thought of a message.
#[utoipa::path(delete, path = "/api/v1/chats/{id}/messages/{message}/reaction", tag = "chats",
    params(("id" = Uuid, Path), ("message" = Uuid, Path)),
    responses((status = 204, description = "Gone")))]
pub async fn unreact(
    may: May<actions::CommentQueries>,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let chat = store::chats::get(&may.db, path.0).await?;
    reactions::remove(&may.db, &chat, path.1).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What people in the workspace think of answers, newest first.
#[utoipa::path(get, path = "/api/v1/feedback", tag = "queries", params(ListParams),
    responses((status = 200, description = "A page", body = Page<Feedback>)))]
pub async fn list(may: May<actions::ReviewQueries>, params: Query<ListParams>) -> Answer<Page<Feedback>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    Ok(Json(store::chats::feedback(&may.db, params.query_id, page).await?))
}
