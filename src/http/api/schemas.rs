//! Schema versions: what crawls found, what changed between two, and finding tables in the latest.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::{Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use catalog::diff::Change;
use catalog::{Snapshot, Table};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Answer;
use crate::access::actions;
use crate::app::Desk;
use crate::error::{Class, Error};
use crate::http::extract::PageParams;
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Page, PageRequest, SchemaVersion};
use crate::seen::Seen;
use crate::store;
use crate::store::catalog::Hit;

/// Hits when nothing is said, and at the most.
const HITS: (u32, u32) = (20, 200);
/// Longest text to look for, in characters.
const MAX_TEXT: usize = 200;

/// A schema version with all that it holds.
#[derive(Serialize, ToSchema)]
pub struct SchemaDetail {
    version: SchemaVersion,
    /// Engine, schemas, tables with their columns and keys, routines.
    #[schema(value_type = Object)]
    snapshot: Snapshot,
}

/// What changed between two versions.
#[derive(Serialize, ToSchema)]
pub struct SchemaDiff {
    from: SchemaVersion,
    to: SchemaVersion,
    /// The worst severity: info, compatible, caution, breaking; null when nothing changed.
    #[schema(value_type = Option<String>)]
    severity: Option<catalog::diff::Severity>,
    /// Typed changes.
    #[schema(value_type = Vec<Object>)]
    changes: Vec<Change>,
    /// The same for people, a line for each change.
    text: String,
    /// The same as Markdown, a section for each severity.
    markdown: String,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct Found {
    /// Tables and columns whose name or comment holds the text: schema, table, column, native_type, comment.
    #[schema(value_type = Vec<Object>)]
    hits: Vec<Hit>,
    /// Tables that fit the text as a question, best first.
    tables: Vec<Fit>,
}

/// A table that fits.
#[derive(Serialize, ToSchema)]
pub struct Fit {
    schema: String,
    table: String,
    /// Higher is better; comparable within one answer only.
    score: f64,
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Words of names, comments or values.
    q: String,
    /// Hits at the most: 1 to 200, 20 when left out.
    limit: Option<u32>,
}

/// Against which version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiffParams {
    /// Older version, as its key or its number (`1.0`); the one before when left out. Any version will do.
    from: Option<String>,
}

/// Schema versions of a connection, newest first.
#[utoipa::path(get, path = "/api/v1/connections/{id}/schemas", tag = "schemas",
    params(("id" = Uuid, Path), PageParams),
    responses((status = 200, description = "A page", body = Page<SchemaVersion>)))]
pub async fn list(
    may: May<actions::ReadSchemas>,
    id: Path<Uuid>,
    page: Query<PageParams>,
) -> Answer<Page<SchemaVersion>> {
    let seen = Seen::of(&may.db, &may.sources, *id).await?;
    let versions = store::catalog::list(&may.db, *id, page.request()?).await?;
    Ok(Json(seen.versions(versions)))
}

/// Finds tables and columns of the latest version.
#[utoipa::path(get, path = "/api/v1/connections/{id}/search", tag = "schemas",
    params(("id" = Uuid, Path), SearchParams),
    responses((status = 200, description = "What was found", body = Found)))]
pub async fn search(
    may: May<actions::ReadSchemas>,
    id: Path<Uuid>,
    params: Query<SearchParams>,
) -> Answer<Found> {
    let text = params.q.trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT {
        let message = format!("the text to look for has 1 to {MAX_TEXT} characters");
        return Err(Error::new("H022", Class::BadInput, message).hint("Shorten `q`.").into());
    }
    let limit = params.limit.unwrap_or(HITS.0).clamp(1, HITS.1);
    let source = may.sources.get(*id).await?;
    source.catalog()?;
    let (seen, index) = (Seen::of(&may.db, &may.sources, *id).await?, source.seen().await?);
    // what is hidden takes no place among the hits
    let found = if seen.everything() { limit } else { HITS.1 };
    let mut hits = seen.hits(store::catalog::search(&may.db, *id, text, found).await?);
    hits.truncate(limit as usize);
    let tables = &index.catalog().snapshot().tables;
    let fits = index.search(text, limit as usize).into_iter().filter_map(|hit| {
        let table = tables.get(hit.table)?;
        Some(Fit { schema: table.schema.clone(), table: table.name.clone(), score: hit.score })
    });
    Ok(Json(Found { hits, tables: fits.collect() }))
}

