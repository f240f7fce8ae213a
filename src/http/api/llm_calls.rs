//! Calls to models: what left, what it cost, how long it took.

use actix_web::web::{Json, Query};

use super::Answer;
use crate::http::State;
use crate::http::extract::{Owner, PageParams};
use crate::model::{LlmCall, Page};
use crate::store;

/// Calls, newest first.
#[utoipa::path(get, path = "/api/v1/llm-calls", tag = "llm-calls", params(PageParams),
    responses((status = 200, description = "A page", body = Page<LlmCall>)))]
pub async fn list(_owner: Owner, app: State, page: Query<PageParams>) -> Answer<Page<LlmCall>> {
    Ok(Json(store::llm_calls::list(&app.db, page.request()?).await?))
}
