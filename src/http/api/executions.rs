//! Executions: runs of queries, their rows by page, and their results as files.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::error::{Class, Error};
use crate::exec::RowsPage;
use crate::http::export as file;
use crate::http::extract::{BodyHash, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Execution, Page, RunStatus};
use crate::queries::{self, Started};
use crate::results::Format;
use crate::seen::{self, Seen};
use crate::store;

/// Rows of a page when nothing is said.
const DEFAULT_ROWS: usize = 100;

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowsParams {
    /// Position of the first row, from 0.
    offset: Option<usize>,
    /// Rows at the most: 1 to 5000, 100 when left out.
    limit: Option<usize>,
}

/// Which form.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// csv, ndjson, json, arrow, parquet or xlsx.
    #[param(example = "csv")]
    format: String,
}

/// Executions of a query, newest first.
#[utoipa::path(get, path = "/api/v1/queries/{id}/executions", tag = "executions",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<Execution>)))]
pub async fn list(
    may: May<actions::ReadExecutions>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<Execution>> {
    let query = store::queries::get(&may.db, *id).await?;
    let seen = Seen::of_kept(&may.db, &may.sources, query.connection_id).await?;
    seen.query(query).await?;
    let mut found = store::executions::list(&may.db, *id, page.request()?).await?;
    found.items = found.items.into_iter().map(|execution| seen.execution(execution)).collect();
    Ok(Json(found))
}

/// Runs a query, after checking it against the latest schema version; the record tells how far it is.
#[utoipa::path(post, path = "/api/v1/queries/{id}/executions", tag = "executions", params(("id" = Uuid, Path)),
    responses((status = 202, description = "Started", body = Execution)))]
pub async fn start(
    may: May<actions::RunExecutions>,
    once: Once,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (parts, by) = (may.desk(), may.caller.clone());
    let work = async move {
        // the guard's findings would name what a hidden query names
        seen::query(&parts.db, &parts.sources, *id).await?;
        match queries::start(&parts.db, &parts.sources, &parts.exec, *id, by.name()).await? {
            Started::Execution(execution) => Ok(Made::new(StatusCode::ACCEPTED, &execution)?
                .at(format!("/api/v1/executions/{}", execution.id))),
            Started::Refused(findings) => Err(Problem::refused(findings)),
        }
    };
    once.run(&may, BodyHash::default(), work).await
}

/// One execution.
#[utoipa::path(get, path = "/api/v1/executions/{id}", tag = "executions", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The execution", body = Execution)))]
pub async fn get(may: May<actions::ReadExecutions>, id: Path<Uuid>) -> Answer<Execution> {
    let mut execution = store::executions::get(&may.db, *id).await?;
    if execution.status == RunStatus::Queued {
        execution.position = Some(store::executions::position(&may.db, &execution).await?);
    }
    let seen = Seen::of_kept(&may.db, &may.sources, execution.connection_id).await?;
    Ok(Json(seen.execution(execution)))
}

/// Rows of a result.
#[utoipa::path(get, path = "/api/v1/executions/{id}/rows", tag = "executions", params(("id" = Uuid, Path), RowsParams),
    responses((status = 200, description = "The rows", body = RowsPage)))]
pub async fn rows(
    may: May<actions::ReadExecutions>,
    id: Path<Uuid>,
    params: Query<RowsParams>,
) -> Answer<RowsPage> {
    let limit = params.limit.unwrap_or(DEFAULT_ROWS);
    Ok(Json(may.exec.rows(*id, params.offset.unwrap_or(0), limit).await?))
}

/// Stops an execution, on the server too; its record shows when it has ended.
#[utoipa::path(post, path = "/api/v1/executions/{id}/cancel", tag = "executions", params(("id" = Uuid, Path)),
    responses((status = 202, description = "It is told to stop", body = Execution)))]
pub async fn cancel(may: May<actions::RunExecutions>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let execution = queries::cancel(&may.db, &may.exec, *id, may.caller.name()).await?;
    let seen = Seen::of_kept(&may.db, &may.sources, execution.connection_id).await?;
    Ok(HttpResponse::Accepted().json(seen.execution(execution)))
}

/// A result as a file.
#[utoipa::path(get, path = "/api/v1/executions/{id}/export", tag = "executions",
    params(("id" = Uuid, Path), ExportParams),
    responses((status = 200, description = "The file", content(
        (String = "text/csv; charset=utf-8"), (String = "application/json"), (String = "application/x-ndjson"),
        (String = "application/vnd.apache.arrow.stream"), (String = "application/vnd.apache.parquet"),
        (String = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))))]
pub async fn export(
    may: May<actions::ExportResults>,
    id: Path<Uuid>,
    params: Query<ExportParams>,
) -> Result<HttpResponse, Problem> {
    let format = Format::parse(&params.format).ok_or_else(|| {
        Error::new("H021", Class::BadInput, "there is no such format")
            .hint("Use csv, ndjson, json, arrow, parquet or xlsx.")
    })?;
    let pieces = may.exec.export(*id, format).await?;
    file::respond(*id, format, pieces).await
}
