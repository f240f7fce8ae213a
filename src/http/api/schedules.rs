//! Schedules: when a connection is crawled by itself.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::http::extract::{Body, BodyHash, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Job, Page, Schedule};
use crate::schedule::{self, Planned, Wanted};
use crate::store;

/// Schedules of all connections, newest first.
#[utoipa::path(get, path = "/api/v1/schedules", tag = "schedules", params(PageParams),
    responses((status = 200, description = "A page", body = Page<Schedule>)))]
pub async fn list(may: May<actions::ReadSchedules>, page: Query<PageParams>) -> Answer<Page<Schedule>> {
    Ok(Json(store::schedules::list(&may.db, page.request()?).await?))
}

/// A connection's crawl schedule, with its next moments.
#[utoipa::path(get, path = "/api/v1/connections/{id}/schedule", tag = "schedules", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The schedule", body = Planned)))]
pub async fn get(may: May<actions::ReadSchedules>, id: Path<Uuid>) -> Answer<Planned> {
    Ok(Json(schedule::planned(&may.db, *id).await?))
}

/// Makes or changes a connection's crawl schedule; it is enabled then.
#[utoipa::path(put, path = "/api/v1/connections/{id}/schedule", tag = "schedules", params(("id" = Uuid, Path)),
    request_body = Wanted, responses((status = 200, description = "As it is now", body = Planned)))]
pub async fn put(may: May<actions::ManageSchedules>, id: Path<Uuid>, body: Body<Wanted>) -> Answer<Planned> {
    Ok(Json(schedule::set(&may.db, *id, &body.0, may.caller.name()).await?))
}

/// Takes a connection's crawl schedule away; its jobs stay.
#[utoipa::path(delete, path = "/api/v1/connections/{id}/schedule", tag = "schedules", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Taken away")))]
pub async fn delete(may: May<actions::ManageSchedules>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    schedule::remove(&may.db, *id, may.caller.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Asks for a run at once, paused or not. One run at a time: while one is unfinished this is refused.
#[utoipa::path(post, path = "/api/v1/connections/{id}/schedule/run", tag = "schedules", params(("id" = Uuid, Path)),
    responses((status = 202, description = "Asked for", body = Job)))]
pub async fn run(
    may: May<actions::ManageSchedules>,
    once: Once,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (parts, by) = (may.desk(), may.caller.clone());
    let work = async move {
        let job = schedule::run_now(&parts.db, *id, by.name()).await?;
        Ok(Made::new(StatusCode::ACCEPTED, &job)?.at(format!("/api/v1/jobs/{}", job.id)))
    };
    once.run(&may, BodyHash::default(), work).await
}

/// Stops a schedule until it is resumed; a run that is at work goes on.
#[utoipa::path(post, path = "/api/v1/connections/{id}/schedule/pause", tag = "schedules",
    params(("id" = Uuid, Path)), responses((status = 200, description = "As it is now", body = Planned)))]
pub async fn pause(may: May<actions::ManageSchedules>, id: Path<Uuid>) -> Answer<Planned> {
    Ok(Json(schedule::pause(&may.db, *id, may.caller.name()).await?))
}

/// Lets a schedule go on; what it missed is not made up for.
#[utoipa::path(post, path = "/api/v1/connections/{id}/schedule/resume", tag = "schedules",
    params(("id" = Uuid, Path)), responses((status = 200, description = "As it is now", body = Planned)))]
pub async fn resume(may: May<actions::ManageSchedules>, id: Path<Uuid>) -> Answer<Planned> {
    Ok(Json(schedule::resume(&may.db, *id, may.caller.name()).await?))
}
