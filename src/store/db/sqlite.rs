//! The store in a file: one writer, a few readers, all of it off the async threads.
//!
//! The file is in WAL mode with `synchronous=FULL`: a commit that was acknowledged is on the disk, so a killed process
//! or a power cut loses nothing that a caller was told; PostgreSQL promises the same by default.

mod rebuild;
mod snapshot;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};
use tokio::sync::{Notify, OwnedMutexGuard, Semaphore};

use super::placeholders::for_sqlite;
use super::{Row, Value, placeholder_rows};
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// Sessions that only read.
const READERS: usize = 4;
/// How long to wait for the writer, in this process or another.
const PATIENCE: Duration = Duration::from_secs(15);
/// Prepared statements kept per session.
const STATEMENTS: usize = 128;

/// The store in a file. Clones share it.
#[derive(Clone)]
pub struct Sqlite {
    path: Arc<PathBuf>,
    writer: Arc<tokio::sync::Mutex<Connection>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    bell: Arc<Notify>,
}

/// The writer while a statement or a transaction has it; an open transaction ends with it.
struct Lease(OwnedMutexGuard<Connection>);

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "a transaction of the store could not be rolled back");
        }
        self.restore_references();
    }
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Sqlite> {
        let path = path.to_path_buf();
        let (path, writer) = blocking(move || {
            make_private(&path)?;
            let writer = open_session(&path, false)?;
            Ok((path, writer))
        })
        .await?;
        Ok(Sqlite {
            path: Arc::new(path),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            readers: Arc::default(),
            permits: Arc::new(Semaphore::new(READERS)),
            bell: Arc::default(),
        })
    }

    pub(super) fn bell(&self) -> &Notify {
        &self.bell
    }

    async fn lease(&self) -> Result<Lease> {
        match tokio::time::timeout(PATIENCE, self.writer.clone().lock_owned()).await {
            Ok(guard) => Ok(Lease(guard)),
            Err(_) => Err(busy()),
        }
    }

    pub(super) async fn query(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        if !reads_only(sql) {
            let lease = self.lease().await?;
            let (sql, args) = (for_sqlite(sql), args.to_vec());
            return blocking(move || run_query(&lease.0, &sql, &args)).await;
        }
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| closed())?;
        let (path, readers) = (self.path.clone(), self.readers.clone());
        let (sql, args) = (for_sqlite(sql), args.to_vec());
        blocking(move || {
            let idle = readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let session = match idle {
                Some(session) => session,
                None => open_session(&path, true)?,
            };
            let rows = run_query(&session, &sql, &args);
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(session);
            drop(permit);
            rows
        })
        .await
    }

    pub(super) async fn execute(&self, sql: &str, args: &[Value]) -> Result<u64> {
        let lease = self.lease().await?;
        let (sql, args) = (for_sqlite(sql), args.to_vec());
        blocking(move || run_execute(&lease.0, &sql, &args)).await
    }

    pub(super) async fn begin(&self) -> Result<SqliteTx> {
        let lease = self.lease().await?;
        let lease = blocking(move || {
            lease.0.execute_batch("BEGIN IMMEDIATE").map_err(translate)?;
            Ok(lease)
        })
        .await?;
        Ok(SqliteTx { lease: tokio::sync::Mutex::new(Some(lease)) })
    }

    pub(super) async fn close(&self) {
        self.permits.close();
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let Ok(lease) = self.lease().await else { return };
        let folded = blocking(move || {
            lease.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(translate)
        });
        if let Err(error) = folded.await {
            tracing::warn!(%error, "the log of the store could not be folded into its file");
        }
    }
}

/// A transaction: it has the writer for itself.
pub struct SqliteTx {
    // empty while a statement works on it, and for ever when that statement's caller went away
    lease: tokio::sync::Mutex<Option<Lease>>,
}

impl SqliteTx {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let mut place = self.lease.lock().await;
        let lease = place.take().ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Internal,
                "the transaction has ended already: a statement of it was abandoned",
            )
        })?;
        let (lease, result) = blocking(move || {
            let result = work(&lease.0);
            Ok((lease, result))
        })
        .await?;
        *place = Some(lease);
        result
    }

    pub(super) async fn query(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        let (sql, args) = (for_sqlite(sql), args.to_vec());
        self.run(move |session| run_query(session, &sql, &args)).await
    }

    pub(super) async fn execute(&self, sql: &str, args: &[Value]) -> Result<u64> {
        let (sql, args) = (for_sqlite(sql), args.to_vec());
        self.run(move |session| run_execute(session, &sql, &args)).await
    }

    pub(super) async fn batch(&self, sql: &str) -> Result<()> {
        let sql = sql.to_owned();
        self.run(move |session| session.execute_batch(&sql).map_err(translate)).await
    }

    pub(super) async fn insert_many(&self, into: &str, tail: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        let width = rows.first().map_or(0, Vec::len);
        let sql = for_sqlite(&format!("INSERT INTO {into} VALUES {} {tail}", placeholder_rows(1, width)));
        self.run(move |session| rows.iter().try_for_each(|row| run_execute(session, &sql, row).map(drop)))
            .await
    }

    pub(super) async fn commit(self) -> Result<()> {
        self.run(|session| session.execute_batch("COMMIT").map_err(translate)).await
    }

    pub(super) async fn rollback(self) -> Result<()> {
        self.run(|session| session.execute_batch("ROLLBACK").map_err(translate)).await
    }
}

/// Only statements that begin so go to a reader: its session refuses everything else.
fn reads_only(sql: &str) -> bool {
    sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
}

/// A new file is its owner's alone; SQLite gives its log the same rights.
fn make_private(path: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => Err(cannot_open()),
    }
}

