//! The store in PostgreSQL: a bounded pool of sessions.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Runtime, TimeoutType};
use tokio::sync::Notify;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::postgres_pool::{Object, Pool, PoolError, Sessions};
use super::{Row, Value, placeholder_rows, postgres_tls};
use crate::model::Id;
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// How long to wait for a free session, and for a new one.
const PATIENCE: Duration = Duration::from_secs(15);
/// Parameters of one statement at the most (the protocol holds 65,535).
const MAX_PARAMETERS: usize = 30_000;
/// Rows of one insert at the most.
const MAX_ROWS: usize = 500;

/// The store in PostgreSQL. Clones share the pool.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    bell: Arc<Notify>,
}

impl Postgres {
    pub(super) async fn open(url: &str, max_sessions: usize) -> Result<Postgres> {
        let (mut config, tls) = postgres_tls::read_url(url)?;
        config.application_name("querent").connect_timeout(PATIENCE).keepalives(true);
        let pool = Pool::builder(Sessions::new(config, tls))
            .max_size(max_sessions.max(2))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .recycle_timeout(Some(PATIENCE))
            .build()
            .map_err(|_| StoreError::new(StoreErrorKind::Internal, "the store's pool could not be built"))?;
        let store = Postgres { pool, bell: Arc::default() };
        store.query(None, "SELECT 1", &[]).await?;
        Ok(store)
    }

    pub(super) fn bell(&self) -> &Notify {
        &self.bell
    }

    /// A session that sees one workspace, or everything.
    async fn session(&self, workspace: Option<Id>) -> Result<Object> {
        let mut session = self.pool.get().await.map_err(translate_pool)?;
        session.see(workspace).await.map_err(translate)?;
        Ok(session)
    }

    pub(super) async fn query(&self, workspace: Option<Id>, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        run_query(&self.session(workspace).await?, sql, args).await
    }

    pub(super) async fn execute(&self, workspace: Option<Id>, sql: &str, args: &[Value]) -> Result<u64> {
        run_execute(&self.session(workspace).await?, sql, args).await
    }

    pub(super) async fn begin(&self, workspace: Option<Id>) -> Result<PostgresTx> {
        // made before BEGIN is sent: a caller that goes away in between must not leave it open in the pool
        let tx = PostgresTx { session: Some(self.session(workspace).await?) };
        tx.batch("BEGIN").await?;
        Ok(tx)
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }
}

/// A transaction: it has a session for itself.
pub struct PostgresTx {
    session: Option<Object>,
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        // the session is thrown away with its open transaction: the server undoes it, and nobody inherits it
        if let Some(session) = self.session.take() {
            drop(Object::take(session));
        }
    }
}

impl PostgresTx {
    fn session(&self) -> Result<&Object> {
        self.session
            .as_ref()
            .ok_or_else(|| StoreError::new(StoreErrorKind::Internal, "the transaction has ended already"))
    }

    async fn end(mut self, command: &str) -> Result<()> {
        self.session()?.batch_execute(command).await.map_err(translate)?;
        // back to the pool
        drop(self.session.take());
        Ok(())
    }

    pub(super) async fn query(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        run_query(self.session()?, sql, args).await
    }

    pub(super) async fn execute(&self, sql: &str, args: &[Value]) -> Result<u64> {
        run_execute(self.session()?, sql, args).await
    }

    pub(super) async fn batch(&self, sql: &str) -> Result<()> {
        self.session()?.batch_execute(sql).await.map_err(translate)
    }

