//! Registered databases as things to work with: a connector, and the catalog of the latest schema version.
//! The only place that names connector crates.

mod errors;
mod held;
mod open;
mod tunnel;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use catalog::{Catalog, Snapshot};
use connector_api::Connector;
use guard::Policy;
use jiff::Timestamp;

pub use held::{Held, held, held_for};
pub use open::{connectors, display_url, engine_of, open};
pub use tunnel::INFO as TUNNEL;

use crate::error::{Class, Error, Result};
use crate::index::Index;
use crate::model::{Connection, ConnectionOptions, Id, SchemaVersion};
use crate::network::Network;
use crate::overlay;
use crate::secrets::{Keys, Secret};
use crate::store::{self, Db};

/// Connectors and indexes kept ready, each at the most.
const KEPT: usize = 64;

/// A connector, and the time of the connection's last change that it was made for.
type Kept = (Timestamp, Arc<dyn Connector>);

/// An index, and the time of the last change to what is known of the connection's database.
type KeptIndex = (Option<Timestamp>, Arc<Index>);

/// Opens registered databases for a caller. Clones share what is costly to make.
#[derive(Clone)]
pub struct Sources {
    db: Db,
    shared: Arc<Shared>,
}

/// What is kept ready for everybody; only a record that the caller may see leads to it.
struct Shared {
    keys: Keys,
    network: Network,
    connectors: Mutex<HashMap<Id, Kept>>,
    indexes: Mutex<HashMap<Id, KeptIndex>>,
    seen: Mutex<HashMap<Seen, Arc<Index>>>,
}

/// What an index was cut from, and to: a version, what is known of its database, the fingerprint of a policy.
type Seen = (Id, Option<Timestamp>, String);

/// A registered database, ready to be crawled: what an earlier crawl found is left where it is.
#[derive(Clone)]
pub struct Database {
    /// Its record.
    pub connection: Connection,
    /// The way in.
    pub connector: Arc<dyn Connector>,
}

/// A registered database, ready to be asked.
#[derive(Clone)]
pub struct Source {
    /// Its record.
    pub connection: Connection,
    /// The way in.
    pub connector: Arc<dyn Connector>,
    /// The latest schema version and its searchable catalog, whole; `None` before the first crawl.
    pub schema: Option<(SchemaVersion, Arc<Index>)>,
    /// What the caller that opened it is held to.
    held: Arc<Held>,
    /// Its catalog as the caller may see it, made when somebody first asks for it; see [`Source::seen`].
    shared: Arc<Shared>,
}

impl Source {
    /// The latest schema version and its catalog.
    ///
    /// # Errors
    /// `X001` before the first crawl.
    pub fn catalog(&self) -> Result<(&SchemaVersion, &Arc<Index>)> {
        self.schema.as_ref().map(|(version, index)| (version, index)).ok_or_else(|| {
            let message = format!("the connection {:?} has not been crawled yet", self.connection.name);
            Error::new("X001", Class::Conflict, message).hint(format!(
                "Run `querent crawl --on {}` or POST /api/v1/connections/{{id}}/crawls.",
                self.connection.name
            ))
        })
    }
}

/// The options stored with a connection.
///
/// # Errors
/// `X015` when they cannot be read.
pub fn options_of(connection: &Connection) -> Result<ConnectionOptions> {
    ConnectionOptions::read(&connection.options).map_err(|why| unreadable_options(&why))
}

/// Options that cannot be read.
pub fn unreadable_options(why: &str) -> Error {
    Error::new("X015", Class::BadInput, format!("the connection's options cannot be read: {why}"))
        .hint("Correct them; /openapi.json and `querent connection set --help` list them.")
}

impl Source {
    /// The connection's own options.
    ///
    /// # Errors
    /// As [`options_of`].
    pub fn options(&self) -> Result<ConnectionOptions> {
        options_of(&self.connection)
    }

    /// Whether questions and queries may run on it.
    ///
    /// # Errors
    /// `X014` when the connection is registered for writing; `X015` when its options cannot be read.
    pub fn may_be_asked(&self) -> Result<()> {
        if self.options()?.mode.is_read_only() {
            return Ok(());
        }
        let message = format!("the connection {:?} is registered as read-write", self.connection.name);
        Err(Error::new("X014", Class::Forbidden, message).hint(
            "Questions and queries run on read-only connections alone, as long as writes cannot be approved. Set it \
             back with `querent connection set NAME --mode read-only`, or register the database a second time.",
        ))
    }

