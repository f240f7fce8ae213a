//! Connections: the registered external databases. Their URIs come here sealed and never in plain text.

use catalog::Engine;
use serde_json::Value as Json;

use super::db::{Conn, Row, Tx, args};
use super::error::{Result, StoreError};
use super::read_page;
use crate::model::{Connection, Cursor, Id, Page, PageRequest, clock};

const COLUMNS: &str = "id, name, engine, sealed_uri, display_uri, privacy, options, policy, \
                       created_at, created_by, updated_at, updated_by, deleted_at, understood_at";

/// What is told of a new connection. Its key is made by the caller, because the URI is sealed for it.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Key.
    pub id: Id,
    /// Name.
    pub name: String,
    /// Engine.
    pub engine: Engine,
    /// The URI, sealed for this key.
    pub sealed_uri: String,
    /// The URI without its secrets.
    pub display_uri: String,
    /// What may leave for a model.
    pub privacy: String,
    /// Options of the connector and of the crawl.
    pub options: Json,
    /// Policy for the guard.
    pub policy: Json,
    /// Who made it.
    pub created_by: Option<String>,
}

/// What may be changed; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct ConnectionChange {
    /// Name.
    pub name: Option<String>,
    /// The URI: sealed, and without its secrets.
    pub uri: Option<(String, String)>,
    /// What may leave for a model.
    pub privacy: Option<String>,
    /// Options of the connector and of the crawl.
    pub options: Option<Json>,
    /// Policy for the guard.
    pub policy: Option<Json>,
}

fn read(row: &Row) -> Result<Connection> {
    Ok(Connection {
        id: row.id("id")?,
        name: row.text("name")?,
        engine: row.word("engine", Engine::parse)?,
        sealed_uri: row.text("sealed_uri")?,
        display_uri: row.text("display_uri")?,
        privacy: row.text("privacy")?,
        options: row.json("options")?,
        policy: row.json("policy")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
        deleted_at: row.opt_time("deleted_at")?,
        understood_at: row.opt_time("understood_at")?,
    })
}

fn name_taken(error: StoreError) -> StoreError {
    error.on_conflict(
        "a connection of that name exists already",
        "Choose another name, or rename or delete the other connection.",
    )
}

/// Stores a new connection.
///
/// # Errors
/// Conflict when the name is taken.
pub async fn create(on: &impl Conn, new: NewConnection) -> Result<Connection> {
    let now = clock::now();
    let sql = format!(
        "INSERT INTO connections ({COLUMNS}, workspace_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9, $10, NULL, NULL, $11) RETURNING {COLUMNS}"
    );
    let args = args![
        new.id,
        new.name,
        new.engine.name(),
        new.sealed_uri,
        new.display_uri,
        new.privacy,
        new.options,
        new.policy,
        now,
        new.created_by,
        on.workspace(),
    ];
    read(&on.query_one("connection", &sql, args).await.map_err(name_taken)?)
}

/// The connection of that key, unless it is deleted.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Connection> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connections WHERE workspace_id = $2 AND id = $1 AND deleted_at IS NULL"
    );
    read(&on.query_one("connection", &sql, args![id, on.workspace()]).await?)
}

/// The connection of that key, deleted or not: for what is kept of it.
///
/// # Errors
/// Not found.
pub async fn get_kept(on: &impl Conn, id: Id) -> Result<Connection> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE workspace_id = $2 AND id = $1");
    read(&on.query_one("connection", &sql, args![id, on.workspace()]).await?)
}

/// As [`get`], held for the caller's transaction: nobody else changes it until that ends.
///
/// # Errors
/// Not found.
pub async fn lock(tx: &Tx, id: Id) -> Result<Connection> {
    let touch = "UPDATE connections SET updated_at = updated_at WHERE workspace_id = $2 AND id = $1 AND deleted_at IS NULL";
    tx.execute_one("connection", touch, args![id, tx.workspace()]).await?;
    get(tx, id).await
}

/// The connection of that name, without regard to case.
///
/// # Errors
/// When the store fails.
pub async fn find_by_name(on: &impl Conn, name: &str) -> Result<Option<Connection>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connections WHERE workspace_id = $2 AND lower(name) = lower($1) AND deleted_at IS NULL"
    );
    on.query_opt(&sql, args![name, on.workspace()]).await?.as_ref().map(read).transpose()
}

/// Connections that are not deleted, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<Connection>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connections \
         WHERE workspace_id = $4 AND deleted_at IS NULL AND (created_at, id) < ($1, $2) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |c| Cursor { at: c.created_at, id: c.id })
}

/// Changes what is given.
///
/// # Errors
/// Not found; conflict when the name is taken.
pub async fn update(
    on: &impl Conn,
    id: Id,
    change: ConnectionChange,
    by: Option<&str>,
) -> Result<Connection> {
    let sql = format!(
        "UPDATE connections SET name = COALESCE($2, name), sealed_uri = COALESCE($3, sealed_uri), \
         display_uri = COALESCE($4, display_uri), privacy = COALESCE($5, privacy), \
         options = COALESCE($6, options), policy = COALESCE($7, policy), updated_at = $8, updated_by = $9 \
         WHERE workspace_id = $10 AND id = $1 AND deleted_at IS NULL RETURNING {COLUMNS}"
    );
    let (sealed, display) = change.uri.unzip();
    let args = args![
        id,
        change.name,
        sealed,
        display,
        change.privacy,
        change.options,
        change.policy,
        clock::now(),
        by,
        on.workspace(),
    ];
    read(&on.query_one("connection", &sql, args).await.map_err(name_taken)?)
}

/// Notes that what is known of the database changed: figures, annotations or relationships. Whoever keeps something
/// made of them makes it anew.
///
/// # Errors
/// Not found.
pub async fn understood(tx: &Tx, id: Id) -> Result<()> {
    let sql = "UPDATE connections SET understood_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    tx.execute_one("connection", sql, args![id, clock::now()]).await
}

/// Deletes it in a way that [`restore`] can undo; its name becomes free.
///
/// # Errors
/// Not found.
pub async fn delete(on: &impl Conn, id: Id, by: Option<&str>) -> Result<()> {
    let sql = "UPDATE connections SET deleted_at = $2, updated_at = $2, updated_by = $3 \
               WHERE workspace_id = $4 AND id = $1 AND deleted_at IS NULL";
    on.execute_one("connection", sql, args![id, clock::now(), by, on.workspace()]).await
}

/// Undoes [`delete`].
///
/// # Errors
/// Not found (or not deleted); conflict when the name was taken in the meantime.
pub async fn restore(on: &impl Conn, id: Id, by: Option<&str>) -> Result<Connection> {
    let sql = format!(
        "UPDATE connections SET deleted_at = NULL, updated_at = $2, updated_by = $3 \
         WHERE workspace_id = $4 AND id = $1 AND deleted_at IS NOT NULL RETURNING {COLUMNS}"
    );
    let row = on.query_one("deleted connection", &sql, args![id, clock::now(), by, on.workspace()]).await;
    read(&row.map_err(name_taken)?)
}
