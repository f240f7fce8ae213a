//! The server: its databases and logins, what tests ask of it, and the port that it listens on.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::access::Access;
use crate::connection;
use crate::database::{Database, locked};
use crate::error::{Result, SqlError};
use crate::faults::{Fault, Faults, Gate, Hold, Kind};
use crate::session::{Context, Request, Session};
use crate::settings::Settings;
use crate::sink::{Cancel, Sink};
use crate::sql::split::batches;
use crate::tls::Certificates;

/// How the server encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    /// It cannot.
    Off,
    /// As the client asks: not at all, the login only, or everything.
    #[default]
    Offered,
    /// Everything, whatever the client asks.
    Required,
}

/// A login.
#[derive(Debug, Clone)]
pub struct User {
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// Whether it may do everything. One that may not gets its rights by statements such as GRANT.
    pub admin: bool,
}

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Encryption.
    pub tls: Tls,
    /// Logins.
    pub users: Vec<User>,
    /// What the server says that its version is.
    pub version: String,
    /// Options that SET leaves as they are, in capitals (`XACT_ABORT`; `ISOLATION` for the isolation level).
    pub ignored: BTreeSet<String>,
    /// Port; 0 for any that is free.
    pub port: u16,
}

impl Default for Options {
    /// TLS as the client asks, and the login `sa` with the password `Querent-1`.
    fn default() -> Self {
        let sa = User { name: "sa".to_owned(), password: "Querent-1".to_owned(), admin: true };
        Options {
            tls: Tls::default(),
            users: vec![sa],
            version: "16.0.4135.4".to_owned(),
            ignored: BTreeSet::new(),
            port: 0,
        }
    }
}

/// How many statements ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Requests that are being carried out.
    pub running: u64,
    /// Requests that were interrupted: by an attention, or because their client went away.
    pub interrupted: u64,
    /// Requests that came so far.
    pub started: u64,
    /// Connections that are logged in.
    pub sessions: u64,
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) access: Access,
    pub(crate) faults: Faults,
    pub(crate) certificates: Certificates,
    pub(crate) counts: watch::Sender<Counts>,
    databases: Mutex<Vec<Arc<Database>>>,
    folder: TempDir,
    made: AtomicU64,
    sessions: AtomicU16,
}

/// Numbers of databases begin after those of the server's own.
const FIRST_DATABASE: i64 = 5;

impl Shared {
    /// A database by its name.
    pub(crate) fn database(&self, name: &str) -> Option<Arc<Database>> {
        locked(&self.databases).iter().find(|d| d.name.eq_ignore_ascii_case(name)).cloned()
    }

    pub(crate) fn database_id(&self, name: &str) -> Option<i64> {
        if name.eq_ignore_ascii_case("master") {
            return Some(1);
        }
        let at = locked(&self.databases)
            .iter()
            .filter(|d| d.name != "master")
            .position(|d| d.name.eq_ignore_ascii_case(name));
        at.map(|at| at as i64 + FIRST_DATABASE)
    }

    pub(crate) fn database_name(&self, id: i64) -> Option<String> {
        self.database_names().into_iter().find(|(_, n)| *n == id).map(|(name, _)| name)
    }

    /// All databases with their numbers.
    pub(crate) fn database_names(&self) -> Vec<(String, i64)> {
        let names: Vec<String> = locked(&self.databases).iter().map(|d| d.name.clone()).collect();
        names.into_iter().filter_map(|n| self.database_id(&n).map(|id| (n, id))).collect()
    }

