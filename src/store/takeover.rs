//! Work of daemons that died, taken over by others: answers that people wait for, and executions started for their own
//! sake. A daemon has what carries its key; it loses that when it gives no sign of life for the length of a lease. What it
//! then still stores finds another key, or an end, and is dropped: an answer is stored at most once.

use std::time::Duration;

use super::db::{Conn, Dialect, Row, args};
use super::error::{Result, StoreError, StoreErrorKind};
use crate::access::{Caller, Kind, SystemRole, Who, WorkspaceRole};
use crate::model::ids::OWNER;
use crate::model::{Id, clock};

/// Times that work is taken over before it is given up: what kills daemons must not kill all of them.
const ATTEMPTS: i64 = 5;

/// Work that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The answer's message, or the execution.
    pub id: Id,
    /// Its workspace.
    pub workspace: Id,
    /// Who asked, as records name them.
    pub by: Option<String>,
    /// How often it was taken over, this time included.
    pub attempts: i64,
}

/// Whose work is abandoned: its daemon gave no sign since `$3`. A daemon of an older version leaves no key.
const DEAD: &str = "w.lease_owner IS NOT NULL AND w.lease_owner <> $1 AND NOT EXISTS \
                    (SELECT 1 FROM daemons d WHERE d.id = w.lease_owner AND d.heartbeat_at > $3)";

fn read(row: &Row) -> Result<Taken> {
    Ok(Taken {
        id: row.id("id")?,
        workspace: row.id("workspace_id")?,
        by: row.opt_text("taken_by")?,
        attempts: row.int("attempts")?,
    })
}

fn others_skipped(on: &impl Conn) -> &'static str {
    match on.dialect() {
        Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
        Dialect::Sqlite => "",
    }
}

/// Says which daemon gives an answer, and for whom. In the transaction that stores its message.
///
/// # Errors
/// When the store fails.
pub async fn hold_message(on: &impl Conn, id: Id, owner: Option<Id>, by: &str) -> Result<()> {
    let sql = "UPDATE chat_messages SET lease_owner = $2, asked_by = $3 WHERE workspace_id = $4 AND id = $1";
    on.execute_one("message", sql, args![id, owner, by, on.workspace()]).await
}

/// Who asked for an answer; `None` where that was not kept.
///
/// # Errors
/// Not found.
pub async fn asked_by(on: &impl Conn, message: Id) -> Result<Option<String>> {
    let sql = "SELECT asked_by FROM chat_messages WHERE workspace_id = $2 AND id = $1";
    on.query_one("message", sql, args![message, on.workspace()]).await?.opt_text("asked_by")
}

/// Makes sure, in the transaction that stores an answer, that it still is this daemon's to give.
///
/// # Errors
/// Conflict when another daemon took it over.
pub async fn still_held(on: &impl Conn, id: Id, owner: Option<Id>) -> Result<()> {
    let locked = match on.dialect() {
        Dialect::Postgres => "FOR UPDATE",
        Dialect::Sqlite => "",
    };
    let sql = format!("SELECT lease_owner FROM chat_messages WHERE workspace_id = $2 AND id = $1 {locked}");
    let row = on.query_one("message", &sql, args![id, on.workspace()]).await?;
    if row.opt_id("lease_owner")? == owner {
        return Ok(());
    }
    Err(StoreError::new(StoreErrorKind::Conflict, "another daemon took the answer over"))
}

/// Takes over one answer whose daemon died; `None` when there is none.
///
/// # Errors
/// When the store fails.
pub async fn take_message(on: &impl Conn, owner: Id, lease: Duration) -> Result<Option<Taken>> {
    let sql = format!(
        "UPDATE chat_messages SET lease_owner = $1, attempts = attempts + 1, lease_until = $2 WHERE id = \
         (SELECT w.id FROM chat_messages w WHERE w.status = 'pending' AND w.attempts < $4 AND {DEAD} \
         ORDER BY w.created_at LIMIT 1 {}) RETURNING id, workspace_id, asked_by AS taken_by, attempts",
        others_skipped(on)
    );
    let until = clock::after(lease * 20);
    let row = on.query_opt(&sql, args![owner, until, clock::before(lease), ATTEMPTS]).await?;
    row.as_ref().map(read).transpose()
}

/// Takes over one execution whose daemon died; it is queued again. Statements are reads, so one that ran half, or whole
/// and unheard, may run again without effect.
///
/// # Errors
/// When the store fails.
pub async fn take_execution(on: &impl Conn, owner: Id, lease: Duration) -> Result<Option<Taken>> {
    let sql = format!(
        "UPDATE executions SET lease_owner = $1, attempts = attempts + 1, lease_until = $2, status = 'queued', \
         started_at = NULL WHERE id = \
         (SELECT w.id FROM executions w WHERE w.status IN ('queued', 'running') AND w.resumable AND w.attempts < $4 \
         AND {DEAD} ORDER BY w.created_at LIMIT 1 {}) RETURNING id, workspace_id, created_by AS taken_by, attempts",
        others_skipped(on)
    );
    let until = clock::after(lease * 20);
    let row = on.query_opt(&sql, args![owner, until, clock::before(lease), ATTEMPTS]).await?;
    row.as_ref().map(read).transpose()
}

/// Marks as interrupted what dead daemons left and nobody takes over: executions of answers, which are given anew with
/// executions of their own, and what was taken over too often.
///
/// # Errors
/// When the store fails.
pub async fn give_up(on: &impl Conn, owner: Id, lease: Duration) -> Result<u64> {
    let told =
        "lease_until = NULL, error_code = 'S030', error_message = 'the daemon ended before this was done'";
    let executions = format!(
        "UPDATE executions SET status = 'interrupted', finished_at = $2, {told} WHERE id IN (SELECT w.id \
         FROM executions w WHERE w.status IN ('queued', 'running') AND (NOT w.resumable OR w.attempts >= $4) AND {DEAD})"
    );
    let messages = format!(
        "UPDATE chat_messages SET status = 'interrupted', updated_at = $2, {told} WHERE id IN (SELECT w.id \
         FROM chat_messages w WHERE w.status = 'pending' AND w.attempts >= $4 AND {DEAD})"
    );
    let args = args![owner, clock::now(), clock::before(lease), ATTEMPTS];
    Ok(on.execute(&executions, args).await? + on.execute(&messages, args).await?)
}

/// Who asked, as they stand now: somebody who may not work in the workspace any more is nobody. For the daemon's own
/// store.
///
/// # Errors
/// When the store fails.
pub async fn asker(on: &impl Conn, taken: &Taken) -> Result<Option<Caller>> {
    let user = match taken.by.as_deref() {
        Some("owner") => return Ok(Some(Caller::owner_in(taken.workspace))),
        Some("daemon") => return Ok(Some(Caller::daemon(taken.workspace))),
        Some(name) => Id::parse_str(name).ok().filter(|id| *id != OWNER),
        None => None,
    };
    let Some(user) = user else { return Ok(None) };
    let sql = "SELECT u.kind, u.system_role, m.role FROM users u JOIN memberships m ON m.user_id = u.id \
               WHERE u.id = $1 AND m.workspace_id = $2 AND u.disabled_at IS NULL AND u.deleted_at IS NULL";
    let Some(row) = on.query_opt(sql, args![user, taken.workspace]).await? else { return Ok(None) };
    let kind = if row.text("kind")? == "service" { Kind::Service } else { Kind::Person };
    let who = Who { user, kind, system_role: row.word("system_role", SystemRole::parse)? };
    Ok(Some(Caller::new(who, taken.workspace, Some(row.word("role", WorkspaceRole::parse)?))))
}
