//! Permission in a handler's signature: [`May`] is a caller who may do an action, and the daemon's parts for that caller.
//! The route table names the action too, and the two must agree for it to compile.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{AUTHORIZATION, HeaderName, USER_AGENT};
use actix_web::{FromRequest, Handler, HttpMessage, HttpRequest};

use super::State;
use super::client::Client;
use super::cookies::{self, CSRF, Cookie};
use super::door::RequestId;
use super::problem::Problem;
use crate::access::{Action, Caller, Origin, Permission};
use crate::app::Desk;
use crate::auth::Proof;
use crate::error::{Class, Error};

pub use crate::access::actions::*;

/// The header that names a workspace by its key or slug; without it the caller's own first one is meant.
pub const WORKSPACE: HeaderName = HeaderName::from_static("querent-workspace");
/// Characters kept of what a client calls itself.
const MAX_AGENT: usize = 200;

/// A caller who may do an action in a workspace, and the daemon's parts for that caller.
pub struct May<A> {
    /// Who asks.
    pub caller: Arc<Caller>,
    desk: Desk,
    action: PhantomData<A>,
}

impl<A> May<A> {
    /// The parts, for work that outlives the request.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }
}

impl<A> Deref for May<A> {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl<A: Permission> FromRequest for May<A> {
    type Error = Problem;
    type Future = Ready<Result<May<A>, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(allowed(request, A::ACTION).map_err(Problem::from))
    }
}

fn allowed<A: Permission>(request: &HttpRequest, action: Action) -> Result<May<A>, Error> {
    let missing = || Error::new("H099", Class::Internal, "the daemon's parts are missing");
    let app = request.app_data::<State>().ok_or_else(missing)?;
    let caller = request.extensions().get::<Identified>().cloned().ok_or_else(missing)?.0?;
    allow(&caller, action)?;
    Ok(May { desk: app.desk(caller.clone()), caller, action: PhantomData })
}

/// Who a request comes from, or why that is not known. Found out before a handler takes anything else of the request.
#[derive(Clone)]
struct Identified(Result<Arc<Caller>, Error>);

/// Finds out who a request comes from, and keeps that with it.
pub async fn identify(request: &ServiceRequest) {
    let Some(app) = request.app_data::<State>() else { return };
    let identified = Identified(prove(app, request).await.map(Arc::new));
    request.extensions_mut().insert(identified);
}

/// The caller behind a request.
async fn prove(app: &State, request: &ServiceRequest) -> Result<Caller, Error> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let proof = Proof {
        authorization: header(AUTHORIZATION),
        session: Cookie::Session.read(cookies::secure(app, request.request()), request.headers()),
        csrf: header(CSRF),
        safe: request.method().is_safe(),
        site: cookies::site(app, request.request()),
        workspace: header(WORKSPACE),
        origin: origin(request.request()),
    };
    app.auth.caller(proof).await
}

/// Where a request came from.
pub fn origin(request: &HttpRequest) -> Origin {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Origin {
        address: request.extensions().get::<Client>().and_then(|c| c.address).map(|a| a.to_string()),
        agent: agent.map(|agent| agent.chars().take(MAX_AGENT).collect()),
        request: request.extensions().get::<RequestId>().map(|id| id.0.clone()),
    }
}

/// Refuses what the caller may not do.
fn allow(caller: &Caller, action: Action) -> Result<(), Error> {
    if caller.may(action) {
        return Ok(());
    }
    let (system, workspace) = action.least();
    let needed = match workspace {
        Some(role) => {
            format!("the system role {} and the role {} in the workspace", system.as_str(), role.as_str())
        }
        None => format!("the system role {}", system.as_str()),
    };
    let message = format!("the caller may not do {}", action.as_str());
    Err(Error::new("H040", Class::Forbidden, message).hint(format!(
        "It needs {needed}, and a key whose scopes hold it. An administrator can change roles."
    )))
}

/// What the route table says of a route: an action's type, or [`Public`].
pub trait Access {
    /// What a handler takes first.
    type Proof: FromRequest;
    /// The action; `None`: anyone may.
    const ACTION: Option<Action>;
}

impl<A: Permission> Access for A {
    type Proof = May<A>;
    const ACTION: Option<Action> = Some(A::ACTION);
}

/// Marks a route that needs no proof of who calls.
pub struct Public;

/// What a handler of a public route takes first, so that nobody makes a route public by leaving something out.
pub struct Anyone;

impl FromRequest for Anyone {
    type Error = Problem;
    type Future = Ready<Result<Anyone, Problem>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Anyone))
    }
}

impl Access for Public {
    type Proof = Anyone;
    const ACTION: Option<Action> = None;
}

/// Arguments whose first is `P`.
pub trait First<P> {}

macro_rules! first {
    ($($rest:ident)*) => {
        impl<P, $($rest),*> First<P> for (P, $($rest,)*) {}
    };
}
first!();
first!(T1);
first!(T1 T2);
first!(T1 T2 T3);
first!(T1 T2 T3 T4);
first!(T1 T2 T3 T4 T5);
first!(T1 T2 T3 T4 T5 T6);

/// A handler whose first argument is the proof that its route needs.
pub fn guarded<A, F, Args>(handler: F) -> F
where
    A: Access,
    F: Handler<Args>,
    Args: FromRequest + First<A::Proof>,
{
    handler
}
