//! What every request passes: its id, the host check, the daemon's runtime, problems as documents, headers, the log.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use bytes::Bytes;
use tokio::runtime::Handle;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{Instrument, Span};

use super::client::{Client, Proxies};
use super::drain::Drain;
use super::host::Hosts;
use super::may::identify;
use super::problem::Problem;
use crate::model::clock::Stopwatch;
use crate::model::new_id;
use crate::telemetry::metrics::{self, Held};
use crate::telemetry::{spans, traces};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id of a request that is taken from a client.
const MAX_ID: usize = 64;
/// Browsers use TLS for that many seconds once they have seen it (a year).
const STRICT: &str = "max-age=31536000";
/// Paths that are asked by address, by what watches over the daemon.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// What the door needs of the daemon.
pub struct Frame {
    /// Which hosts are answered to.
    pub hosts: Hosts,
    /// Whose word about clients is taken.
    pub proxies: Proxies,
    /// Whether the daemon is about to end.
    pub drain: Arc<Drain>,
}

/// The id of a request, for whoever handles it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Wraps every request.
pub async fn door(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let id = request_id(request.headers());
    let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let span = spans::request(&id, method(request.method()), &route);
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    traces::follow(&span, header("traceparent"), header("tracestate"));
    answer(request, next, id, route, span.clone()).instrument(span).await
}

async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    id: String,
    route: String,
    span: Span,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let watch = Stopwatch::start();
    let (method, path) = (method(request.method()), request.path().to_owned());
    let Some(frame) = request.app_data::<web::Data<Frame>>().cloned() else {
        return Ok(request.error_response(Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)));
    };
    let here =
        Here { _present: frame.drain.enter(), _request: metrics::request_begins(), stream: None, span };
    let secure = request.app_config().secure();
    let client = frame.proxies.client(request.peer_addr(), secure, request.headers());
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(client);
    let checked = match PROBES.contains(&path.as_str()) {
        true if !frame.hosts.is_loopback() => Ok(()),
        _ => frame.hosts.check(request.headers(), request.uri()),
    };
    let response = match checked {
        Ok(()) => pass(request, next).await?,
        Err(problem) => request.error_response(problem),
    };
    let mut response = told(response, &id);
    add_headers(response.headers_mut(), &id, client);
    if frame.drain.begun() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let status = response.status().as_u16();
    metrics::request_answered(&route, method, status, watch.elapsed());
    if traces::on() {
        here.span.record("http.response.status_code", i64::from(status));
    }
    // The path alone: a query string may hold words of a question.
    tracing::info!(method, path, status, ms = watch.millis(), client = client.shown(), "answered");
    Ok(until_its_end(response, here))
}

/// The method, of those that there are.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("OTHER")
}

/// What is there until an answer's last byte is given, or the client went away.
struct Here {
    _present: TaskTrackerToken,
    _request: Held,
    stream: Option<Held>,
    span: Span,
}

fn until_its_end(response: ServiceResponse<BoxBody>, mut here: Here) -> ServiceResponse<BoxBody> {
    let kind = response.headers().get(CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
        here.stream = Some(metrics::stream_opens());
    }
    response.map_body(|_, body| Given { body, here }.boxed())
}

/// An answer's body with what lasts as long as it does.
struct Given {
    body: BoxBody,
    here: Here,
}

impl MessageBody for Given {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let span = self.here.span.clone();
        let _entered = span.enter();
        Pin::new(&mut self.body).poll_next(context)
    }
}

async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let runtime = request.app_data::<web::Data<Handle>>().map(|h| h.get_ref().clone());
    let work = async move {
        identify(&request).await;
        next.call(request).await
    };
    let response = match runtime {
        Some(runtime) => Entered { runtime, inner: Some(Box::pin(work)) }.await?,
        None => work.await?,
    };
    Ok(response.map_into_boxed_body())
}

/// The client's id when it can be used in a log, one of ours otherwise.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|v| v.to_str().ok());
    let fits = |id: &&str| {
        (1..=MAX_ID).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    given.filter(fits).map_or_else(|| new_id().to_string(), str::to_owned)
}

/// Turns an error into its document, and logs what is nobody's fault but ours.
fn told(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let Some(problem) = problem_of(response.response()) else { return response };
    metrics::problem(problem.code());
    problem.findings().for_each(|finding| metrics::refusal(&finding.code.as_str()));
    if problem.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(code = problem.code(), error = %problem, "a request failed");
    }
    response.into_response(problem.response(id))
}

fn problem_of(response: &HttpResponse<BoxBody>) -> Option<Problem> {
    let error = response.error()?;
    match error.as_error::<Problem>() {
        Some(problem) => Some(problem.clone()),
        None => Some(Problem::of_status(response.status())),
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str, client: Client) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let usual = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in usual {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if client.https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT));
    }
}

/// A future whose tasks, timers and sockets belong to the daemon's own runtime, wherever it is polled: they outlive the
/// worker, and long work does not hold up the worker's other clients.
struct Entered<F> {
    runtime: Handle,
    inner: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Entered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        match &mut self.inner {
            Some(inner) => inner.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Entered<F> {
    fn drop(&mut self) {
        // Work that is dropped midway may want to store that.
        let _entered = self.runtime.enter();
        self.inner = None;
    }
}
