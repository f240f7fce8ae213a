//! Notifications: what people should know.

use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::http::extract::page_request;
use crate::http::may::May;
use crate::model::{Notification, Page};
use crate::{seen, store};

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Those alone that nobody has read.
    #[serde(default)]
    unread: bool,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// Notifications, newest first.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notifications", params(ListParams),
    responses((status = 200, description = "A page", body = Page<Notification>)))]
pub async fn list(
    may: May<actions::ReadNotifications>,
    params: Query<ListParams>,
) -> Answer<Page<Notification>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    let mut found = store::notifications::list(&may.db, params.unread, page).await?;
    found.items = seen::notifications(&may.db, &may.sources, found.items).await?;
    Ok(Json(found))
}

/// Marks a notification as read.
#[utoipa::path(post, path = "/api/v1/notifications/{id}/read", tag = "notifications", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = Notification)))]
pub async fn read(may: May<actions::ReadNotifications>, id: Path<Uuid>) -> Answer<Notification> {
    let told = store::notifications::get(&may.db, *id).await?;
    if seen::notifications(&may.db, &may.sources, vec![told]).await?.is_empty() {
        return Err(store::StoreError::not_found("notification").into());
    }
    Ok(Json(store::notifications::mark_read(&may.db, *id, may.caller.name()).await?))
}
