//! What handlers take from a request besides the caller: the body, keys and parameters, each with an error of ours.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::{JsonPayloadError, PayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use futures::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::idempotency::KEY;
use super::problem::Problem;
use crate::error::{Class, Error};
use crate::model::PageRequest;

/// A client must have sent its body by then.
const BODY_TIME: Duration = Duration::from_secs(30);

/// A JSON body, and the hash of what came in.
pub struct Body<T>(pub T, pub BodyHash);

/// blake3 of a body as it came in; empty when the request has no `Idempotency-Key`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BodyHash(pub String);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Body<T>, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let hasher = request.headers().contains_key(KEY).then(|| hashed(payload));
        let read = web::Json::<T>::from_request(request, payload);
        Box::pin(async move {
            match tokio::time::timeout(BODY_TIME, read).await {
                Ok(Ok(body)) => Ok(Body(body.into_inner(), hash(hasher.as_deref()))),
                Ok(Err(error)) => Err(bad_body(&error)),
                Err(_) => Err(slow_body()),
            }
        })
    }
}

/// A body as it came in, of whatever kind.
pub struct Raw(pub Vec<u8>);

impl FromRequest for Raw {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Raw, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let read = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            match tokio::time::timeout(BODY_TIME, read).await {
                Ok(Ok(body)) => Ok(Raw(body.to_vec())),
                Ok(Err(error)) => Err(bad_bytes(&error)),
                Err(_) => Err(slow_body()),
            }
        })
    }
}

fn bad_bytes(error: &actix_web::Error) -> Problem {
    if matches!(error.as_error::<PayloadError>(), Some(PayloadError::Overflow)) {
        return Error::new("H006", Class::TooLarge, "the body is larger than it may be")
            .hint("Send less, or raise server.max_body.")
            .into();
    }
    Error::new("H001", Class::BadInput, "the body broke off").hint("Send it again.").into()
}

/// Hashes what flows through a payload.
fn hashed(payload: &mut Payload) -> Arc<Mutex<blake3::Hasher>> {
    let hasher = Arc::new(Mutex::new(blake3::Hasher::new()));
    let (inner, sink) = (payload.take(), hasher.clone());
    let stream = inner.inspect(move |chunk| {
        if let Ok(bytes) = chunk {
            sink.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
        }
    });
    *payload = Payload::Stream { payload: Box::pin(stream) };
    hasher
}

fn hash(hasher: Option<&Mutex<blake3::Hasher>>) -> BodyHash {
    let finish = |h: &Mutex<blake3::Hasher>| h.lock().unwrap_or_else(PoisonError::into_inner).finalize();
    BodyHash(hasher.map(|h| finish(h).to_hex().to_string()).unwrap_or_default())
}

fn bad_body(error: &actix_web::Error) -> Problem {
    let Some(error) = error.as_error::<JsonPayloadError>() else {
        return Problem::of_status(StatusCode::BAD_REQUEST);
    };
    match error {
        JsonPayloadError::ContentType => {
            let error = Error::new("H009", Class::BadInput, "the body is not declared as JSON")
                .hint("Send `Content-Type: application/json`.");
            Problem::from(error).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        }
        JsonPayloadError::OverflowKnownLength { limit, .. } | JsonPayloadError::Overflow { limit } => {
            Error::new("H006", Class::TooLarge, format!("the body is larger than {limit} bytes"))
                .hint("Send less, or raise server.max_body.")
                .into()
        }
        JsonPayloadError::Deserialize(error) => {
            Error::new("H001", Class::BadInput, format!("the body cannot be read: {error}"))
                .hint("/openapi.json describes the body's fields.")
                .into()
        }
        _ => Error::new("H001", Class::BadInput, "the body broke off").hint("Send it again.").into(),
    }
}

fn slow_body() -> Problem {
    let error = Error::new("H010", Class::Timeout, "the body took too long to arrive").hint("Send it again.");
    Problem::from(error).with_status(StatusCode::REQUEST_TIMEOUT)
}

/// How keys in paths are read.
pub fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|_, _| {
        Problem::from(
            Error::new("H002", Class::BadInput, "the key in the path is no UUID")
                .hint("Use an `id` as the API gives it."),
        )
        .into()
    })
}

/// How parameters after `?` are read.
pub fn query_config() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|error, _| {
        let reason = match &error {
            QueryPayloadError::Deserialize(reason) => reason.to_string(),
            other => other.to_string(),
        };
        Problem::from(
            Error::new("H003", Class::BadInput, format!("the parameters cannot be read: {reason}"))
                .hint("/openapi.json describes the parameters."),
        )
        .into()
    })
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

impl PageParams {
    /// The page that is wanted.
    pub fn request(&self) -> Result<PageRequest, Problem> {
        page_request(self.limit, self.cursor.as_deref())
    }
}

/// The page that limit and cursor name.
pub fn page_request(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
    Ok(PageRequest::read(limit, cursor)?)
}
