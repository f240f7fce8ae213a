//! Connections: registered databases.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Json, Path, Query};
use connector_api::ServerInfo;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Answer;
use crate::access::{Action, actions};
use crate::http::extract::{Body, PageParams};
use crate::http::idempotency::{Made, Once};
use crate::http::may::May;
use crate::http::problem::Problem;
use crate::model::{Connection, Page};
use crate::register::{self, Change, Registration};
use crate::secret::Secret;
use crate::{error, store};

/// What a server says of itself and of the login.
#[derive(Serialize, ToSchema)]
pub struct Server {
    engine: String,
    version: String,
    database: String,
    /// Round trip of a trivial statement.
    latency_ms: f64,
    /// TLS version and cipher; null without TLS.
    tls: Option<String>,
    login: String,
    readable_tables: u64,
    /// Ways in which the login could write; empty when it can only read.
    can_write: Vec<String>,
    /// Statements that would make a fitting read-only login.
    fixes: Vec<String>,
}

impl From<ServerInfo> for Server {
    fn from(info: ServerInfo) -> Server {
        Server {
            engine: info.engine.name().to_owned(),
            version: info.version,
            database: info.database,
            latency_ms: info.latency.as_secs_f64() * 1000.0,
            tls: info.tls,
            login: info.privileges.login,
            readable_tables: info.privileges.readable_tables,
            can_write: info.privileges.can_write,
            fixes: info.privileges.fixes,
        }
    }
}

/// A connection that was just registered.
#[derive(Serialize, ToSchema)]
pub struct Registered {
    connection: Connection,
    server: Server,
}

/// A database to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Url {
    /// URL with its secrets; it is not stored.
    #[schema(value_type = String)]
    url: Secret,
}

/// Connections that are not deleted, newest first.
#[utoipa::path(get, path = "/api/v1/connections", tag = "connections", params(PageParams),
    responses((status = 200, description = "A page", body = Page<Connection>)))]
pub async fn list(may: May<actions::ReadConnections>, page: Query<PageParams>) -> Answer<Page<Connection>> {
    let mut found = store::connections::list(&may.db, page.request()?).await?;
    found.items = found.items.into_iter().map(|connection| shown(&may, connection)).collect();
    Ok(Json(found))
}

/// A connection without what tells of hidden names, for those who do not keep its permissions.
fn shown(may: &May<actions::ReadConnections>, mut connection: Connection) -> Connection {
    if !may.caller.may(Action::ReadGrants) {
        connection.policy = Value::Null;
        if let Value::Object(options) = &mut connection.options {
            options.retain(|name, _| !matches!(name.as_str(), "include" | "exclude"));
        }
    }
    connection
}

/// Registers a database after trying it.
#[utoipa::path(post, path = "/api/v1/connections", tag = "connections", request_body = Registration,
    responses((status = 201, description = "Registered", body = Registered)))]
pub async fn create(
    may: May<actions::ManageConnections>,
    once: Once,
    body: Body<Registration>,
) -> Result<HttpResponse, Problem> {
    let (Body(new, hash), parts, by) = (body, may.desk(), may.caller.clone());
    let work = async move {
        let (connection, info) = register::create(&parts.db, &parts.sources, new, by.name()).await?;
        let location = format!("/api/v1/connections/{}", connection.id);
        Ok(Made::new(StatusCode::CREATED, &Registered { connection, server: info.into() })?.at(location))
    };
    once.run(&may, hash, work).await
}

/// Tries a database without registering it.
#[utoipa::path(post, path = "/api/v1/connections/test", tag = "connections", request_body = Url,
    responses((status = 200, description = "It answers", body = Server)))]
pub async fn test_url(may: May<actions::ManageConnections>, body: Body<Url>) -> Answer<Server> {
    Ok(Json(register::test(&may.sources, &body.0.url).await?.into()))
}

/// One connection.
#[utoipa::path(get, path = "/api/v1/connections/{id}", tag = "connections", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The connection", body = Connection)))]
pub async fn get(may: May<actions::ReadConnections>, id: Path<Uuid>) -> Answer<Connection> {
    Ok(Json(shown(&may, store::connections::get(&may.db, *id).await?)))
}

/// Changes what is given; a new URL is tried first.
#[utoipa::path(patch, path = "/api/v1/connections/{id}", tag = "connections", params(("id" = Uuid, Path)),
    request_body = Change, responses((status = 200, description = "As it is now", body = Connection)))]
pub async fn update(
    may: May<actions::ManageConnections>,
    id: Path<Uuid>,
    body: Body<Change>,
) -> Answer<Connection> {
    Ok(Json(register::update(&may.db, &may.sources, *id, body.0, may.caller.name()).await?))
}

/// Deletes a connection; it can be restored.
#[utoipa::path(delete, path = "/api/v1/connections/{id}", tag = "connections", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(may: May<actions::ManageConnections>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    register::delete(&may.db, &may.sources, *id, may.caller.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Brings a deleted connection back.
#[utoipa::path(post, path = "/api/v1/connections/{id}/restore", tag = "connections", params(("id" = Uuid, Path)),
    responses((status = 200, description = "As it is now", body = Connection)))]
pub async fn restore(may: May<actions::ManageConnections>, id: Path<Uuid>) -> Answer<Connection> {
    Ok(Json(register::restore(&may.db, *id, may.caller.name()).await?))
}

/// Tries a registered database.
#[utoipa::path(post, path = "/api/v1/connections/{id}/test", tag = "connections", params(("id" = Uuid, Path)),
    responses((status = 200, description = "It answers", body = Server)))]
pub async fn test(may: May<actions::ManageConnections>, id: Path<Uuid>) -> Answer<Server> {
    let source = may.sources.get(*id).await?;
    let info = source.connector.test().await.map_err(error::Error::from)?;
    Ok(Json(info.into()))
}
