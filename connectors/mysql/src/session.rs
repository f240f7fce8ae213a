//! One read-only transaction on one session: the server holds it read-only, its settings are read back, it always
//! ends in ROLLBACK, and the session is reset before it is used again.
//!
//! The session itself is made read-only, not only the transaction: a statement that ends the transaction implicitly
//! (all of DDL does) would end its read-only mode with it. Texts of several statements are only ours: the beginning, and
//! the look at many tables' values; everything else goes to the server as a prepared statement, and the server prepares
//! one statement at a time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use catalog::Engine;
use connector_api::{ConnectorError, ErrorKind};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Row};

use crate::error::{self, While, from_driver};
use crate::pool::{Link, Place, Sessions, number};

/// How long ending or cancelling may take before the session is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Rounds of a recursive query at the most. MariaDB then cuts the result with a warning, MySQL gives an error; both are
/// told (see `query`).
const RECURSION: u32 = 1_000_000;

/// Bytes of a text that GROUP_CONCAT makes; both servers cut there with a warning, which is told.
const GROUP_CONCAT: u32 = 4 * 1024 * 1024;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// One checked statement, whose result may have so many rows.
    Statement { rows: u64 },
    /// The plan of one.
    Plan,
    /// Questions of our own about the catalog and the login.
    Catalog,
}

impl Work {
    /// How text is lexed: a backslash is a character like others, and quotes are as in standard SQL. Catalog questions
    /// go without the latter: with it the server prints names in definitions in double quotes too, some and not others.
    fn lexing(self) -> &'static [&'static str] {
        match self {
            Work::Statement { .. } | Work::Plan => &["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"],
            Work::Catalog => &["NO_BACKSLASH_ESCAPES"],
        }
    }
}

/// Modes that change what values a query gives, not how its text is read: these stay as the server has them, so that
/// results are those that other clients see.
const KEPT: &[&str] = &[
    "ONLY_FULL_GROUP_BY",
    "NO_UNSIGNED_SUBTRACTION",
    "NO_ZERO_DATE",
    "NO_ZERO_IN_DATE",
    "ALLOW_INVALID_DATES",
    "PAD_CHAR_TO_FULL_LENGTH",
    "TIME_TRUNCATE_FRACTIONAL",
    "TIME_ROUND_FRACTIONAL",
];

/// A session inside its read-only transaction. One that is dropped before it ended is cancelled and closed: it must
/// not go back to the pool in the middle of something.
pub(crate) struct Session {
    /// Taken out when the session ends.
    link: Option<(Link, Place)>,
    sessions: Arc<Sessions>,
    /// The server's number of the session, which the cancel needs.
    number: u64,
}

