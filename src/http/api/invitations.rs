//! Invitations: links into the workspace that a request works in.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::access::{Invitation, SystemRole, WorkspaceRole};
use crate::http::State;
use crate::http::extract::{Body, PageParams};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::Page;
use crate::store;

/// Somebody to be invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// E-mail address.
    email: String,
    /// Role in the workspace.
    role: WorkspaceRole,
    /// Role in the installation for somebody new; `analyst` when left out.
    system_role: Option<SystemRole>,
}

/// An invitation and its link's token.
#[derive(Serialize, ToSchema)]
pub struct Invited {
    /// The invitation.
    invitation: Invitation,
    /// The link's token, shown once: for POST /api/v1/auth/invitations/accept.
    token: String,
}

/// Invitations into the workspace, newest first.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "workspaces", params(PageParams),
    responses((status = 200, description = "A page", body = Page<Invitation>)))]
pub async fn list(may: May<actions::ManageMembers>, page: Query<PageParams>) -> Answer<Page<Invitation>> {
    Ok(Json(store::invitations::list(&may.db, page.request()?).await?))
}

/// Invites somebody into the workspace; earlier invitations of theirs end.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "workspaces", request_body = NewInvitation,
    responses((status = 201, description = "Invited", body = Invited)))]
pub async fn create(
    may: May<actions::ManageMembers>,
    app: State,
    body: Body<NewInvitation>,
) -> Result<HttpResponse, Problem> {
    let NewInvitation { email, role, system_role } = body.0;
    let system_role = system_role.unwrap_or(SystemRole::Analyst);
    let (invitation, token) = app.auth.invite(&may.caller, &email, role, system_role).await?;
    Ok(HttpResponse::Created().json(Invited { invitation, token: token.expose().to_owned() }))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "workspaces", params(("id" = Uuid, Path)),
    responses((status = 200, description = "Taken back", body = Invitation)))]
pub async fn revoke(may: May<actions::ManageMembers>, app: State, id: Path<Uuid>) -> Answer<Invitation> {
    Ok(Json(app.auth.revoke_invitation(&may.caller, *id).await?))
}
