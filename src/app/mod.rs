//! Builds everything once: the store, the keys, the sources, the executors, the chat.

mod keeper;
mod token;
mod translator;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_api::{CrawlOptions, Limits};

pub use keeper::Keeper;
pub use token::OwnerToken;
pub use translator::translator;

use crate::access::Caller;
use crate::audit;
use crate::auth::Auth;
use crate::chat::{Chat, Tapes};
use crate::config::Config;
use crate::crawl::Crawler;
use crate::error::{Class, Error, Result};
use crate::exec::{self, Exec};
use crate::network::Network;
use crate::schedule::{Habits, Parts, Worker};
use crate::secrets::Keys;
use crate::sources::Sources;
use crate::store::catalog::Keep;
use crate::store::recover::{Abandoned, FolderClaim, Interrupted};
use crate::store::{self, Conn, Db, Dialect};

/// Sessions of the store on PostgreSQL at the most.
const STORE_SESSIONS: usize = 16;

/// The settings, before anything is opened: what commands get that may not need the store.
pub struct Setup {
    /// All settings.
    pub config: Config,
    app: tokio::sync::OnceCell<Arc<App>>,
}

impl Setup {
    /// Keeps the settings.
    pub fn new(config: Config) -> Setup {
        Setup { config, app: tokio::sync::OnceCell::new() }
    }

    /// The daemon's parts, opened by the first use.
    ///
    /// # Errors
    /// As [`App::open`].
    pub async fn app(&self) -> Result<&Arc<App>> {
        self.app.get_or_try_init(|| async { Ok(Arc::new(App::open(self.config.clone()).await?)) }).await
    }

    /// Where connections may go.
    pub fn network(&self) -> Network {
        Network::of(&self.config)
    }

    /// The daemon's parts for the owner of the data folder: what commands work with.
    ///
    /// # Errors
    /// As [`App::open`]; not found when the workspace of the settings is none of the owner's.
    pub async fn desk(&self) -> Result<Desk> {
        let app = self.app().await?;
        let owner = match self.config.workspace.as_str() {
            "" => Caller::owner(),
            named => app.auth.owner_in(named).await?,
        };
        Ok(app.desk(Arc::new(owner)))
    }

    /// For the end of a command: what it did is sealed in the audit trail.
    pub async fn finish(&self) {
        if let Some(app) = self.app.get() {
            audit::seal(&app.db).await;
        }
    }

    /// Caps of one execution.
    pub fn limits(&self) -> Limits {
        limits(&self.config)
    }

    /// How databases are crawled.
    pub fn crawl_options(&self) -> CrawlOptions {
        crawl_options(&self.config)
    }
}

/// The daemon's parts, for nobody in particular: [`App::desk`] gives them to a caller.
pub struct App {
    /// All settings.
    pub config: Config,
    /// The store, for the daemon's own work.
    pub db: Db,
    /// Jobs.
    pub worker: Arc<Worker>,
    /// The owner's token.
    pub token: OwnerToken,
    /// What secrets are sealed with.
    pub keys: Keys,
    /// Sign-in, sessions, keys.
    pub auth: Auth,
    /// This daemon among the others on the store.
    pub keeper: Arc<Keeper>,
    sources: Sources,
    exec: Exec,
    crawler: Crawler,
    chat: Chat,
}

/// The daemon's parts as one caller uses them: each sees the caller's workspace alone.
#[derive(Clone)]
pub struct Desk {
    /// The store.
    pub db: Db,
    /// Registered databases.
    pub sources: Sources,
    /// The door to databases.
    pub exec: Exec,
    /// Crawls.
    pub crawler: Crawler,
    /// Answers.
    pub chat: Chat,
    /// Events of answers, for other daemons.
    pub tapes: Tapes,
}

impl App {
    /// The parts for a caller.
    pub fn desk(&self, caller: Arc<Caller>) -> Desk {
        let db = self.db.acting(caller);
        Desk {
            sources: self.sources.within(&db),
            exec: self.exec.within(&db),
            crawler: self.crawler.within(&db),
            chat: self.chat.within(&db),
            tapes: self.keeper.tapes().clone(),
            db,
        }
    }

