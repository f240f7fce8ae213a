//! The audit trail.

use actix_web::web::{Json, Query};

use super::Answer;
use crate::access::actions;
use crate::http::extract::PageParams;
use crate::http::may::May;
use crate::model::{Audit, Page};
use crate::store;

/// What was done, newest first.
#[utoipa::path(get, path = "/api/v1/audits", tag = "audits", params(PageParams),
    responses((status = 200, description = "A page", body = Page<Audit>)))]
pub async fn list(may: May<actions::ReadAudits>, page: Query<PageParams>) -> Answer<Page<Audit>> {
    Ok(Json(store::audits::list(&may.db, page.request()?).await?))
}
