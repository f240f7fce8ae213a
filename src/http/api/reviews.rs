//! Review of queries: proposed, looked at, edited, approved or rejected, talked about.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::{Action, actions};
use crate::error::{Class, Error};
use crate::http::extract::Body;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Query as StoredQuery, QueryComment, QueryVersion, Step, Usage};
use crate::queries::knowledge::Kept;
use crate::queries::review;
use crate::queries::sheet::{self, Sheet};
use crate::{seen, store};

/// How much is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SheetParams {
    /// Whether the statement is run for its first 20 rows, under the caller's own policy.
    #[serde(default)]
    preview: bool,
}

/// Why it is right.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Up to 4,000 characters.
    reason: Option<String>,
}

/// Why it is wrong.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// 1 to 4,000 characters.
    reason: String,
}

/// Another text for a query.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// One statement that reads.
    sql: String,
    /// Why.
    reason: Option<String>,
}

/// Who should look at it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Key of a member of the workspace; null: anybody.
    user_id: Option<Uuid>,
}

/// What is said of a query.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Remark {
    /// 1 to 4,000 characters.
    text: String,
    /// The comment that it answers.
    parent_id: Option<Uuid>,
}

fn kept(kept: Kept<StoredQuery>) -> Result<(), Problem> {
    match kept {
        Kept::Done(_) => Ok(()),
        Kept::Refused(findings) => Err(Problem::refused(findings)),
    }
}

/// The query as it is now, as the caller may see it.
async fn now<A>(may: &May<A>, id: Uuid) -> Answer<StoredQuery> {
    Ok(Json(seen::query(&may.db, &may.sources, id).await?))
}

/// All that a reviewer looks at: SQL, reading, lineage, findings, estimate, texts and how they differ, comments,
/// feedback, and the first rows where they are asked for.
#[utoipa::path(get, path = "/api/v1/queries/{id}/review", tag = "review", params(("id" = Uuid, Path), SheetParams),
    responses((status = 200, description = "The sheet", body = Sheet)))]
pub async fn sheet(
    may: May<actions::ReviewQueries>,
    id: Path<Uuid>,
    params: Query<SheetParams>,
) -> Answer<Sheet> {
    seen::query(&may.db, &may.sources, *id).await?;
    if params.preview && !may.caller.may(Action::RunExecutions) {
        let error = Error::new("H040", Class::Forbidden, "the caller may not do executions.run");
        return Err(error.hint("Leave `preview` out, or use a key whose scopes hold it.").into());
    }
    Ok(Json(sheet::read(&may.db, &may.sources, *id, params.preview).await?))
}

/// Asks for review; reviewers are told.
#[utoipa::path(post, path = "/api/v1/queries/{id}/propose", tag = "review", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn propose(may: May<actions::WriteQueries>, id: Path<Uuid>) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    review::propose(&may.db, *id).await?;
    now(&may, *id).await
}

/// Takes a proposal back.
#[utoipa::path(post, path = "/api/v1/queries/{id}/withdraw", tag = "review", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn withdraw(may: May<actions::WriteQueries>, id: Path<Uuid>) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    review::shift(&may.db, *id, Step::Withdraw).await?;
    now(&may, *id).await
}

/// Puts a query away.
#[utoipa::path(post, path = "/api/v1/queries/{id}/archive", tag = "review", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn archive(may: May<actions::WriteQueries>, id: Path<Uuid>) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    review::shift(&may.db, *id, Step::Archive).await?;
    now(&may, *id).await
}

/// Takes a query out of the archive, as a draft.
#[utoipa::path(post, path = "/api/v1/queries/{id}/unarchive", tag = "review", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn unarchive(may: May<actions::WriteQueries>, id: Path<Uuid>) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    review::shift(&may.db, *id, Step::Unarchive).await?;
    now(&may, *id).await
}

/// Approves a query after checking it against the latest schema version. With its question it is a verified query; an
/// answer that waits for it is completed.
#[utoipa::path(post, path = "/api/v1/queries/{id}/approve", tag = "review", params(("id" = Uuid, Path)),
    request_body = Approval, responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn approve(
    may: May<actions::ReviewQueries>,
    id: Path<Uuid>,
    body: Body<Approval>,
) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    let query = store::queries::get(&may.db, *id).await?;
    kept(review::approve(&may.db, &may.sources, query, body.0.reason.as_deref()).await?)?;
    now(&may, *id).await
}