    pub(crate) fn create_database(&self, name: &str) -> Result<()> {
        if self.database(name).is_some() {
            let said = format!("Database '{name}' already exists. Choose a different database name.");
            return Err(SqlError::new(1801, said));
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let database = Database::create(name, self.folder.path().join(format!("{number}.db")))?;
        locked(&self.databases).push(Arc::new(database));
        self.refill();
        Ok(())
    }

    /// Lets every catalog be filled again.
    pub(crate) fn refill(&self) {
        let databases: Vec<Arc<Database>> = locked(&self.databases).clone();
        databases.iter().for_each(|d| d.refill());
    }

    pub(crate) fn next_session(&self) -> u16 {
        self.sessions.fetch_add(1, Ordering::Relaxed)
    }

    /// Opens a session for a login that was checked.
    pub(crate) fn session(
        self: &Arc<Self>,
        login: &str,
        database: &str,
        who: (&str, &str),
        spid: u16,
    ) -> Result<Session> {
        let missing = || {
            let said =
                format!("Cannot open database \"{database}\" requested by the login. The login failed.");
            SqlError::new(4060, said).class(11)
        };
        let found = self.database(database).ok_or_else(missing)?;
        let user = self.access.user_in(&found.name, login).ok_or_else(missing)?;
        let context = Context {
            shared: Arc::clone(self),
            database: found.name.clone(),
            login: login.to_owned(),
            user,
            host: who.0.to_owned(),
            application: who.1.to_owned(),
            server: "querent-test".to_owned(),
            version: self.options.version.clone(),
            spid,
            transactions: 0,
            rows: 0,
            last_error: 0,
            settings: Settings::new(self.options.ignored.clone()),
            identity_insert: false,
            values: std::collections::HashMap::new(),
        };
        Session::new(context, found)
    }
}

/// A running server. It ends when this is dropped.
pub struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Starts a server on a port of this machine, with the databases `master` and `querent`.
    ///
    /// # Errors
    /// What the machine refuses: the port, the temporary folder.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let listener = TcpListener::bind(address).await?;
        let folder = TempDir::new()?;
        let certificates = Certificates::make(folder.path()).map_err(std::io::Error::other)?;
        let access = Access::new(&options.users);
        let shared = Arc::new(Shared {
            options,
            access,
            faults: Faults::default(),
            certificates,
            counts: watch::Sender::new(Counts::default()),
            databases: Mutex::default(),
            folder,
            made: AtomicU64::new(0),
            sessions: AtomicU16::new(51),
        });
        for name in ["master", "querent"] {
            shared.create_database(name).map_err(|e| std::io::Error::other(e.message))?;
        }
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(connection::accept(listener, Arc::clone(&shared)));
        Ok(Server { shared, address, accepting })
    }

    /// The port that it listens on, of 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The authority that signed the server's certificate (for `localhost` and 127.0.0.1), as a file in PEM.
    pub fn authority(&self) -> &std::path::Path {
        self.shared.certificates.authority()
    }

    /// Makes an empty database.
    ///
    /// # Errors
    /// One of that name exists.
    pub fn create_database(&self, name: &str) -> std::result::Result<(), SqlError> {
        self.shared.create_database(name)
    }

    /// Carries out a T-SQL script, which `GO` lines may cut into batches, as a login that may do everything.
    ///
    /// # Errors
    /// The first statement that fails.
    pub async fn execute(&self, database: &str, script: &str) -> std::result::Result<(), SqlError> {
        let (shared, database, script) = (Arc::clone(&self.shared), database.to_owned(), script.to_owned());
        let run = move || {
            let mut session = shared.session(crate::access::OWNER, &database, ("", "set-up"), 50)?;
            for batch in batches(&script) {
                let (chunks, mut given) = mpsc::channel(1024);
                let mut sink = Sink::new(chunks, Arc::new(Cancel::default()));
                let drain = std::thread::spawn(move || while given.blocking_recv().is_some() {});
                // what is written is of no interest, only whether it failed
                let _ = session.run(Request::Batch(batch), &mut sink);
                drop(sink);
                let _ = drain.join();
                if let Some(error) = session.take_error() {
                    return Err(error);
                }
            }
            Ok(())
        };
        tokio::task::spawn_blocking(run).await.map_err(|e| SqlError::new(50_000, e.to_string()))?
    }

    /// How many statements run and ran.
    pub fn counts(&self) -> Counts {
        *self.shared.counts.borrow()
    }

    /// Requests that are being carried out.
    pub fn running(&self) -> u64 {
        self.counts().running
    }

    /// Requests that were interrupted so far.
    pub fn interrupted(&self) -> u64 {
        self.counts().interrupted
    }

    /// Returns when the counts are as asked.
    pub async fn wait_for(&self, mut wanted: impl FnMut(&Counts) -> bool) {
        // the sender lives as long as the server
        let _ = self.shared.counts.subscribe().wait_for(|counts| wanted(counts)).await;
    }

    /// Lets the next statement whose text holds `part` (in any case) fail.
    pub fn fail_next(&self, part: &str, fault: Fault) {
        self.shared.faults.plan(part, Kind::Fault(fault), 1);
    }

    /// Lets every statement whose text holds `part` fail.
    pub fn fail_always(&self, part: &str, fault: Fault) {
        self.shared.faults.plan(part, Kind::Fault(fault), usize::MAX);
    }

    /// Holds up the next statement whose text holds `part` after so many rows, 0 for before its first.
    pub fn hold(&self, part: &str, after_rows: u64) -> Hold {
        let gate = Gate::new();
        self.shared.faults.plan(part, Kind::Hold(Arc::clone(&gate), after_rows), 1);
        Hold(gate)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
