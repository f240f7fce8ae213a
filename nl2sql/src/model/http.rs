//! One call over HTTP: a free slot, tries with waits between them, a bounded reply read within the time-outs.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode, Url};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::config::ModelConfig;
use super::error::{ModelCode, ModelError};
use super::retry::{read_retry_after, wait_before_retry};
use super::sse::SseDecoder;
use super::usage::{CallRecord, Usage, estimate_tokens};
use super::wire::{Partial, Quirks, Wire, shorten};
use super::{OnDelta, Reply, Request};

/// A model server reached over HTTP.
#[derive(Debug)]
pub struct Http {
    config: ModelConfig,
    base: Url,
    client: reqwest::Client,
    slots: Semaphore,
    quirks: Mutex<Quirks>,
}

impl Http {
    pub(super) fn new(config: ModelConfig) -> Result<Http, ModelError> {
        let bad = |what: &str| ModelError::new(ModelCode::ModelConfig, what.to_owned());
        let base = Url::parse(&config.base_url).map_err(|_| bad("the base URL does not parse"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(bad("the base URL is neither http nor https"));
        }
        // a redirect could carry the key and the prompt to another host
        let builder = reqwest::Client::builder()
            .connect_timeout(config.timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        let builder = match &config.proxy {
            None => builder,
            Some(proxy) => builder.proxy(
                reqwest::Proxy::all(proxy.expose()).map_err(|_| bad("the proxy's URL does not parse"))?,
            ),
        };
        let client = builder.build().map_err(|_| bad("the HTTP client could not be built"))?;
        let slots = Semaphore::new(config.concurrency.clamp(1, 1024));
        Ok(Http { config, base, client, slots, quirks: Mutex::default() })
    }

    pub(super) fn model(&self) -> &str {
        &self.config.model
    }

    /// `base/path`, with the base's own query.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let joined = format!("{}/{path}", self.base.path().trim_end_matches('/'));
        url.set_path(&joined);
        url
    }

    pub(super) async fn complete(
        &self,
        wire: Wire,
        request: &Request,
        on_delta: OnDelta<'_>,
    ) -> Result<Reply, ModelError> {
        let start = Instant::now();
        let mut call =
            CallRecord { model: self.config.model.clone(), prompt: request.bytes, ..CallRecord::default() };
        let mut partial = Partial::default();
        let work = self.try_until_done(wire, request, start, &mut call, &mut partial, on_delta);
        let span = tracing::info_span!(
            target: "querent::span",
            "model",
            model = %self.config.model,
            otel.name = "model call",
            otel.kind = "client",
            outcome = tracing::field::Empty,
            input_tokens = tracing::field::Empty,
            output_tokens = tracing::field::Empty,
        );
        let outcome = match timeout(self.config.timeouts.total, work).instrument(span.clone()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(timed_out("the call did not end", self.config.timeouts.total)),
        };
        self.account(&mut call, request, &partial, start);
        call.outcome = match &outcome {
            Ok(()) if partial.truncated => "length".to_owned(),
            Ok(()) => "ok".to_owned(),
            Err(error) => error.code.as_str().to_owned(),
        };
        span.record("outcome", &call.outcome);
        // a number without sign would leave as text
        span.record("input_tokens", i64::try_from(call.usage.input).unwrap_or(i64::MAX));
        span.record("output_tokens", i64::try_from(call.usage.output).unwrap_or(i64::MAX));
        match outcome {
            Ok(()) => {
                tracing::debug!(model = %call.model, ms = call.latency_ms, tries = call.tries, "model replied");
                Ok(Reply { text: partial.text, truncated: partial.truncated, call })
            }
            Err(mut error) => {
                tracing::warn!(code = call.outcome, tries = call.tries, "model call failed");
                error.message = self.config.key.remove_from(&error.message);
                error.call = Some(Box::new(call));
                Err(error)
            }
        }
    }

    async fn try_until_done(
        &self,
        wire: Wire,
        request: &Request,
        start: Instant,
        call: &mut CallRecord,
        partial: &mut Partial,
        on_delta: OnDelta<'_>,
    ) -> Result<(), ModelError> {
        let closed = |_| ModelError::new(ModelCode::ModelConfig, "the client is closed");
        let _slot = self.slots.acquire().await.map_err(closed)?;
        let headers = wire.headers(&self.config)?;
        let mut adapted = 0;
        loop {
            call.tries += 1;
            *partial = Partial::default();
            let quirks = self.quirks();
            let sent = self.once(wire, &headers, request, quirks, partial, on_delta).await;
            let Err(error) = sent else { return Ok(()) };
            if error.code == ModelCode::ModelRejected && adapted < 3 && self.adapt(quirks, &error.message) {
                adapted += 1;
                continue;
            }
            // text that was passed on cannot be taken back: the caller decides
            if !error.retryable || !partial.text.is_empty() {
                return Err(error);
            }
            let remaining = self.config.timeouts.total.saturating_sub(start.elapsed());
            let random = rand::random::<f64>();
            let made = call.tries - adapted;
            let Some(wait) =
                wait_before_retry(&self.config.retry, made, error.retry_after, remaining, random)
            else {
                return Err(error);
            };
            tokio::time::sleep(wait).await;
        }
    }

    fn quirks(&self) -> Quirks {
        self.quirks.lock().map(|q| *q).unwrap_or_default()
    }

    fn adapt(&self, used: Quirks, message: &str) -> bool {
        let Some(next) = used.learn(message) else { return false };
        if let Ok(mut quirks) = self.quirks.lock() {
            *quirks = next;
        }
        true
    }

    async fn once(
        &self,
        wire: Wire,
        headers: &HeaderMap,
        request: &Request,
        quirks: Quirks,
        partial: &mut Partial,
        on_delta: OnDelta<'_>,
    ) -> Result<(), ModelError> {
        let body = wire.body(&self.config.model, request, quirks);
        let post = self.client.post(self.url(wire.path())).headers(headers.clone()).json(&body);
        let traceparent = self.config.traceparent.and_then(|give| give());
        let post = traceparent.into_iter().fold(post, |post, value| post.header("traceparent", value));
        let response = self.send(post).await?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        self.read(wire, response, partial, on_delta).await
    }

    /// Sends and waits for the head of the reply.
    pub(super) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, ModelError> {
        let limit = self.config.timeouts.first_byte;
        match timeout(limit, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_timeout() => {
                Err(timed_out("no connection stood", self.config.timeouts.connect))
            }
            Ok(Err(error)) if error.is_builder() => {
                Err(ModelError::new(ModelCode::ModelConfig, "the request could not be built"))
            }
            Ok(Err(_)) => Err(ModelError::new(
                ModelCode::ModelUnreachable,
                format!("no connection to {}", self.base.host_str().unwrap_or("the server")),
            )),
            Err(_) => Err(timed_out("the server did not begin to answer", limit)),
        }
    }

    /// Requests with this client's headers, for the probe.
    pub(super) fn get(&self, wire: Wire, path: &str) -> Result<reqwest::RequestBuilder, ModelError> {
        Ok(self.client.get(self.url(path)).headers(wire.headers(&self.config)?))
    }

    /// The next bytes of a body, within the idle time-out.
    pub(super) async fn chunk(&self, response: &mut Response) -> Result<Option<Vec<u8>>, ModelError> {
        let limit = self.config.timeouts.idle;
        match timeout(limit, response.chunk()).await {
            Ok(Ok(bytes)) => Ok(bytes.map(|b| b.to_vec())),
            Ok(Err(_)) => Err(cut_off()),
            Err(_) => Err(timed_out("the reply stood still", limit)),
        }
    }

    async fn read(
        &self,
        wire: Wire,
        mut response: Response,
        partial: &mut Partial,
        on_delta: OnDelta<'_>,
    ) -> Result<(), ModelError> {
        let mut decoder = SseDecoder::default();
        let mut whole: Option<Vec<u8>> = None;
        let (mut size, mut begun) = (0, false);
        let mut events = Vec::new();
        while let Some(bytes) = self.chunk(&mut response).await? {
            size += bytes.len();
            if size > self.config.max_reply_bytes {
                let limit = self.config.max_reply_bytes;
                return Err(ModelError::new(
                    ModelCode::ModelReplyTooLarge,
                    format!("the reply is larger than {limit} bytes"),
                ));
            }
            // some servers ignore `stream`, some mislabel it: the first character tells
            let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
            if let (false, Some(first)) = (begun, first) {
                begun = true;
                whole = (!matches!(first, b'd' | b'e' | b':' | b'i' | b'r')).then(Vec::new);
            }
            match &mut whole {
                Some(whole) => whole.extend_from_slice(&bytes),
                None => decoder.push(&bytes, &mut events),
            }
            take_events(wire, &mut events, partial, on_delta)?;
        }
        if let Some(whole) = whole {
            return take_whole(wire, &whole, partial, on_delta);
        }
        decoder.finish(&mut events);
        take_events(wire, &mut events, partial, on_delta)?;
        if partial.done { Ok(()) } else { Err(cut_off()) }
    }

    /// The error of a status that is no success, with the server's own words where it has some.
    async fn refused(&self, mut response: Response) -> ModelError {
        let status = response.status();
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
        let retry_after = header("retry-after").and_then(|v| read_retry_after(v, header("date")));
        let mut body = Vec::new();
        while body.len() < 8192 {
            let Ok(Some(bytes)) = self.chunk(&mut response).await else { break };
            body.extend_from_slice(&bytes);
        }
        let said = server_message(&body);
        let code = code_of(status, &said);
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let mut error = ModelError::new(code, format!("the server answered {}{said}", status.as_u16()));
        error.retry_after = retry_after;
        error
    }

    fn account(&self, call: &mut CallRecord, request: &Request, partial: &Partial, start: Instant) {
        let sent = || request.messages.iter().map(|m| estimate_tokens(&m.content) + 4).sum();
        call.usage = Usage {
            input: partial.input.unwrap_or_else(sent),
            output: partial.output.unwrap_or_else(|| estimate_tokens(&partial.text)),
            estimated: partial.input.is_none() || partial.output.is_none(),
        };
        call.cost = self.config.prices.map(|prices| call.usage.cost(prices));
        call.latency_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Some(model) = &partial.model {
            call.model = model.chars().take(200).collect();
        }
    }
}

fn take_events(
    wire: Wire,
    events: &mut Vec<super::sse::Event>,
    partial: &mut Partial,
    on_delta: OnDelta<'_>,
) -> Result<(), ModelError> {
    for event in events.drain(..) {
        if let Some(text) = wire.on_event(&event, partial)?
            && !text.is_empty()
        {
            on_delta(&text);
        }
    }
    Ok(())
}

fn take_whole(
    wire: Wire,
    whole: &[u8],
    partial: &mut Partial,
    on_delta: OnDelta<'_>,
) -> Result<(), ModelError> {
    let bad = |what: &str| ModelError::new(ModelCode::ModelBadReply, what.to_owned());
    let value: Value = match serde_json::from_slice(whole) {
        Ok(value) => value,
        Err(error) if error.is_eof() => return Err(cut_off()),
        Err(_) => return Err(bad("the reply is neither a stream of events nor JSON")),
    };
    if let Some(error) = value.get("error").filter(|e| !e.is_null()) {
        let said = error.get("message").and_then(Value::as_str).or(error.as_str()).unwrap_or_default();
        return Err(bad(&format!("the server answered with an error: {}", shorten(said))));
    }
    let text = wire.on_whole(&value, partial).ok_or_else(|| bad("the reply holds no message"))?;
    if !text.is_empty() {
        on_delta(&text);
    }
    Ok(())
}

fn cut_off() -> ModelError {
    ModelError::new(ModelCode::ModelCutOff, "the reply broke off before its end")
}

fn timed_out(what: &str, limit: Duration) -> ModelError {
    ModelError::new(ModelCode::ModelTimeout, format!("{what} within {:.1} s", limit.as_secs_f64()))
}

/// The message inside an error body, whichever form it has.
fn server_message(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let error = value.get("error").unwrap_or(&value);
    let said =
        error.get("message").or_else(|| error.get("detail")).and_then(Value::as_str).or(error.as_str());
    shorten(said.unwrap_or_default())
}

fn code_of(status: StatusCode, said: &str) -> ModelCode {
    let said = said.to_ascii_lowercase();
    let too_long = ["context length", "context_length", "maximum context", "too long", "too many tokens"];
    match status.as_u16() {
        401 | 403 => ModelCode::ModelAuth,
        404 | 405 => ModelCode::ModelNotFound,
        408 => ModelCode::ModelTimeout,
        429 => ModelCode::ModelRateLimited,
        500.. => ModelCode::ModelServer,
        413 => ModelCode::ModelContextTooLong,
        400 | 422 if too_long.iter().any(|t| said.contains(t)) => ModelCode::ModelContextTooLong,
        400 if said.contains("model") && (said.contains("not found") || said.contains("does not exist")) => {
            ModelCode::ModelNotFound
        }
        300..400 => ModelCode::ModelNotFound,
        _ => ModelCode::ModelRejected,
    }
}
