//! Jobs: work that outlives a daemon, its attempts, their logs and figures.

use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::http::State;
use crate::http::extract::page_request;
use crate::http::may::May;
use crate::model::{Job, JobRun, JobState, Page};
use crate::store;
use crate::store::jobs::Filter;

/// Attempts that are shown of a job, the last ones.
const RUNS: u32 = 20;

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobParams {
    /// Of this connection.
    connection: Option<Uuid>,
    /// Of this schedule.
    schedule: Option<Uuid>,
    /// Of this kind.
    kind: Option<String>,
    /// In this state.
    state: Option<JobState>,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// A job with its last attempts.
#[derive(Serialize, ToSchema)]
pub struct JobDetail {
    job: Job,
    /// Newest first.
    runs: Vec<JobRun>,
}

/// Jobs, newest first. One that ended is kept for 30 days.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(JobParams),
    responses((status = 200, description = "A page", body = Page<Job>)))]
pub async fn list(may: May<actions::ReadJobs>, params: Query<JobParams>) -> Answer<Page<Job>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    let JobParams { connection, schedule, kind, state, .. } = params.into_inner();
    let filter = Filter { connection_id: connection, schedule_id: schedule, kind, state };
    Ok(Json(store::jobs::list(&may.db, &filter, page).await?))
}

/// One job, with its last attempts, their logs and figures.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The job", body = JobDetail)))]
pub async fn get(may: May<actions::ReadJobs>, id: Path<Uuid>) -> Answer<JobDetail> {
    let job = store::jobs::get(&may.db, *id).await?;
    let runs = store::jobs::runs(&may.db, *id, RUNS).await?;
    Ok(Json(JobDetail { job, runs }))
}

/// Cancels a job. One that is at work on another daemon stops when that next renews its lease; it cannot end well any
/// more.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", params(("id" = Uuid, Path)),
    responses((status = 200, description = "Cancelled", body = Job)))]
pub async fn cancel(may: May<actions::ManageJobs>, app: State, id: Path<Uuid>) -> Answer<Job> {
    Ok(Json(app.worker.cancel(&may.db, *id).await?))
}
