//! Sign-in with an identity provider: out to it, and back.

use actix_web::HttpResponse;
use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::web::{Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Answer as Given;
use crate::http::State;
use crate::http::cookies::{Cookie, Guest};
use crate::http::may::Anyone;
use crate::http::problem::Problem;

/// Where to go afterwards.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Start {
    /// A path of this daemon, `/` when left out.
    return_to: Option<String>,
}

/// What a provider sends back.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Back {
    /// The code for tokens.
    code: Option<String>,
    /// The state that was sent.
    state: Option<String>,
    /// The provider's own address.
    iss: Option<String>,
    /// Why there is no code.
    error: Option<String>,
}

/// Sends the person to an identity provider.
#[utoipa::path(get, path = "/api/v1/auth/oidc/{provider}/start", tag = "auth",
    params(("provider" = String, Path, description = "A provider's name"), Start),
    responses((status = 303, description = "To the provider")))]
pub async fn start(
    _: Anyone,
    app: State,
    guest: Guest,
    provider: Path<String>,
    query: Query<Start>,
) -> Result<HttpResponse, Problem> {
    let (url, token) = app.auth.start_oidc(&provider, &guest.base, query.return_to.as_deref()).await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, url.as_str()))
        .insert_header((SET_COOKIE, guest.keep_flow(token.expose())))
        .finish())
}

/// Takes the person back from an identity provider, and signs them in.
#[utoipa::path(get, path = "/api/v1/auth/oidc/{provider}/callback", tag = "auth",
    params(("provider" = String, Path, description = "A provider's name"), Back),
    responses((status = 303, description = "Signed in; to the page that was asked for")))]
pub async fn callback(
    _: Anyone,
    app: State,
    guest: Guest,
    provider: Path<String>,
    query: Query<Back>,
) -> Result<HttpResponse, Problem> {
    let given = Given {
        code: query.code.as_deref(),
        state: query.state.as_deref(),
        issuer: query.iss.as_deref(),
        error: query.error.as_deref(),
    };
    let (flow, before) = (guest.flow.as_deref(), guest.session.as_deref());
    let (signed_in, page) =
        app.auth.finish_oidc(&provider, &guest.base, given, flow, &guest.origin, before).await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, page))
        .append_header((SET_COOKIE, guest.keep_session(signed_in.token.expose())))
        .append_header((SET_COOKIE, guest.forget(Cookie::Flow)))
        .finish())
}
