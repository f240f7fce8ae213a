//! Opening a session that can only read, whatever text reaches it: layer two of three, sound without the guard.
//!
//! The file is opened read-only by its resolved path, SQLite's own switches and limits are set and read back, and an
//! authorizer that refuses by default judges every action while a statement is compiled. Text that reaches
//! [`Session::prepare`] must be one reading statement with a result. Work is bounded by a progress handler.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use connector_api::{ConnectorError, ErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags, Statement};

use crate::authorize::authorize;
use crate::config::Config;
use crate::error::{When, from_sqlite, not_one_read};

/// Longest value (also the longest row) that a session reads or makes.
pub(crate) const MAX_VALUE_BYTES: i32 = 10_000_000;
/// Heap of all SQLite sessions of the process: a backstop, sorting spills to disk long before.
const HEAP_BYTES: i64 = 1 << 30;
/// How many steps of SQLite's machine lie between two looks at the clock.
const STEPS: i32 = 1_000;

/// Switches that must stand as they are here.
const SWITCHES: [(DbConfig, bool); 7] = [
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
];

/// Limits that must stand as they are here. Stored definitions are parsed under them too, so they are not tighter.
const LIMITS: [(Limit, i32); 9] = [
    (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 1_000_000),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 1_000),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 500),
    (Limit::SQLITE_LIMIT_VDBE_OP, 1_000_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 127),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
];

/// How far statements may go; shared with whoever may cancel them.
#[derive(Debug)]
pub(crate) struct Run {
    deadline: Mutex<Option<Instant>>,
    cancelled: AtomicBool,
}

impl Run {
    /// From now on for that long.
    pub(crate) fn lasting(timeout: Duration) -> Arc<Run> {
        let run = Run { deadline: Mutex::new(None), cancelled: AtomicBool::new(false) };
        run.extend(timeout);
        Arc::new(run)
    }

    /// Starts the clock again, for the next of several statements.
    pub(crate) fn extend(&self, timeout: Duration) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(timeout);
    }

    /// Ends the statement at its next look at the clock.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_cancelled() || deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}

/// Names that the authorizer lets statements read, and whether our own statements run.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Lower-case names of everything stored in the file.
    pub(crate) relations: RwLock<HashSet<String>>,
    /// Set while the session runs a statement of its own.
    pub(crate) own: AtomicBool,
}

/// A session that can only read.
pub(crate) struct Session {
    connection: Connection,
    known: Arc<Known>,
    path: PathBuf,
    file: FileId,
    schema_version: i64,
}

impl Session {
    /// Opens the file, sets the session up, reads it back. Blocks.
    pub(crate) fn open(config: &Config) -> Result<Session, ConnectorError> {
        let path = config.resolve()?;
        let file = FileId::of(&path);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opening = |error| from_sqlite(&error, When::Opening);
        let mut connection = Connection::open_with_flags(&path, flags).map_err(opening)?;
        connection.busy_timeout(config.busy_timeout).map_err(opening)?;
        harden(&connection).map_err(opening)?;
        read_back(&connection)?;
        let known = Arc::new(Known::default());
        authorize(&mut connection, Arc::clone(&known)).map_err(opening)?;
        let mut session = Session { connection, known, path, file, schema_version: -1 };
        session.refresh()?;
        Ok(session)
    }

    /// Reads the names again when the schema changed. `false`: the path leads to another file now.
    pub(crate) fn refresh(&mut self) -> Result<bool, ConnectorError> {
        if self.file != FileId::of(&self.path) {
            return Ok(false);
        }
        let opening = |error| from_sqlite(&error, When::Opening);
        let version = self
            .own(|c| c.query_row("PRAGMA schema_version", [], |row| row.get::<_, i64>(0)))
            .map_err(opening)?;
        if version == self.schema_version {
            return Ok(true);
        }
        let names = self.own(stored_names).map_err(opening)?;
        self.own(connect_virtual_tables).map_err(opening)?;
        *self.known.relations.write().unwrap_or_else(PoisonError::into_inner) = names;
        self.schema_version = version;
        Ok(true)
    }

