//! Evaluation cases of a connection: questions with their known answers.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::http::extract::{Body, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{EvaluationCase, Page};
use crate::queries::knowledge::{self, Kept};
use crate::seen::Seen;
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
    may: May<actions::ReadKnowledge>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<EvaluationCase>> {
    let seen = Seen::of(&may.db, &may.sources, *id).await?;
    let found = store::evaluation_cases::list(&may.db, *id, page.request()?).await?;
    Ok(Json(seen.cases(found).await?))
}

/// Keeps a case; its statement must be a read of the latest schema version.
#[utoipa::path(post, path = "/api/v1/connections/{id}/evaluation-cases", tag = "evaluation",
    params(("id" = Uuid, Path)), request_body = NewCase,
    responses((status = 201, description = "Kept", body = EvaluationCase)))]
pub async fn create(
    may: May<actions::WriteKnowledge>,
    once: Once,
    id: Path<Uuid>,
    body: Body<NewCase>,
) -> Result<HttpResponse, Problem> {
    let (Body(new, hash), parts, by) = (body, may.desk(), may.caller.clone());
    let work = async move {
        let source = parts.sources.get(*id).await?;
        match knowledge::add_case(&parts.db, &source, &new.question, &new.gold_sql, by.name()).await? {
            Kept::Done(case) => Ok(Made::new(StatusCode::CREATED, &case)?),
            Kept::Refused(findings) => Err(Problem::refused(findings)),
        }
    };
    once.run(&may, hash, work).await
}

/// Removes a case.
#[utoipa::path(delete, path = "/api/v1/evaluation-cases/{id}", tag = "evaluation", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Removed")))]
pub async fn delete(may: May<actions::WriteKnowledge>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    knowledge::remove_case(&may.db, *id, may.caller.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}
