//! Quotas: how much may be used in a day or a month, by the workspace or by one of its members.

use actix_web::HttpResponse;
use actix_web::web::{Json, Path};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::exec::quota;
use crate::http::extract::Body;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Measure, Period, Quota, QuotaUse};

/// A quota to be set. For one subject, measure and period there is one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuota {
    /// Whose, as records name them: a user's key, or `owner`; the whole workspace's when left out.
    subject: Option<String>,
    measure: Measure,
    period: Period,
    /// How much: rows, seconds, tokens, or millionths of a dollar.
    amount: i64,
}

/// Quotas of the workspace, with what was used of each in its day or month.
#[utoipa::path(get, path = "/api/v1/quotas", tag = "quotas",
    responses((status = 200, description = "All of them", body = Vec<QuotaUse>)))]
pub async fn list(may: May<actions::ReadUsage>) -> Answer<Vec<QuotaUse>> {
    Ok(Json(quota::list(&may.db).await?))
}

/// Sets a quota. What would use more is refused with 429 and `E020`; what is under way goes on.
#[utoipa::path(put, path = "/api/v1/quotas", tag = "quotas", request_body = NewQuota,
    responses((status = 200, description = "The quota", body = Quota)))]
pub async fn set(may: May<actions::ManageSettings>, body: Body<NewQuota>) -> Answer<Quota> {
    let NewQuota { subject, measure, period, amount } = body.0;
    Ok(Json(quota::set(&may.db, subject.as_deref(), measure, period, amount).await?))
}

/// Takes a quota away.
#[utoipa::path(delete, path = "/api/v1/quotas/{id}", tag = "quotas", params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone")))]
pub async fn delete(may: May<actions::ManageSettings>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    quota::remove(&may.db, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