impl Session {
    /// Takes a session and begins.
    pub(crate) async fn begin(
        sessions: &Arc<Sessions>,
        timeout: Duration,
        work: Work,
    ) -> Result<Session, ConnectorError> {
        let place = sessions.place().await?;
        loop {
            let mut link = sessions.link().await?;
            let wanted = Wanted::new(&link, timeout, work);
            // a session dropped in the middle of its beginning is closed by the driver: nothing runs in it
            match last_row(&mut link.conn, &wanted.text()).await {
                Ok(row) => {
                    let number = wanted.read_back(row.as_ref())?;
                    let sessions = Arc::clone(sessions);
                    return Ok(Session { link: Some((link, place)), sessions, number });
                }
                // the server closed it while it was idle; each try uses one up
                Err(error) if link.used && error.is_fatal() => {}
                Err(error) => return Err(from_driver(&error, While::Working)),
            }
        }
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

    /// Which engine answers.
    pub(crate) fn engine(&mut self) -> Result<Engine, ConnectorError> {
        Ok(self.link_mut()?.engine)
    }

    /// Whether dates are read as text.
    pub(crate) fn zero_dates_as_text(&self) -> bool {
        self.sessions.settings.zero_dates_as_text
    }

    /// All rows of a query of ours.
    pub(crate) async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, ConnectorError> {
        let rows = self.conn()?.exec(sql, ()).await;
        rows.map_err(|e| from_driver(&e, While::Working))
    }

    /// Runs statements of ours in one message, so that many small ones cost one round trip; gives the rows of each. One
    /// that the server refuses is told in its place, and the others run.
    pub(crate) async fn each(
        &mut self,
        statements: &[String],
    ) -> Result<Vec<Result<Vec<Row>, ConnectorError>>, ConnectorError> {
        let mut told: Vec<Result<Vec<Row>, ConnectorError>> = Vec::with_capacity(statements.len());
        while let Some(rest) = statements.get(told.len()..).filter(|rest| !rest.is_empty()) {
            let (sets, error) = results(self.conn()?, &rest.join(";\n")).await;
            told.extend(sets.into_iter().map(Ok));
            match error {
                Some(error) if error.is_fatal() => return Err(from_driver(&error, While::Working)),
                Some(error) => told.push(Err(from_driver(&error, While::Working))),
                None if told.len() < statements.len() => {
                    return Err(error::internal("the server gave fewer results than there were statements"));
                }
                None => {}
            }
        }
        told.truncate(statements.len());
        Ok(told)
    }

    /// Runs statements of ours in one message and one transaction of their own, which begins with `first`; gives the rows
    /// of the others. The transaction that was on has ended before.
    pub(crate) async fn at_once(
        &mut self,
        first: &str,
        statements: &[String],
    ) -> Result<Vec<Vec<Row>>, ConnectorError> {
        let text = format!("START TRANSACTION READ ONLY; {first}; {}; ROLLBACK", statements.join("; "));
        let (mut sets, error) = results(self.conn()?, &text).await;
        if let Some(error) = error {
            let error = from_driver(&error, While::Working);
            if error.kind != ErrorKind::Broken {
                self.hold_nothing().await?;
            }
            return Err(error);
        }
        // to the driver the last one's end is no result
        if sets.len() < statements.len() + 2 {
            return Err(error::internal("the server gave fewer results than there were statements"));
        }
        sets.truncate(statements.len() + 2);
        Ok(sets.split_off(2))
    }

    /// Ends the transaction. What is read from here on is a transaction each, still read-only, and the server lets go of
    /// its tables when it has been read.
    pub(crate) async fn hold_nothing(&mut self) -> Result<(), ConnectorError> {
        self.conn()?.query_drop("ROLLBACK").await.map_err(|e| from_driver(&e, While::Working))
    }

    /// Rolls back and hands the session back; a session that does not end cleanly is closed.
    pub(crate) async fn end(mut self) {
        let Some((mut link, place)) = self.link.take() else { return };
        let ended = tokio::time::timeout(PATIENCE, clean(&mut link.conn)).await;
        if matches!(ended, Ok(Ok(true))) {
            self.sessions.give_back(link);
        } else {
            let _ = tokio::time::timeout(PATIENCE, link.conn.disconnect()).await;
        }
        drop(place);
    }

    /// Closes the session. The server rolls back.
    pub(crate) async fn leave(mut self) {
        if let Some((link, place)) = self.link.take() {
            let _ = tokio::time::timeout(PATIENCE, link.conn.disconnect()).await;
            drop(place);
        }
    }

    /// Cancels what runs and closes the session. The server rolls back.
    pub(crate) async fn abandon(mut self) {
        if let Some((link, place)) = self.link.take() {
            close(link, place, self.number, Arc::clone(&self.sessions)).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some((link, place)) = self.link.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(close(link, place, self.number, Arc::clone(&self.sessions))));
        }
    }
}

/// Rolls back and resets: temporary tables, locks by name, variables and settings are gone after it. Says whether the
/// server can do that.
async fn clean(conn: &mut Conn) -> Result<bool, Error> {
    conn.query_drop("ROLLBACK").await?;
    conn.reset().await
}

/// Cancels by a statement on a second connection, then closes the first. The place in the pool is free after that.
async fn close(link: Link, place: Place, number: u64, sessions: Arc<Sessions>) {
    let cancel = async {
        let mut second = sessions.connect().await?;
        let killed = second.query_drop(format!("KILL QUERY {number}")).await;
        let _ = second.disconnect().await;
        killed.map_err(|e| from_driver(&e, While::Working))
    };
    if !matches!(tokio::time::timeout(PATIENCE, cancel).await, Ok(Ok(()))) {
        tracing::warn!("a statement could not be cancelled on the server; its session is closed");
    }
    // what was on its way is read to its end, for a bounded time; after that the socket is closed as it is
    let _ = tokio::time::timeout(PATIENCE, link.conn.disconnect()).await;
    drop(place);
}

/// Runs a text of several statements; gives the last row of the last result.
async fn last_row(conn: &mut Conn, text: &str) -> Result<Option<Row>, Error> {
    let (sets, error) = results(conn, text).await;
    match error {
        Some(error) => Err(error),
        None => Ok(sets.into_iter().rev().find_map(|mut rows| rows.pop())),
    }
}

/// Runs a text of several statements; gives the rows of those that went well, and the error that ended it.
async fn results(conn: &mut Conn, text: &str) -> (Vec<Vec<Row>>, Option<Error>) {
    let mut sets = Vec::new();
    let mut result = match conn.query_iter(text).await {
        Ok(result) => result,
        Err(error) => return (sets, Some(error)),
    };
    loop {
        match result.collect::<Row>().await {
            Ok(rows) => sets.push(rows),
            Err(error) => return (sets, Some(error)),
        }
        if result.is_empty() {
            break;
        }
    }
    // to the driver a result is empty, too, when the next statement failed: its error is told here and nowhere else
    (sets, result.drop_result().await.err())
}

/// The settings of a session. All text is ours; the numbers are numbers.
struct Wanted {
    engine: Engine,
    sql_mode: String,
    /// As the server's setting has it: seconds for MariaDB, milliseconds for MySQL.
    timeout: String,
    rows: u64,
    lock_wait: u64,
    patience: u64,
    /// What only one of the servers has, or lets every login set.
    own: &'static str,
}

