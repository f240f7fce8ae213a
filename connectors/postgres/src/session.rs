//! One read-only transaction on one session: the server holds it read-only, its settings are read back, it always
//! ends in ROLLBACK, and what outlives a transaction is cleared before the session is used again.

use std::sync::Arc;
use std::time::Duration;

use connector_api::{ConnectorError, ErrorKind};
use deadpool_postgres::Object;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::config::Settings;
use crate::error::{While, from_driver};
use crate::pool::Sessions;

/// How long ending or cancelling may take before the session is given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// ROLLBACK, and then everything that SQL could have left behind, except prepared statements: those the driver
/// counts on. It is `DISCARD ALL` otherwise.
const END: &str = "ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
     SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

/// Behind a pooler in transaction mode no prepared statement may be counted on, or left to others.
const FORGET: &str = "DEALLOCATE ALL; ";

/// With whose rights a transaction runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The login's: for questions of our own about the login and the catalog.
    Login,
    /// Those of a reader, where the login is a superuser: it steps down to `pg_read_all_data` for the transaction, so
    /// that files, slots and the like are out of reach. Not where that role would read other rows than the login:
    /// row security binds it and a superuser not, and other servers know users by their mappings.
    Reader,
}

const STEP_DOWN: &str = "; SELECT CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \
     AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_read_all_data') \
     AND NOT EXISTS (SELECT FROM pg_class WHERE relrowsecurity) AND NOT EXISTS (SELECT FROM pg_user_mappings) \
     THEN pg_catalog.set_config('role', 'pg_read_all_data', true) END AS role";

/// The server looks now and then whether its client is still there, so that the work of a process that was killed ends
/// too. Servers before 14 do not know the setting, and on other systems than Linux some refuse it.
const WATCH_CLIENT: &str = "; SELECT CASE WHEN pg_catalog.current_setting('client_connection_check_interval', true) \
     IS NOT NULL AND pg_catalog.version() LIKE '%linux%' \
     THEN pg_catalog.set_config('client_connection_check_interval', '500ms', true) END AS watched";

/// A session inside its read-only transaction. One that is dropped before it ended is cancelled and closed: it must
/// not go back to the pool in the middle of something.
pub(crate) struct Session {
    /// Taken out when the session ends.
    client: Option<Object>,
    sessions: Arc<Sessions>,
    /// Decimal places of type `money` in this database.
    pub money_scale: i8,
    /// The schemas that unqualified names stand for by the login's own settings.
    pub search_path: Vec<String>,
}

impl Session {
    /// Takes a session and begins, with `first` running beside the beginning: its messages follow in the same write,
    /// so that both cost one round trip.
    pub(crate) async fn begin<T>(
        sessions: &Arc<Sessions>,
        timeout: Duration,
        standing: Standing,
        first: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<(Session, T), ConnectorError> {
        let client = Some(sessions.take().await?);
        let mut session =
            Session { client, sessions: Arc::clone(sessions), money_scale: 2, search_path: Vec::new() };
        let text = begin_text(timeout, standing, &sessions.settings);
        let client = session.client()?;
        let (began, first) = futures::future::join(client.simple_query(&text), first(client)).await;
        let began = match began {
            Ok(messages) => session.read_back(&messages, timeout),
            Err(error) => Err(from_driver(&error, While::Working)),
        };
        match (began, first) {
            (Ok(()), Ok(first)) => Ok((session, first)),
            (Err(error), _) => {
                session.abandon().await;
                Err(error)
            }
            (Ok(()), Err(error)) => {
                session.end().await;
                Err(from_driver(&error, While::Working))
            }
        }
    }

    /// The driver's client.
    pub(crate) fn client(&self) -> Result<&Client, ConnectorError> {
        match &self.client {
            Some(client) => Ok(client),
            None => Err(ConnectorError::new(ErrorKind::Internal, "the session has ended already")),
        }
    }

    /// Compares what the server says it set with what was asked.
    fn read_back(
        &mut self,
        messages: &[SimpleQueryMessage],
        timeout: Duration,
    ) -> Result<(), ConnectorError> {
        let rows: Vec<_> = messages
            .iter()
            .filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None })
            .collect();
        let [path, settings, ..] = rows.as_slice() else { return Err(not_read_only("settings")) };
        let expected = [
            ("transaction_read_only", "on".to_owned()),
            ("transaction_isolation", "repeatable read".to_owned()),
            ("search_path", "pg_catalog, pg_temp".to_owned()),
            ("standard_conforming_strings", "on".to_owned()),
            ("row_security", "on".to_owned()),
            ("statement_timeout", milliseconds(timeout).to_string()),
        ];
        for (name, expected) in expected {
            if settings.get(name) != Some(expected.as_str()) {
                return Err(not_read_only(name));
            }
        }
        self.money_scale = settings.get("money_scale").and_then(|s| s.parse().ok()).unwrap_or(2);
        let path = path.get("search_path").and_then(|json| serde_json::from_str(json).ok());
        self.search_path = path.unwrap_or_default();
        Ok(())
    }

    /// Rolls back and hands the session back; a session that does not end cleanly is closed.
    pub(crate) async fn end(mut self) {
        let Ok(client) = self.client() else { return };
        let pooler = self.sessions.settings.pgbouncer;
        let text = if pooler { format!("{END}; {FORGET}") } else { END.to_owned() };
        let ended = tokio::time::timeout(PATIENCE, client.simple_query(&text)).await;
        let clean = matches!(ended, Ok(Ok(_)));
        // behind a pooler the next transaction may meet another server session: nothing may be kept
        match self.client.take() {
            Some(client) if clean && !pooler => drop(client),
            Some(client) => drop(Object::take(client)),
            None => {}
        }
    }

    /// Cancels what runs and closes the session. The server rolls back.
    pub(crate) async fn abandon(mut self) {
        if let Some(client) = self.client.take() {
            close(client, Arc::clone(&self.sessions)).await;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(close(client, Arc::clone(&self.sessions)))),
            Err(_) => drop(Object::take(client)),
        }
    }
}

