//! What can be found out of the store's own state: for people who look after it.

use super::db::{Conn, Db, Dialect};
use super::error::{Result, StoreError, StoreErrorKind};

/// Whether row security binds the login that the daemon uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSecurity {
    /// The login.
    pub login: String,
    /// It is a superuser, whom nothing binds.
    pub superuser: bool,
    /// It may pass row security by.
    pub bypasses: bool,
    /// Tables of workspaces without forced row security.
    pub open_tables: Vec<String>,
}

/// What PostgreSQL says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its version.
    pub version: String,
    /// Version of pgvector, when it is there.
    pub pgvector: Option<String>,
    /// Seconds since 1970 by its clock.
    pub clock: f64,
    /// Sessions that it allows at the most.
    pub max_sessions: i64,
    /// Whether it is a standby, which takes no writes.
    pub standby: bool,
    /// Row security.
    pub row_security: RowSecurity,
}

/// Asks PostgreSQL; nothing on SQLite.
///
/// # Errors
/// When the store fails.
pub async fn server(db: &Db) -> Result<Option<Server>> {
    if db.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    let rows = db
        .query(
            "SELECT current_setting('server_version') AS version,
                    (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS pgvector,
                    extract(epoch FROM clock_timestamp())::float8 AS clock,
                    current_setting('max_connections')::bigint AS max_sessions,
                    pg_is_in_recovery() AS standby,
                    current_user::text AS login, rolsuper AS superuser, rolbypassrls AS bypasses
             FROM pg_roles WHERE rolname = current_user",
            &[],
        )
        .await?;
    let row =
        rows.first().ok_or_else(|| StoreError::new(StoreErrorKind::Internal, "the store's login is gone"))?;
    let open = db
        .query(
            "SELECT c.relname::text AS name FROM pg_class AS c
             WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
               AND EXISTS (SELECT 1 FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id'
                                                             AND NOT a.attisdropped)
               AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
             ORDER BY 1",
            &[],
        )
        .await?;
    Ok(Some(Server {
        version: row.text("version")?,
        pgvector: row.opt_text("pgvector")?,
        clock: row.opt_float("clock")?.unwrap_or_default(),
        max_sessions: row.int("max_sessions")?,
        standby: row.bool("standby")?,
        row_security: RowSecurity {
            login: row.text("login")?,
            superuser: row.bool("superuser")?,
            bypasses: row.bool("bypasses")?,
            open_tables: open.iter().map(|r| r.text("name")).collect::<Result<_>>()?,
        },
    }))
}
