//! The glossary of a connection: words of the business and what they mean in SQL.

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
use crate::model::{GlossaryTerm, Page};
use crate::queries::knowledge::{self, Kept, Term};
use crate::seen::Seen;
use crate::store;

/// A term to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTerm {
    /// The word.
    term: String,
    /// What it means, for people.
    definition: String,
    /// The table that it is about, as `schema.table`.
    table: Option<String>,
    /// A value over the table, for example `sum(total)`.
    expression: Option<String>,
    /// A condition on the table's rows, for example `cancelled_at IS NULL`.
    filter: Option<String>,
}

/// Terms of a connection, newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/glossary", tag = "glossary",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<GlossaryTerm>)))]
pub async fn list(
    may: May<actions::ReadKnowledge>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<GlossaryTerm>> {
    let seen = Seen::of(&may.db, &may.sources, *id).await?;
    let found = store::glossary::list(&may.db, *id, page.request()?).await?;
    Ok(Json(seen.terms(found).await?))
}

/// Keeps a term; what it means in SQL must be a read of the latest schema version.
#[utoipa::path(post, path = "/api/v1/connections/{id}/glossary", tag = "glossary",
    params(("id" = Uuid, Path)), request_body = NewTerm,
    responses((status = 201, description = "Kept", body = GlossaryTerm)))]
pub async fn create(
    may: May<actions::WriteKnowledge>,
    once: Once,
    id: Path<Uuid>,
    body: Body<NewTerm>,
) -> Result<HttpResponse, Problem> {
    let (Body(new, hash), parts, by) = (body, may.desk(), may.caller.clone());
    let work = async move {
        let source = parts.sources.get(*id).await?;
        let NewTerm { term, definition, table, expression, filter } = new;
        let term = Term { term, definition, table, expression, filter };
        match knowledge::add_term(&parts.db, &source, term, by.name()).await? {
            Kept::Done(term) => Ok(Made::new(StatusCode::CREATED, &term)?),
            Kept::Refused(findings) => Err(Problem::refused(findings)),
        }
    };
    once.run(&may, hash, work).await
}

/// Removes a term.
#[utoipa::path(delete, path = "/api/v1/glossary/{id}", tag = "glossary", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Removed")))]
pub async fn delete(may: May<actions::WriteKnowledge>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let term = store::glossary::get(&may.db, *id).await?;
    Seen::of(&may.db, &may.sources, term.connection_id).await?.term(&term).await?;
    knowledge::remove_term(&may.db, *id, may.caller.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}
