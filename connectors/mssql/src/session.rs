//! One transaction on one session: its settings are read back, and it always ends in ROLLBACK.
//!
//! SQL Server has no read-only transaction. What stands in its place: a checked text goes to the server as the parameter
//! of `sp_executesql`, so that it cannot reach the text of ours around it; the server says what the text gives before
//! it runs (see `describe`), and what gives no rows does not run; the transaction is always rolled back; and a session in
//! which a statement ran is closed after it, for the driver cannot ask the server to reset it.
//!
//! What runs is told to stop by the protocol's attention signal, and the socket is closed after it.

use std::sync::Arc;
use std::time::Duration;

use connector_api::{ConnectorError, ErrorKind, timed_out};
use tiberius::error::Error;
use tiberius::{Row, ToSql};

use crate::error::{self, While, from_driver};
use crate::introspect::raw;
use crate::pool::{Conn, Link, Place, Sessions};

/// How long ending or cancelling may take before the session is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of one value of a `max` type that the server sends at the most. It cuts there silently, so a value of that
/// length is refused.
pub(crate) const LONGEST_VALUE: usize = 256 * 1024 * 1024;

/// The server's bits of `@@OPTIONS` that must be set: ANSI_WARNINGS, ANSI_PADDING, ANSI_NULLS, ARITHABORT,
/// QUOTED_IDENTIFIER, CONCAT_NULL_YIELDS_NULL, XACT_ABORT.
const OPTIONS_ON: u64 = 8 | 16 | 32 | 64 | 256 | 4096 | 16384;
/// Those that must not be: IMPLICIT_TRANSACTIONS, CURSOR_CLOSE_ON_COMMIT, ARITHIGNORE, NUMERIC_ROUNDABORT.
const OPTIONS_OFF: u64 = 2 | 4 | 128 | 8192;

const ROLLBACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// One checked statement.
    Statement,
    /// The plan of one.
    Plan,
    /// Questions of our own about the catalog and the login.
    Catalog,
}

/// A session inside its transaction. One that is dropped before it ended is cancelled and closed: it must not go back to
/// the pool in the middle of something.
pub(crate) struct Session {
    /// Taken out when the session ends.
    link: Option<(Link, Place)>,
    sessions: Arc<Sessions>,
    work: Work,
    timeout: Duration,
    /// Whether the server may be at work for us.
    pub running: bool,
}

impl Session {
    /// Takes a session and begins.
    pub(crate) async fn begin(
        sessions: &Arc<Sessions>,
        timeout: Duration,
        work: Work,
    ) -> Result<Session, ConnectorError> {
        let place = sessions.place().await?;
        let mut place = Some(place);
        loop {
            let link = sessions.link().await?;
            let used = link.used;
            let Some(held) = place.take() else { return Err(error::internal("the session has no place")) };
            let sessions = Arc::clone(sessions);
            let mut session = Session { link: Some((link, held)), sessions, work, timeout, running: false };
            match session.settle().await {
                Ok(()) => return Ok(session),
                // the server closed it while it was idle; each try uses one up
                Err(error) if used && error.kind == ErrorKind::Broken => {
                    place = session.link.take().map(|(_, place)| place);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sets everything, begins the transaction, reads everything back.
    async fn settle(&mut self) -> Result<(), ConnectorError> {
        let link = self.link_mut()?;
        let (snapshots, database) = (link.snapshots, link.database.clone());
        let wanted = Wanted::new(self.timeout, snapshots && self.work == Work::Statement, database);
        let rows = self.batch(&wanted.text()).await?;
        wanted.read_back(rows.first())
    }

    /// Begins again after an error, which ended the transaction.
    pub(crate) async fn again(&mut self) -> Result<(), ConnectorError> {
        self.batch(ROLLBACK).await?;
        self.settle().await
    }

    /// The driver's connection.
    pub(crate) fn conn(&mut self) -> Result<&mut Conn, ConnectorError> {
        Ok(&mut self.link_mut()?.conn)
    }

    /// The connection and what is known of its server.
    pub(crate) fn link_mut(&mut self) -> Result<&mut Link, ConnectorError> {
        match &mut self.link {
            Some((link, _)) => Ok(link),
            None => Err(error::internal("the session has ended already")),
        }
    }

    /// All rows of a query of ours; its values are parameters.
    pub(crate) async fn rows(
        &mut self,
        sql: &str,
        values: &[&dyn ToSql],
    ) -> Result<Vec<Row>, ConnectorError> {
        self.bounded(async |conn: &mut Conn| conn.query(sql, values).await?.into_first_result().await).await
    }

    /// The last rows that a text of ours gives, sent as it is.
    pub(crate) async fn batch(&mut self, text: &str) -> Result<Vec<Row>, ConnectorError> {
        let all = async |conn: &mut Conn| conn.simple_query(text).await?.into_results().await;
        Ok(self.bounded(all).await?.pop().unwrap_or_default())
    }

    /// Works with the connection for as long as the session's statements may run; what runs longer is cancelled.
    async fn bounded<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut Conn) -> Result<T, Error>,
    ) -> Result<T, ConnectorError> {
        let timeout = self.timeout;
        self.running = true;
        let conn = self.conn()?;
        match tokio::time::timeout(timeout, work(conn)).await {
            Ok(Ok(answer)) => {
                self.running = false;
                Ok(answer)
            }
            Ok(Err(error)) => {
                // after an error of the server its answer has been read to the end
                self.running = error.code().is_none();
                Err(from_driver(&error, While::Working))
            }
            Err(_) => {
                self.running = !stopped(self.conn()?).await;
                Err(timed_out(timeout))
            }
        }
    }

    /// Rolls back. A session of the catalog is handed back, others are closed; so is one that does not end cleanly.
    pub(crate) async fn end(mut self) {
        if self.running {
            return self.abandon().await;
        }
        let Some((mut link, place)) = self.link.take() else { return };
        let rolled_back = async { link.conn.simple_query(ROLLBACK).await?.into_results().await };
        let clean = matches!(tokio::time::timeout(PATIENCE, rolled_back).await, Ok(Ok(_)));
        if clean && self.work == Work::Catalog {
            self.sessions.give_back(link);
        } else {
            let _ = tokio::time::timeout(PATIENCE, link.conn.close()).await;
        }
        drop(place);
    }

    /// Cancels what runs and closes the session. The server rolls back.
    pub(crate) async fn abandon(mut self) {
        if let Some((link, place)) = self.link.take() {
            close(link, place, self.running).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some((link, place)) = self.link.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(close(link, place, self.running)));
        }
    }
}

/// Tells the server to stop and waits until it says that it did.
async fn stopped(conn: &mut Conn) -> bool {
    matches!(tokio::time::timeout(PATIENCE, conn.cancel_query()).await, Ok(Ok(())))
}

/// Cancels, then closes. The place in the pool is free after that.
async fn close(mut link: Link, place: Place, running: bool) {
    if running && !stopped(&mut link.conn).await {
        tracing::debug!(
            "a statement was not stopped in time; its connection is cut, which ends it on the server"
        );
    }
    let _ = tokio::time::timeout(PATIENCE, link.conn.close()).await;
    drop(place);
}

/// The settings of a session. All text is ours; the number is a number.
struct Wanted {
    /// Milliseconds.
    lock_timeout: u64,
    snapshot: bool,
    database: String,
}

impl Wanted {
    fn new(timeout: Duration, snapshot: bool, database: String) -> Wanted {
        let lock_timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).clamp(1, 10_000);
        Wanted { lock_timeout, snapshot, database }
    }

