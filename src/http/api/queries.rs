//! Queries: SQL that was proposed for a question or written by a person, each proven to be a read.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::http::State;
use crate::http::extract::{Body, Owner, page_request};
use crate::http::idempotency::{Made, Once};
use crate::http::problem::Problem;
use crate::model::{Page, Query as StoredQuery};
use crate::queries::knowledge::{self, Kept};
use crate::queries::{self, Stored};
use crate::store;

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
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// Queries that are not deleted, newest first.
#[utoipa::path(get, path = "/api/v1/queries", tag = "queries", params(ListParams),
    responses((status = 200, description = "A page", body = Page<StoredQuery>)))]
pub async fn list(_owner: Owner, app: State, params: Query<ListParams>) -> Answer<Page<StoredQuery>> {
    let page = page_request(params.limit, params.cursor.as_deref())?;
    Ok(Json(store::queries::list(&app.db, params.connection_id, page).await?))
}

/// Checks a statement against the latest schema version and stores it; one that is no read is a problem with
/// `findings`.
#[utoipa::path(post, path = "/api/v1/queries", tag = "queries", request_body = NewQuery,
    responses((status = 201, description = "Stored", body = StoredQuery)))]
pub async fn create(
    owner: Owner,
    app: State,
    once: Once,
    body: Body<NewQuery>,
) -> Result<HttpResponse, Problem> {
    let (Body(new, hash), parts, by) = (body, app.clone(), owner.0.clone());
    let work = async move {
        let source = parts.sources.get(new.connection_id).await?;
        match queries::create(&parts.db, &source, &new.sql, new.question, by.name()).await? {
            Stored::Query(query) => {
                Ok(Made::new(StatusCode::CREATED, &query)?.at(format!("/api/v1/queries/{}", query.id)))
            }
            Stored::Refused(findings) => Err(Problem::refused(findings)),
        }
    };
    once.run(&app.db, &owner.0, hash, work).await
}

/// Says whether a statement is one read, what it touches and what it means. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/queries/check", tag = "queries", request_body = Statement,
    responses((status = 200, description = "The verdict", body = Verdict)))]
pub async fn check(_owner: Owner, app: State, body: Body<Statement>) -> Answer<Map<String, Value>> {
    let source = app.sources.get(body.0.connection_id).await?;
    let verdict = queries::check(&source, &body.0.sql).await?;
    Ok(Json(queries::verdict_fields(&verdict)))
}

/// One query.
#[utoipa::path(get, path = "/api/v1/queries/{id}", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The query", body = StoredQuery)))]
pub async fn get(_owner: Owner, app: State, id: Path<Uuid>) -> Answer<StoredQuery> {
    Ok(Json(store::queries::get(&app.db, *id).await?))
}

/// Deletes a query; it can be restored.
#[utoipa::path(delete, path = "/api/v1/queries/{id}", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(owner: Owner, app: State, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    queries::delete(&app.db, *id, owner.0.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Brings a deleted query back.
#[utoipa::path(post, path = "/api/v1/queries/{id}/restore", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn restore(owner: Owner, app: State, id: Path<Uuid>) -> Answer<StoredQuery> {
    Ok(Json(queries::restore(&app.db, *id, owner.0.name()).await?))
}

/// Makes a query a verified one: approved with its question, and checked again against the latest schema version.
#[utoipa::path(post, path = "/api/v1/queries/{id}/verify", tag = "queries", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn verify(owner: Owner, app: State, id: Path<Uuid>) -> Answer<StoredQuery> {
    let query = store::queries::get(&app.db, *id).await?;
    let source = app.sources.get(query.connection_id).await?;
    match knowledge::verify(&app.db, &source, query, owner.0.name()).await? {
        Kept::Done(query) => Ok(Json(*query)),
        Kept::Refused(findings) => Err(Problem::refused(findings)),
    }
}
