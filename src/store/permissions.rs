//! Grants: who may see what of a connection.

use guard::policy::How;

use super::db::{Conn, Row, Tx, args};
use super::error::{Result, StoreError, StoreErrorKind};
use crate::access::{Grant, GrantEffect, GrantTerms, Holder, WorkspaceRole};
use crate::model::{Id, clock, new_id};

const COLUMNS: &str = "id, connection_id, user_id, role, schema_name, table_name, column_name, effect, mask, \
                       predicate, expires_at, created_at, created_by, updated_at, updated_by";
/// Grants of one connection at the most, so that every check can look at all of them.
pub const MOST: u32 = 200;

fn read(row: &Row) -> Result<Grant> {
    let effect = row.word("effect", GrantEffect::parse)?;
    let mask = match effect {
        GrantEffect::Mask => Some(row.document::<How>("mask")?),
        GrantEffect::Allow | GrantEffect::Deny | GrantEffect::Filter => None,
    };
    Ok(Grant {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        terms: GrantTerms {
            user_id: row.opt_id("user_id")?,
            role: row.opt_word("role", WorkspaceRole::parse)?,
            schema: row.opt_text("schema_name")?,
            table: row.opt_text("table_name")?,
            column: row.opt_text("column_name")?,
            effect,
            mask,
            predicate: row.opt_text("predicate")?,
            expires_at: row.opt_time("expires_at")?,
        },
        created_at: row.time("created_at")?,
        created_by: row.opt_text("created_by")?,
        updated_at: row.time("updated_at")?,
        updated_by: row.opt_text("updated_by")?,
    })
}

/// Stores a grant.
///
/// # Errors
/// A conflict when the connection has [`MOST`] already; a broken reference when connection or user are not there.
pub async fn create(tx: &Tx, connection: Id, terms: &GrantTerms, by: &str) -> Result<Grant> {
    let count =
        "SELECT count(*) AS n FROM resource_permissions WHERE workspace_id = $1 AND connection_id = $2";
    let known = tx.query_one("count", count, args![tx.workspace(), connection]).await?.int("n")?;
    if known >= i64::from(MOST) {
        let message = format!("the connection has {MOST} grants, the most that are kept");
        return Err(StoreError::new(StoreErrorKind::Conflict, message));
    }
    let sql = format!(
        "INSERT INTO resource_permissions ({COLUMNS}, workspace_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12, $13, $14) RETURNING {COLUMNS}"
    );
    let mask = terms.mask.map(|how| serde_json::to_value(how).unwrap_or_default());
    let args = args![
        new_id(),
        connection,
        terms.user_id,
        terms.role.map(WorkspaceRole::as_str),
        terms.schema.as_ref(),
        terms.table.as_ref(),
        terms.column.as_ref(),
        terms.effect.as_str(),
        mask,
        terms.predicate.as_ref(),
        terms.expires_at,
        clock::now(),
        by,
        tx.workspace(),
    ];
    read(&tx.query_one("grant", &sql, args).await?)
}

/// All grants of a connection, the oldest first: [`MOST`] at the most.
///
/// # Errors
/// When the store fails.
pub async fn of_connection(on: &impl Conn, connection: Id) -> Result<Vec<Grant>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM resource_permissions WHERE workspace_id = $1 AND connection_id = $2 \
         ORDER BY created_at, id LIMIT $3"
    );
    on.query(&sql, args![on.workspace(), connection, MOST]).await?.iter().map(read).collect()
}

/// The grants of a connection that are for somebody, expired ones too, the oldest first.
///
/// # Errors
/// When the store fails.
pub async fn for_holder(on: &impl Conn, connection: Id, holder: &Holder) -> Result<Vec<Grant>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM resource_permissions WHERE workspace_id = $1 AND connection_id = $2 \
         AND (user_id = $3 OR role = $4 OR (user_id IS NULL AND role IS NULL)) ORDER BY created_at, id LIMIT $5"
    );
    let role = holder.role.map(WorkspaceRole::as_str);
    let args = args![on.workspace(), connection, holder.user, role, MOST];
    on.query(&sql, args).await?.iter().map(read).collect()
}

/// The grant of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Grant> {
    let sql = format!("SELECT {COLUMNS} FROM resource_permissions WHERE workspace_id = $2 AND id = $1");
    read(&on.query_one("grant", &sql, args![id, on.workspace()]).await?)
}

/// Takes a grant away, and says what it was.
///
/// # Errors
/// Not found.
pub async fn delete(tx: &Tx, connection: Id, id: Id) -> Result<Grant> {
    let sql = format!(
        "DELETE FROM resource_permissions WHERE workspace_id = $3 AND connection_id = $2 AND id = $1 RETURNING {COLUMNS}"
    );
    read(&tx.query_one("grant", &sql, args![id, connection, tx.workspace()]).await?)
}

/// What is known of a member as a holder of grants; `None` when there is no such member.
///
/// # Errors
/// When the store fails.
pub async fn member(on: &impl Conn, user: Id) -> Result<Option<Holder>> {
    let sql = "SELECT u.email, m.role FROM memberships m JOIN users u ON u.id = m.user_id \
               WHERE m.workspace_id = $1 AND m.user_id = $2 AND u.deleted_at IS NULL";
    let row = on.query_opt(sql, args![on.workspace(), user]).await?;
    row.map(|row| {
        let role = Some(row.word("role", WorkspaceRole::parse)?);
        Ok(Holder { user, role, email: row.opt_text("email")? })
    })
    .transpose()
}

/// The address of a user, for row filters that ask for it.
///
/// # Errors
/// When the store fails.
pub async fn email_of(on: &impl Conn, user: Id) -> Result<Option<String>> {
    let row =
        on.query_opt("SELECT email FROM users WHERE id = $1 AND deleted_at IS NULL", args![user]).await?;
    row.map_or(Ok(None), |row| row.opt_text("email"))
}

/// What people say of the sensitivity of columns, one line each: masks may go by that.
///
/// # Errors
/// When the store fails.
pub async fn tags(on: &impl Conn, connection: Id) -> Result<Vec<String>> {
    let mine = super::of_workspace(2);
    let sql = format!(
        "SELECT schema_name, table_name, column_name, sensitivity FROM annotations \
         WHERE {mine} AND connection_id = $1 AND sensitivity IS NOT NULL ORDER BY 1, 2, 3"
    );
    let rows = on.query(&sql, args![connection, on.workspace()]).await?;
    let line = |row: &Row| {
        let parts = ["schema_name", "table_name", "column_name", "sensitivity"].map(|c| row.text(c));
        Ok(parts.into_iter().collect::<Result<Vec<_>>>()?.join("\u{1f}"))
    };
    rows.iter().map(line).collect()
}

/// The key of the member with that key or address; `None` when there is none.
///
/// # Errors
/// When the store fails.
pub async fn member_named(on: &impl Conn, named: &str) -> Result<Option<Id>> {
    let sql = "SELECT u.id FROM memberships m JOIN users u ON u.id = m.user_id \
               WHERE m.workspace_id = $1 AND (u.id = $2 OR u.email = lower($3)) AND u.deleted_at IS NULL";
    let id = Id::parse_str(named).unwrap_or_else(|_| Id::nil());
    on.query_opt(sql, args![on.workspace(), id, named]).await?.map(|row| row.id("id")).transpose()
}
