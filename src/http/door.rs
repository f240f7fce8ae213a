//! What every request passes: its id, the host check, the daemon's runtime, problems as documents, headers, the log.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use tokio::runtime::Handle;

use super::host::Hosts;
use super::may::identify;
use super::problem::Problem;
use crate::model::clock::Stopwatch;
use crate::model::new_id;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id of a request that is taken from a client.
const MAX_ID: usize = 64;

/// The id of a request, for whoever handles it.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Wraps every request.
pub async fn door(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let watch = Stopwatch::start();
    let id = request_id(request.headers());
    let (method, path) = (request.method().clone(), request.path().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));
    let response = match check_host(&request) {
        Ok(()) => pass(request, next).await?,
        Err(problem) => request.error_response(problem),
    };
    let mut response = told(response, &id);
    add_headers(response.headers_mut(), &id);
    let status = response.status().as_u16();
    // The path alone: a query string may hold words of a question.
    tracing::info!(request = %id, %method, path, status, ms = watch.millis(), "answered");
    Ok(response)
}

fn check_host(request: &ServiceRequest) -> Result<(), Problem> {
    let Some(hosts) = request.app_data::<web::Data<Hosts>>() else { return Ok(()) };
    hosts.check(request.headers().get(HOST).and_then(|h| h.to_str().ok()))
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
    if problem.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(request = %id, code = problem.code(), error = %problem, "a request failed");
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

fn add_headers(headers: &mut HeaderMap, id: &str) {
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
