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
use crate::chat::{self, Event, RowsPart, Wanted, Words};
use crate::error::{Class, Error};
use crate::http::extract::{Body, BodyHash, PageParams};
use crate::http::idempotency::{self, Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::http::stream::{self, Asked};
use crate::model::{ChatMessage, MessageVersion, Page, Query as StoredQuery, Role};
use crate::seen::{self, Seen};
use crate::store::{self, StoreError};

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// In plain language, up to 4,000 characters.
    #[schema(example = "How many orders were placed in each country?")]
    text: String,
    /// The message that it is about: an earlier question, answer or note of the chat.
    reply_to: Option<Uuid>,
    /// Attachments of one's own that were uploaded to the chat: up to 8.
    #[serde(default)]
    attachments: Vec<Uuid>,
    /// False: it is a note to the others in the chat, and nothing is asked of the database.
    #[serde(default = "yes")]
    ask: bool,
}

fn yes() -> bool {
    true
}

/// Another text for a message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Up to 4,000 characters.
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
    let words = Words { text: question.text, reply_to: question.reply_to, attachments: question.attachments };
    if !question.ask {
        let work = async move {
            let session = store::chats::get(&parts.db, *id).await?;
            let message = chat::note(&parts.db, &session, &words).await?;
            Made::new(StatusCode::OK, &Reply { message, query: None, rows: None, chart: None })
        };
        return once.run(&may, hash, work).await;
    }
    let how = How { stream: wants_stream(&request), detached: params.detached.unwrap_or(false) };
    answered(may, once, *id, how, hash, Wanted::New(words)).await
}

/// Asks a question of the chat once more, for example after it was edited; the new answer stands beside the old one.
/// It comes as the first one does: whole, or as a stream.
#[utoipa::path(post, path = "/api/v1/chats/{id}/messages/{message}/ask", tag = "chats",
    params(("id" = Uuid, Path), ("message" = Uuid, Path)),
    responses((status = 200, description = "The answer", content((Reply = "application/json"), (String = "text/event-stream")))))]
pub async fn ask_again(
    may: May<actions::WriteChats>,
    once: Once,
    path: Path<(Uuid, Uuid)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (id, message) = path.into_inner();
    let how = How { stream: wants_stream(&request), detached: false };
    answered(may, once, id, how, BodyHash::default(), Wanted::Again(message)).await
}

/// How an answer is given.
struct How {
    stream: bool,
    detached: bool,
}

async fn answered(
    may: May<actions::WriteChats>,
    once: Once,
    id: Uuid,
    how: How,
    hash: BodyHash,
    wanted: Wanted,
) -> Result<HttpResponse, Problem> {
    let parts = may.desk();
    match (how.stream, once.has_key()) {
        (true, true) => Err(idempotency::no_stream()),
        (true, false) => {
            let session = store::chats::get(&parts.db, id).await?;
            stream::respond(Asked::streamed(parts, session, wanted, how.detached)).await
        }
        (false, _) => {
            let asked = async move {
                let session = store::chats::get(&parts.db, id).await?;
                whole(Asked::start(parts, session, wanted)).await
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
    // the events are what the asker may see; others read the message, which is cut to what they may
    let asker = store::takeover::asked_by(&may.db, message.id).await?;
    if asker.is_some_and(|asker| asker != may.caller.name()) {
        return Err(Error::new(
            "H019",
            Class::Forbidden,
            "only who asked can go on with the stream of an answer",
        )
        .hint("Read the message under /api/v1/chats/{id}/messages.")
        .into());
    }
    let header = request.headers().get("last-event-id").and_then(|v| v.to_str().ok()).map(str::trim);
    let last = match header {
        None | Some("") => 0,
        Some(text) => text.parse().ok().filter(|n| *n >= 0).ok_or_else(|| {
            Error::new("H018", Class::BadInput, "the Last-Event-ID is no number of an event")
                .hint("Send the last `id` that the stream gave, or nothing to have all of it.")
        })?,
    };
    Ok(stream::go_on(may.desk(), message, last).await?)
}

/// Changes the text of a message of one's own. What it was is kept, and answers to it are marked as stale.
#[utoipa::path(patch, path = "/api/v1/chats/{id}/messages/{message}", tag = "chats", request_body = Text,
    params(("id" = Uuid, Path), ("message" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = ChatMessage)))]
pub async fn edit(
    may: May<actions::WriteChats>,
    path: Path<(Uuid, Uuid)>,
    body: Body<Text>,
) -> Answer<ChatMessage> {
    let session = store::chats::get(&may.db, path.0).await?;
    Ok(Json(chat::edit(&may.db, &session, path.1, &body.0.text).await?))
}

/// What a message said before it was edited, oldest first; the last 100 texts are kept.
#[utoipa::path(get, path = "/api/v1/chats/{id}/messages/{message}/versions", tag = "chats",
    params(("id" = Uuid, Path), ("message" = Uuid, Path)),
    responses((status = 200, description = "Earlier texts", body = Vec<MessageVersion>)))]
pub async fn versions(may: May<actions::ReadChats>, path: Path<(Uuid, Uuid)>) -> Answer<Vec<MessageVersion>> {
    let session = store::chats::get(&may.db, path.0).await?;
    Ok(Json(chat::versions(&may.db, &session, path.1).await?))
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
