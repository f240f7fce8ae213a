//! SQLite under attack: a file in a folder of its own, copied anew for every attack.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use catalog::Catalog;
use connector_api::layers::{Arguments, Bench, Login, Ran, State, ran, shown};
use connector_api::{Connector, CrawlOptions, Limits};
use connector_sqlite::SqliteConnector;
use guard::{Policy, ReadOnly};
use rusqlite::Connection;

/// The bench. Both "logins" are this process: one may write the file and its folder, the other may not.
pub struct Sqlite {
    root: PathBuf,
    model: PathBuf,
    privileged: SqliteConnector,
    recommended: SqliteConnector,
    /// What each session is asked about itself.
    session: String,
    catalog: Catalog,
    policy: Policy,
}

fn said(error: impl ToString) -> String {
    error.to_string()
}

fn connector(folder: &Path) -> Result<SqliteConnector, String> {
    let file = folder.join("victim.db");
    SqliteConnector::open(&format!("sqlite:{}?max_connections=1", file.display())).map_err(said)
}

fn limits() -> Limits {
    Limits { timeout: Duration::from_secs(2), max_rows: 10_000, ..Limits::default() }
}

/// Sets permissions of a folder and its file.
fn permit(folder: &Path, write: bool) -> Result<(), String> {
    let (of_folder, of_file) = if write { (0o755, 0o644) } else { (0o555, 0o444) };
    let file = folder.join("victim.db");
    if file.exists() {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(of_file)).map_err(said)?;
    }
    std::fs::set_permissions(folder, PermissionsExt::from_mode(of_folder)).map_err(said)
}

impl Sqlite {
    pub async fn new(arguments: &Arguments) -> Result<Sqlite, String> {
        let root = std::env::temp_dir().join(format!("querent_layers_{}", std::process::id()));
        for folder in ["model", "writable", "fixed", "work"] {
            std::fs::create_dir_all(root.join(folder)).map_err(said)?;
        }
        // attacks name files as they like: whatever is made in the working folder is seen
        std::env::set_current_dir(root.join("work")).map_err(said)?;
        let model = root.join("model/victim.db");
        Connection::open(&model).and_then(|c| c.execute_batch(&arguments.schema)).map_err(said)?;
        let reader = connector(&root.join("model"))?;
        let snapshot = reader.introspect(&CrawlOptions::default(), &|_| {}).await.map_err(said)?;
        let catalog = Catalog::new(snapshot);
        let bench = Sqlite {
            privileged: connector(&root.join("writable"))?,
            recommended: connector(&root.join("fixed"))?,
            policy: Policy { hidden_tables: arguments.hidden.clone(), ..Policy::default() },
            session: counts(&catalog),
            catalog,
            model,
            root,
        };
        bench.renew()?;
        let open = std::fs::OpenOptions::new().write(true).open(bench.fixed().join("victim.db"));
        if open.is_ok() {
            bench.leave()?;
            return Err(
                "this user writes files that are not writable (root?): run it as another user".to_owned()
            );
        }
        Ok(bench)
    }

    /// Removes the folders.
    pub fn leave(&self) -> Result<(), String> {
        std::env::set_current_dir("/").map_err(said)?;
        permit(&self.fixed(), true)?;
        std::fs::remove_dir_all(&self.root).map_err(said)
    }

    fn writable(&self) -> PathBuf {
        self.root.join("writable")
    }

    fn fixed(&self) -> PathBuf {
        self.root.join("fixed")
    }

    fn renew(&self) -> Result<(), String> {
        for folder in [self.writable(), self.fixed()] {
            permit(&folder, true)?;
            std::fs::remove_dir_all(&folder).map_err(said)?;
            std::fs::create_dir(&folder).map_err(said)?;
            std::fs::copy(&self.model, folder.join("victim.db")).map_err(said)?;
        }
        permit(&self.fixed(), false)
    }
}

