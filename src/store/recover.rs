//! After a crash: what was being worked on when a daemon died is marked `interrupted`, so that nothing waits for it.
//!
//! Work carries a lease. A daemon alone on its store (SQLite) takes everything unfinished for its own dead predecessor's;
//! where several share one (PostgreSQL), only work whose lease ran out is abandoned: a crawl renews its own,
//! other work ends within its lease.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::db::{Conn, Tx, args};
use super::error::{Result, StoreError, StoreErrorKind};
use crate::model::clock;

/// Proof that no other daemon works on a data folder, as long as it is held; the system frees it when the process ends,
/// whatever way.
#[derive(Debug)]
pub struct FolderClaim {
    _file: File,
}

/// Claims a data folder for this process.
///
/// # Errors
/// Busy when another daemon has it; unavailable when the folder cannot be written.
pub fn claim_folder(folder: &Path) -> Result<FolderClaim> {
    let unavailable = |_| {
        StoreError::new(StoreErrorKind::Unavailable, "the data folder cannot be written")
            .hint("Check that it exists and that this user may write to it.")
    };
    let path = folder.join("daemon.lock");
    let file = File::options().write(true).create(true).truncate(false).open(path).map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(FolderClaim { _file: file }),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::new(StoreErrorKind::Busy, "another daemon works on this data folder")
                .hint("Use the running one, stop it, or name another data folder."))
        }
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

/// Which unfinished work is abandoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandoned {
    /// All of it: nobody else works on this store.
    All,
    /// Only that whose lease ran out.
    Expired,
}

/// How much was marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interrupted {
    /// Crawls.
    pub crawls: u64,
    /// Chat messages.
    pub messages: u64,
    /// Executions.
    pub executions: u64,
}

const CODE: &str = "S030";
const SENTENCE: &str = "the daemon ended before this was done";

/// Marks abandoned work. Run at start, and from time to time where several daemons share the store.
///
/// # Errors
/// When the store fails; nothing is marked then.
pub async fn mark_interrupted(tx: &Tx, which: Abandoned) -> Result<Interrupted> {
    let lapsed = match which {
        Abandoned::All => "TRUE",
        Abandoned::Expired => "(lease_until IS NULL OR lease_until < $1)",
    };
    // what carries a daemon's key is that daemon's as long as it lives, and is taken over when it does not
    let unowned = match which {
        Abandoned::All => "TRUE",
        Abandoned::Expired => "lease_owner IS NULL",
    };
    let run = |table: &str| {
        format!(
            "UPDATE {table} SET status = 'interrupted', finished_at = $1, lease_until = NULL, error_code = $2, \
             error_message = $3 WHERE status IN ('queued', 'running') AND {lapsed}"
        )
    };
    let message = format!(
        "UPDATE chat_messages SET status = 'interrupted', updated_at = $1, lease_until = NULL, error_code = $2, \
         error_message = $3 WHERE status = 'pending' AND {lapsed} AND {unowned}"
    );
    if which == Abandoned::All {
        // whoever held them is dead: they are free at once, not when their leases run out
        let free = "UPDATE jobs SET lease_until = $1 WHERE state = 'running'";
        tx.execute(free, args![clock::before(Duration::from_secs(1))]).await?;
    }
    let args = args![clock::now(), CODE, SENTENCE];
    Ok(Interrupted {
        crawls: tx.execute(&run("crawls"), args).await?,
        messages: tx.execute(&message, args).await?,
        executions: tx.execute(&format!("{} AND {unowned}", run("executions")), args).await?,
    })
}