/// One schema version. Its `ETag` is made of the fingerprint: figures such as row counts do not change it.
#[utoipa::path(get, path = "/api/v1/schemas/{id}", tag = "schemas", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The version", body = SchemaDetail),
        (status = 304, description = "The client has it")))]
pub async fn get(
    may: May<actions::ReadSchemas>,
    id: Path<Uuid>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let version = store::catalog::get(&may.db, *id).await?;
    let seen = Seen::of(&may.db, &may.sources, version.connection_id).await?;
    let etag = format!("W/\"{}\"", seen.tag(&version));
    if has(&request, &etag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    let (version, snapshot) = seen.version(&may.db, &version).await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .json(SchemaDetail { version, snapshot }))
}

/// Whether `If-None-Match` names the tag (compared weakly, as RFC 9110 wants it there).
fn has(request: &HttpRequest, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|v| v.to_str().ok())
        .any(|header| header.split(',').any(|tag| tag.trim() == "*" || bare(tag) == bare(etag)))
}

/// One table of a schema version, named `schema.table`.
#[utoipa::path(get, path = "/api/v1/schemas/{id}/tables/{table}", tag = "schemas",
    params(("id" = Uuid, Path), ("table" = String, Path, example = "public.orders")),
    responses((status = 200, description = "The table", body = Object)))]
pub async fn table(may: May<actions::ReadSchemas>, path: Path<(Uuid, String)>) -> Answer<Table> {
    let (id, name) = path.into_inner();
    let version = store::catalog::get(&may.db, id).await?;
    let seen = Seen::of(&may.db, &may.sources, version.connection_id).await?;
    let table = seen.table(&may.db, &version, &name).await?;
    Ok(Json(table.ok_or_else(|| {
        Error::new("H023", Class::NotFound, "the version has no such table")
            .hint("Write schema.table as the version spells it; /api/v1/connections/{id}/search finds names.")
    })?))
}

/// What changed up to this version.
#[utoipa::path(get, path = "/api/v1/schemas/{id}/diff", tag = "schemas", params(("id" = Uuid, Path), DiffParams),
    responses((status = 200, description = "The changes", body = SchemaDiff)))]
pub async fn diff(
    may: May<actions::ReadSchemas>,
    id: Path<Uuid>,
    params: Query<DiffParams>,
) -> Answer<SchemaDiff> {
    let to = store::catalog::get(&may.db, *id).await?;
    let from = match &params.from {
        Some(from) => version_of(&may, to.connection_id, from).await?,
        None => before(&may, &to).await?,
    };
    let seen = Seen::of(&may.db, &may.sources, to.connection_id).await?;
    let diff = seen.changes(&may.db, &from, &to).await?;
    let [from, to] = [from, to].map(|version| seen.named(version));
    let (severity, text, markdown) = (diff.severity(), diff.to_text(), diff.to_markdown());
    Ok(Json(SchemaDiff { from, to, severity, text, markdown, changes: diff.changes }))
}

/// The version that a key or a number names.
pub(super) async fn version_of(desk: &Desk, connection: Uuid, named: &str) -> Result<SchemaVersion, Problem> {
    if let Ok(id) = Uuid::parse_str(named) {
        let version = store::catalog::get(&desk.db, id).await?;
        if version.connection_id == connection {
            return Ok(version);
        }
        return Err(Error::new("H024", Class::BadInput, "the versions are of different connections")
            .hint("Compare versions of one connection.")
            .into());
    }
    let number = named.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let found = match number {
        Some((major, minor)) => store::catalog::find(&desk.db, connection, major, minor).await?,
        None => None,
    };
    found.ok_or_else(|| {
        Error::new("H026", Class::NotFound, "there is no such schema version")
            .hint("Name a version by its key or its number; /api/v1/connections/{id}/schemas lists them.")
            .into()
    })
}

/// The version before.
pub(super) async fn before(desk: &Desk, version: &SchemaVersion) -> Result<SchemaVersion, Problem> {
    let place = crate::model::Cursor { at: version.created_at, id: version.id };
    let page = PageRequest::read(Some(1), Some(&place.encode()))?;
    let older = store::catalog::list(&desk.db, version.connection_id, page).await?;
    older.items.into_iter().next().ok_or_else(|| {
        Error::new("H025", Class::NotFound, "there is no version before this one")
            .hint("It is the first.")
            .into()
    })
}
