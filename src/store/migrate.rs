//! Migrations: numbered pairs of SQL files per backend, compiled in, each applied in a transaction of its own.
//!
//! The table `migrations` remembers what ran and its checksum. Starters at the same time wait for one another: each step
//! takes a lock and looks again at what is applied. Programs of two versions can share a store: see [`Phase`].

mod anew;
mod drift;
mod ledger;
mod list;
mod shape;

use jiff::Timestamp;
use serde::Serialize;

pub use anew::{alone, anew, catch_up, versions};
pub use drift::{Difference, Drift, verify, verify_of};
pub use list::{Migration, Phase};

use super::db::{Conn, Db, Dialect, Tx};
use super::error::{Result, StoreError, StoreErrorKind};
use ledger::Applied;

/// Whether contract steps are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contract {
    /// When no daemon is alive that does not know them, and nowhere else than on a new store as long as that is not known.
    WhenAlone,
    /// Now: somebody has made sure that older daemons are stopped.
    Now,
}

/// What is known about one migration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Number.
    pub version: i64,
    /// Name.
    pub name: String,
    /// What it means to other programs; as the store says where this program does not know it.
    pub phase: String,
    /// Whether this program knows it.
    pub known: bool,
    /// When it ran; `None`: it did not yet.
    pub applied_at: Option<Timestamp>,
}

/// The migrations of this program for a backend, in order.
pub fn known(dialect: Dialect) -> &'static [Migration] {
    match dialect {
        Dialect::Sqlite => list::SQLITE,
        Dialect::Postgres => list::POSTGRES,
    }
}

/// Applies all that are missing, contract steps when nobody needs what they take away; gives their names.
///
/// # Errors
/// When one that ran differs from this program's, is unknown to it and no expand step, or one fails (it leaves nothing
/// behind then).
pub async fn up(db: &Db) -> Result<Vec<String>> {
    apply(db, known(db.dialect()), Contract::WhenAlone).await
}

/// As [`up`], for a list of migrations.
///
/// # Errors
/// As [`up`].
pub async fn apply(db: &Db, list: &[Migration], contract: Contract) -> Result<Vec<String>> {
    let (mut applied, mut rebuild, mut fresh) = (Vec::new(), false, false);
    // two looks per known migration at the most, and the last one
    for _ in 0..=2 * list.len() {
        let tx = if rebuild { ledger::locked_for_rebuild(db).await? } else { ledger::locked(db).await? };
        let done = ledger::read(&tx).await?;
        check(list, &done)?;
        fresh |= done.is_empty();
        let contract = if fresh { Contract::Now } else { contract };
        let Some(next) = next_step(&tx, list, &done, contract).await? else {
            tx.commit().await?;
            return Ok(applied);
        };
        if next.rebuilds != rebuild && tx.dialect() == Dialect::Sqlite {
            rebuild = next.rebuilds;
            tx.rollback().await?;
            continue;
        }
        tx.batch(next.up).await.map_err(|error| failed(next, error))?;
        ledger::add(&tx, next).await?;
        finish(tx, next).await?;
        tracing::info!(migration = next.name, "store migrated");
        applied.push(next.name.to_owned());
    }
    Ok(applied)
}

async fn next_step<'l>(
    tx: &Tx,
    list: &'l [Migration],
    done: &[Applied],
    contract: Contract,
) -> Result<Option<&'l Migration>> {
    for step in list.iter().filter(|m| !done.iter().any(|d| d.version == m.version)) {
        if step.phase == Phase::Expand || contract == Contract::Now {
            return Ok(Some(step));
        }
        match (step.phase, elders(tx, step).await?) {
            (Phase::Contract, Some(0)) | (Phase::Breaking, None | Some(0)) => return Ok(Some(step)),
            (Phase::Contract, _) | (Phase::Expand, _) => {}
            (Phase::Breaking, Some(count)) => {
                let message =
                    format!("{count} daemons are at work that cannot live with migration {}", step.name);
                return Err(
                    migration(message).hint("Stop the daemons of the older version, then start this one.")
                );
            }
        }
    }
    Ok(None)
}

/// How many daemons are alive that do not know a step; `None` where the store does not say who is alive.
#[allow(clippy::unused_async)] // reads the daemons' heartbeats as soon as there are any
async fn elders(_tx: &Tx, _step: &Migration) -> Result<Option<i64>> {
    Ok(None)
}

/// Undoes the last `steps`; gives their names.
///
/// # Errors
/// As [`up`]; and when the last one is of a newer program.
pub async fn down(db: &Db, steps: usize) -> Result<Vec<String>> {
    undo(db, known(db.dialect()), steps).await
}

