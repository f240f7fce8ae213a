//! The store made anew within one transaction, as it was at some time: for restoring a backup.

use super::{Phase, check, failed, known, ledger, unknown};
use crate::store::db::{Conn, Db, Tx};
use crate::store::error::Result;

/// Versions of all that ran, in order.
///
/// # Errors
/// When the store fails, or was never migrated.
pub async fn versions(on: &impl Conn) -> Result<Vec<i64>> {
    let rows = on.query("SELECT version FROM migrations ORDER BY version", &[]).await?;
    rows.iter().map(|row| row.int("version")).collect()
}

/// A transaction during which nobody else migrates; on SQLite references are not checked in it.
///
/// # Errors
/// When the store fails.
pub async fn alone(db: &Db) -> Result<Tx> {
    ledger::locked_for_rebuild(db).await
}

/// Undoes everything that ran, then applies those versions. Give the transaction of [`alone`].
///
/// # Errors
/// When the store has migrations of a newer program, or one fails.
pub async fn anew(tx: &Tx, versions: &[i64]) -> Result<()> {
    let list = known(tx.dialect());
    let done = ledger::read(tx).await?;
    check(list, &done)?;
    for ran in done.iter().rev() {
        let step = list.iter().find(|m| m.version == ran.version).ok_or_else(|| unknown(&ran.name))?;
        tx.batch(step.down).await.map_err(|error| failed(step, error))?;
        ledger::remove(tx, step).await?;
    }
    for step in list.iter().filter(|m| versions.contains(&m.version)) {
        tx.batch(step.up).await.map_err(|error| failed(step, error))?;
        ledger::add(tx, step).await?;
    }
    Ok(())
}

/// Applies what is missing after [`anew`], but for contract steps.
///
/// # Errors
/// When one fails.
pub async fn catch_up(tx: &Tx) -> Result<()> {
    let done = ledger::read(tx).await?;
    let missing = |version| !done.iter().any(|d| d.version == version);
    let list = known(tx.dialect());
    for step in list.iter().filter(|m| missing(m.version) && m.phase != Phase::Contract) {
        tx.batch(step.up).await.map_err(|error| failed(step, error))?;
        ledger::add(tx, step).await?;
    }
    Ok(())
}
