//! The real SQLite as the judge of accepted text: one statement, read-only, nothing changed, and the canonical text
//! gives what the original text gives.

use std::cell::{Cell, RefCell};

use catalog::Engine;
use guard::functions::{Judgement, Volatility, of};
use guard::{Policy, ReadOnly, check};
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::limits::Limit;
use rusqlite::types::Value;
use rusqlite::{Batch, Connection, Statement};

use crate::schema::{catalog, ddl_text, rows_text};

/// Steps of the virtual machine (in thousands) after which a statement is given up.
const PATIENCE: usize = 300;
/// Rows that are looked at.
const MOST_ROWS: usize = 20_000;

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new(Server::new());
    static STEPS: Cell<usize> = const { Cell::new(0) };
}

struct Server {
    connection: Connection,
    state: State,
}

/// All that a statement could have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    pages: Vec<u8>,
    changes: u64,
    settings: Vec<String>,
    databases: Vec<String>,
    temporary: Vec<String>,
}

/// What running a text came to.
#[derive(Debug, PartialEq)]
enum Outcome {
    Rows(Vec<String>),
    Failed(String),
    GivenUp,
}

/// Text that the guard accepts is put to a writable connection, as it came in and as it would run.
pub fn agrees(sql: &str) {
    let open = Policy::default();
    let Ok(read) = check(sql, catalog(Engine::Sqlite), &open) else { return };
    SERVER.with_borrow_mut(|server| server.judge(sql, &read));
}

impl Server {
    fn new() -> Server {
        let mut connection = Connection::open_in_memory().expect("an in-memory database opens");
        connection.execute_batch(&ddl_text(Engine::Sqlite)).expect("the schema is sound");
        connection.execute_batch(&rows_text(Engine::Sqlite)).expect("the rows are sound");
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 1_000_000).expect("a limit can be set");
        let give_up = || {
            STEPS.with(|steps| {
                steps.set(steps.get() + 1);
                steps.get() > PATIENCE
            })
        };
        connection.progress_handler(1000, Some(give_up)).expect("a handler can be set");
        // looking at the temporary schema makes one, so the first look does not count
        State::of(&mut connection);
        let state = State::of(&mut connection);
        Server { connection, state }
    }

    fn judge(&mut self, sql: &str, read: &ReadOnly) {
        let Some(original) = self.prepared(sql, sql, read) else { return self.unchanged(sql, read) };
        if std::env::var_os("FUZZ_SHOW").is_some() {
            eprintln!("{original:?}\n  {sql}\n  {}", read.sql());
        }
        let canonical = self.prepared(read.sql(), sql, read);
        assert!(canonical.is_some(), "canonical text is no statement\n  {sql}\n  {}", read.sql());
        self.unchanged(sql, read);
        let Some(canonical) = canonical else { return };
        if volatile(read) || original == Outcome::GivenUp || canonical == Outcome::GivenUp {
            return;
        }
        if let (Outcome::Failed(_), Outcome::Failed(_)) = (&original, &canonical) {
            return;
        }
        assert_eq!(original, canonical, "other results\n  {sql}\n  {}", read.sql());
    }

    /// Runs a text; nothing when SQLite does not prepare it.
    fn prepared(&self, text: &str, sql: &str, read: &ReadOnly) -> Option<Outcome> {
        STEPS.with(|steps| steps.set(0));
        let mut batch = Batch::new(&self.connection, text);
        let mut statement = match batch.next() {
            Ok(Some(statement)) => statement,
            Ok(None) => panic!("accepted, but no statement\n  {sql}"),
            Err(error) => {
                if text != sql {
                    panic!("SQLite refuses the canonical text alone: {error}\n  {sql}\n  {text}");
                }
                return None;
            }
        };
        assert!(statement.readonly(), "accepted, but not read-only\n  {sql}\n  {text}");
        assert_eq!(statement.is_explain(), 0, "accepted, but an EXPLAIN\n  {sql}\n  {text}");
        assert_eq!(
            statement.column_count(),
            read.report().output.len(),
            "other columns than reported\n  {sql}\n  {text}"
        );
        let outcome = run(&mut statement);
        drop(statement);
        match batch.next() {
            Ok(None) => Some(outcome),
            Ok(Some(_)) => panic!("accepted, but two statements\n  {sql}\n  {text}"),
            Err(error) => panic!("accepted, but there is text after it: {error}\n  {sql}\n  {text}"),
        }
    }

    fn unchanged(&mut self, sql: &str, read: &ReadOnly) {
        STEPS.with(|steps| steps.set(0));
        let now = State::of(&mut self.connection);
        if now == self.state {
            return;
        }
        let (before, after) = (self.state.told(), now.told());
        panic!("the state changed: {before} became {after}\n  {sql}\n  {}", read.sql());
    }
}

fn run(statement: &mut Statement<'_>) -> Outcome {
    let width = statement.column_count();
    let mut out = Vec::new();
    let mut rows = match statement.query([]) {
        Ok(rows) => rows,
        Err(error) => return failed(&error),
    };
    loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => return failed(&error),
        };
        if out.len() > MOST_ROWS {
            return Outcome::GivenUp;
        }
        let cells: Vec<String> = (0..width).map(|i| format!("{:?}", row.get::<_, Value>(i))).collect();
        out.push(cells.join("|"));
    }
    out.sort();
    Outcome::Rows(out)
}

fn failed(error: &rusqlite::Error) -> Outcome {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => Outcome::GivenUp,
        _ => Outcome::Failed(error.to_string()),
    }
}

/// Whether the same text may give something else each time.
fn volatile(read: &ReadOnly) -> bool {
    read.report().functions.iter().any(|name| match of(Engine::Sqlite).judge(&name.to_lowercase()) {
        Judgement::Allowed(function) => function.volatility != Volatility::Immutable,
        Judgement::Refused(_) | Judgement::Unknown => true,
    })
}

impl State {
    /// Everything but the pages themselves.
    fn told(&self) -> String {
        let State { pages, changes, settings, databases, temporary } = self;
        format!("{} bytes, {changes} changes, {settings:?}, {databases:?}, {temporary:?}", pages.len())
    }

    fn of(connection: &mut Connection) -> State {
        let list = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).expect("a pragma prepares");
            let width = statement.column_count();
            let cells = |row: &rusqlite::Row<'_>| {
                Ok((0..width).map(|i| format!("{:?}", row.get::<_, Value>(i))).collect::<Vec<_>>().join("|"))
            };
            let rows = statement.query_map([], cells).expect("a pragma runs");
            rows.map(|row| row.expect("a row is read")).collect()
        };
        let settings = [
            "query_only",
            "foreign_keys",
            "schema_version",
            "user_version",
            "recursive_triggers",
            "case_sensitive_like",
            "defer_foreign_keys",
            "ignore_check_constraints",
            "cache_size",
            "temp_store",
            "writable_schema",
            "encoding",
        ];
        let settings = settings.iter().flat_map(|name| list(&format!("PRAGMA {name}"))).collect();
        let databases = list("PRAGMA database_list");
        let temporary = list("SELECT * FROM sqlite_temp_schema");
        let changes = connection.total_changes();
        let pages = connection.serialize("main").map(|data| data.to_vec()).unwrap_or_default();
        State { pages, changes, settings, databases, temporary }
    }
}