fn open_session(path: &Path, reader: bool) -> Result<Connection> {
    // readers open for writing too: WAL needs its shared memory file; `query_only` holds them
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let session = Connection::open_with_flags(path, flags).map_err(translate)?;
    session.busy_timeout(PATIENCE).map_err(translate)?;
    session.set_prepared_statement_cache_capacity(STATEMENTS);
    session
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA trusted_schema = OFF;",
        )
        .map_err(translate)?;
    add_functions(&session).map_err(translate)?;
    if reader {
        session.execute_batch("PRAGMA query_only = ON").map_err(translate)?;
    }
    Ok(session)
}

/// `vector_distance(a, b)`: the cosine distance that pgvector's `<=>` gives, for an exact scan. `unicode_lower(text)`:
/// PostgreSQL's `lower`.
fn add_functions(session: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    session.create_scalar_function("unicode_lower", 1, flags, |call| {
        Ok(call.get::<Option<String>>(0)?.map(|text| text.to_lowercase()))
    })?;
    session.create_scalar_function("vector_distance", 2, flags, |call| {
        let (a, b) = (call.get_raw(0).as_blob(), call.get_raw(1).as_blob());
        let (Ok(a), Ok(b)) = (a, b) else { return Ok(None) };
        Ok(cosine_distance(a, b))
    })
}

fn cosine_distance(a: &[u8], b: &[u8]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let (mut dot, mut left, mut right) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (x, y) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        let (x, y) = (f32::from_le_bytes(x.try_into().ok()?), f32::from_le_bytes(y.try_into().ok()?));
        dot += x * y;
        left += x * x;
        right += y * y;
    }
    let length = f64::from(left).sqrt() * f64::from(right).sqrt();
    (length > 0.0).then(|| 1.0 - f64::from(dot) / length)
}

fn run_query(session: &Connection, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
    let mut statement = session.prepare_cached(sql).map_err(translate)?;
    let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query(rusqlite::params_from_iter(args)).map_err(translate)?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(translate)? {
        let values = (0..columns.len())
            .map(|place| row.get_ref(place).map(read_value).map_err(translate)?)
            .collect::<Result<Vec<Value>>>()?;
        out.push(Row::new(columns.clone(), values));
    }
    Ok(out)
}

fn run_execute(session: &Connection, sql: &str, args: &[Value]) -> Result<u64> {
    let mut statement = session.prepare_cached(sql).map_err(translate)?;
    let touched = statement.execute(rusqlite::params_from_iter(args)).map_err(translate)?;
    Ok(touched as u64)
}

fn read_value(value: ValueRef<'_>) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Float(number),
        ValueRef::Text(text) => Value::Text(
            String::from_utf8(text.to_vec())
                .map_err(|_| StoreError::new(StoreErrorKind::Decode, "a stored text is not UTF-8"))?,
        ),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use rusqlite::types::Value as Owned;
        Ok(match self {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Bool(truth) => ToSqlOutput::Owned(Owned::Integer((*truth).into())),
            Value::Int(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Value::Float(number) => ToSqlOutput::Owned(Owned::Real(*number)),
            Value::Text(text) | Value::JsonText(text) => {
                ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
            }
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Uuid(id) => ToSqlOutput::Owned(Owned::Text(id.to_string())),
            Value::Time(moment) => ToSqlOutput::Owned(Owned::Integer(moment.as_microsecond())),
            Value::Json(document) => ToSqlOutput::Owned(Owned::Text(document.to_string())),
            Value::Vector(vector) => {
                ToSqlOutput::Owned(Owned::Blob(vector.iter().flat_map(|x| x.to_le_bytes()).collect()))
            }
        })
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::new(StoreErrorKind::Internal, "a statement of the store was abandoned")),
    }
}

fn busy() -> StoreError {
    StoreError::new(StoreErrorKind::Busy, "the store is held by another writer for too long")
        .hint("Try again; if it persists, look for another program that has the data folder open.")
}

fn cannot_open() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the store's file cannot be opened")
        .hint("Check that the data folder exists and that this user may write to it.")
}

fn closed() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the store is closed: the program is ending")
}

#[allow(clippy::needless_pass_by_value)] // used as a function by map_err
fn translate(error: rusqlite::Error) -> StoreError {
    use rusqlite::ffi;
    let Some(code) = error.sqlite_error() else {
        return StoreError::new(StoreErrorKind::Internal, format!("the store's driver failed: {error}"));
    };
    match (code.code, code.extended_code) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            StoreError::new(StoreErrorKind::Conflict, "a record with the same key or name is there already")
        }
        (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::new(
            StoreErrorKind::BrokenReference,
            "the record refers to one that is not there, or another still refers to it",
        ),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => busy(),
        (ErrorCode::DiskFull, _) => {
            StoreError::new(StoreErrorKind::Disk, "the disk of the data folder is full")
                .hint("Make room on it.")
        }
        (ErrorCode::CannotOpen | ErrorCode::PermissionDenied, _) => cannot_open(),
        (ErrorCode::ReadOnly | ErrorCode::SystemIoFailure, _) => {
            StoreError::new(StoreErrorKind::Disk, "the store's file cannot be written")
                .hint("Check the disk and the rights of the data folder.")
        }
        (ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt, _) => {
            StoreError::new(StoreErrorKind::Disk, "the store's file is damaged or no SQLite database")
                .hint("Restore it from a backup, or name another data folder.")
        }
        _ if error.to_string().contains("no such table") => {
            StoreError::new(StoreErrorKind::NotMigrated, "the store lacks a table that this program needs")
                .hint("Run `querent migrate up`.")
        }
        _ => StoreError::new(StoreErrorKind::Internal, format!("the store refused a statement: {error}")),
    }
}
