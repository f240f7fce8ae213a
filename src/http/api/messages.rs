//! Messages of a chat: questions and their answers, as JSON or as a stream.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::chat::{Event, RowsPart};
use crate::http::extract::{Body, PageParams};
use crate::http::idempotency::{self, Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::http::stream::{self, Asked};
use crate::model::{ChatMessage, Page, Query as StoredQuery};
use crate::store;

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// In plain language, up to 4,000 characters.
    #[schema(example = "How many orders were placed in each country?")]
    text: String,
}

/// A question's answer. One that could not be found is a message too: its `status` is `failed`, with a code.
#[derive(Serialize, ToSchema)]
pub struct Reply {
    message: ChatMessage,
    /// The statement behind it.
    query: Option<StoredQuery>,
    /// The first rows; the execution has the rest.
    rows: Option<RowsPart>,
    /// A Vega-Lite specification for them.
    chart: Option<Value>,
}

/// Messages of a chat, oldest first.
#[utoipa::path(get, path = "/api/v1/chats/{id}/messages", tag = "chats", params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<ChatMessage>)))]
pub async fn list(
    may: May<actions::ReadChats>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<ChatMessage>> {
    store::chats::get(&may.db, *id).await?;
    Ok(Json(store::chats::messages(&may.db, *id, page.request()?).await?))
}

/// Asks a question. With `Accept: text/event-stream` the answer comes as a UI message stream (version 1) while it is
/// worked on; a client that goes away cancels the work, unless it gave an `Idempotency-Key` to come back with.
#[utoipa::path(post, path = "/api/v1/chats/{id}/messages", tag = "chats", params(("id" = Uuid, Path)),
    request_body = Question,
    responses((status = 200, description = "The answer", content((Reply = "application/json"), (String = "text/event-stream")))))]
pub async fn ask(
    may: May<actions::WriteChats>,
    once: Once,
    id: Path<Uuid>,
    request: HttpRequest,
    body: Body<Question>,
) -> Result<HttpResponse, Problem> {
    let (Body(question, hash), parts) = (body, may.desk());
    let asked = async move {
        let session = store::chats::get(&parts.db, *id).await?;
        Ok::<_, Problem>(Asked::start(parts, session, question.text))
    };
    match (wants_stream(&request), once.has_key()) {
        (true, true) => Err(idempotency::no_stream()),
        (true, false) => stream::respond(asked.await?).await,
        (false, _) => once.run(&may, hash, async move { whole(asked.await?).await }).await,
    }
}

fn wants_stream(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|kind| kind.split(';').next().unwrap_or_default().trim() == "text/event-stream")
}

async fn whole(mut asked: Asked) -> Result<Made, Problem> {
    let (mut rows, mut chart) = (None, None);
    while let Some(event) = asked.events.recv().await {
        match event {
            Event::Rows(part) => rows = Some(part),
            Event::Chart(spec) => chart = Some(spec),
            _ => {}
        }
    }
    let answered = asked.answer().await?;
    Made::new(StatusCode::OK, &Reply { message: answered.message, query: answered.query, rows, chart })
}