    /// What the caller that opened it may see: the connection's own policy and the caller's grants, as of then.
    ///
    /// # Errors
    /// None so far; what cannot be read is found out when the source is opened.
    pub fn policy(&self) -> Result<Policy> {
        Ok(self.held.policy.clone())
    }

    /// The fingerprint of [`Source::policy`]: whoever has the same one sees the same.
    pub fn policy_key(&self) -> &str {
        &self.held.key
    }

    /// The index of what the caller may see: what is hidden is not in it. Kept for each policy.
    ///
    /// # Errors
    /// As [`Source::catalog`].
    pub async fn seen(&self) -> Result<Arc<Index>> {
        let (version, whole) = self.catalog()?;
        if !self.held.policy.restricts() {
            return Ok(whole.clone());
        }
        let place = (version.id, self.connection.understood_at, self.held.key.clone());
        let kept = |shared: &Shared| {
            let seen = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.get(&place).cloned()
        };
        if let Some(index) = kept(&self.shared) {
            return Ok(index);
        }
        let (held, whole) = (self.held.clone(), whole.clone());
        let build = move || {
            let visible = guard::resolve::visible_catalog(whole.catalog(), &held.policy);
            Arc::new(whole.of_part(Arc::new(visible)))
        };
        let index = tokio::task::spawn_blocking(build)
            .await
            .map_err(|e| Error::new("X099", Class::Internal, format!("reading the catalog stopped: {e}")))?;
        let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= KEPT {
            seen.clear();
        }
        seen.insert(place, index.clone());
        Ok(index)
    }
}

impl Sources {
    /// Sources whose URIs stand sealed in the store.
    pub fn new(db: Db, keys: Keys) -> Sources {
        Sources::assemble(db, keys, Network::default())
    }

    fn assemble(db: Db, keys: Keys, network: Network) -> Sources {
        let shared = Shared {
            keys,
            network,
            connectors: Mutex::default(),
            indexes: Mutex::default(),
            seen: Mutex::default(),
        };
        Sources { db, shared: Arc::new(shared) }
    }

    /// The same sources, that go only where the rules let them; what is kept ready is not shared with these.
    pub fn under(self, network: Network) -> Sources {
        Sources::assemble(self.db, self.shared.keys.clone(), network)
    }

    /// The same for whom that store speaks for.
    pub fn within(&self, db: &Db) -> Sources {
        Sources { db: db.clone(), shared: self.shared.clone() }
    }

    /// Opens a connector for a URL that is not registered.
    ///
    /// # Errors
    /// As [`open`].
    pub fn try_out(&self, url: &str) -> Result<Arc<dyn Connector>> {
        open(url, &self.shared.network)
    }

    /// The registered database of that key, without its catalog.
    ///
    /// # Errors
    /// Not found; or its URI cannot be unsealed or used.
    pub async fn database(&self, id: Id) -> Result<Database> {
        let connection = store::connections::get(&self.db, id).await?;
        Ok(Database { connector: self.connector(&connection).await?, connection })
    }

    /// The registered database of that name, without its catalog.
    ///
    /// # Errors
    /// As [`Sources::record`]; its URI cannot be unsealed or used.
    pub async fn database_named(&self, name: &str) -> Result<Database> {
        let connection = self.record(name).await?;
        Ok(Database { connector: self.connector(&connection).await?, connection })
    }

    /// The registered database of that key.
    ///
    /// # Errors
    /// Not found; or its URI cannot be unsealed or used.
    pub async fn get(&self, id: Id) -> Result<Source> {
        let connection = store::connections::get(&self.db, id).await?;
        self.of(connection).await
    }

    /// The registered database of that name.
    ///
    /// # Errors
    /// As [`Sources::record`]; its URI cannot be unsealed or used.
    pub async fn named(&self, name: &str) -> Result<Source> {
        let connection = self.record(name).await?;
        self.of(connection).await
    }

