//! Crawls: reading a database's catalog into schema versions.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::http::extract::{BodyHash, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{CrawlRun, Page};
use crate::store;

/// Crawls of a connection, newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/crawls", tag = "crawls", params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<CrawlRun>)))]
pub async fn list(
    may: May<actions::ReadCrawls>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<CrawlRun>> {
    store::connections::get(&may.db, *id).await?;
    Ok(Json(store::crawls::list(&may.db, *id, page.request()?).await?))
}

/// Starts a crawl; the record tells how far it is.
#[utoipa::path(post, path = "/api/v1/connections/{id}/crawls", tag = "crawls", params(("id" = Uuid, Path)),
    responses((status = 202, description = "Started", body = CrawlRun)))]
pub async fn start(
    may: May<actions::RunCrawls>,
    once: Once,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (parts, by) = (may.desk(), may.caller.clone());
    let work = async move {
        let database = parts.sources.database(*id).await?;
        let run = parts.crawler.start(database, Some(by.name())).await?;
        Ok(Made::new(StatusCode::ACCEPTED, &run)?.at(format!("/api/v1/crawls/{}", run.id)))
    };
    once.run(&may, BodyHash::default(), work).await
}

/// One crawl, with its progress.
#[utoipa::path(get, path = "/api/v1/crawls/{id}", tag = "crawls", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The crawl", body = CrawlRun)))]
pub async fn get(may: May<actions::ReadCrawls>, id: Path<Uuid>) -> Answer<CrawlRun> {
    Ok(Json(store::crawls::get(&may.db, *id).await?))
}

/// Stops a crawl; what it found so far is not kept.
#[utoipa::path(post, path = "/api/v1/crawls/{id}/cancel", tag = "crawls", params(("id" = Uuid, Path)),
    responses((status = 200, description = "Cancelled", body = CrawlRun)))]
pub async fn cancel(may: May<actions::RunCrawls>, id: Path<Uuid>) -> Answer<CrawlRun> {
    Ok(Json(may.crawler.cancel(*id, may.caller.name()).await?))
}
