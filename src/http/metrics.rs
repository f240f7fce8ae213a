//! `/metrics`: on the daemon's door for whoever may read them, and on an address of its own where the settings name one.

use std::net::SocketAddr;

use actix_web::dev::Server;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};

use super::may::{May, ReadMetrics};
use crate::error::Result;
use crate::secrets::TokenHash;
use crate::telemetry::metrics;

/// Figures of the daemon in Prometheus' text form.
#[utoipa::path(get, path = "/metrics", tag = "service",
    responses((status = 200, description = "The figures", body = String, content_type = "text/plain")))]
pub async fn get(_: May<ReadMetrics>) -> HttpResponse {
    page()
}

fn page() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, metrics::CONTENT_TYPE)).body(metrics::page())
}

/// Whether the request shows the token; any does where there is none.
fn is_scraper(request: &HttpRequest, token: Option<&TokenHash>) -> bool {
    let Some(token) = token else { return true };
    let given = request.headers().get(AUTHORIZATION).and_then(|v| v.to_str().ok());
    let given =
        given.and_then(|v| v.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    given.is_some_and(|(_, given)| token.matches(given.trim()))
}

/// A server of nothing but metrics. With a token that is not empty it asks for it.
///
/// # Errors
/// When the address cannot be bound.
pub fn serve(listen: SocketAddr, token: &str) -> Result<(Server, SocketAddr)> {
    let token = (!token.is_empty()).then(|| TokenHash::of(token));
    let server = HttpServer::new(move || {
        let token = token.clone();
        let answer = move |request: HttpRequest| {
            let shown = is_scraper(&request, token.as_ref());
            async move { if shown { page() } else { HttpResponse::Unauthorized().finish() } }
        };
        actix_web::App::new().route("/metrics", web::get().to(answer))
    })
    .workers(1)
    .max_connections(64)
    .disable_signals()
    .bind(listen)
    .map_err(|e| super::cannot_listen(listen, &e))?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}
