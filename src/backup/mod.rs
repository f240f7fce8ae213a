//! Backup and restore of the whole store, whichever backend it has, while daemons work on it.
//!
//! One view of the store is read table by table and written as rows that either backend can hold, so that a backup of a
//! file can be restored into PostgreSQL and the other way round. Restoring is one transaction: the store is made anew as its
//! migrations made it when the backup was taken, filled, compared with the backup, migrated to the end, and committed.
//! The master keys are not in it unless asked for: without them the restored store's secrets cannot be opened.

mod chain;
mod chunks;
mod error;
mod files;
mod load;
mod lock;
mod records;
mod save;

pub use chunks::Header;
pub use load::{Restore, check, describe, restore};
pub use lock::{Lock, Opener};
pub use records::{FileEnd, Head, Summary, TableEnd};
pub use save::{Contents, save};

/// Told after each batch: what is being read or written, and how many rows or files there were so far.
pub type Report<'r> = &'r (dyn Fn(&str, u64) + Sync);

/// The master keys' file in the data folder.
const KEY_FILE: &str = "secret.key";
/// Records on their way between the store and the file.
const QUEUE: usize = 256;
