//! Evaluation cases of a connection: questions with their known answers.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::http::State;
use crate::http::extract::{Body, Owner, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::problem::Problem;
use crate::model::{EvaluationCase, Page};
use crate::queries::knowledge::{self, Kept};
use crate::store;

/// A case to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCase {
    /// The question.
    question: String,
    /// The statement that answers it.
    gold_sql: String,
}

/// Cases of a connection, newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/evaluation-cases", tag = "evaluation",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<EvaluationCase>)))]
pub async fn list(
    _owner: Owner,
    app: State,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<EvaluationCase>> {
    store::connections::get(&app.db, *id).await?;
    Ok(Json(store::evaluation_cases::list(&app.db, *id, page.request()?).await?))
}

/// Keeps a case; its statement must be a read of the latest schema version.
#[utoipa::path(post, path = "/api/v1/connections/{id}/evaluation-cases", tag = "evaluation",
    params(("id" = Uuid, Path)), request_body = NewCase,
    responses((status = 201, description = "Kept", body = EvaluationCase)))]
pub async fn create(
    owner: Owner,
    app: State,
    once: Once,
    id: Path<Uuid>,
    body: Body<NewCase>,
) -> Result<HttpResponse, Problem> {
    let (Body(new, hash), parts, by) = (body, app.clone(), owner.0.clone());
    let work = async move {
        let source = parts.sources.get(*id).await?;
        match knowledge::add_case(&parts.db, &source, &new.question, &new.gold_sql, by.name()).await? {
            Kept::Done(case) => Ok(Made::new(StatusCode::CREATED, &case)?),
            Kept::Refused(findings) => Err(Problem::refused(findings)),
        }
    };
    once.run(&app.db, &owner.0, hash, work).await
}

/// Removes a case.
#[utoipa::path(delete, path = "/api/v1/evaluation-cases/{id}", tag = "evaluation", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Removed")))]
pub async fn delete(owner: Owner, app: State, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    knowledge::remove_case(&app.db, *id, owner.0.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}