/// Cancels by a request on a second connection, then closes the first. The place in the pool is free after that.
async fn close(client: Object, sessions: Arc<Sessions>) {
    let cancel = client.cancel_token();
    let sent = tokio::time::timeout(PATIENCE, cancel.cancel_query(sessions.tls.clone())).await;
    if !matches!(sent, Ok(Ok(()))) {
        tracing::warn!("a cancel request could not be sent; the session is closed");
    }
    drop(Object::take(client));
}

fn not_read_only(setting: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::NotReadOnly, format!("the session did not keep the setting {setting}"))
        .hint("something between here and the server changes settings; connect directly or to a session pool")
}

fn milliseconds(time: Duration) -> u64 {
    // the setting is a 32-bit number of milliseconds, and 0 would mean no limit
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).clamp(1, i32::MAX as u64)
}

/// The beginning of every transaction. All text is ours; the numbers are numbers.
fn begin_text(timeout: Duration, standing: Standing, settings: &Settings) -> String {
    let work_mem_mb = settings.work_mem_mb;
    // a pooler's server sessions keep the prepared statements of whoever used them before
    let forget = if settings.pgbouncer { FORGET } else { "" };
    let statement = milliseconds(timeout);
    let lock = statement.min(10_000);
    let step_down = match standing {
        Standing::Login => "",
        Standing::Reader => STEP_DOWN,
    };
    let idle = milliseconds(timeout.saturating_add(Duration::from_secs(60)));
    format!(
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; {forget}\
         SELECT pg_catalog.array_to_json(pg_catalog.current_schemas(false)) AS search_path; \
         SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL standard_conforming_strings = on; \
         SET LOCAL row_security = on; SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}; \
         SET LOCAL idle_in_transaction_session_timeout = {idle}; SET LOCAL work_mem = '{work_mem_mb}MB'; \
         SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off; SET LOCAL datestyle = 'ISO'; \
         SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; \
         SELECT pg_catalog.current_setting('transaction_read_only') AS transaction_read_only, \
         pg_catalog.current_setting('transaction_isolation') AS transaction_isolation, \
         pg_catalog.current_setting('search_path') AS search_path, \
         pg_catalog.current_setting('standard_conforming_strings') AS standard_conforming_strings, \
         pg_catalog.current_setting('row_security') AS row_security, \
         (1000 * extract(epoch FROM pg_catalog.current_setting('statement_timeout')::interval))::bigint AS \
         statement_timeout, pg_catalog.scale(1::money::numeric) AS money_scale{WATCH_CLIENT}{step_down}"
    )
}
