//! The door to the store's database. Nothing else in the daemon knows that there are two drivers behind it.
//!
//! A `Db` speaks for somebody: [`Db::acting`] gives one for a caller, who works in one workspace. Statements name that
//! workspace themselves ([`Conn::workspace`]); on PostgreSQL the session is told too, and row security holds it to that.
//! Without a caller it is the daemon's own: no statement about one workspace finds anything then.

mod placeholders;
mod postgres;
mod postgres_pool;
mod postgres_tls;
mod postgres_values;
mod row;
mod sqlite;
mod timed;
mod value;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

pub use row::Row;
pub use value::Value;
pub(crate) use value::args;

use self::timed::Timed;
use super::error::{Result, StoreError, StoreErrorKind};
use crate::access::Caller;
use crate::model::Id;
use crate::model::clock::Stopwatch;
use crate::telemetry::metrics;

/// Which SQL dialect the store speaks; statements are portable except for vectors, locks and claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file in the data folder.
    Sqlite,
    /// PostgreSQL with pgvector.
    Postgres,
}

impl Dialect {
    /// The dialect's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgres => "postgres",
        }
    }
}

/// The store's database, for a caller or for the daemon itself. Clones share the pool.
#[derive(Clone)]
pub struct Db {
    driver: Driver,
    caller: Option<Arc<Caller>>,
}

#[derive(Clone)]
enum Driver {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

/// What statements can be run on: the database (each on its own) or a transaction (all or none).
pub trait Conn: Send + Sync {
    /// The dialect behind it.
    fn dialect(&self) -> Dialect;

    /// For whom it is; `None` for the daemon's own work over all workspaces.
    fn caller(&self) -> Option<&Arc<Caller>>;

    /// The workspace that statements must name. For the daemon's own work it is a key that no workspace has.
    fn workspace(&self) -> Id {
        self.caller().map_or_else(Id::nil, |caller| caller.workspace())
    }

    /// The name that records and the audit trail keep of whom it is for.
    fn by(&self) -> &str {
        self.caller().map_or("daemon", |caller| caller.name())
    }

    /// Runs a statement with `$1..$n` and gives its rows.
    fn query(&self, sql: &str, args: &[Value]) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// Runs a statement and gives the number of rows it touched.
    fn execute(&self, sql: &str, args: &[Value]) -> impl Future<Output = Result<u64>> + Send;

    /// The first row, if there is one.
    fn query_opt(&self, sql: &str, args: &[Value]) -> impl Future<Output = Result<Option<Row>>> + Send {
        async { Ok(self.query(sql, args).await?.into_iter().next()) }
    }

    /// The first row, or the error that there is no such `what`.
    fn query_one(
        &self,
        what: &'static str,
        sql: &str,
        args: &[Value],
    ) -> impl Future<Output = Result<Row>> + Send {
        async move { self.query_opt(sql, args).await?.ok_or_else(|| StoreError::not_found(what)) }
    }

    /// Runs a statement that must touch a record, or gives the error that there is no such `what`.
    fn execute_one(
        &self,
        what: &'static str,
        sql: &str,
        args: &[Value],
    ) -> impl Future<Output = Result<()>> + Send {
        async move {
            match self.execute(sql, args).await? {
                0 => Err(StoreError::not_found(what)),
                _ => Ok(()),
            }
        }
    }
}

/// A transaction. Dropped without [`Tx::commit`], all of it is undone. After a statement failed it cannot be committed.
pub struct Tx {
    backend: Backend,
    caller: Option<Arc<Caller>>,
    failed: AtomicBool,
    /// Measures it from its beginning to its end.
    _whole: Timed,
}

enum Backend {
    Sqlite(sqlite::SqliteTx),
    Postgres(Box<postgres::PostgresTx>),
}

impl Db {
    /// Opens (or makes) the SQLite file. Its folder must exist.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no SQLite database.
    pub async fn open_sqlite(path: &Path) -> Result<Db> {
        sqlite::Sqlite::open(path).await.map(Driver::Sqlite).map(Db::own)
    }