    /// The record of that name alone: also where the database cannot be opened.
    ///
    /// # Errors
    /// Not found, with the names that there are.
    pub async fn record(&self, name: &str) -> Result<Connection> {
        match store::connections::find_by_name(&self.db, name).await? {
            Some(connection) => Ok(connection),
            None => Err(self.unknown(name).await?),
        }
    }

    async fn unknown(&self, name: &str) -> Result<Error> {
        let page = store::connections::list(&self.db, crate::model::PageRequest::first()).await?;
        let names: Vec<&str> = page.items.iter().map(|c| c.name.as_str()).collect();
        let known = if names.is_empty() {
            "Register one with `querent connection add NAME URL`, or give a URL such as sqlite:FILE."
                .to_owned()
        } else {
            format!("Registered: {}. A URL such as sqlite:FILE works too.", names.join(", "))
        };
        Ok(Error::new("X002", Class::NotFound, format!("there is no connection called {name:?}")).hint(known))
    }

    async fn of(&self, connection: Connection) -> Result<Source> {
        let held = Arc::new(held(&self.db, &connection).await?);
        let connector = self.connector(&connection).await?;
        let version = store::catalog::latest(&self.db, connection.id).await?;
        let schema = match version {
            Some(version) => {
                let index = self.index(&connection, &version).await?;
                Some((version, index))
            }
            None => None,
        };
        Ok(Source { connection, connector, schema, held, shared: self.shared.clone() })
    }

    async fn connector(&self, connection: &Connection) -> Result<Arc<dyn Connector>> {
        if let Some(connector) = self.kept_connector(connection) {
            return Ok(connector);
        }
        let uri = self.shared.keys.unseal(&connection.sealed_uri, &connection.id.to_string()).await?;
        let connector = open(uri.expose(), &self.shared.network)?;
        let mut kept = self.shared.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        // somebody else may have made one meanwhile: two would have twice the sessions
        if let Some((at, connector)) = kept.get(&connection.id)
            && *at == connection.updated_at
        {
            return Ok(connector.clone());
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(connection.id, (connection.updated_at, connector.clone()));
        Ok(connector)
    }

    fn kept_connector(&self, connection: &Connection) -> Option<Arc<dyn Connector>> {
        let kept = self.shared.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&connection.id).filter(|(at, _)| *at == connection.updated_at).map(|(_, c)| c.clone())
    }

    async fn index(&self, connection: &Connection, version: &SchemaVersion) -> Result<Arc<Index>> {
        if let Some(index) = self.kept_index(version.id, connection.understood_at) {
            return Ok(index);
        }
        let mut snapshot: Snapshot = store::catalog::load(&self.db, version).await?;
        let annotations = store::annotations::all(&self.db, connection.id).await?;
        let relationships = store::relationships::all(&self.db, connection.id).await?;
        let build = move || {
            let links = overlay::lay_over(&mut snapshot, &annotations, &relationships);
            Index::linked(Arc::new(Catalog::new(snapshot)), links)
        };
        let index = tokio::task::spawn_blocking(build)
            .await
            .map_err(|e| Error::new("X099", Class::Internal, format!("reading the catalog stopped: {e}")))?;
        let index = Arc::new(index);
        let mut kept = self.shared.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(version.id, (connection.understood_at, index.clone()));
        Ok(index)
    }

    fn kept_index(&self, version: Id, understood_at: Option<Timestamp>) -> Option<Arc<Index>> {
        let kept = self.shared.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&version).filter(|(at, _)| *at == understood_at).map(|(_, index)| index.clone())
    }

    /// Forgets what is kept of a connection and of a version whose figures were refreshed.
    pub fn forget(&self, connection: Id, version: Option<Id>) {
        self.shared.connectors.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection);
        if let Some(version) = version {
            self.shared.indexes.lock().unwrap_or_else(PoisonError::into_inner).remove(&version);
            let mut seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.retain(|(of, ..), _| *of != version);
        }
    }

    /// Seals a URI for a connection's record.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub async fn seal(&self, id: Id, url: &Secret) -> Result<String> {
        self.shared.keys.seal(url, &id.to_string()).await
    }

    /// The keys that secrets are sealed with.
    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }
}
