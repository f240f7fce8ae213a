//! Workspaces of the caller, and the one that a request works in: its name, its members, its programs.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::access::{Member, SystemRole, User, Workspace, WorkspaceRole};
use crate::auth;
use crate::http::State;
use crate::http::extract::{Body, PageParams};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::Page;
use crate::store;

/// A workspace to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    /// Name.
    name: String,
    /// Short name for links and the header `Querent-Workspace`: small letters, digits and hyphens.
    slug: String,
}

/// What can be changed of a workspace; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceChanges {
    /// Name.
    name: Option<String>,
    /// Short name.
    slug: Option<String>,
}

/// Workspaces.
#[derive(Serialize, ToSchema)]
pub struct Workspaces {
    /// By name.
    items: Vec<Workspace>,
}

/// A role in the workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRole {
    /// Role.
    role: WorkspaceRole,
}

/// A program to be added to the workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewService {
    /// Name.
    name: String,
    /// Role in the workspace; `viewer` when left out.
    role: Option<WorkspaceRole>,
    /// Role in the installation; `analyst` when left out.
    system_role: Option<SystemRole>,
}

/// Workspaces of the caller.
#[utoipa::path(get, path = "/api/v1/workspaces", tag = "workspaces",
    responses((status = 200, description = "All of them", body = Workspaces)))]
pub async fn list(may: May<actions::ReadWorkspaces>) -> Answer<Workspaces> {
    let (_, items) = auth::oneself(&may.db, &may.caller).await?;
    Ok(Json(Workspaces { items }))
}

/// Makes a workspace; the caller is its owner.
#[utoipa::path(post, path = "/api/v1/workspaces", tag = "workspaces", request_body = NewWorkspace,
    responses((status = 201, description = "Made", body = Workspace)))]
pub async fn create(
    may: May<actions::CreateWorkspaces>,
    app: State,
    body: Body<NewWorkspace>,
) -> Result<HttpResponse, Problem> {
    let NewWorkspace { name, slug } = body.0;
    Ok(HttpResponse::Created().json(app.auth.add_workspace(&may.caller, &name, &slug).await?))
}

/// The workspace that this request works in.
#[utoipa::path(get, path = "/api/v1/workspace", tag = "workspaces",
    responses((status = 200, description = "The workspace", body = Workspace)))]
pub async fn get(may: May<actions::ReadMembers>) -> Answer<Workspace> {
    let mut workspace = store::workspaces::get(&may.db).await?;
    workspace.role = may.caller.role();
    Ok(Json(workspace))
}

/// Renames the workspace that this request works in.
#[utoipa::path(patch, path = "/api/v1/workspace", tag = "workspaces", request_body = WorkspaceChanges,
    responses((status = 200, description = "Changed", body = Workspace)))]
pub async fn change(
    may: May<actions::ManageWorkspace>,
    app: State,
    body: Body<WorkspaceChanges>,
) -> Answer<Workspace> {
    let WorkspaceChanges { name, slug } = body.0;
    Ok(Json(app.auth.change_workspace(&may.caller, name.as_deref(), slug.as_deref()).await?))
}

/// Closes the workspace that this request works in: nobody reaches it any more.
#[utoipa::path(delete, path = "/api/v1/workspace", tag = "workspaces",
    responses((status = 204, description = "Closed")))]
pub async fn close(may: May<actions::ManageWorkspace>, app: State) -> Result<HttpResponse, Problem> {
    app.auth.close_workspace(&may.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Members of the workspace, people and programs, newest first.
#[utoipa::path(get, path = "/api/v1/members", tag = "workspaces", params(PageParams),
    responses((status = 200, description = "A page", body = Page<Member>)))]
pub async fn members(may: May<actions::ReadMembers>, page: Query<PageParams>) -> Answer<Page<Member>> {
    Ok(Json(store::members::list(&may.db, page.request()?).await?))
}

/// Makes somebody a member of the workspace, or gives them another role there.
#[utoipa::path(put, path = "/api/v1/members/{id}", tag = "workspaces",
    params(("id" = Uuid, Path, description = "Key of the user")), request_body = MemberRole,
    responses((status = 200, description = "The member", body = Member)))]
pub async fn put_member(
    may: May<actions::ManageMembers>,
    app: State,
    id: Path<Uuid>,
    body: Body<MemberRole>,
) -> Answer<Member> {
    Ok(Json(app.auth.put_member(&may.caller, *id, body.0.role).await?))
}

/// Takes somebody out of the workspace, with their keys for it.
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "workspaces",
    params(("id" = Uuid, Path, description = "Key of the user")),
    responses((status = 204, description = "Taken out")))]
pub async fn remove_member(
    may: May<actions::ManageMembers>,
    app: State,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    app.auth.remove_member(&may.caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Adds a program to the workspace. It works with keys alone.
#[utoipa::path(post, path = "/api/v1/services", tag = "workspaces", request_body = NewService,
    responses((status = 201, description = "Added", body = User)))]
pub async fn add_service(
    may: May<actions::ManageServices>,
    app: State,
    body: Body<NewService>,
) -> Result<HttpResponse, Problem> {
    let NewService { name, role, system_role } = body.0;
    let (role, system) = (role.unwrap_or(WorkspaceRole::Viewer), system_role.unwrap_or(SystemRole::Analyst));
    Ok(HttpResponse::Created().json(app.auth.add_service(&may.caller, &name, system, role).await?))
}
