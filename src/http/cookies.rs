//! Cookies of sessions, and what the browser says of the page that a request comes from.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use url::Url;

use super::client::Client;
use super::problem::Problem;
use super::{State, may};
use crate::access::Origin;
use crate::app::App;
use crate::auth::Site;
use crate::error::{Class, Error};

/// What a page sends with a session's cookie to change something.
pub const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Seconds for which a browser keeps the cookie of a sign-in at an identity provider.
const FLOW_SECONDS: u64 = 600;

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The token of a session.
    Session,
    /// The token of a sign-in that is under way at an identity provider.
    Flow,
}

impl Cookie {
    /// The prefix makes browsers refuse one that is not for this very host, or not sent by TLS.
    fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Cookie::Session, true) => "__Host-querent-session",
            (Cookie::Session, false) => "querent-session",
            (Cookie::Flow, true) => "__Host-querent-oidc",
            (Cookie::Flow, false) => "querent-oidc",
        }
    }

    /// Its value, if the client sent it once: a second one is not of this daemon.
    pub fn read(self, secure: bool, headers: &HeaderMap) -> Option<&str> {
        let name = self.name(secure);
        let mut values = headers
            .get_all(COOKIE)
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The line that gives it to a browser for some seconds.
    pub fn line(self, secure: bool, value: &str, seconds: u64) -> HeaderValue {
        let name = self.name(secure);
        let flag = if secure { "; Secure" } else { "" };
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{flag}");
        // tokens are letters, digits, - and _
        HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// Whether the client reaches the daemon, or the proxy before it, by TLS.
pub fn secure(app: &App, request: &HttpRequest) -> bool {
    app.config.server.public_url.starts_with("https:")
        || request.extensions().get::<Client>().is_some_and(|client| client.https)
}

/// The address that people use for the daemon.
fn base(app: &App, request: &HttpRequest) -> String {
    let public = app.config.server.public_url.trim_end_matches('/');
    if !public.is_empty() {
        return public.to_owned();
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let scheme = if secure(app, request) { "https" } else { "http" };
    format!("{scheme}://{}", host.map_or_else(|| app.config.server.listen.to_string(), str::to_owned))
}

/// What the browser says of the page that the request comes from.
pub fn site(app: &App, request: &HttpRequest) -> Site {
    let text = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    match text(&FETCH_SITE) {
        Some("same-origin" | "none") => return Site::Same,
        Some(_) => return Site::Other,
        None => {}
    }
    let Some(origin) = text(&ORIGIN) else { return Site::Unsaid };
    let of = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    match (of(origin), of(&base(app, request))) {
        (Some(page), Some(own)) if page.is_tuple() && page == own => Site::Same,
        _ => Site::Other,
    }
}

/// What is known of a client that has not proven who it is.
pub struct Guest {
    /// Where the request came from.
    pub origin: Origin,
    /// The token of a session, if it sent one.
    pub session: Option<String>,
    /// The token of a sign-in that is under way at an identity provider, if it sent one.
    pub flow: Option<String>,
    /// The page that it comes from.
    pub site: Site,
    /// The address that people use for the daemon.
    pub base: String,
    secure: bool,
    session_seconds: u64,
}

impl Guest {
    /// The line that keeps a session in the browser.
    pub fn keep_session(&self, token: &str) -> HeaderValue {
        Cookie::Session.line(self.secure, token, self.session_seconds)
    }

    /// The line that keeps a sign-in that is under way in the browser.
    pub fn keep_flow(&self, token: &str) -> HeaderValue {
        Cookie::Flow.line(self.secure, token, FLOW_SECONDS)
    }

    /// The line that takes a cookie out of the browser.
    pub fn forget(&self, cookie: Cookie) -> HeaderValue {
        cookie.line(self.secure, "", 0)
    }
}

impl FromRequest for Guest {
    type Error = Problem;
    type Future = Ready<Result<Guest, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(app) = request.app_data::<State>() else {
            let error = Error::new("H099", Class::Internal, "the daemon's parts are missing");
            return ready(Err(error.into()));
        };
        let secure = secure(app, request);
        let cookie = |cookie: Cookie| cookie.read(secure, request.headers()).map(str::to_owned);
        ready(Ok(Guest {
            origin: may::origin(request),
            session: cookie(Cookie::Session),
            flow: cookie(Cookie::Flow),
            site: site(app, request),
            base: base(app, request),
            secure,
            session_seconds: app.config.auth.session().as_secs(),
        }))
    }
}
