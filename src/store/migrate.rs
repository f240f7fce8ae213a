//! Migrations: numbered pairs of SQL files per backend, compiled in, each applied in a transaction of its own.
//!
//! The table `migrations` remembers what ran and its checksum. Starters at the same time wait for one another: each step
//! takes a lock and looks again at what is applied.

use jiff::Timestamp;
use serde::Serialize;

use super::db::{Conn, Db, Dialect, Row, Tx, args};
use super::error::{Result, StoreError, StoreErrorKind};
use crate::model::clock;

/// One migration of one backend.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3 ...
    pub version: i64,
    /// What it does, as in its file's name.
    pub name: &'static str,
    /// Statements that apply it.
    pub up: &'static str,
    /// Statements that undo it.
    pub down: &'static str,
}

macro_rules! migrations {
    ($backend:literal: $($version:literal $name:literal),+ $(,)?) => {
        &[$(Migration {
            version: $version,
            name: $name,
            up: include_str!(concat!("../../migrations/", $backend, "/", $name, ".up.sql")),
            down: include_str!(concat!("../../migrations/", $backend, "/", $name, ".down.sql")),
        }),+]
    };
}

const SQLITE: &[Migration] = migrations!("sqlite":
    1 "0001_core", 2 "0002_catalog", 3 "0003_vector", 4 "0004_embeddings", 5 "0005_idempotency",
    6 "0006_jobs", 7 "0007_impact", 8 "0008_understanding");
const POSTGRES: &[Migration] = migrations!("postgres":
    1 "0001_core", 2 "0002_catalog", 3 "0003_vector", 4 "0004_embeddings", 5 "0005_idempotency",
    6 "0006_jobs", 7 "0007_impact", 8 "0008_understanding");

/// Key of the lock that starters wait on; any number that nobody else uses in the store's database.
const LOCK: i64 = 0x7175_6572_656e_7401;

/// What is known about one migration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Number.
    pub version: i64,
    /// Name.
    pub name: String,
    /// When it ran; `None`: it did not yet.
    pub applied_at: Option<Timestamp>,
}

/// The migrations of this program for a backend, in order.
pub fn known(dialect: Dialect) -> &'static [Migration] {
    match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
    }
}

/// Applies all that are missing; gives their names.
///
/// # Errors
/// When one that ran differs from this program's, is unknown to it, or one fails (it leaves nothing behind then).
pub async fn up(db: &Db) -> Result<Vec<String>> {
    let known = known(db.dialect());
    let mut applied = Vec::new();
    // at most one step per known migration, and the last look
    for _ in 0..=known.len() {
        let tx = locked(db).await?;
        let done = read_applied(&tx).await?;
        verify(known, &done)?;
        let Some(next) = known.iter().find(|m| !done.iter().any(|d| d.version == m.version)) else {
            tx.commit().await?;
            return Ok(applied);
        };
        tx.batch(next.up).await.map_err(|error| failed(next, error))?;
        tx.execute(
            "INSERT INTO migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
            args![next.version, next.name, checksum(next), clock::now()],
        )
        .await?;
        tx.commit().await?;
        tracing::info!(migration = next.name, "store migrated");
        applied.push(next.name.to_owned());
    }
    Ok(applied)
}

/// Undoes the last `steps`; gives their names.
///
/// # Errors
/// As [`up`].
pub async fn down(db: &Db, steps: usize) -> Result<Vec<String>> {
    let known = known(db.dialect());
    let mut undone = Vec::new();
    for _ in 0..steps.min(known.len()) {
        let tx = locked(db).await?;
        let done = read_applied(&tx).await?;
        verify(known, &done)?;
        let last = done.last().and_then(|last| known.iter().find(|m| m.version == last.version));
        let Some(last) = last else { break };
        tx.batch(last.down).await.map_err(|error| failed(last, error))?;
        tx.execute("DELETE FROM migrations WHERE version = $1", args![last.version]).await?;
        tx.commit().await?;
        undone.push(last.name.to_owned());
    }
    Ok(undone)
}

