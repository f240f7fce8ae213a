//! What people say of a database: annotations of tables and columns, words on references, and how much is described.

use actix_web::web::{Json, Path, Query};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::http::extract::{Body, PageParams, page_request};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::understanding::Tag;
use crate::model::{Annotation, Coverage, Page, Relationship, RelationshipState};
use crate::seen::Seen;
use crate::store::annotations::{AnnotationChange, Place};
use crate::{store, understand};

/// What is to be said of a table or column; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnnotation {
    /// Schema as the version spells it.
    schema: String,
    /// Table.
    table: String,
    /// Column; left out: the table itself.
    #[serde(default)]
    column: Option<String>,
    /// What it holds, in words, up to 2000 characters; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// What makes the values sensitive (`email`, `secret` ...), or `none`; null leaves it to the crawls.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "email")]
    sensitivity: Option<Option<Tag>>,
    /// Whether stored values are kept, searched and shown to models.
    #[serde(default)]
    values: Option<bool>,
}

/// Tells a null from what was left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Which relationships.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RelationshipParams {
    /// Those of one state: proposed, approved or rejected.
    state: Option<RelationshipState>,
    /// Items in the page: 1 to 200, 50 when left out.
    limit: Option<u32>,
    /// `next` of the last page.
    cursor: Option<String>,
}

/// What people said of a connection's tables and columns, newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/schema/annotations", tag = "schemas",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<Annotation>)))]
pub async fn annotations(
    may: May<actions::ReadKnowledge>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<Annotation>> {
    let seen = Seen::of(&may.db, &may.sources, *id).await?;
    let mut found = store::annotations::list(&may.db, *id, page.request()?).await?;
    found.items.retain(|said| seen.annotation(said));
    Ok(Json(found))
}

/// Describes a table or column, tags it, or says that its values are not to be kept. Kept over crawls and renames.
#[utoipa::path(patch, path = "/api/v1/connections/{id}/schema/annotations", tag = "schemas",
    params(("id" = Uuid, Path)), request_body = NewAnnotation,
    responses((status = 200, description = "As it is now", body = Annotation)))]
pub async fn annotate(
    may: May<actions::WriteKnowledge>,
    id: Path<Uuid>,
    body: Body<NewAnnotation>,
) -> Answer<Annotation> {
    let NewAnnotation { schema, table, column, description, sensitivity, values } = body.0;
    let place = Place { schema, table, column };
    let change = AnnotationChange { description, sensitivity, values };
    Ok(Json(understand::annotate(&may.db, &may.sources, *id, &place, change, may.caller.name()).await?))
}

/// References that nobody declared, as crawls concluded them and people decided on them; newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/schema/relationships", tag = "schemas",
    params(("id" = Uuid, Path), RelationshipParams),
    responses((status = 200, description = "A page", body = Page<Relationship>)))]
pub async fn relationships(
    may: May<actions::ReadKnowledge>,
    id: Path<Uuid>,
    params: Query<RelationshipParams>,
) -> Answer<Page<Relationship>> {
    let seen = Seen::of(&may.db, &may.sources, *id).await?;
    let page = page_request(params.limit, params.cursor.as_deref())?;
    let mut found = store::relationships::list(&may.db, *id, params.state, page).await?;
    found.items.retain(|one| seen.relationship(one));
    Ok(Json(found))
}

/// Whether the reference is there for the caller.
async fn decidable(may: &May<actions::WriteKnowledge>, id: Uuid) -> Result<(), Problem> {
    let one = store::relationships::get(&may.db, id).await?;
    let seen = Seen::of(&may.db, &may.sources, one.connection_id).await?;
    if seen.relationship(&one) { Ok(()) } else { Err(store::StoreError::not_found("relationship").into()) }
}

/// Says that a reference holds: questions join by it from now on.
#[utoipa::path(post, path = "/api/v1/relationships/{id}/approve", tag = "schemas", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = Relationship)))]
pub async fn approve(may: May<actions::WriteKnowledge>, id: Path<Uuid>) -> Answer<Relationship> {
    decidable(&may, *id).await?;
    Ok(Json(understand::decide(&may.db, *id, RelationshipState::Approved, may.caller.name()).await?))
}

/// Says that a reference does not hold: it is not proposed again.
#[utoipa::path(post, path = "/api/v1/relationships/{id}/reject", tag = "schemas", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = Relationship)))]
pub async fn reject(may: May<actions::WriteKnowledge>, id: Path<Uuid>) -> Answer<Relationship> {
    decidable(&may, *id).await?;
    Ok(Json(understand::decide(&may.db, *id, RelationshipState::Rejected, may.caller.name()).await?))
}

/// How much of the latest schema version is described, by comments in the database or by people.
#[utoipa::path(get, path = "/api/v1/connections/{id}/schema/coverage", tag = "schemas", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The figures", body = Coverage)))]
pub async fn coverage(may: May<actions::ReadKnowledge>, id: Path<Uuid>) -> Answer<Coverage> {
    let source = may.sources.get(*id).await?;
    Ok(Json(understand::coverage(&source).await?))
}