/// Rejects a query with a reason; an answer that waits for it ends with it.
#[utoipa::path(post, path = "/api/v1/queries/{id}/reject", tag = "review", params(("id" = Uuid, Path)),
    request_body = Rejection, responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn reject(
    may: May<actions::ReviewQueries>,
    id: Path<Uuid>,
    body: Body<Rejection>,
) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    review::reject(&may.db, *id, &body.0.reason).await?;
    now(&may, *id).await
}

/// Gives a query another text; the one before is kept. An approved query must be approved anew.
#[utoipa::path(patch, path = "/api/v1/queries/{id}", tag = "queries", params(("id" = Uuid, Path)), request_body = Edit,
    responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn edit(may: May<actions::WriteQueries>, id: Path<Uuid>, body: Body<Edit>) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    let query = store::queries::get(&may.db, *id).await?;
    kept(review::edit(&may.db, &may.sources, query, &body.0.sql, body.0.reason.as_deref()).await?)?;
    now(&may, *id).await
}

/// Says who should look at a query; they are told when it waits for review.
#[utoipa::path(put, path = "/api/v1/queries/{id}/assignee", tag = "review", params(("id" = Uuid, Path)),
    request_body = Assignment, responses((status = 200, description = "As it is now", body = StoredQuery)))]
pub async fn assign(
    may: May<actions::ReviewQueries>,
    id: Path<Uuid>,
    body: Body<Assignment>,
) -> Answer<StoredQuery> {
    seen::query(&may.db, &may.sources, *id).await?;
    review::assign(&may.db, *id, body.0.user_id).await?;
    now(&may, *id).await
}

/// Texts of a query, oldest first, each with its difference to the one before.
#[utoipa::path(get, path = "/api/v1/queries/{id}/versions", tag = "review", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The texts", body = Vec<QueryVersion>)))]
pub async fn versions(may: May<actions::ReadQueries>, id: Path<Uuid>) -> Answer<Vec<QueryVersion>> {
    seen::query(&may.db, &may.sources, *id).await?;
    let query = store::queries::get(&may.db, *id).await?;
    let connection = store::connections::get(&may.db, query.connection_id).await?;
    Ok(Json(sheet::texts(&may.db, &query, connection.engine).await?))
}

/// How often a query ran, and how long that took.
#[utoipa::path(get, path = "/api/v1/queries/{id}/usage", tag = "review", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The figures", body = Usage)))]
pub async fn usage(may: May<actions::ReadQueries>, id: Path<Uuid>) -> Answer<Usage> {
    seen::query(&may.db, &may.sources, *id).await?;
    let query = store::queries::get(&may.db, *id).await?;
    Ok(Json(store::reviews::usage(&may.db, query.id).await?))
}

/// What people say of a query, oldest first.
#[utoipa::path(get, path = "/api/v1/queries/{id}/comments", tag = "review", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The comments", body = Vec<QueryComment>)))]
pub async fn comments(may: May<actions::ReadQueries>, id: Path<Uuid>) -> Answer<Vec<QueryComment>> {
    seen::query(&may.db, &may.sources, *id).await?;
    let query = store::queries::get(&may.db, *id).await?;
    Ok(Json(store::reviews::comments(&may.db, query.id).await?))
}

/// Says something of a query's text, or answers what somebody said.
#[utoipa::path(post, path = "/api/v1/queries/{id}/comments", tag = "review", params(("id" = Uuid, Path)),
    request_body = Remark, responses((status = 201, description = "Said", body = QueryComment)))]
pub async fn comment(
    may: May<actions::CommentQueries>,
    id: Path<Uuid>,
    body: Body<Remark>,
) -> Result<HttpResponse, Problem> {
    seen::query(&may.db, &may.sources, *id).await?;
    let said = review::comment(&may.db, *id, body.0.parent_id, &body.0.text).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(said))
}