/// As [`down`], for a list of migrations.
///
/// # Errors
/// As [`down`].
pub async fn undo(db: &Db, list: &[Migration], steps: usize) -> Result<Vec<String>> {
    let (mut undone, mut rebuild) = (Vec::new(), false);
    for _ in 0..2 * steps.min(list.len()) {
        let tx = if rebuild { ledger::locked_for_rebuild(db).await? } else { ledger::locked(db).await? };
        let done = ledger::read(&tx).await?;
        check(list, &done)?;
        let Some(last) = done.last() else { break };
        let Some(step) = list.iter().find(|m| m.version == last.version) else {
            return Err(unknown(&last.name));
        };
        if step.rebuilds != rebuild && tx.dialect() == Dialect::Sqlite {
            rebuild = step.rebuilds;
            tx.rollback().await?;
            continue;
        }
        tx.batch(step.down).await.map_err(|error| failed(step, error))?;
        ledger::remove(&tx, step).await?;
        finish(tx, step).await?;
        undone.push(step.name.to_owned());
        if undone.len() == steps {
            break;
        }
    }
    Ok(undone)
}

/// Commits a step; one that made tables anew on SQLite must have left no reference that leads nowhere.
async fn finish(tx: Tx, step: &Migration) -> Result<()> {
    if step.rebuilds && tx.dialect() == Dialect::Sqlite {
        let broken = "SELECT \"table\" AS t, count(*) AS n FROM pragma_foreign_key_check GROUP BY 1 ORDER BY 1 LIMIT 1";
        if let Some(row) = tx.query_opt(broken, &[]).await? {
            let (count, table) = (row.int("n")?, row.text("t")?);
            let message = format!("{count} rows of {table} would refer to rows that are not there");
            return Err(failed(step, StoreError::new(StoreErrorKind::BrokenReference, message)));
        }
    }
    tx.commit().await
}

/// What ran and what did not; checks the checksums.
///
/// # Errors
/// When one that ran differs from this program's, or is unknown to it and no expand step.
pub async fn status(db: &Db) -> Result<Vec<Status>> {
    status_of(db, known(db.dialect())).await
}

/// As [`status`], for a list of migrations.
///
/// # Errors
/// As [`status`].
pub async fn status_of(db: &Db, list: &[Migration]) -> Result<Vec<Status>> {
    let tx = ledger::locked(db).await?;
    let done = ledger::read(&tx).await?;
    tx.commit().await?;
    check(list, &done)?;
    let applied_at = |version| done.iter().find(|d| d.version == version).map(|d| d.applied_at);
    let ours = list.iter().map(|m| Status {
        version: m.version,
        name: m.name.to_owned(),
        phase: m.phase.word().to_owned(),
        known: true,
        applied_at: applied_at(m.version),
    });
    let newer = done.iter().filter(|d| !list.iter().any(|m| m.version == d.version)).map(|d| Status {
        version: d.version,
        name: d.name.clone(),
        phase: d.phase.clone().unwrap_or_default(),
        known: false,
        applied_at: Some(d.applied_at),
    });
    let mut all: Vec<Status> = ours.chain(newer).collect();
    all.sort_by_key(|s| s.version);
    Ok(all)
}

/// Refuses a store that is not migrated as far as this program needs. Contract steps may be missing.
///
/// # Errors
/// When one is missing, or as [`status`].
pub async fn require_current(db: &Db) -> Result<()> {
    let needed = |s: &Status| s.applied_at.is_none() && s.phase != Phase::Contract.word();
    match status(db).await?.into_iter().find(needed) {
        None => Ok(()),
        Some(missing) => Err(StoreError::new(
            StoreErrorKind::NotMigrated,
            format!("the store lacks migration {}", missing.name),
        )
        .hint("Run `querent migrate up`.")),
    }
}

fn check(list: &[Migration], done: &[Applied]) -> Result<()> {
    for applied in done {
        match list.iter().find(|m| m.version == applied.version) {
            None if applied.is_bearable() => {}
            None => return Err(unknown(&applied.name)),
            Some(ours) if ledger::checksum(ours) == applied.checksum => {}
            Some(_) => {
                let message =
                    format!("migration {} ran with another text than this program carries", applied.name);
                return Err(migration(message).hint(
                    "A migration must not be edited after it ran. Run the version of the program that applied it, undo \
                     it there with `querent migrate down`, then run this one; or restore a backup.",
                ));
            }
        }
    }
    Ok(())
}

fn unknown(name: &str) -> StoreError {
    migration(format!("the store has migration {name}, which this program does not know"))
        .hint("The store was used by a newer version: run that version, or restore a backup from before it.")
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
