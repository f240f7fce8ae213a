//! What new schema versions did to the statements that people rely on.

use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Answer;
use super::schemas::version_of;
use crate::error::{Class, Error};
use crate::http::State;
use crate::http::extract::{Owner, PageParams};
use crate::http::problem::Problem;
use crate::impact::{self, Impacted};
use crate::model::{Impact, Page};
use crate::queries::knowledge::Kept;
use crate::queries::repair;
use crate::store;

/// Between which versions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImpactParams {
    /// Older version, as its key or its number (`1.0`); the one before `to` when left out.
    from: Option<String>,
    /// Newer version; the latest when left out.
    to: Option<String>,
}

/// What the way from one schema version to another does to every saved and verified query, glossary term and evaluation
/// case, worked out now: those that are broken or mean something else, with the change that did it and a proposed repair.
#[utoipa::path(get, path = "/api/v1/connections/{id}/impact", tag = "impact",
    params(("id" = Uuid, Path), ImpactParams),
    responses((status = 200, description = "The impact", body = Object)))]
pub async fn between(
    _owner: Owner,
    app: State,
    id: Path<Uuid>,
    params: Query<ImpactParams>,
) -> Answer<Impacted> {
    let connection = store::connections::get(&app.db, *id).await?;
    let to = match &params.to {
        Some(named) => version_of(&app, *id, named).await?,
        None => store::catalog::latest(&app.db, *id).await?.ok_or_else(uncrawled)?,
    };
    let from = match &params.from {
        Some(named) => version_of(&app, *id, named).await?,
        None => super::schemas::before(&app, &to).await?,
    };
    Ok(Json(impact::between(&app.db, &connection, &from, &to).await?))
}

fn uncrawled() -> Problem {
    Error::new("X001", Class::Conflict, "the connection has not been crawled yet")
        .hint("POST /api/v1/connections/{id}/crawls.")
        .into()
}

/// What was found after each new schema version, open and over, newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/impacts", tag = "impact",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<Impact>)))]
pub async fn list(
    _owner: Owner,
    app: State,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<Impact>> {
    store::connections::get(&app.db, *id).await?;
    Ok(Json(store::impacts::list(&app.db, *id, page.request()?).await?))
}

/// What was found of one statement.
#[utoipa::path(get, path = "/api/v1/impacts/{id}", tag = "impact", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The impact", body = Impact)))]
pub async fn get(_owner: Owner, app: State, id: Path<Uuid>) -> Answer<Impact> {
    Ok(Json(store::impacts::get(&app.db, *id).await?))
}

/// Accepts the proposed repair: it is checked once more, then the query, case or term has the new text and the impact is
/// over. A query goes back to the review state that it had before.
#[utoipa::path(post, path = "/api/v1/impacts/{id}/repair", tag = "impact", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The impact, over now", body = Impact)))]
pub async fn repair(owner: Owner, app: State, id: Path<Uuid>) -> Answer<Impact> {
    match repair::accept(&app.db, &app.sources, *id, owner.0.name()).await? {
        Kept::Done(impact) => Ok(Json(*impact)),
        Kept::Refused(findings) => Err(Problem::refused(findings)),
    }
}
