//! Crawls: reading a database's catalog into schema versions.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use uuid::Uuid;

use super::Answer;
use crate::http::State;
use crate::http::extract::{BodyHash, Owner, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::problem::Problem;
use crate::model::{CrawlRun, Page};
use crate::store;

/// Crawls of a connection, newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/crawls", tag = "crawls", params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<CrawlRun>)))]
pub async fn list(
    _owner: Owner,
    app: State,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<CrawlRun>> {
    store::connections::get(&app.db, *id).await?;
    Ok(Json(store::crawls::list(&app.db, *id, page.request()?).await?))
}

/// Starts a crawl; the record tells how far it is.
#[utoipa::path(post, path = "/api/v1/connections/{id}/crawls", tag = "crawls", params(("id" = Uuid, Path)),
    responses((status = 202, description = "Started", body = CrawlRun)))]
pub async fn start(owner: Owner, app: State, once: Once, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let (parts, by) = (app.clone(), owner.0.clone());
    let work = async move {
        let database = parts.sources.database(*id).await?;
        let run = parts.crawler.start(database, Some(by.name())).await?;
        Ok(Made::new(StatusCode::ACCEPTED, &run)?.at(format!("/api/v1/crawls/{}", run.id)))
    };
    once.run(&app.db, &owner.0, BodyHash::default(), work).await
}

/// One crawl, with its progress.
#[utoipa::path(get, path = "/api/v1/crawls/{id}", tag = "crawls", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The crawl", body = CrawlRun)))]
pub async fn get(_owner: Owner, app: State, id: Path<Uuid>) -> Answer<CrawlRun> {
    Ok(Json(store::crawls::get(&app.db, *id).await?))
}

/// Stops a crawl; what it found so far is not kept.
#[utoipa::path(post, path = "/api/v1/crawls/{id}/cancel", tag = "crawls", params(("id" = Uuid, Path)),
    responses((status = 200, description = "Cancelled", body = CrawlRun)))]
pub async fn cancel(owner: Owner, app: State, id: Path<Uuid>) -> Answer<CrawlRun> {
    Ok(Json(app.crawler.cancel(*id, owner.0.name()).await?))
}
