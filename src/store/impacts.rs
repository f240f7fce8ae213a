//! Impacts: what a new schema version did to a statement. One statement has at most one that is open.

use serde_json::Value as Json;

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{Cursor, Id, Impact, ImpactState, Page, PageRequest, SubjectType, clock, new_id};

const COLUMNS: &str = "id, connection_id, from_version_id, to_version_id, subject_type, subject_id, \
                       subject_name, state, findings, causes, meaning, sql, repair, state_before, created_at, \
                       updated_at, resolved_at, resolved_version_id";
/// Open impacts of one connection that are read at the most.
const MAX_OPEN: u32 = 100_000;

/// What was found of a statement.
#[derive(Debug, Clone)]
pub struct NewImpact {
    /// Connection.
    pub connection_id: Id,
    /// The version under which the statement was as it should be.
    pub from_version_id: Id,
    /// The version under which it was found so.
    pub to_version_id: Id,
    /// What sort of thing holds the statement.
    pub subject_type: SubjectType,
    /// Its key.
    pub subject_id: Id,
    /// Its question or name.
    pub subject_name: String,
    /// What happened to it.
    pub state: ImpactState,
    /// What the guard says.
    pub findings: Json,
    /// Lines of the diff that it comes from.
    pub causes: Json,
    /// What means something else now.
    pub meaning: Json,
    /// The statement.
    pub sql: String,
    /// A statement that does the same.
    pub repair: Option<String>,
    /// The review state to go back to.
    pub state_before: Option<&'static str>,
}

fn read(row: &Row) -> Result<Impact> {
    Ok(Impact {
        id: row.id("id")?,
        connection_id: row.id("connection_id")?,
        from_version_id: row.id("from_version_id")?,
        to_version_id: row.id("to_version_id")?,
        subject_type: row.word("subject_type", SubjectType::parse)?,
        subject_id: row.id("subject_id")?,
        subject_name: row.text("subject_name")?,
        state: row.word("state", ImpactState::parse)?,
        findings: row.json("findings")?,
        causes: row.json("causes")?,
        meaning: row.json("meaning")?,
        sql: row.text("sql")?,
        repair: row.opt_text("repair")?,
        state_before: row.opt_text("state_before")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        resolved_at: row.opt_time("resolved_at")?,
        resolved_version_id: row.opt_id("resolved_version_id")?,
    })
}

/// Stores what was found of a statement that has no open impact.
///
/// # Errors
/// A conflict when it has one.
pub async fn create(on: &impl Conn, new: NewImpact) -> Result<()> {
    let sql = format!(
        "INSERT INTO impacts ({COLUMNS}, workspace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
         $15, $15, NULL, NULL, $16)"
    );
    let args = args![
        new_id(),
        new.connection_id,
        new.from_version_id,
        new.to_version_id,
        new.subject_type.as_str(),
        new.subject_id,
        new.subject_name,
        new.state.as_str(),
        new.findings,
        new.causes,
        new.meaning,
        new.sql,
        new.repair,
        new.state_before,
        clock::now(),
        on.workspace(),
    ];
    on.execute(&sql, args).await.map(drop)
}

/// Renews an open impact: the same state under another version, or found anew.
///
/// # Errors
/// Not found when it is not open.
pub async fn renew(on: &impl Conn, id: Id, new: &NewImpact) -> Result<()> {
    let sql = "UPDATE impacts SET to_version_id = $2, subject_name = $3, findings = $4, causes = $5, \
               meaning = $6, sql = $7, repair = $8, updated_at = $9 WHERE workspace_id = $10 AND id = $1 AND resolved_at IS NULL";
    let args = args![
        id,
        new.to_version_id,
        &new.subject_name,
        &new.findings,
        &new.causes,
        &new.meaning,
        &new.sql,
        new.repair.as_deref(),
        clock::now(),
        on.workspace(),
    ];
    on.execute_one("open impact", sql, args).await
}

/// Ends an open impact: the statement holds again as it was (`ok`) or as it was written anew (`repaired`).
///
/// # Errors
/// Not found when it is not open.
pub async fn resolve(on: &impl Conn, id: Id, state: ImpactState, version: Id) -> Result<()> {
    let sql = "UPDATE impacts SET state = $2, resolved_at = $3, updated_at = $3, resolved_version_id = $4 \
               WHERE workspace_id = $5 AND id = $1 AND resolved_at IS NULL";
    on.execute_one("open impact", sql, args![id, state.as_str(), clock::now(), version, on.workspace()]).await
}

/// The impact of that key.
///
/// # Errors
/// Not found.
pub async fn get(on: &impl Conn, id: Id) -> Result<Impact> {
    let sql = format!("SELECT {COLUMNS} FROM impacts WHERE workspace_id = $2 AND id = $1");
    read(&on.query_one("impact", &sql, args![id, on.workspace()]).await?)
}

/// The open impacts of a connection.
///
/// # Errors
/// When the store fails.
pub async fn open(on: &impl Conn, connection_id: Id) -> Result<Vec<Impact>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM impacts WHERE workspace_id = $3 AND connection_id = $1 AND resolved_at IS NULL \
         ORDER BY created_at, id LIMIT $2"
    );
    on.query(&sql, args![connection_id, MAX_OPEN, on.workspace()]).await?.iter().map(read).collect()
}

/// Impacts of a connection, open and over, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, connection_id: Id, page: PageRequest) -> Result<Page<Impact>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM impacts WHERE workspace_id = $5 AND connection_id = $1 AND (created_at, id) < ($2, $3) \
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows =
        on.query(&sql, args![connection_id, after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |i| Cursor { at: i.created_at, id: i.id })
}