impl Wanted {
    fn new(link: &Link, timeout: Duration, work: Work) -> Wanted {
        let seconds = timeout.as_secs().clamp(1, 31_536_000);
        let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).clamp(1, 4_294_967_295);
        Wanted {
            engine: link.engine,
            sql_mode: sql_mode(&link.sql_mode, work),
            timeout: match link.engine {
                Engine::Mariadb => format!("{}.{:03}000", milliseconds / 1000, milliseconds % 1000),
                _ => milliseconds.to_string(),
            },
            // one more than may be handed on, so that a cut is seen
            rows: match work {
                Work::Statement { rows } => rows.saturating_add(1),
                Work::Plan | Work::Catalog => u64::MAX,
            },
            lock_wait: seconds.min(10),
            patience: seconds + 60,
            own: match link.engine {
                Engine::Mariadb => "max_error_count = 65535",
                // a figure that is not kept yet would be counted and kept for each table, which fails in a read and takes long
                _ if number(&link.version) >= (8, 0, 0) => "information_schema_stats_expiry = 0",
                _ => "sql_warnings = 0",
            },
        }
    }

    fn text(&self) -> String {
        let Wanted { engine, sql_mode, timeout, rows, lock_wait, patience, own } = self;
        let (timeout_name, recursion_name) = match engine {
            Engine::Mariadb => ("max_statement_time", "max_recursive_iterations"),
            _ => ("max_execution_time", "cte_max_recursion_depth"),
        };
        let (read_only, isolation) = self.transaction_names();
        format!(
            "SET NAMES utf8mb4; SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
             SET SESSION sql_mode = '{sql_mode}', {timeout_name} = {timeout}, {recursion_name} = {RECURSION}, \
             sql_select_limit = {rows}, group_concat_max_len = {GROUP_CONCAT}, lock_wait_timeout = {lock_wait}, \
             innodb_lock_wait_timeout = {lock_wait}, net_write_timeout = {patience}, wait_timeout = {patience}, \
             {own}, autocommit = 1, time_zone = '+00:00'; \
             START TRANSACTION READ ONLY; \
             SELECT CONNECTION_ID(), CAST(0 + @@SESSION.{read_only} AS CHAR), @@SESSION.{isolation}, @@SESSION.sql_mode, \
             CAST(@@SESSION.{timeout_name} AS CHAR), CAST(@@SESSION.sql_select_limit AS CHAR), \
             @@SESSION.character_set_client, @@SESSION.character_set_connection, @@SESSION.character_set_results, @@SESSION.time_zone"
        )
    }

    fn transaction_names(&self) -> (&'static str, &'static str) {
        match self.engine {
            Engine::Mariadb => ("tx_read_only", "tx_isolation"),
            _ => ("transaction_read_only", "transaction_isolation"),
        }
    }

    /// Compares what the server says it set with what was asked; gives the number of the session.
    fn read_back(&self, row: Option<&Row>) -> Result<u64, ConnectorError> {
        let row = row.ok_or_else(|| not_read_only("settings"))?;
        let text = |index: usize| row.get_opt::<String, _>(index).and_then(Result::ok).unwrap_or_default();
        let exact = [
            (1, "transaction_read_only", "1"),
            (2, "transaction_isolation", "REPEATABLE-READ"),
            (4, "statement timeout", self.timeout.as_str()),
            (5, "sql_select_limit", &self.rows.to_string()),
            (6, "character_set_client", "utf8mb4"),
            (7, "character_set_connection", "utf8mb4"),
            (8, "character_set_results", "utf8mb4"),
            // instants (TIMESTAMP) come by the session's clock
            (9, "time_zone", "+00:00"),
        ];
        for (index, name, wanted) in exact {
            if text(index) != wanted {
                return Err(not_read_only(name));
            }
        }
        if modes(&text(3)) != modes(&self.sql_mode) {
            return Err(not_read_only("sql_mode"));
        }
        row.get_opt(0).and_then(Result::ok).ok_or_else(|| not_read_only("connection_id"))
    }
}

fn modes(text: &str) -> BTreeSet<&str> {
    text.split(',').filter(|mode| !mode.is_empty()).collect()
}

/// The mode of our sessions, from the server's own.
fn sql_mode(server: &str, work: Work) -> String {
    let server = modes(server);
    let kept = KEPT.iter().copied().filter(|mode| server.contains(mode));
    work.lexing().iter().copied().chain(kept).collect::<Vec<_>>().join(",")
}

fn not_read_only(setting: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::NotReadOnly, format!("the session did not keep the setting {setting}"))
        .hint("something between here and the server changes settings; connect to the server itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_keeps_what_changes_values_and_drops_what_changes_reading() {
        let server =
            "REAL_AS_FLOAT,PIPES_AS_CONCAT,IGNORE_SPACE,ORACLE,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES";
        assert_eq!(sql_mode(server, Work::Plan), "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY");
        assert_eq!(sql_mode("", Work::Statement { rows: 1 }), "ANSI_QUOTES,NO_BACKSLASH_ESCAPES");
        assert_eq!(sql_mode("", Work::Catalog), "NO_BACKSLASH_ESCAPES");
    }
}
