//! Messages of a chat: questions and their answers, as JSON or as a stream.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::web::{Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::app::Desk;
use crate::chat::{Event, RowsPart};
use crate::error::{Class, Error};
use crate::http::extract::{Body, PageParams};
use crate::http::idempotency::{self, Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::http::stream::{self, Asked};
use crate::model::{ChatMessage, Page, Query as StoredQuery, Role};
use crate::seen::{self, Seen};
use crate::store::{self, StoreError};

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// In plain language, up to 4,000 characters.
    #[schema(example = "How many orders were placed in each country?")]
    text: String,
}

/// How it is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AskParams {
    /// Whether a streamed answer is given to its end when its client goes away.
    detached: Option<bool>,
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
    let chat = store::chats::get(&may.db, *id).await?;
    let mut found = store::chats::messages(&may.db, *id, page.request()?).await?;
    let seen = Seen::of_kept(&may.db, &may.sources, chat.connection_id).await?;
    found.items = seen.messages(&may.db, found.items).await?;
    Ok(Json(found))
}

/// Asks a question. With `Accept: text/event-stream` the answer comes as a UI message stream (version 1) while it is
/// worked on; a client that goes away cancels the work, unless it gave an `Idempotency-Key` to come back with, or asked for
/// a `detached` stream: it goes on with `GET .../{message}/stream` then.
#[utoipa::path(post, path = "/api/v1/chats/{id}/messages", tag = "chats", params(("id" = Uuid, Path), AskParams),
    request_body = Question,
    responses((status = 200, description = "The answer", content((Reply = "application/json"), (String = "text/event-stream")))))]
pub async fn ask(
    may: May<actions::WriteChats>,
    once: Once,
    id: Path<Uuid>,
    params: Query<AskParams>,
    request: HttpRequest,
    body: Body<Question>,
) -> Result<HttpResponse, Problem> {
    let (Body(question, hash), parts) = (body, may.desk());
    let session = async move |parts: &Desk| store::chats::get(&parts.db, *id).await;
    match (wants_stream(&request), once.has_key()) {
        (true, true) => Err(idempotency::no_stream()),
        (true, false) => {
            let session = session(&parts).await?;
            let detached = params.detached.unwrap_or(false);
            stream::respond(Asked::streamed(parts, session, question.text, detached)).await
        }
        (false, _) => {
            let asked = async move {
                let session = session(&parts).await?;
                whole(Asked::start(parts, session, question.text)).await
            };
            once.run(&may, hash, asked).await
        }
    }
}

/// Goes on with the stream of an answer that broke, on whichever daemon is asked: with `Last-Event-ID`, what came after
/// that event; without, all of it. Ends with the answer, whoever gives it.
#[utoipa::path(get, path = "/api/v1/chats/{id}/messages/{message}/stream", tag = "chats",
    params(("id" = Uuid, Path), ("message" = Uuid, Path),
        ("Last-Event-ID" = Option<i64>, Header, description = "Number of the last event that arrived")),
    responses((status = 200, description = "The rest of the answer", body = String, content_type = "text/event-stream")))]
pub async fn go_on(
    may: May<actions::ReadChats>,
    path: Path<(Uuid, Uuid)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (chat, message) = *path;
    store::chats::get(&may.db, chat).await?;
    let message = store::chats::get_message(&may.db, message).await?;
    if message.session_id != chat || message.role != Role::Assistant {
        return Err(StoreError::not_found("answer").into());
    }
    let header = request.headers().get("last-event-id").and_then(|v| v.to_str().ok()).map(str::trim);
    let last = match header {
        None | Some("") => 0,
        Some(text) => text.parse().ok().filter(|n| *n >= 0).ok_or_else(|| {
            Error::new("H017", Class::BadInput, "the Last-Event-ID is no number of an event")
                .hint("Send the last `id` that the stream gave, or nothing to have all of it.")
        })?,
    };
    Ok(stream::go_on(may.desk(), message, last).await?)
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
    let query = answered.query.map(seen::own);
    Made::new(StatusCode::OK, &Reply { message: answered.message, query, rows, chart })
}
