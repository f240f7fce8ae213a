//! A real PostgreSQL as the judge of accepted text: as superuser in a writable transaction that is committed, accepted
//! text takes no transaction id, leaves no lock, setting or object behind, and its canonical text gives the same rows.
//!
//! `FUZZ_POSTGRES_URL` names a server that may be written to; a database of its own is made there.

use std::cell::RefCell;

use catalog::Engine;
use guard::functions::{Judgement, Volatility, of};
use guard::{Policy, ReadOnly, check};
use postgres::{Client, NoTls, SimpleQueryMessage};

use crate::schema::{catalog, ddl_text, rows_text};

/// What of the whole database is compared now and then.
const STATE: &str = "SELECT 'relations', md5(string_agg(c::text, '|' ORDER BY c.oid)) FROM \
    (SELECT oid, relname, relkind, relfilenode, relacl, reloptions FROM pg_class) c UNION ALL \
    SELECT 'routines', md5(string_agg(p.oid || prosrc, '|' ORDER BY p.oid)) FROM pg_proc p UNION ALL \
    SELECT 'roles', md5(string_agg(r::text, '|' ORDER BY r.oid)) FROM pg_authid r UNION ALL \
    SELECT 'databases', md5(string_agg(datname || coalesce(datacl::text, ''), '|' ORDER BY oid)) FROM pg_database UNION ALL \
    SELECT 'large objects', count(*)::text FROM pg_largeobject_metadata UNION ALL \
    SELECT 'slots', count(*)::text FROM pg_replication_slots UNION ALL \
    SELECT 'files', md5(string_agg(f, '|' ORDER BY f)) FROM pg_ls_dir('.') f UNION ALL \
    SELECT 'customers', md5(string_agg(t::text, '|' ORDER BY id)) FROM customers t UNION ALL \
    SELECT 'orders', md5(string_agg(t::text, '|' ORDER BY id)) FROM orders t UNION ALL \
    SELECT 'items', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM items t UNION ALL \
    SELECT 'products', md5(string_agg(t::text, '|' ORDER BY id)) FROM products t UNION ALL \
    SELECT 'vault', md5(string_agg(t::text, '|' ORDER BY id)) FROM vault t";

/// What of the session is compared after every statement.
const SESSION: &str = "SELECT coalesce(pg_current_xact_id_if_assigned()::text, 'none'), \
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), \
    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode NOT IN ('AccessShareLock', 'ExclusiveLock')), \
    (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), (SELECT count(*) FROM pg_cursors), \
    (SELECT count(*) FROM pg_listening_channels()), current_user, session_user, pg_my_temp_schema(), \
    (SELECT md5(string_agg(name || setting, '|' ORDER BY name)) FROM pg_settings)";

/// How long a statement may run.
const PATIENCE: &str = "SET statement_timeout = '700ms'";

/// Statements between two looks at the whole state.
const STRIDE: u32 = 500;

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new(Server::new());
}

struct Server {
    client: Client,
    state: Vec<String>,
    session: Vec<String>,
    run: u32,
}

/// Text that the guard accepts is run as it came in and as it would run.
pub fn agrees(sql: &str) {
    let Ok(read) = check(sql, catalog(Engine::Postgres), &Policy::default()) else { return };
    SERVER.with_borrow_mut(|server| server.judge(sql, &read));
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).expect("FUZZ_POSTGRES_URL names a running server")
}

impl Server {
    fn new() -> Server {
        let url = std::env::var("FUZZ_POSTGRES_URL").expect("FUZZ_POSTGRES_URL names a server");
        let name = format!("querent_fuzz_{}", std::process::id());
        connect(&url).batch_execute(&format!("CREATE DATABASE {name}")).expect("a database can be made");
        let base = url.rsplit_once('/').map_or(url.as_str(), |(base, _)| base);
        let mut client = connect(&format!("{base}/{name}"));
        client.batch_execute(&ddl_text(Engine::Postgres)).expect("the schema is sound");
        client.batch_execute(&rows_text(Engine::Postgres)).expect("the rows are sound");
        client.batch_execute(PATIENCE).expect("a setting can be made");
        let state = rows(&mut client, STATE).expect("the state can be read");
        client.batch_execute("BEGIN").expect("a transaction begins");
        let session = rows(&mut client, SESSION).expect("the session can be read");
        client.batch_execute("COMMIT").expect("a transaction ends");
        Server { client, state, session, run: 0 }
    }

    fn judge(&mut self, sql: &str, read: &ReadOnly) {
        let original = self.once(sql, sql, read);
        let canonical = self.once(read.sql(), sql, read);
        if std::env::var_os("FUZZ_SHOW").is_some() {
            eprintln!("{original:?}\n  {sql}\n  {}", read.sql());
        }
        self.run += 1;
        if self.run.is_multiple_of(STRIDE) {
            self.unchanged(sql);
        }
        let Ok(original) = original else { return };
        let canonical = match canonical {
            Ok(rows) => rows,
            Err(error) if error.contains("timeout") => return,
            Err(error) => panic!("only the canonical text fails: {error}\n  {sql}\n  {}", read.sql()),
        };
        if !moving(read) {
            assert!(original == canonical, "other results\n  {sql}\n  {}", read.sql());
        }
    }

    /// One text in one writable transaction, committed; the session must be as before.
    fn once(&mut self, text: &str, sql: &str, read: &ReadOnly) -> Result<Vec<String>, String> {
        // the extended protocol takes one statement alone
        let prepared = self.client.prepare(text).map_err(told)?;
        let reported = read.report().output.len();
        assert_eq!(prepared.columns().len(), reported, "other columns than reported\n  {sql}\n  {text}");
        self.client.batch_execute("BEGIN READ WRITE").map_err(told)?;
        let outcome = rows(&mut self.client, text);
        if outcome.is_err() {
            self.client.batch_execute("ROLLBACK").map_err(told)?;
            return outcome;
        }
        let session = rows(&mut self.client, SESSION);
        if session.as_ref().is_err_and(|e| e.contains("timeout")) {
            // a server under load says nothing about the statement
            self.client.batch_execute("ROLLBACK").map_err(told)?;
            return Err("timeout".to_owned());
        }
        let same = session.as_ref() == Ok(&self.session);
        assert!(same, "the session changed: {:?} became {session:?}\n  {sql}\n  {text}", self.session);
        self.client.batch_execute("COMMIT").map_err(told)?;
        outcome
    }

    fn unchanged(&mut self, sql: &str) {
        self.client.batch_execute("SET statement_timeout = 0").expect("a setting can be made");
        let now = rows(&mut self.client, STATE).expect("the state can be read");
        self.client.batch_execute(PATIENCE).expect("a setting can be made");
        assert!(now == self.state, "the state changed, at the latest by\n  {sql}\n{:?}\n{now:?}", self.state);
    }
}

/// Whether the same text may give something else each time.
fn moving(read: &ReadOnly) -> bool {
    read.report().functions.iter().any(|name| match of(Engine::Postgres).judge(&name.to_lowercase()) {
        Judgement::Allowed(function) => function.volatility != Volatility::Immutable,
        Judgement::Refused(_) | Judgement::Unknown => true,
    })
}

fn rows(client: &mut Client, sql: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for message in client.simple_query(sql).map_err(told)? {
        if let SimpleQueryMessage::Row(row) = message {
            let cells: Vec<String> =
                (0..row.len()).map(|i| row.get(i).unwrap_or("\u{0}").to_owned()).collect();
            out.push(cells.join("|"));
        }
    }
    out.sort();
    Ok(out)
}

fn told(error: postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
}