    /// Compiles one reading statement; anything else is refused.
    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement<'_>, ConnectorError> {
        let statement = self.connection.prepare(sql).map_err(|error| from_sqlite(&error, When::Preparing))?;
        if !statement.readonly() || statement.column_count() == 0 {
            return Err(not_one_read("the statement is not one read"));
        }
        Ok(statement)
    }

    /// Starts a transaction, so that a statement run twice sees the same data; ended by [`Session::finish`].
    pub(crate) fn begin(&mut self, run: &Arc<Run>) -> Result<(), ConnectorError> {
        self.watch(run)?;
        self.own(|c| c.execute_batch("BEGIN")).map_err(|error| from_sqlite(&error, When::Running))
    }

    /// Ends statements when the run is over; until [`Session::finish`].
    pub(crate) fn watch(&mut self, run: &Arc<Run>) -> Result<(), ConnectorError> {
        let run = Arc::clone(run);
        self.connection
            .progress_handler(STEPS, Some(move || run.is_over()))
            .map_err(|error| from_sqlite(&error, When::Running))
    }

    /// Rolls back, always, and stops watching the clock. `false`: the session must not be used again.
    pub(crate) fn finish(&mut self) -> bool {
        let unwatched = self.connection.progress_handler(0, None::<fn() -> bool>).is_ok();
        let ended = self.connection.is_autocommit() || self.own(|c| c.execute_batch("ROLLBACK")).is_ok();
        unwatched && ended
    }

    /// The raw connection, for statements of our own.
    pub(crate) fn own<R>(&self, work: impl FnOnce(&Connection) -> R) -> R {
        self.known.own.store(true, Ordering::SeqCst);
        let result = work(&self.connection);
        self.known.own.store(false, Ordering::SeqCst);
        result
    }

    /// The file that is read.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn harden(connection: &Connection) -> rusqlite::Result<()> {
    for (switch, on) in SWITCHES {
        connection.set_db_config(switch, on)?;
    }
    for (limit, value) in LIMITS {
        connection.set_limit(limit, value)?;
    }
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(())).or_else(no_row)?;
    connection.pragma_update_and_check(None, "hard_heap_limit", HEAP_BYTES, |_| Ok(()))?;
    // its first use declares a table, which the authorizer would have to allow
    connection.query_row("SELECT count(*) FROM json_each('[]'), json_tree('[]')", [], |_| Ok(()))
}

/// Some pragmas give no row when they change nothing.
fn no_row(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        other => Err(other),
    }
}

fn read_back(connection: &Connection) -> Result<(), ConnectorError> {
    let opening = |error| from_sqlite(&error, When::Opening);
    let refused = |what: String| {
        ConnectorError::new(
            ErrorKind::NotReadOnly,
            format!("the session could not be made read-only: {what}"),
        )
        .hint("this build of SQLite does not keep to its switches; no statement was run")
    };
    if !connection.is_readonly(rusqlite::MAIN_DB).map_err(opening)? {
        return Err(refused("the file is open for writing".to_owned()));
    }
    for (switch, on) in SWITCHES {
        if connection.db_config(switch).map_err(opening)? != on {
            return Err(refused(format!("{switch:?} is not {on}")));
        }
    }
    for (limit, value) in LIMITS {
        if connection.limit(limit).map_err(opening)? > value {
            return Err(refused(format!("{limit:?} is above {value}")));
        }
    }
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(opening);
    if number("PRAGMA query_only")? != 1 {
        return Err(refused("query_only is off".to_owned()));
    }
    let heap = number("PRAGMA hard_heap_limit")?;
    if !(1..=HEAP_BYTES).contains(&heap) {
        return Err(refused("the heap has no bound".to_owned()));
    }
    Ok(())
}

fn stored_names(connection: &Connection) -> rusqlite::Result<HashSet<String>> {
    let mut statement = connection.prepare(
        "SELECT lower(name) FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    names.collect()
}

/// Modules of virtual tables prepare writing statements of their own when a table is first used. That is done here,
/// where our own statements run, so that the authorizer need not allow it to anybody else.
fn connect_virtual_tables(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 ORDER BY name LIMIT 1000",
    )?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    for name in names {
        let name = name?.replace('"', "\"\"");
        // a table whose module is not built in cannot be read, which its reader will be told
        drop(connection.prepare(&format!("SELECT 1 FROM main.\"{name}\" LIMIT 0")));
    }
    Ok(())
}

/// Which file a path leads to; another one after the file was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileId(Option<(u64, u64)>);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> FileId {
        use std::os::unix::fs::MetadataExt;
        FileId(path.metadata().ok().map(|m| (m.dev(), m.ino())))
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> FileId {
        FileId(path.metadata().ok().map(|_| (0, 0)))
    }
}
