//! People and programs. They belong to the installation; who works where is in `workspaces`.

use super::db::{Conn, Row, Value, args};
use super::error::Result;
use super::read_page;
use crate::access::{SystemRole, User};
use crate::model::{Cursor, Id, Page, PageRequest, clock};

const COLUMNS: &str = "id, kind, email, name, system_role, password_hash IS NOT NULL AS has_password, disabled_at, \
                       created_at, created_by, updated_at, updated_by";

fn read(row: &Row) -> Result<User> {
    Ok(User {
        id: row.id("id")?,
        kind: row.text("kind")?,
        email: row.opt_text("email")?,
        name: row.text("name")?,
        system_role: row.word("system_role", SystemRole::parse)?,
        has_password: row.bool("has_password")?,
        disabled_at: row.opt_time("disabled_at")?,
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
    })
}

/// Somebody to be stored.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Key.
    pub id: Id,
    /// `person` or `service`.
    pub kind: &'static str,
    /// Address in small letters; none for programs.
    pub email: Option<String>,
    /// Name.
    pub name: String,
    /// Role in the installation.
    pub system_role: SystemRole,
    /// Hash of the password, where there is one.
    pub password_hash: Option<String>,
}

/// Stores somebody.
///
/// # Errors
/// A conflict when the address is taken.
pub async fn create(on: &impl Conn, new: NewUser, by: Option<&str>) -> Result<User> {
    let sql = format!(
        "INSERT INTO users (id, kind, email, name, system_role, password_hash, created_at, created_by, updated_at, \
         updated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $8) RETURNING {COLUMNS}"
    );
    let role = new.system_role.as_str();
    let args = args![new.id, new.kind, new.email, new.name, role, new.password_hash, clock::now(), by];
    read(&on.query_one("user", &sql, args).await?)
}

/// Somebody.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<User> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL");
    read(&on.query_one("user", &sql, args![id]).await?)
}

/// The person with an address (in small letters).
///
/// # Errors
/// When the store fails.
pub async fn by_email(on: &impl Conn, email: &str) -> Result<Option<User>> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE email = $1 AND deleted_at IS NULL");
    on.query_opt(&sql, args![email]).await?.as_ref().map(read).transpose()
}

/// What a sign-in is checked against.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The person; nobody who is disabled, and no program.
    pub user: User,
    /// Hash of the password.
    pub password_hash: Option<String>,
}

async fn credentials(on: &impl Conn, condition: &str, value: Value) -> Result<Option<Credentials>> {
    let sql = format!(
        "SELECT {COLUMNS}, password_hash FROM users WHERE {condition} AND kind = 'person' AND disabled_at IS NULL \
         AND deleted_at IS NULL"
    );
    let row = on.query_opt(&sql, &[value]).await?;
    row.map(|row| Ok(Credentials { user: read(&row)?, password_hash: row.opt_text("password_hash")? }))
        .transpose()
}

/// What a sign-in with an address (in small letters) is checked against.
///
/// # Errors
/// When the store fails.
pub async fn credentials_of(on: &impl Conn, email: &str) -> Result<Option<Credentials>> {
    credentials(on, "email = $1", email.into()).await
}

/// What a person's own password is checked against.
///
/// # Errors
/// When the store fails.
pub async fn own_credentials(on: &impl Conn, id: Id) -> Result<Option<Credentials>> {
    credentials(on, "id = $1", id.into()).await
}

/// People and programs, newest first; all, or those whose address or name holds a word.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, word: Option<&str>, page: PageRequest) -> Result<Page<User>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM users WHERE deleted_at IS NULL AND (created_at, id) < ($1, $2) \
         AND ($4 = '' OR replace(lower(name), $4, '') <> lower(name) OR replace(email, $4, '') <> email) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let word = word.unwrap_or_default().to_lowercase();
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, word]).await?;
    read_page(&rows, page.limit(), read, |u| Cursor { at: u.created_at, id: u.id })
}

/// Sets the name.
///
/// # Errors
/// Not found.
pub async fn rename(on: &impl Conn, id: Id, name: &str, by: &str) -> Result<User> {
    change(on, id, "name", name, by).await
}

/// Sets the role in the installation.
///
/// # Errors
/// Not found.
pub async fn set_system_role(on: &impl Conn, id: Id, role: SystemRole, by: &str) -> Result<User> {
    change(on, id, "system_role", role.as_str(), by).await
}

/// Sets the address (in small letters).
///
/// # Errors
/// Not found; a conflict when it is taken.
pub async fn set_email(on: &impl Conn, id: Id, email: &str, by: &str) -> Result<User> {
    change(on, id, "email", email, by).await
}

/// Sets the hash of the password.
///
/// # Errors
/// Not found.
pub async fn set_password(on: &impl Conn, id: Id, hash: &str, by: &str) -> Result<User> {
    change(on, id, "password_hash", hash, by).await
}

/// `column` is a word of ours, never one that came in.
async fn change(on: &impl Conn, id: Id, column: &str, value: &str, by: &str) -> Result<User> {
    let sql = format!(
        "UPDATE users SET {column} = $2, updated_at = $3, updated_by = $4 WHERE id = $1 AND deleted_at IS NULL \
         RETURNING {COLUMNS}"
    );
    read(&on.query_one("user", &sql, args![id, value, clock::now(), by]).await?)
}

/// Lets nothing in for somebody any more, or again.
///
/// # Errors
/// Not found.
pub async fn set_disabled(on: &impl Conn, id: Id, disabled: bool, by: &str) -> Result<User> {
    let sql = format!(
        "UPDATE users SET disabled_at = CASE WHEN $2 THEN COALESCE(disabled_at, $3) END, updated_at = $3, \
         updated_by = $4 WHERE id = $1 AND deleted_at IS NULL RETURNING {COLUMNS}"
    );
    read(&on.query_one("user", &sql, args![id, disabled, clock::now(), by]).await?)
}

/// Takes somebody out: the address is free again, the key stays on what they did.
///
/// # Errors
/// Not found.
pub async fn delete(on: &impl Conn, id: Id, by: &str) -> Result<()> {
    let sql = "UPDATE users SET deleted_at = $2, updated_at = $2, updated_by = $3, password_hash = NULL, email = NULL \
               WHERE id = $1 AND deleted_at IS NULL";
    on.execute_one("user", sql, args![id, clock::now(), by]).await?;
    on.execute("DELETE FROM memberships WHERE user_id = $1", args![id]).await?;
    on.execute("DELETE FROM identities WHERE user_id = $1", args![id]).await.map(drop)
}
