//! Calls to models: what left, what it cost, how long it took.

use actix_web::web::{Json, Query};

use super::Answer;
use crate::access::actions;
use crate::http::extract::PageParams;
use crate::http::may::May;
use crate::model::{LlmCall, Page};
use crate::store;

/// Calls, newest first.
#[utoipa::path(get, path = "/api/v1/llm-calls", tag = "llm-calls", params(PageParams),
    responses((status = 200, description = "A page", body = Page<LlmCall>)))]
pub async fn list(may: May<actions::ReadUsage>, page: Query<PageParams>) -> Answer<Page<LlmCall>> {
    Ok(Json(store::llm_calls::list(&may.db, page.request()?).await?))
}