/// Every file below, with its bytes. Corpora name files in the folder for temporary files too.
fn bytes(folder: &Path, state: &mut State) -> Result<(), String> {
    for entry in std::fs::read_dir(folder).map_err(said)? {
        let path = entry.map_err(said)?.path();
        if path.is_dir() {
            bytes(&path, state)?;
        } else {
            let content = std::fs::read(&path).map_err(said)?;
            let digest = content.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
            state.insert(format!("file {}", path.display()), format!("{} {digest:x}", content.len()));
        }
    }
    Ok(())
}

/// What a connection of somebody else sees of the file.
fn seen_by_others(file: &Path) -> Result<String, String> {
    let connection =
        Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(said)?;
    let pragmas =
        ["journal_mode", "user_version", "schema_version", "application_id", "encoding", "freelist_count"];
    let mut text = String::new();
    for pragma in pragmas {
        let value: rusqlite::types::Value =
            connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).map_err(said)?;
        text.push_str(&format!("{pragma} {value:?} "));
    }
    Ok(text)
}

/// Asks a session how many rows it sees in each table: what another table would stand before shows here.
fn counts(catalog: &Catalog) -> String {
    let tables = catalog.snapshot().tables.iter().map(|t| t.name.replace('"', "\"\""));
    let counts: Vec<_> = tables.map(|name| format!("(SELECT count(*) FROM \"{name}\")")).collect();
    format!("SELECT {}", counts.join(", "))
}

#[async_trait]
impl Bench for Sqlite {
    async fn fresh(&mut self) -> Result<(), String> {
        self.renew()?;
        self.privileged = connector(&self.writable())?;
        self.recommended = connector(&self.fixed())?;
        Ok(())
    }

    async fn state(&mut self) -> Result<State, String> {
        let mut state = State::new();
        for (name, connector) in [("privileged", &self.privileged), ("recommended", &self.recommended)] {
            let left = shown(connector.query_unguarded(&self.session, &limits()).await).await;
            state.insert(format!("session, {name}"), left);
        }
        bytes(&self.root, &mut state)?;
        for folder in [self.writable(), self.fixed()] {
            let others = seen_by_others(&folder.join("victim.db"))?;
            state.insert(format!("pragmas {}", folder.display()), others);
        }
        let own = self.root.metadata().map_err(said)?.uid();
        for entry in std::fs::read_dir(std::env::temp_dir()).map_err(said)?.flatten() {
            if entry.metadata().is_ok_and(|m| m.uid() == own) {
                state.insert(format!("temporary {}", entry.path().display()), String::new());
            }
        }
        Ok(state)
    }

    async fn session(&mut self, login: Login, sql: &str) -> Ran {
        let connector = match login {
            Login::Privileged => &self.privileged,
            Login::Recommended => &self.recommended,
        };
        ran(connector.query_unguarded(sql, &limits()).await).await
    }

    fn guard(&self, sql: &str) -> Result<ReadOnly, String> {
        guard::check(sql, &self.catalog, &self.policy)
            .map_err(|found| found.first().map(ToString::to_string).unwrap_or_default())
    }

    async fn bare(&mut self, statement: &ReadOnly) -> Ran {
        let (file, sql) = (self.writable().join("victim.db"), statement.sql().to_owned());
        let Ok(connection) = Connection::open(&file) else {
            return Ran::Refused("cannot be opened".to_owned());
        };
        let interrupt = connection.get_interrupt_handle();
        let work = tokio::task::spawn_blocking(move || all_text(&connection, &sql));
        match tokio::time::timeout(limits().timeout, work).await {
            Ok(Ok(Ok(text))) => Ran::Gave(text),
            Ok(Ok(Err(error))) => Ran::Refused(error.to_string()),
            Ok(Err(error)) => Ran::Refused(error.to_string()),
            Err(_) => {
                interrupt.interrupt();
                Ran::TimedOut
            }
        }
    }

    async fn whole(&mut self, statement: &ReadOnly) -> Ran {
        ran(self.recommended.query(statement, &limits()).await).await
    }
}

fn all_text(connection: &Connection, sql: &str) -> rusqlite::Result<String> {
    let mut statement = connection.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        for index in 0..width {
            text.push_str(&format!("{:?} ", row.get_ref(index)?));
        }
    }
    Ok(text)
}
