//! The caller: who they are, what they may do, their password and sessions.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, sign_in};
use crate::access::actions;
use crate::access::{Action, Session, User, Workspace, WorkspaceRole};
use crate::auth::{self, Changes};
use crate::http::State;
use crate::http::cookies::Guest;
use crate::http::extract::Body;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::secrets::Secret;

/// The caller.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// Who.
    user: User,
    /// Workspaces, with the role in each.
    workspaces: Vec<Workspace>,
    /// The workspace that this request works in; none for somebody without any.
    workspace: Option<Uuid>,
    /// The role there.
    role: Option<WorkspaceRole>,
    /// What the caller may do there.
    permissions: Vec<&'static str>,
    /// For requests of this session that change something; none where there is no session.
    csrf_token: Option<String>,
}

/// What can be changed of oneself; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeChanges {
    /// Name.
    name: Option<String>,
}

/// A new password, and the proof of the one that holds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password that holds.
    current: String,
    /// The new one.
    new: String,
}

/// Sessions of the caller.
#[derive(Serialize, ToSchema)]
pub struct Sessions {
    /// Newest first.
    items: Vec<Session>,
}

/// Who the caller is, and what they may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "me",
    responses((status = 200, description = "The caller", body = Me)))]
pub async fn get(may: May<actions::ReadSelf>, guest: Guest) -> Answer<Me> {
    let (user, workspaces) = auth::oneself(&may.db, &may.caller).await?;
    let allowed = Action::ALL.iter().filter(|action| may.caller.may(**action));
    let workspace = Some(may.caller.workspace()).filter(|id| !id.is_nil());
    Ok(Json(Me {
        user,
        workspaces,
        workspace,
        role: may.caller.role(),
        permissions: allowed.map(|action| action.as_str()).collect(),
        csrf_token: guest.session.as_deref().map(auth::csrf),
    }))
}

/// Changes the caller's name.
#[utoipa::path(patch, path = "/api/v1/me", tag = "me", request_body = MeChanges,
    responses((status = 200, description = "The caller", body = User)))]
pub async fn change(may: May<actions::WriteSelf>, app: State, body: Body<MeChanges>) -> Answer<User> {
    let changes = Changes { name: body.0.name, ..Changes::default() };
    Ok(Json(app.auth.change_user(&may.caller, may.caller.who().user, changes).await?))
}

/// Changes the caller's password. All their sessions end; a caller with a session gets a new one.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "me", request_body = PasswordChange,
    responses((status = 200, description = "Changed; a new session is in a cookie", body = sign_in::SessionStarted),
              (status = 204, description = "Changed")))]
pub async fn password(
    may: May<actions::WriteSelf>,
    app: State,
    guest: Guest,
    body: Body<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    let with_session = app.auth.session_of(guest.session.as_deref()).await?.is_some();
    let PasswordChange { current, new } = body.0;
    let (current, new) = (Secret::new(current), Secret::new(new));
    Ok(match app.auth.change_password(&may.caller, current, new, with_session).await? {
        Some(signed_in) => sign_in::started(&guest, signed_in),
        None => HttpResponse::NoContent().finish(),
    })
}

/// Sessions of the caller that hold.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "me",
    responses((status = 200, description = "All of them", body = Sessions)))]
pub async fn sessions(may: May<actions::ReadSelf>, app: State, guest: Guest) -> Answer<Sessions> {
    Ok(Json(Sessions { items: app.auth.sessions(&may.caller, guest.session.as_deref()).await? }))
}

/// Ends a session of the caller.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "me", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Ended")))]
pub async fn end_session(
    may: May<actions::WriteSelf>,
    app: State,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    app.auth.end_session(&may.caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
