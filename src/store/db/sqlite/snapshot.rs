//! A view of the store at one moment, on a session of its own: the writer goes on meanwhile.

use std::sync::Arc;

use super::{Lease, Sqlite, SqliteTx, blocking, open_session, translate};
use crate::store::error::Result;

impl Sqlite {
    /// A transaction that only reads, and sees nothing of what is committed after this call.
    pub(in crate::store::db) async fn snapshot(&self) -> Result<SqliteTx> {
        let path = self.path.clone();
        let session = blocking(move || {
            let session = open_session(&path, true)?;
            // the moment is that of the first read, not that of BEGIN
            session.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").map_err(translate)?;
            Ok(session)
        })
        .await?;
        let lease = Lease(Arc::new(tokio::sync::Mutex::new(session)).lock_owned().await);
        Ok(SqliteTx { lease: tokio::sync::Mutex::new(Some(lease)) })
    }
}
