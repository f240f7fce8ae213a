//! Sign-in with a password, sign-out, and the links that lead in.

use actix_web::HttpResponse;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answer;
use crate::access::actions;
use crate::access::{Kind, User};
use crate::auth::{self, SignedIn};
use crate::error::{Class, Error};
use crate::http::State;
use crate::http::cookies::{Cookie, Guest};
use crate::http::extract::Body;
use crate::http::may::{Anyone, May};
use crate::http::problem::Problem;
use crate::model::ids::OWNER;
use crate::secrets::Secret;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// E-mail address.
    email: String,
    /// Password.
    password: String,
}

/// A session that begins. Its token is in a cookie that pages cannot read.
#[derive(Serialize, ToSchema)]
pub struct SessionStarted {
    /// Who.
    user: User,
    /// To be sent as `x-csrf-token` with every request of this session that changes something.
    csrf_token: String,
    /// The session ends then in any case.
    expires_at: Timestamp,
}

/// A link that was sent, and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The link's token.
    token: String,
    /// Name, for somebody new.
    name: Option<String>,
    /// The password to sign in with: a new one for somebody new, the one that holds for somebody known.
    password: String,
}

/// A link to a new password, and that.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// The link's token.
    token: String,
    /// The new password.
    password: String,
}

/// Address and password of the owner of the data folder.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// E-mail address.
    email: String,
    /// Name.
    name: Option<String>,
    /// Password.
    password: String,
}

/// An identity provider that people can sign in with.
#[derive(Serialize, ToSchema)]
pub struct ProviderItem {
    /// Its name in addresses.
    name: String,
    /// What people read on the button.
    title: String,
}

/// Ways to sign in.
#[derive(Serialize, ToSchema)]
pub struct Providers {
    /// Identity providers.
    items: Vec<ProviderItem>,
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
pub struct Ended {
    /// Sessions.
    ended: u64,
}

/// The answer to a sign-in: the cookie, and what a page needs.
pub(super) fn started(guest: &Guest, signed_in: SignedIn) -> HttpResponse {
    let token = signed_in.token.expose();
    let cookie = guest.keep_session(token);
    let csrf_token = auth::csrf(token);
    let body = SessionStarted { user: signed_in.user, csrf_token, expires_at: signed_in.session.expires_at };
    HttpResponse::Ok().insert_header((SET_COOKIE, cookie)).json(body)
}

/// Identity providers that people can sign in with.
#[utoipa::path(get, path = "/api/v1/auth/providers", tag = "auth",
    responses((status = 200, description = "All of them", body = Providers)))]
pub async fn providers(_: Anyone, app: State) -> Answer<Providers> {
    let item =
        |p: &auth::oidc::Provider| ProviderItem { name: p.name().to_owned(), title: p.title().to_owned() };
    Ok(Json(Providers { items: app.auth.providers.all().iter().map(item).collect() }))
}

/// Signs in with an address and a password. After some failures there are pauses that grow (429).
#[utoipa::path(post, path = "/api/v1/auth/sign-in", tag = "auth", request_body = SignIn,
    responses((status = 200, description = "Signed in; the session is in a cookie", body = SessionStarted)))]
pub async fn sign_in(
    _: Anyone,
    app: State,
    guest: Guest,
    body: Body<SignIn>,
) -> Result<HttpResponse, Problem> {
    auth::refuse_other(guest.site)?;
    let SignIn { email, password } = body.0;
    let before = guest.session.as_deref();
    let signed_in = app.auth.sign_in(&email, Secret::new(password), &guest.origin, before).await?;
    Ok(started(&guest, signed_in))
}

/// Ends the session of this request.
#[utoipa::path(post, path = "/api/v1/auth/sign-out", tag = "auth",
    responses((status = 204, description = "Signed out")))]
pub async fn sign_out(
    may: May<actions::WriteSelf>,
    app: State,
    guest: Guest,
) -> Result<HttpResponse, Problem> {
    if let Some(session) = app.auth.session_of(guest.session.as_deref()).await?
        && session.user_id == may.caller.who().user
    {
        app.auth.end_session(&may.caller, session.id).await?;
    }
    Ok(HttpResponse::NoContent().insert_header((SET_COOKIE, guest.forget(Cookie::Session))).finish())
}

/// Ends all sessions of the caller.
#[utoipa::path(post, path = "/api/v1/auth/sign-out-everywhere", tag = "auth",
    responses((status = 200, description = "Signed out", body = Ended)))]
pub async fn sign_out_everywhere(
    may: May<actions::WriteSelf>,
    app: State,
    guest: Guest,
) -> Result<HttpResponse, Problem> {
    let ended = app.auth.end_sessions(&may.caller, may.caller.who().user).await?;
    let cookie = guest.forget(Cookie::Session);
    Ok(HttpResponse::Ok().insert_header((SET_COOKIE, cookie)).json(Ended { ended }))
}

/// Gives the owner of the data folder an address and a password, once, with the owner's token.
#[utoipa::path(post, path = "/api/v1/auth/setup", tag = "auth", request_body = SetUp,
    responses((status = 200, description = "The owner", body = User)))]
pub async fn set_up(may: May<actions::WriteSelf>, app: State, body: Body<SetUp>) -> Answer<User> {
    let who = may.caller.who();
    if who.user != OWNER || who.kind != Kind::Person {
        let error = Error::new("I029", Class::Forbidden, "only the owner of the data folder can do that")
            .hint("Send the owner's token: it is in the link that `querent serve` prints.");
        return Err(error.into());
    }
    let SetUp { email, name, password } = body.0;
    let password = Secret::new(password);
    Ok(Json(app.auth.set_up(&may.caller, &email, name.as_deref(), password).await?))
}

/// Accepts an invitation, and signs in.
#[utoipa::path(post, path = "/api/v1/auth/invitations/accept", tag = "auth", request_body = Accept,
    responses((status = 200, description = "Signed in; the session is in a cookie", body = SessionStarted)))]
pub async fn accept(
    _: Anyone,
    app: State,
    guest: Guest,
    body: Body<Accept>,
) -> Result<HttpResponse, Problem> {
    auth::refuse_other(guest.site)?;
    let Accept { token, name, password } = body.0;
    let password = Secret::new(password);
    Ok(started(&guest, app.auth.accept(&token, name.as_deref(), password, &guest.origin).await?))
}

/// Sets a new password with a link that an administrator gave; all sessions of the person end.
#[utoipa::path(post, path = "/api/v1/auth/reset", tag = "auth", request_body = Reset,
    responses((status = 204, description = "The new password holds; sign in with it")))]
pub async fn reset(_: Anyone, app: State, guest: Guest, body: Body<Reset>) -> Result<HttpResponse, Problem> {
    auth::refuse_other(guest.site)?;
    let Reset { token, password } = body.0;
    app.auth.reset_password(&token, Secret::new(password), &guest.origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
