//! Keys for programs, in the workspace that a request works in.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::ApiKey;
use crate::access::actions;
use crate::auth::{self, Wanted};
use crate::http::State;
use crate::http::extract::{Body, PageParams};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::Page;

/// A key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// Name.
    name: String,
    /// A program of the workspace; the caller when left out.
    user_id: Option<Uuid>,
    /// What it may be used for (`chats.read`, `chats.*`, `*.read`); all that its owner may do when left out.
    scopes: Option<Vec<String>>,
    /// Requests a minute; no bound when left out.
    per_minute: Option<i64>,
    /// Days until it ends; it does not when left out.
    expires_in_days: Option<u32>,
}

/// A key, shown once.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyMade {
    /// The record.
    api_key: ApiKey,
    /// The key itself, to be sent as `Authorization: Bearer KEY`.
    key: String,
}

/// Keys for the workspace, newest first: the caller's own, or all for its admins.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api-keys", params(PageParams),
    responses((status = 200, description = "A page", body = Page<ApiKey>)))]
pub async fn list(may: May<actions::ManageApiKeys>, page: Query<PageParams>) -> Answer<Page<ApiKey>> {
    Ok(Json(auth::list_keys(&may.db, &may.caller, page.request()?).await?))
}

/// Makes a key for the workspace.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api-keys", request_body = NewApiKey,
    responses((status = 201, description = "The key, shown once", body = ApiKeyMade)))]
pub async fn create(
    may: May<actions::ManageApiKeys>,
    app: State,
    body: Body<NewApiKey>,
) -> Result<HttpResponse, Problem> {
    let NewApiKey { name, user_id, scopes, per_minute, expires_in_days } = body.0;
    let wanted = Wanted { name, service: user_id, scopes, per_minute, days: expires_in_days };
    let (api_key, token) = app.auth.add_key(&may.caller, wanted).await?;
    Ok(HttpResponse::Created().json(ApiKeyMade { api_key, key: token.expose().to_owned() }))
}

/// Takes a key back: one's own, or any for the workspace's admins.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "api-keys", params(("id" = Uuid, Path)),
    responses((status = 200, description = "Taken back", body = ApiKey)))]
pub async fn revoke(may: May<actions::ManageApiKeys>, app: State, id: Path<Uuid>) -> Answer<ApiKey> {
    Ok(Json(app.auth.revoke_key(&may.caller, *id).await?))
}