    /// Opens the store (bringing its schema up to date) and builds everything over it.
    ///
    /// # Errors
    /// When the data folder, the store, the keys or the model's settings cannot be used.
    pub async fn open(config: Config) -> Result<App> {
        let results = config.data_dir.join("results");
        make_folder(&config.data_dir)?;
        make_folder(&results)?;
        let db = open_store(&config).await?;
        store::migrate::up(&db).await?;
        let keys = Keys::open(&config.secrets, &config.data_dir).await?;
        let token = token::load_or_create(&db, &config.data_dir.join("owner.token")).await?;
        let sources = Sources::new(db.clone(), keys.clone()).under(Network::of(&config));
        let exec = Exec::new(db.clone(), results, keys.clone(), limits(&config), exec_settings(&config));
        let crawler = Crawler::new(db.clone(), sources.clone(), crawl_options(&config), keep(&config));
        let max_cost = Some(config.limits.cost).filter(|cost| *cost > 0.0);
        let translator = translator(&config.model)?;
        let chat = Chat::new(db.clone(), sources.clone(), exec.clone(), translator, max_cost);
        let parts =
            Parts { db: db.clone(), sources: sources.clone(), crawler: crawler.clone(), chat: chat.clone() };
        let worker = Arc::new(Worker::new(parts, habits(&config)));
        let auth = Auth::new(db.clone(), token.hash.clone(), &config)?;
        let (name, lease) = (worker.daemon().to_owned(), habits(&config).lease);
        let keeper = Keeper::new(db.clone(), sources.clone(), exec.clone(), chat.clone(), name, lease);
        let keeper = Arc::new(keeper);
        Ok(App { config, db, sources, exec, crawler, worker, chat, keeper, token, keys, auth })
    }

    /// What runs, whoever asked for it: to be waited for when the daemon ends.
    pub fn running(&self) -> &Exec {
        &self.exec
    }

    /// Marks work as interrupted that a daemon left behind when it died. Called by a daemon at its start. SQLite has one
    /// daemon, so everything unfinished is abandoned; on PostgreSQL another daemon may be at work, so leases decide.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover(&self) -> Result<Interrupted> {
        let which = match self.db.dialect() {
            Dialect::Sqlite => Abandoned::All,
            Dialect::Postgres => Abandoned::Expired,
        };
        let tx = self.db.begin().await?;
        let marked = store::recover::mark_interrupted(&tx, which).await?;
        tx.commit().await?;
        remove_partial_results(&self.config.data_dir.join("results"));
        Ok(marked)
    }

    /// As [`App::recover`], but only where nobody else works on the data folder: for commands that work without a
    /// daemon. They hold the claim while they work.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn recover_alone(&self) -> Result<Option<FolderClaim>> {
        let Ok(claim) = store::recover::claim_folder(&self.config.data_dir) else { return Ok(None) };
        self.recover().await?;
        Ok(Some(claim))
    }
}

/// The store that the settings name, without touching its schema.
///
/// # Errors
/// When it cannot be opened.
pub async fn open_store(config: &Config) -> Result<Db> {
    if config.database_url.is_empty() {
        make_folder(&config.data_dir)?;
        return Ok(Db::open_sqlite(&config.data_dir.join("querent.db")).await?);
    }
    Ok(Db::open_postgres(config.database_url.expose(), STORE_SESSIONS).await?)
}

fn limits(config: &Config) -> Limits {
    Limits {
        max_rows: config.limits.rows,
        max_bytes: config.limits.bytes,
        timeout: Duration::from_secs(config.limits.seconds),
        ..Limits::default()
    }
}

fn exec_settings(config: &Config) -> exec::Settings {
    let limits = &config.limits;
    exec::Settings {
        running: limits.executions,
        per_connection: limits.executions_per_connection,
        per_user: limits.executions_per_user,
        waiting: limits.waiting,
        waiting_per_user: limits.waiting_per_user,
        cache_seconds: limits.cache_seconds,
    }
}

fn habits(config: &Config) -> Habits {
    Habits {
        workers: config.jobs.workers,
        lease: Duration::from_secs(config.jobs.lease),
        grace: Duration::from_secs(config.server.drain_seconds),
    }
}

fn crawl_options(config: &Config) -> CrawlOptions {
    CrawlOptions {
        statistics: config.crawl.statistics,
        sample_rows: config.crawl.statistics.then_some(config.crawl.sample_rows),
        max_common_values: config.crawl.common_values,
        ..CrawlOptions::default()
    }
}

fn keep(config: &Config) -> Keep {
    let given = |number: u32| Some(number).filter(|n| *n > 0);
    Keep { versions: given(config.crawl.keep_versions), days: given(config.crawl.keep_days) }
}

fn make_folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| {
        Error::new("K020", Class::Internal, format!("the folder {} cannot be made: {e}", path.display()))
            .hint("Choose another with --data-dir or data_dir.")
    })
}

/// Files that a killed daemon was writing. They never had a name that anything refers to.
fn remove_partial_results(results: &Path) {
    let Ok(entries) = std::fs::read_dir(results) else { return };
    for path in entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "partial"))
    {
        if let Err(error) = std::fs::remove_file(&path) {
            tracing::warn!(%error, "a partial result could not be removed");
        }
    }
}