    pub(super) async fn insert_many(&self, into: &str, tail: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        let session = self.session()?;
        let width = rows.first().map_or(1, Vec::len).max(1);
        let size = MAX_ROWS.min(MAX_PARAMETERS / width).max(1);
        let mut prepared: Option<(usize, Statement)> = None;
        for chunk in rows.chunks(size) {
            // not in the session's cache, which has no bound: the text depends on the number of rows
            let statement = match &prepared {
                Some((length, statement)) if *length == chunk.len() => statement.clone(),
                _ => {
                    let values = placeholder_rows(chunk.len(), width);
                    let sql = format!("INSERT INTO {into} VALUES {values} {tail}");
                    session.prepare(&sql).await.map_err(translate)?
                }
            };
            let args: Vec<&Value> = chunk.iter().flatten().collect();
            session.execute_raw(&statement, args).await.map_err(translate)?;
            prepared = Some((chunk.len(), statement));
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<()> {
        self.end("COMMIT").await
    }

    pub(super) async fn rollback(self) -> Result<()> {
        self.end("ROLLBACK").await
    }
}

async fn run_query(session: &Object, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
    let statement = session.prepare_cached(sql).await.map_err(translate)?;
    let columns: Arc<[String]> = statement.columns().iter().map(|c| c.name().to_owned()).collect();
    let rows = session.query(&statement, &as_parameters(args)).await.map_err(translate)?;
    rows.iter()
        .map(|row| {
            let values = (0..columns.len()).map(|place| row.try_get::<_, Value>(place).map_err(translate));
            Ok(Row::new(columns.clone(), values.collect::<Result<Vec<Value>>>()?))
        })
        .collect()
}

async fn run_execute(session: &Object, sql: &str, args: &[Value]) -> Result<u64> {
    let statement = session.prepare_cached(sql).await.map_err(translate)?;
    session.execute(&statement, &as_parameters(args)).await.map_err(translate)
}

fn as_parameters(args: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    args.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn unreachable(why: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("the store's PostgreSQL cannot be reached: {why}"))
        .hint("Check DATABASE_URL, that the server runs, and that this machine may connect to it.")
}

#[allow(clippy::needless_pass_by_value)] // used as a function by map_err
fn translate_pool(error: PoolError) -> StoreError {
    match error {
        PoolError::Timeout(TimeoutType::Wait) => {
            StoreError::new(StoreErrorKind::Busy, "all sessions of the store are in use for too long")
                .hint("Try again later, or allow more sessions.")
        }
        PoolError::Timeout(_) => unreachable("no answer in time"),
        PoolError::Backend(error) => translate(error),
        PoolError::Closed => {
            StoreError::new(StoreErrorKind::Unavailable, "the store is closed: the program is ending")
        }
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            StoreError::new(StoreErrorKind::Internal, "the store's pool failed")
        }
    }
}

/// Sentences are ours: the server's own detail may hold stored values.
#[allow(clippy::needless_pass_by_value)] // used as a function by map_err
fn translate(error: tokio_postgres::Error) -> StoreError {
    let Some(state) = error.code() else { return translate_client(&error) };
    match state {
        s if *s == SqlState::UNIQUE_VIOLATION => {
            StoreError::new(StoreErrorKind::Conflict, "a record with the same key or name is there already")
        }
        s if *s == SqlState::FOREIGN_KEY_VIOLATION => StoreError::new(
            StoreErrorKind::BrokenReference,
            "the record refers to one that is not there, or another still refers to it",
        ),
        s if *s == SqlState::T_R_SERIALIZATION_FAILURE
            || *s == SqlState::T_R_DEADLOCK_DETECTED
            || *s == SqlState::LOCK_NOT_AVAILABLE
            || *s == SqlState::TOO_MANY_CONNECTIONS =>
        {
            StoreError::new(StoreErrorKind::Busy, "others are writing the same records").hint("Try again.")
        }
        s if *s == SqlState::QUERY_CANCELED => {
            StoreError::new(StoreErrorKind::Timeout, "a statement of the store took too long")
        }
        s if *s == SqlState::INVALID_PASSWORD || *s == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            StoreError::new(StoreErrorKind::BadLogin, "the store's PostgreSQL refused the login")
                .hint("Check user and password in DATABASE_URL.")
        }
        s if *s == SqlState::INVALID_CATALOG_NAME => {
            StoreError::new(StoreErrorKind::Unavailable, "the store's database does not exist")
                .hint("Create it, or name another one in DATABASE_URL.")
        }
        s if *s == SqlState::UNDEFINED_TABLE || *s == SqlState::UNDEFINED_COLUMN => StoreError::new(
            StoreErrorKind::NotMigrated,
            "the store lacks a table or column that this program needs",
        )
        .hint("Run `querent migrate up`."),
        s if *s == SqlState::DISK_FULL => {
            StoreError::new(StoreErrorKind::Disk, "the disk of the store's PostgreSQL is full")
        }
        s if *s == SqlState::ADMIN_SHUTDOWN || *s == SqlState::CANNOT_CONNECT_NOW => {
            unreachable("it is starting or stopping")
        }
        _ => {
            let sentence = error.as_db_error().map_or("", |e| e.message());
            let message = format!("the store refused a statement ({}): {sentence}", state.code());
            StoreError::new(StoreErrorKind::Internal, message)
        }
    }
}

fn translate_client(error: &tokio_postgres::Error) -> StoreError {
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    if cause.contains("certificate") || cause.contains("TLS") {
        return StoreError::new(
            StoreErrorKind::Tls,
            format!("TLS with the store's PostgreSQL failed: {cause}"),
        )
        .hint("Check sslmode and sslrootcert in DATABASE_URL.");
    }
    if error.is_closed() || error.to_string().starts_with("error c") {
        return unreachable(&cause);
    }
    StoreError::new(StoreErrorKind::Internal, format!("the store's driver failed: {error}: {cause}"))
}
