//! Queries: SQL that was proposed for a question or written by a person, each proven to be a read.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::http::extract::{Body, page_request};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Page, Query as StoredQuery, QueryState};
use crate::queries::knowledge::{self, Kept};
use crate::queries::{self, Stored};
use crate::{seen, store};

/// A statement to be stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    connection_id: Uuid,
    /// One statement that reads.
    sql: String,
    /// What it answers.
    question: Option<String>,
}

/// A statement to be checked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    connection_id: Uuid,
    sql: String,
}

/// What the guard says of a statement. The others are there when it is allowed.
#[derive(Serialize, ToSchema)]
pub struct Verdict {
    /// `allow` or `reject`.
    pub verdict: String,
    /// Errors that refuse it, or warnings.
    pub findings: Vec<Value>,
    /// What would run.
    pub canonical: Option<String>,
    /// The aggregation that it runs as (MongoDB): `collection` and `stages`.
    pub pipeline: Option<Value>,
    /// The statement in plain sentences.
    pub reading: Option<String>,
    /// Tables that it reads.
    pub tables: Option<Vec<String>>,
    /// Columns that it reads.
    pub columns: Option<Vec<String>>,
    /// Name, type and lineage of each column of the result.
    pub output: Option<Vec<Value>>,
}

/// Which queries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Those of one connection.
    connection_id: Option<Uuid>,
    /// Those in one state.
    state: Option<QueryState>,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// Queries that are not deleted, newest first.
#[utoipa::path(get, path = "/api/v1/queries", tag = "queries", params(ListParams),
    responses((status = 200, description = "A page", body = Page<StoredQuery>)))]
pub async fn list(may: May<actions::ReadQueries>, params: Query<ListParams>) -> Answer<Page<StoredQuery>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    let mut found = store::queries::list_in(&may.db, params.connection_id, params.state, page).await?;
    found.items = seen::queries(&may.db, &may.sources, found.items).await?;
    Ok(Json(found))
}

/// Checks a statement against the latest schema version and stores it; one that is no read is a problem with
/// `findings`.
#[utoipa::path(post, path = "/api/v1/queries", tag = "queries", request_body = NewQuery,
    responses((status = 201, description = "Stored", body = StoredQuery)))]
pub async fn create(
    may: May<actions::WriteQueries>,
    once: Once,
    body: Body<NewQuery>,
) -> Result<HttpResponse, Problem> {
    let (Body(new, hash), parts, by) = (body, may.desk(), may.caller.clone());
    let work = async move {
        let source = parts.sources.get(new.connection_id).await?;
        match queries::create(&parts.db, &source, &new.sql, new.question, by.name()).await? {
            Stored::Query(query) => {
                let query = seen::query(&parts.db, &parts.sources, query.id).await?;
                Ok(Made::new(StatusCode::CREATED, &query)?.at(format!("/api/v1/queries/{}", query.id)))
            }
            Stored::Refused(findings) => Err(Problem::refused(findings)),
        }
    };
    once.run(&may, hash, work).await
}

/// Says whether a statement is one read, what it touches and what it means. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/queries/check", tag = "queries", request_body = Statement,
    responses((status = 200, description = "The verdict", body = Verdict)))]
pub async fn check(may: May<actions::ReadQueries>, body: Body<Statement>) -> Answer<Map<String, Value>> {
    let source = may.sources.get(body.0.connection_id).await?;
    let verdict = queries::check(&source, &body.0.sql).await?;
    Ok(Json(queries::shown_fields(&verdict)))
}

/// One query.
#[utoipa::path(get, path = "/api/v1/queries/{id}", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The query", body = StoredQuery)))]
pub async fn get(may: May<actions::ReadQueries>, id: Path<Uuid>) -> Answer<StoredQuery> {
    Ok(Json(seen::query(&may.db, &may.sources, *id).await?))
}

/// Deletes a query; it can be restored.
#[utoipa::path(delete, path = "/api/v1/queries/{id}", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(may: May<actions::WriteQueries>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    seen::query(&may.db, &may.sources, *id).await?;
    queries::delete(&may.db, *id, may.caller.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Brings a deleted query back.
#[utoipa::path(post, path = "/api/v1/queries/{id}/restore", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn restore(may: May<actions::WriteQueries>, id: Path<Uuid>) -> Answer<StoredQuery> {
    let query = queries::restore(&may.db, *id, may.caller.name()).await?;
    Ok(Json(seen::query(&may.db, &may.sources, query.id).await?))
}

/// Makes a query a verified one: approved with its question, and checked again against the latest schema version.
#[utoipa::path(post, path = "/api/v1/queries/{id}/verify", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn verify(may: May<actions::ReviewQueries>, id: Path<Uuid>) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    let query = store::queries::get(&may.db, *id).await?;
    match knowledge::verify(&may.db, &may.sources, query).await? {
        Kept::Done(query) => Ok(Json(seen::query(&may.db, &may.sources, query.id).await?)),
        Kept::Refused(findings) => Err(Problem::refused(findings)),
    }
}
