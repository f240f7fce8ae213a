//! The audit trail.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Json, Query};
use bytes::Bytes;
use futures::stream;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::Answer;
use crate::access::actions;
use crate::http::extract::page_request;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Audit, Cursor, Page, PageRequest};
use crate::results::Format;
use crate::store::audits::{self, Filter};
use crate::store::{Conn, Db};

/// Lines of an export that are read at once.
const BATCH: u32 = 200;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// By whom: a user's key, `owner`, or `daemon`.
    actor: Option<String>,
    /// What was done; with `*` at its end all that begins so (`query.*`).
    action: Option<String>,
    /// To what.
    subject: Option<String>,
    /// Not before that moment.
    since: Option<Timestamp>,
    /// Before that moment.
    until: Option<Timestamp>,
    /// Text in the subject or the details.
    text: Option<String>,
    /// Items in the page: 1 to 200, 50 when left out. An export has no pages.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

impl AuditParams {
    fn filter(self) -> Filter {
        let AuditParams { actor, action, subject, since, until, text, .. } = self;
        Filter { actor, action, subject, since, until, text }
    }
}

/// What was done, newest first.
#[utoipa::path(get, path = "/api/v1/audits", tag = "audits", params(AuditParams),
    responses((status = 200, description = "A page", body = Page<Audit>)))]
pub async fn list(may: May<actions::ReadAudits>, params: Query<AuditParams>) -> Answer<Page<Audit>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    Ok(Json(audits::search(&may.db, &params.into_inner().filter(), page).await?))
}

/// What was done, newest first, as JSON lines: all of it that the parameters let through. That somebody asked for it is a
/// line of the trail, too.
#[utoipa::path(get, path = "/api/v1/audits/export", tag = "audits", params(AuditParams),
    responses((status = 200, description = "A line each", body = String, content_type = "application/x-ndjson")))]
pub async fn export(
    may: May<actions::ReadAudits>,
    params: Query<AuditParams>,
) -> std::result::Result<HttpResponse, Problem> {
    let first = page_request(None, params.cursor.as_deref())?.with_limit(BATCH);
    let filter = params.into_inner().filter();
    let (name, format) = ("attachment; filename=\"querent-audits.ndjson\"", Format::Ndjson);
    audits::add(&may.db, may.db.by(), "audit.export", "audits", json!({})).await?;
    let state = Some((may.db.clone(), filter, first));
    let body = stream::try_unfold(state, |state| async move {
        match state {
            Some((db, filter, page)) => lines(db, filter, page).await,
            None => Ok(None),
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(body))
}

type Rest = Option<(Db, Filter, PageRequest)>;

/// The next lines, and where those after them begin.
async fn lines(
    db: Db,
    filter: Filter,
    page: PageRequest,
) -> std::result::Result<Option<(Bytes, Rest)>, Problem> {
    let found = audits::search(&db, &filter, page).await?;
    let mut text = String::new();
    for line in &found.items {
        text.push_str(&serde_json::to_string(line).unwrap_or_default());
        text.push('\n');
    }
    let rest = found.next.as_ref().and(found.items.last()).map(|line| {
        let mut page = page;
        page.after = Some(Cursor { at: line.at, id: line.id });
        (db, filter, page)
    });
    Ok(Some((Bytes::from(text), rest)))
}