    /// Connects to PostgreSQL. `url` may carry `sslmode` and `sslrootcert`, with libpq's meanings.
    ///
    /// # Errors
    /// When the URL cannot be used or nobody answers there.
    pub async fn open_postgres(url: &str, max_sessions: usize) -> Result<Db> {
        postgres::Postgres::open(url, max_sessions).await.map(Driver::Postgres).map(Db::own)
    }

    fn own(driver: Driver) -> Db {
        Db { driver, caller: None }
    }

    /// The same store for a caller, in the workspace that the caller works in.
    pub fn acting(&self, caller: Arc<Caller>) -> Db {
        Db { driver: self.driver.clone(), caller: Some(caller) }
    }

    /// The same store for the daemon itself, at work in a workspace. [`Id::nil`]: over all of them.
    pub fn daemon_in(&self, workspace: Id) -> Db {
        let caller = (!workspace.is_nil()).then(|| Arc::new(Caller::daemon(workspace)));
        Db { driver: self.driver.clone(), caller }
    }

    /// The same store for the daemon's own work over all workspaces.
    pub fn everywhere(&self) -> Db {
        Db::own(self.driver.clone())
    }

    /// Starts a transaction that may write. On SQLite it waits until the one before has ended.
    ///
    /// # Errors
    /// When the store is busy for too long or not reachable.
    pub async fn begin(&self) -> Result<Tx> {
        let waits = Stopwatch::start();
        let backend = match &self.driver {
            Driver::Sqlite(db) => Backend::Sqlite(db.begin().await?),
            Driver::Postgres(db) => Backend::Postgres(Box::new(db.begin(self.seen()).await?)),
        };
        metrics::store_waited(self.dialect().as_str(), waits.elapsed());
        Ok(Tx { backend, caller: self.caller.clone(), failed: AtomicBool::new(false), _whole: self.whole() })
    }

    /// As [`Db::begin`], with foreign keys off on SQLite: for migrations that make tables anew.
    pub(super) async fn begin_rebuild(&self) -> Result<Tx> {
        match &self.driver {
            Driver::Sqlite(db) => {
                let backend = Backend::Sqlite(db.begin_rebuild().await?);
                Ok(Tx {
                    backend,
                    caller: self.caller.clone(),
                    failed: AtomicBool::new(false),
                    _whole: self.whole(),
                })
            }
            Driver::Postgres(_) => self.begin().await,
        }
    }

    /// A transaction that only reads, over all workspaces, and sees the store as it is now, whatever others commit
    /// meanwhile. It holds nobody up.
    ///
    /// # Errors
    /// When the store is not reachable.
    pub async fn snapshot(&self) -> Result<Tx> {
        match &self.driver {
            Driver::Sqlite(db) => {
                let backend = Backend::Sqlite(db.snapshot().await?);
                Ok(Tx { backend, caller: None, failed: AtomicBool::new(false), _whole: self.whole() })
            }
            Driver::Postgres(_) => {
                let tx = self.everywhere().begin().await?;
                tx.batch("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
                Ok(tx)
            }
        }
    }

    /// Tells who waits in this process ([`Db::woken`]) that there may be a job. Call it after the commit.
    pub fn wake(&self) {
        self.bell().notify_one();
    }

    /// Waits for [`Db::wake`]; one that rang while nobody waited counts.
    pub async fn woken(&self) {
        self.bell().notified().await;
    }

    fn bell(&self) -> &Notify {
        match &self.driver {
            Driver::Sqlite(db) => db.bell(),
            Driver::Postgres(db) => db.bell(),
        }
    }

    /// What row security lets a session see: `None` is everything.
    fn seen(&self) -> Option<Id> {
        self.caller.as_ref().map(|caller| caller.workspace())
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.query("SELECT 1", &[]).await.map(|_| ())
    }

    fn timed(&self) -> Timed {
        Timed::statement(self.dialect().as_str())
    }

    fn whole(&self) -> Timed {
        Timed::transaction(self.dialect().as_str())
    }

    /// Ends all sessions; for the end of the program. SQLite's log is folded into its file.
    pub async fn close(&self) {
        match &self.driver {
            Driver::Sqlite(db) => db.close().await,
            Driver::Postgres(db) => db.close(),
        }
    }
}

impl Conn for Db {
    fn dialect(&self) -> Dialect {
        match &self.driver {
            Driver::Sqlite(_) => Dialect::Sqlite,
            Driver::Postgres(_) => Dialect::Postgres,
        }
    }

    fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.as_ref()
    }

    async fn query(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        let _timed = self.timed();
        match &self.driver {
            Driver::Sqlite(db) => db.query(sql, args).await,
            Driver::Postgres(db) => db.query(self.seen(), sql, args).await,
        }
    }

    async fn execute(&self, sql: &str, args: &[Value]) -> Result<u64> {
        let _timed = self.timed();
        match &self.driver {
            Driver::Sqlite(db) => db.execute(sql, args).await,
            Driver::Postgres(db) => db.execute(self.seen(), sql, args).await,
        }
    }
}

impl Tx {
    // PostgreSQL ends a failed transaction at once, SQLite does not: here both behave as PostgreSQL
    fn note<T>(&self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Makes all of it hold.
    ///
    /// # Errors
    /// When the store could not; then nothing of it holds.
    pub async fn commit(self) -> Result<()> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(StoreError::new(
                StoreErrorKind::Internal,
                "a statement of the transaction failed, so nothing of it was kept",
            ));
        }
        match self.backend {
            Backend::Sqlite(tx) => tx.commit().await,
            Backend::Postgres(tx) => tx.commit().await,
        }
    }

    /// Undoes all of it. Dropping does so too; this form keeps the session for others.
    ///
    /// # Errors
    /// When the store does not answer; it undoes the transaction then on its own.
    pub async fn rollback(self) -> Result<()> {
        match self.backend {
            Backend::Sqlite(tx) => tx.rollback().await,
            Backend::Postgres(tx) => tx.rollback().await,
        }
    }

    /// Runs several statements without parameters: the text of a migration.
    pub(super) async fn batch(&self, sql: &str) -> Result<()> {
        self.note(match &self.backend {
            Backend::Sqlite(tx) => tx.batch(sql).await,
            Backend::Postgres(tx) => tx.batch(sql).await,
        })
    }

    /// Inserts many rows. `into` is `table (column, ...)`; `tail` comes after the values (`ON CONFLICT ...`).
    ///
    /// # Errors
    /// As any statement.
    pub async fn insert_many(&self, into: &str, tail: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        self.note(match &self.backend {
            Backend::Sqlite(tx) => tx.insert_many(into, tail, rows).await,
            Backend::Postgres(tx) => tx.insert_many(into, tail, rows).await,
        })
    }
}

impl Conn for Tx {
    fn dialect(&self) -> Dialect {
        match self.backend {
            Backend::Sqlite(_) => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
        }
    }

    fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.as_ref()
    }

    async fn query(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>> {
        self.note(match &self.backend {
            Backend::Sqlite(tx) => tx.query(sql, args).await,
            Backend::Postgres(tx) => tx.query(sql, args).await,
        })
    }

    async fn execute(&self, sql: &str, args: &[Value]) -> Result<u64> {
        self.note(match &self.backend {
            Backend::Sqlite(tx) => tx.execute(sql, args).await,
            Backend::Postgres(tx) => tx.execute(sql, args).await,
        })
    }
}

/// `($1, $2), ($3, $4) ...` for `rows` rows of `width` values.
fn placeholder_rows(rows: usize, width: usize) -> String {
    let one = |row: usize| {
        let marks: Vec<String> = (1..=width).map(|place| format!("${}", row * width + place)).collect();
        format!("({})", marks.join(", "))
    };
    (0..rows).map(one).collect::<Vec<_>>().join(", ")
}
