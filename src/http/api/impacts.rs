//! What new schema versions did to the statements that people rely on.

use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Answer;
use super::schemas::version_of;
use crate::access::actions;
use crate::error::{Class, Error};
use crate::http::extract::PageParams;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::impact::{self, Impacted};
use crate::model::{Impact, Page};
use crate::queries::knowledge::Kept;
use crate::queries::repair;
use crate::seen::Seen;
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
    may: May<actions::ReadImpacts>,
    id: Path<Uuid>,
    params: Query<ImpactParams>,
) -> Answer<Impacted> {
    let connection = store::connections::get(&may.db, *id).await?;
    let to = match &params.to {
        Some(named) => version_of(&may, *id, named).await?,
        None => store::catalog::latest(&may.db, *id).await?.ok_or_else(uncrawled)?,
    };
    let from = match &params.from {
        Some(named) => version_of(&may, *id, named).await?,
        None => super::schemas::before(&may, &to).await?,
    };
    let found = impact::between(&may.db, &connection, &from, &to).await?;
    Ok(Json(Seen::of(&may.db, &may.sources, *id).await?.impacted(found).await?))
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
    may: May<actions::ReadImpacts>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<Impact>> {
    let seen = Seen::of(&may.db, &may.sources, *id).await?;
    let found = store::impacts::list(&may.db, *id, page.request()?).await?;
    Ok(Json(seen.impacts(found).await?))
}

/// What was found of one statement.
#[utoipa::path(get, path = "/api/v1/impacts/{id}", tag = "impact", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The impact", body = Impact)))]
pub async fn get(may: May<actions::ReadImpacts>, id: Path<Uuid>) -> Answer<Impact> {
    let impact = store::impacts::get(&may.db, *id).await?;
    let seen = Seen::of(&may.db, &may.sources, impact.connection_id).await?;
    Ok(Json(seen.impact(impact).await?))
}

/// Accepts the proposed repair: it is checked once more, then the query, case or term has the new text and the impact is
/// over. A query goes back to the review state that it had before.
#[utoipa::path(post, path = "/api/v1/impacts/{id}/repair", tag = "impact", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The impact, over now", body = Impact)))]
pub async fn repair(may: May<actions::RepairImpacts>, id: Path<Uuid>) -> Answer<Impact> {
    let impact = store::impacts::get(&may.db, *id).await?;
    Seen::of(&may.db, &may.sources, impact.connection_id).await?.impact(impact).await?;
    match repair::accept(&may.db, &may.sources, *id, may.caller.name()).await? {
        Kept::Done(impact) => Ok(Json(*impact)),
        Kept::Refused(findings) => Err(Problem::refused(findings)),
    }
}
