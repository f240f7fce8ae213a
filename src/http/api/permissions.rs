//! Grants: who may see what of a connection.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::{Grant, GrantTerms, actions};
use crate::http::extract::Body;
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::permissions::explain::{self, Explained};
use crate::{permissions, store};

/// All grants of a connection; there are 200 at the most.
#[derive(Serialize, ToSchema)]
pub struct Grants {
    items: Vec<Grant>,
}

/// Of whom, and of what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainParams {
    /// A member of the workspace; the caller when left out.
    user_id: Option<Uuid>,
    /// Glob over tables, or over schema.table.
    table: Option<String>,
}

/// Grants of a connection, the oldest first, those too that have expired.
#[utoipa::path(get, path = "/api/v1/connections/{id}/permissions", tag = "permissions", params(("id" = Uuid, Path)),
    responses((status = 200, description = "All of them", body = Grants)))]
pub async fn list(may: May<actions::ReadGrants>, id: Path<Uuid>) -> Answer<Grants> {
    store::connections::get(&may.db, *id).await?;
    Ok(Json(Grants { items: store::permissions::of_connection(&may.db, *id).await? }))
}

/// Grants something: what most closely names a place decides, for a user before for a role before for everybody, and a
/// denial before a mask before an allowance. All filters that fit hold.
#[utoipa::path(post, path = "/api/v1/connections/{id}/permissions", tag = "permissions", params(("id" = Uuid, Path)),
    request_body = GrantTerms, responses((status = 201, description = "Granted", body = Grant)))]
pub async fn create(
    may: May<actions::ManageGrants>,
    once: Once,
    id: Path<Uuid>,
    body: Body<GrantTerms>,
) -> Result<HttpResponse, Problem> {
    let (Body(terms, hash), parts, by) = (body, may.desk(), may.caller.clone());
    let work = async move {
        let grant = permissions::grant(&parts.db, &parts.sources, *id, terms, by.name()).await?;
        Made::new(StatusCode::CREATED, &grant)
    };
    once.run(&may, hash, work).await
}

/// Takes a grant away.
#[utoipa::path(delete, path = "/api/v1/connections/{id}/permissions/{grant}", tag = "permissions",
    params(("id" = Uuid, Path), ("grant" = Uuid, Path)),
    responses((status = 204, description = "Taken away")))]
pub async fn delete(
    may: May<actions::ManageGrants>,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Problem> {
    let (connection, grant) = path.into_inner();
    permissions::revoke(&may.db, connection, grant).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What a member may see of a connection now, and which grants decide.
#[utoipa::path(get, path = "/api/v1/connections/{id}/permissions/explain", tag = "permissions",
    params(("id" = Uuid, Path), ExplainParams),
    responses((status = 200, description = "What is seen, and why", body = Explained)))]
pub async fn explain(
    may: May<actions::ReadGrants>,
    id: Path<Uuid>,
    params: Query<ExplainParams>,
) -> Answer<Explained> {
    let user = params.user_id.unwrap_or(may.caller.who().user);
    Ok(Json(explain::explain(&may.db, &may.sources, *id, user, params.table.as_deref()).await?))
}
