//! People and programs of the installation, for its administrators.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path, Query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::access::{SystemRole, User};
use crate::auth::Changes;
use crate::http::State;
use crate::http::extract::{Body, page_request};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Page, clock};
use crate::store;

/// Which users.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserParams {
    /// A word of the name or address.
    search: Option<String>,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// A person to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// E-mail address.
    email: String,
    /// Name.
    name: String,
    /// Role in the installation; `analyst` when left out.
    system_role: Option<SystemRole>,
}

/// What can be changed of somebody; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChanges {
    /// Name.
    name: Option<String>,
    /// Role in the installation.
    system_role: Option<SystemRole>,
    /// Whether nothing is let in for them.
    disabled: Option<bool>,
}

/// A link that is shown once.
#[derive(Serialize, ToSchema)]
pub struct Link {
    /// The link's token, for POST /api/v1/auth/reset.
    pub token: String,
    /// It ends then.
    pub expires_at: Timestamp,
}

/// People and programs, newest first.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(UserParams),
    responses((status = 200, description = "A page", body = Page<User>)))]
pub async fn list(may: May<actions::ManageUsers>, query: Query<UserParams>) -> Answer<Page<User>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    Ok(Json(store::users::list(&may.db, query.search.as_deref(), page).await?))
}

/// Adds a person. A reset link gives them a password.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses((status = 201, description = "Added", body = User)))]
pub async fn create(
    may: May<actions::ManageUsers>,
    app: State,
    body: Body<NewUser>,
) -> Result<HttpResponse, Problem> {
    let NewUser { email, name, system_role } = body.0;
    let role = system_role.unwrap_or(SystemRole::Analyst);
    Ok(HttpResponse::Created().json(app.auth.add_person(&may.caller, &email, &name, role).await?))
}

/// Somebody.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 200, description = "Somebody", body = User)))]
pub async fn get(may: May<actions::ManageUsers>, id: Path<Uuid>) -> Answer<User> {
    Ok(Json(store::users::get(&may.db, *id).await?))
}

/// Changes somebody. With another role, or disabled, their sessions end.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = Uuid, Path)),
    request_body = UserChanges, responses((status = 200, description = "Changed", body = User)))]
pub async fn change(
    may: May<actions::ManageUsers>,
    app: State,
    id: Path<Uuid>,
    body: Body<UserChanges>,
) -> Answer<User> {
    let UserChanges { name, system_role, disabled } = body.0;
    let changes = Changes { name, system_role, disabled };
    Ok(Json(app.auth.change_user(&may.caller, *id, changes).await?))
}

/// Takes somebody out of the installation.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Taken out")))]
pub async fn delete(
    may: May<actions::ManageUsers>,
    app: State,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    app.auth.remove_user(&may.caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a link to a new password; the one before ends.
#[utoipa::path(post, path = "/api/v1/users/{id}/reset-link", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 201, description = "The link, shown once", body = Link)))]
pub async fn reset_link(
    may: May<actions::ManageUsers>,
    app: State,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let token = app.auth.reset_link(&may.caller, *id).await?;
    let expires_at = clock::after(app.config.auth.link());
    Ok(HttpResponse::Created().json(Link { token: token.expose().to_owned(), expires_at }))
}

/// Ends all sessions of somebody.
#[utoipa::path(post, path = "/api/v1/users/{id}/sign-out", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Signed out")))]
pub async fn sign_out(
    may: May<actions::ManageUsers>,
    app: State,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    store::users::get(&may.db, *id).await?;
    app.auth.end_sessions(&may.caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
