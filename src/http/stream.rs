//! An answer as a stream of events: the UI message stream, version 1, of the Vercel AI SDK. Work for a client that goes
//! away is dropped, which cancels it down to the database.

mod again;

use std::convert::Infallible;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::Instrument;

use super::problem::Problem;
use crate::app::Desk;
use crate::chat::{Answered, Event, Events, TAKEN_OVER, Tapes, Wanted, parts};
use crate::error::{Class, Error, Result};
use crate::model::{ChatSession, Id};
use crate::store::Conn;

pub use again::go_on;

/// A silent stream shows that often that it is alive.
const PING: Duration = Duration::from_secs(15);

/// A question that is being answered. Dropping it drops the work.
pub struct Asked {
    work: JoinHandle<Result<Answered>>,
    /// What happens meanwhile; ends with the work.
    pub events: UnboundedReceiver<Event>,
    /// Events that were heard.
    heard: i64,
    /// Where the events are kept, and of which message, for clients that come back.
    kept: Option<(Tapes, Option<Id>)>,
    /// The work goes on when the client goes away.
    detached: bool,
}

impl Asked {
    /// Starts the work on the daemon's runtime.
    pub fn start(desk: Desk, session: ChatSession, wanted: Wanted) -> Asked {
        let (events, receiver) = Events::channel();
        let work = async move { desk.chat.ask(&session, wanted, &events).await };
        let work = tokio::spawn(work.in_current_span());
        Asked { work, events: receiver, heard: 0, kept: None, detached: false }
    }

    /// As [`Asked::start`], with events that another daemon can go on with; `detached` work goes on without its client.
    pub fn streamed(desk: Desk, session: ChatSession, wanted: Wanted, detached: bool) -> Asked {
        let tapes = desk.tapes.clone();
        let (events, receiver) = Events::taped(tapes.begin(desk.db.workspace()));
        let work = async move { desk.chat.ask(&session, wanted, &events).await };
        let work = tokio::spawn(work.in_current_span());
        Asked { work, events: receiver, heard: 0, kept: Some((tapes, None)), detached }
    }

    async fn hear(&mut self) -> Option<(i64, Event)> {
        let event = self.events.recv().await?;
        self.heard += 1;
        if let (Event::Started { message_id }, Some((_, message))) = (&event, &mut self.kept) {
            *message = Some(*message_id);
        }
        Some((self.heard, event))
    }

    /// The client has everything.
    fn delivered(&self) {
        if let Some((tapes, Some(message))) = &self.kept {
            tapes.delivered(*message);
        }
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
        if !self.detached {
            self.work.abort();
        }
    }
}

/// Answers with the stream. What fails before the question is stored is a problem with a status of its own.
pub async fn respond(mut asked: Asked) -> std::result::Result<HttpResponse, Problem> {
    let Some((number, first)) = asked.hear().await else {
        asked.answer().await?;
        return Err(Error::new("A098", Class::Internal, "the answer ended before it began").into());
    };
    let head = stream::once(std::future::ready(Ok::<_, Infallible>(numbered(number, &parts::parts(first)))));
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let rest = stream::unfold(Some((asked, ping)), |state| async move {
        let (mut asked, mut ping) = state?;
        let (bytes, ended) = next(&mut asked, &mut ping).await;
        Some((Ok(bytes), (!ended).then_some((asked, ping))))
    });
    Ok(event_stream().streaming(head.chain(rest)))
}

fn event_stream() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header(("x-vercel-ai-ui-message-stream", "v1"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("x-accel-buffering", "no"));
    response
}

/// The next bytes, and whether they are the last.
async fn next(asked: &mut Asked, ping: &mut Interval) -> (Bytes, bool) {
    tokio::select! {
        biased;
        event = asked.hear() => match event {
            Some((number, event)) => (numbered(number, &parts::parts(event)), false),
            None => match asked.answer().await {
                // no mark of an end: the client goes on with the stream
                Err(error) if error.code == TAKEN_OVER => {
                    (Bytes::from_static(b": another daemon goes on\n\n"), true)
                }
                answered => {
                    asked.delivered();
                    (last(answered), true)
                }
            },
        },
        _ = ping.tick() => (Bytes::from_static(b": still working\n\n"), false),
    }
}

fn last(answered: Result<Answered>) -> Bytes {
    match answered {
        Ok(answered) => done(&parts::ending(&answered.message)),
        Err(error) => done(&[json!({ "type": "error", "errorText": told(&error) })]),
    }
}

/// The last bytes of a stream.
fn done(ending: &[Value]) -> Bytes {
    let mut bytes = frames(ending).to_vec();
    bytes.extend_from_slice(b"data: [DONE]\n\n");
    Bytes::from(bytes)
}

fn told(error: &Error) -> String {
    if error.class == Class::Internal {
        tracing::error!(code = error.code, %error, "an answer failed");
        return "something went wrong inside the daemon".to_owned();
    }
    error.message.clone()
}

/// An event's parts and its number, which a client that comes back sends as `Last-Event-ID`.
fn numbered(number: i64, parts: &[Value]) -> Bytes {
    let mut bytes = frames(parts).to_vec();
    bytes.extend_from_slice(format!("id: {number}\n\n").as_bytes());
    Bytes::from(bytes)
}

fn frames(parts: &[Value]) -> Bytes {
    parts.iter().map(|part| format!("data: {part}\n\n")).collect::<String>().into()
}
