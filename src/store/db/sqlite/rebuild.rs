//! Transactions in which foreign keys are off: SQLite makes a table anew by dropping it, and dropping deletes what refers
//! to its rows. The setting cannot change inside of a transaction.

use rusqlite::config::DbConfig;

use super::{Lease, Sqlite, SqliteTx, blocking, translate};
use crate::store::error::Result;

impl Sqlite {
    /// As `begin`, with foreign keys off. The writer has them on again when it is given back, whatever the end.
    pub(in crate::store::db) async fn begin_rebuild(&self) -> Result<SqliteTx> {
        let lease = self.lease().await?;
        let lease = blocking(move || {
            lease.0.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE").map_err(translate)?;
            Ok(lease)
        })
        .await?;
        Ok(SqliteTx { lease: tokio::sync::Mutex::new(Some(lease)) })
    }
}

impl Lease {
    /// Turns foreign keys on where they are off; for the end of a lease, outside of a transaction.
    pub(super) fn restore_references(&self) {
        let (session, setting) = (&self.0, DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY);
        if !matches!(session.db_config(setting), Ok(true))
            && let Err(error) = session.set_db_config(setting, true)
        {
            tracing::warn!(%error, "foreign keys of the store could not be turned on again");
        }
    }
}