/// What ran and what did not; checks the checksums.
///
/// # Errors
/// When one that ran differs from this program's or is unknown to it.
pub async fn status(db: &Db) -> Result<Vec<Status>> {
    let known = known(db.dialect());
    let tx = locked(db).await?;
    let done = read_applied(&tx).await?;
    tx.commit().await?;
    verify(known, &done)?;
    let applied_at = |version| done.iter().find(|d| d.version == version).map(|d| d.applied_at);
    Ok(known
        .iter()
        .map(|m| Status { version: m.version, name: m.name.to_owned(), applied_at: applied_at(m.version) })
        .collect())
}

/// Refuses a store that is not migrated as far as this program needs.
///
/// # Errors
/// When one is missing, or as [`status`].
pub async fn require_current(db: &Db) -> Result<()> {
    let missing = status(db).await?.into_iter().find(|s| s.applied_at.is_none());
    match missing {
        None => Ok(()),
        Some(missing) => Err(StoreError::new(
            StoreErrorKind::NotMigrated,
            format!("the store lacks migration {}", missing.name),
        )
        .hint("Run `querent migrate up`.")),
    }
}

struct Applied {
    version: i64,
    name: String,
    checksum: String,
    applied_at: Timestamp,
}

fn read(row: &Row) -> Result<Applied> {
    Ok(Applied {
        version: row.int("version")?,
        name: row.text("name")?,
        checksum: row.text("checksum")?,
        applied_at: row.time("applied_at")?,
    })
}

async fn locked(db: &Db) -> Result<Tx> {
    let tx = db.begin().await?;
    match tx.dialect() {
        Dialect::Postgres => {
            tx.execute("SELECT pg_advisory_xact_lock($1)", args![LOCK]).await?;
            tx.batch(
                "CREATE TABLE IF NOT EXISTS migrations (version bigint PRIMARY KEY, name text NOT NULL, \
                 checksum text NOT NULL, applied_at timestamptz NOT NULL)",
            )
            .await?;
        }
        // the transaction holds the file's write lock from its first moment
        Dialect::Sqlite => {
            tx.batch(
                "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, \
                 checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
            )
            .await?;
        }
    }
    Ok(tx)
}

async fn read_applied(tx: &Tx) -> Result<Vec<Applied>> {
    let rows =
        tx.query("SELECT version, name, checksum, applied_at FROM migrations ORDER BY version", &[]).await?;
    rows.iter().map(read).collect()
}

fn verify(known: &[Migration], done: &[Applied]) -> Result<()> {
    for applied in done {
        let Some(ours) = known.iter().find(|m| m.version == applied.version) else {
            return Err(migration(format!("the store has migration {}, which this program does not know", applied.name))
                .hint("The store was used by a newer version: run that version, or restore a backup from before it."));
        };
        if checksum(ours) != applied.checksum {
            return Err(migration(format!("migration {} ran with another text than this program carries", applied.name))
                .hint(
                    "A migration must not be edited after it ran. Run the version of the program that applied it, undo \
                     it there with `querent migrate down`, then run this one; or restore a backup.",
                ));
        }
    }
    Ok(())
}

fn migration(message: String) -> StoreError {
    StoreError::new(StoreErrorKind::Migration, message)
}

fn failed(step: &Migration, error: StoreError) -> StoreError {
    let hint = match (step.name.ends_with("_vector"), error.hint) {
        (true, _) => "Install pgvector on the PostgreSQL server, or let an administrator run \
                      `CREATE EXTENSION vector` in the store's database."
            .to_owned(),
        (false, Some(hint)) => hint,
        (false, None) => {
            "Nothing of it was kept: correct the cause and run `querent migrate up` again.".to_owned()
        }
    };
    migration(format!("migration {} failed: {}", step.name, error.message)).hint(hint)
}

/// Hash of both texts, the same whatever the line ends of the checkout are.
fn checksum(migration: &Migration) -> String {
    let text = format!("{}\0{}", migration.up, migration.down).replace("\r\n", "\n");
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}