    fn text(&self) -> String {
        let Wanted { lock_timeout, .. } = self;
        let isolation = if self.snapshot { "SNAPSHOT" } else { "READ COMMITTED" };
        format!(
            "SET NOCOUNT ON; SET NOEXEC OFF; SET ROWCOUNT 0; SET TEXTSIZE {LONGEST_VALUE}; SET QUOTED_IDENTIFIER ON; \
             SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; \
             SET CONCAT_NULL_YIELDS_NULL ON; SET NUMERIC_ROUNDABORT OFF; SET IMPLICIT_TRANSACTIONS OFF; \
             SET CURSOR_CLOSE_ON_COMMIT OFF; SET XACT_ABORT ON; SET DATEFORMAT mdy; SET DEADLOCK_PRIORITY LOW; \
             SET LOCK_TIMEOUT {lock_timeout}; SET TRANSACTION ISOLATION LEVEL {isolation}; BEGIN TRANSACTION; \
             SELECT @@TRANCOUNT, @@OPTIONS, @@LOCK_TIMEOUT, @@TEXTSIZE, CAST(s.transaction_isolation_level AS int), \
             s.date_format, DB_NAME(), CAST(@@SPID AS int) FROM sys.dm_exec_sessions AS s WHERE s.session_id = @@SPID"
        )
    }

    /// Compares what the server says it set with what was asked.
    fn read_back(&self, row: Option<&Row>) -> Result<(), ConnectorError> {
        let row = row.ok_or_else(|| not_kept("settings"))?;
        let isolation = if self.snapshot { 5 } else { 2 };
        let longest = u64::try_from(LONGEST_VALUE).unwrap_or_default();
        let exact = [
            (0, "the transaction", 1),
            (2, "LOCK_TIMEOUT", self.lock_timeout),
            (3, "TEXTSIZE", longest),
            (4, "TRANSACTION ISOLATION LEVEL", isolation),
        ];
        for (index, name, wanted) in exact {
            if raw::number(row, index) != Some(wanted) {
                return Err(not_kept(name));
            }
        }
        let options = raw::number(row, 1).ok_or_else(|| not_kept("options"))?;
        if options & OPTIONS_ON != OPTIONS_ON || options & OPTIONS_OFF != 0 {
            return Err(not_kept("ANSI options and XACT_ABORT"));
        }
        if raw::text(row, 5) != "mdy" {
            return Err(not_kept("DATEFORMAT"));
        }
        if raw::text(row, 6) != self.database {
            return Err(not_kept("the database"));
        }
        Ok(())
    }
}

fn not_kept(setting: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::NotReadOnly, format!("the session did not keep the setting: {setting}"))
        .hint("something between here and the server changes settings; connect to the server itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_locks_no_longer_than_the_statement_may_run() {
        let text = |seconds| Wanted::new(Duration::from_secs(seconds), false, String::new()).text();
        assert!(text(3).contains("SET LOCK_TIMEOUT 3000;"));
        assert!(text(600).contains("SET LOCK_TIMEOUT 10000;"));
    }

    #[test]
    fn dirty_reads_are_never_asked_for() {
        for snapshot in [true, false] {
            let text = Wanted::new(Duration::from_secs(1), snapshot, String::new()).text();
            assert!(!text.contains("UNCOMMITTED"));
            assert_eq!(text.contains("ISOLATION LEVEL SNAPSHOT"), snapshot);
        }
    }
}
