//! The audit trail.

use actix_web::web::{Json, Query};

use super::Answer;
use crate::http::State;
use crate::http::extract::{Owner, PageParams};
use crate::model::{Audit, Page};
use crate::store;

/// What was done, newest first.
#[utoipa::path(get, path = "/api/v1/audits", tag = "audits", params(PageParams),
    responses((status = 200, description = "A page", body = Page<Audit>)))]
pub async fn list(_owner: Owner, app: State, page: Query<PageParams>) -> Answer<Page<Audit>> {
    Ok(Json(store::audits::list(&app.db, page.request()?).await?))
}
