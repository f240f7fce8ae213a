//! An answer as a stream of events: the UI message stream, version 1, of the Vercel AI SDK. Work for a client that goes
//! away is dropped, which cancels it down to the database.

use std::convert::Infallible;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::problem::Problem;
use crate::app::Desk;
use crate::chat::{Answered, Event, Events};
use crate::error::{Class, Error, Result};
use crate::model::{ChatMessage, ChatSession};

/// A silent stream shows that often that it is alive.
const PING: Duration = Duration::from_secs(15);

/// A question that is being answered. Dropping it drops the work.
pub struct Asked {
    work: JoinHandle<Result<Answered>>,
    /// What happens meanwhile; ends with the work.
    pub events: UnboundedReceiver<Event>,
}

impl Asked {
    /// Starts the work on the daemon's runtime.
    pub fn start(desk: Desk, session: ChatSession, question: String) -> Asked {
        let (events, receiver) = Events::channel();
        let work = tokio::spawn(async move { desk.chat.ask(&session, &question, &events).await });
        Asked { work, events: receiver }
    }

    /// The answer, once the events have ended.
    pub async fn answer(&mut self) -> Result<Answered> {
        (&mut self.work).await.unwrap_or_else(|e| {
            Err(Error::new("A098", Class::Internal, format!("the answer's work stopped: {e}")))
        })
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Answers with the stream. What fails before the question is stored is a problem with a status of its own.
pub async fn respond(mut asked: Asked) -> std::result::Result<HttpResponse, Problem> {
    let Some(first) = asked.events.recv().await else {
        asked.answer().await?;
        return Err(Error::new("A098", Class::Internal, "the answer ended before it began").into());
    };
    let head = stream::once(std::future::ready(Ok::<_, Infallible>(frames(&parts(first)))));
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let rest = stream::unfold(Some((asked, ping)), |state| async move {
        let (mut asked, mut ping) = state?;
        let (bytes, ended) = next(&mut asked, &mut ping).await;
        Some((Ok(bytes), (!ended).then_some((asked, ping))))
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header(("x-vercel-ai-ui-message-stream", "v1"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(head.chain(rest)))
}

/// The next bytes, and whether they are the last.
async fn next(asked: &mut Asked, ping: &mut Interval) -> (Bytes, bool) {
    tokio::select! {
        biased;
        event = asked.events.recv() => match event {
            Some(event) => (frames(&parts(event)), false),
            None => (last(asked.answer().await), true),
        },
        _ = ping.tick() => (Bytes::from_static(b": still working\n\n"), false),
    }
}

fn last(answered: Result<Answered>) -> Bytes {
    let mut ending = match answered {
        Ok(answered) => ending(&answered.message),
        Err(error) => vec![json!({ "type": "error", "errorText": told(&error) })],
    };
    let tail = ending.iter().any(|p| p.get("type").and_then(Value::as_str) == Some("error"));
    if !tail {
        ending.extend([json!({ "type": "finish-step" }), json!({ "type": "finish" })]);
    }
    let mut bytes = frames(&ending).to_vec();
    bytes.extend_from_slice(b"data: [DONE]\n\n");
    Bytes::from(bytes)
}

/// Nothing for an answer that is complete; what went wrong for another.
fn ending(message: &ChatMessage) -> Vec<Value> {
    let Some(text) = &message.error_message else { return Vec::new() };
    let parts = message.parts.as_array().into_iter().flatten();
    let mut ending: Vec<Value> =
        parts.filter(|p| p.get("type").and_then(Value::as_str) == Some("data-error")).cloned().collect();
    ending.push(json!({ "type": "error", "errorText": text }));
    ending
}

fn told(error: &Error) -> String {
    if error.class == Class::Internal {
        tracing::error!(code = error.code, %error, "an answer failed");
        return "something went wrong inside the daemon".to_owned();
    }
    error.message.clone()
}

/// The stream's parts for an event.
fn parts(event: Event) -> Vec<Value> {
    match event {
        Event::Started { message_id } => {
            vec![json!({ "type": "start", "messageId": message_id }), json!({ "type": "start-step" })]
        }
        Event::Status(text) | Event::Repaired(text) => vec![passing("data-status", json!({ "text": text }))],
        Event::Delta(text) => vec![passing("data-draft", json!({ "text": text }))],
        Event::Findings { sql, findings } => {
            vec![data("data-findings", json!({ "sql": sql, "findings": findings }))]
        }
        Event::Sql(part) => vec![data("data-sql", json!(part))],
        Event::Estimate { cost, rows } => vec![data("data-estimate", json!({ "cost": cost, "rows": rows }))],
        Event::Running(execution) => vec![passing("data-execution", json!(execution))],
        Event::Rows(part) => vec![data("data-rows", json!(part))],
        Event::Chart(chart) => vec![data("data-chart", chart)],
        Event::Text(text) => vec![
            json!({ "type": "text-start", "id": "answer" }),
            json!({ "type": "text-delta", "id": "answer", "delta": text }),
            json!({ "type": "text-end", "id": "answer" }),
        ],
        Event::Usage(usage) => vec![data("data-usage", usage)],
    }
}

fn data(kind: &str, data: Value) -> Value {
    json!({ "type": kind, "data": data })
}

/// A part that is shown and not kept with the message.
fn passing(kind: &str, data: Value) -> Value {
    json!({ "type": kind, "data": data, "transient": true })
}

fn frames(parts: &[Value]) -> Bytes {
    parts.iter().map(|part| format!("data: {part}\n\n")).collect::<String>().into()
}
