//! What needs no token: whether the daemon is up, the API's description, and the page over it.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::{HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::door::Frame;
use super::may::Anyone;
use super::problem::Problem;
use super::{State, openapi};
use crate::error::{Class, Error};

const DOCS: &str = include_str!("docs.html");

/// Only the page's own script and style run.
static DOCS_POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; connect-src 'self'; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hash_of("script"),
        hash_of("style")
    )
});

fn hash_of(element: &str) -> String {
    let inner = DOCS
        .split_once(&format!("<{element}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{element}>")))
        .map_or("", |(inner, _)| inner);
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, inner.as_bytes())))
}

/// The start page is the API's page.
#[utoipa::path(get, path = "/", tag = "service", responses((status = 302, description = "To /docs")))]
pub async fn home(_: Anyone) -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/docs")).finish()
}

/// A page to read and to try the API.
#[utoipa::path(get, path = "/docs", tag = "service",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub async fn docs(_: Anyone) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, DOCS_POLICY.as_str()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(DOCS)
}

/// The API's description.
#[utoipa::path(get, path = "/openapi.json", tag = "service",
    responses((status = 200, description = "OpenAPI document", body = Object)))]
pub async fn openapi(_: Anyone) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(openapi::DOCUMENT.as_str())
}

/// Whether the process is up.
#[utoipa::path(get, path = "/healthz", tag = "service",
    responses((status = 200, description = "It is", body = Object)))]
pub async fn healthz(_: Anyone) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// Whether the daemon can work: its store answers, and it is not about to end.
#[utoipa::path(get, path = "/readyz", tag = "service",
    responses((status = 200, description = "It can", body = Object), (status = 503, description = "It cannot")))]
pub async fn readyz(_: Anyone, app: State, frame: web::Data<Frame>) -> Result<HttpResponse, Problem> {
    if frame.drain.begun() {
        let error = Error::new("H017", Class::Busy, "the daemon is about to end").hint("Ask another one.");
        return Err(Problem::from(error).with_status(StatusCode::SERVICE_UNAVAILABLE));
    }
    if let Err(error) = app.db.ping().await {
        tracing::warn!(%error, "the store does not answer");
        let error = Error::new("H011", Class::Busy, "the store does not answer")
            .hint("Look into the daemon's log; `querent doctor` checks the store.");
        return Err(Problem::from(error).with_status(StatusCode::SERVICE_UNAVAILABLE));
    }
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}
