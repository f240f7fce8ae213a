//! Executions of several daemons on one store: bounds that hold for all of them together, and what they must hear.

use std::time::Duration;

use super::{COLUMNS, begin, read};
use crate::model::{Execution, Id, clock};
use crate::store::db::{Conn, Db, Dialect, args};
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// How many may be at work at the same time; 0: any number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// On the connection.
    pub connection: usize,
    /// Of one caller in the workspace.
    pub user: usize,
}

/// What came of beginning a queued one.
#[derive(Debug)]
pub enum Begun {
    /// It is at work.
    Running(Box<Execution>),
    /// Other daemons have all places.
    Full,
}

/// Starts a queued one, unless as many are at work as may be. A daemon alone on its store (SQLite) keeps the bounds in
/// its own queue.
///
/// # Errors
/// Not found when it is not queued any more.
pub async fn begin_within(db: &Db, queued: &Execution, lease: Duration, bounds: Bounds) -> Result<Begun> {
    if db.dialect() == Dialect::Sqlite || bounds == Bounds::default() {
        return Ok(Begun::Running(Box::new(begin(db, queued.id, lease).await?)));
    }
    let tx = db.begin().await?;
    // a crash of the server that forgets this leaves it queued, which is as good
    tx.execute("SET LOCAL synchronous_commit = off", &[]).await?;
    // whoever counts the same places counts one after the other: connections are locked before users by all
    if bounds.connection > 0 {
        lock(&tx, &format!("executions/{}", queued.connection_id)).await?;
    }
    if bounds.user > 0 {
        let by = queued.created_by.as_deref().unwrap_or_default();
        lock(&tx, &format!("executions/{}/{by}", db.workspace())).await?;
    }
    let sql = format!(
        "UPDATE executions SET status = 'running', started_at = $2, lease_until = $3 \
         WHERE workspace_id = $4 AND id = $1 AND status = 'queued' \
         AND (CAST($5 AS bigint) = 0 OR $5 > (SELECT count(*) FROM executions e \
         WHERE e.connection_id = executions.connection_id AND e.status = 'running')) \
         AND (CAST($6 AS bigint) = 0 OR $6 > (SELECT count(*) FROM executions e \
         WHERE e.workspace_id = $4 AND e.created_by = executions.created_by AND e.status = 'running')) \
         RETURNING {COLUMNS}"
    );
    let args = args![
        queued.id,
        clock::now(),
        clock::after(lease),
        db.workspace(),
        bound(bounds.connection),
        bound(bounds.user),
    ];
    let begun = tx.query_opt(&sql, args).await?;
    let waiting = match &begun {
        Some(_) => true,
        None => still_queued(&tx, queued.id).await?,
    };
    tx.commit().await?;
    match begun {
        Some(row) => Ok(Begun::Running(Box::new(read(&row)?))),
        None if waiting => Ok(Begun::Full),
        None => Err(StoreError::new(StoreErrorKind::NotFound, "there is no such queued execution")),
    }
}

fn bound(places: usize) -> i64 {
    i64::try_from(places).unwrap_or(i64::MAX)
}

async fn lock(on: &impl Conn, name: &str) -> Result<()> {
    on.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 15))", args![name]).await.map(drop)
}

async fn still_queued(on: &impl Conn, id: Id) -> Result<bool> {
    let sql = "SELECT id FROM executions WHERE workspace_id = $2 AND id = $1 AND status = 'queued'";
    Ok(on.query_opt(sql, args![id, on.workspace()]).await?.is_some())
}

/// Executions that a daemon has and that were cancelled lately, by another one: it stops them. Over all workspaces.
///
/// # Errors
/// When the store fails.
pub async fn cancelled_of(on: &impl Conn, owner: Id, since: Duration) -> Result<Vec<Id>> {
    let sql =
        "SELECT id FROM executions WHERE lease_owner = $1 AND status = 'cancelled' AND finished_at > $2";
    on.query(sql, args![owner, clock::before(since)]).await?.iter().map(|row| row.id("id")).collect()
}
