//! The driver's client and the bounded number of statements that use it at once.

use std::sync::Arc;
use std::time::Duration;

use bson::{Document, doc};
use connector_api::{ConnectorError, ErrorKind, Place as Reached};
use mongodb::options::{
    ClientOptions, ReadConcern, ReadPreference, ReadPreferenceOptions, SelectionCriteria, ServerAddress, Tls,
    TlsOptions,
};
use mongodb::{Client, Database};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use crate::config::{ReadLevel, Settings};
use crate::error::{self, While, from_driver};
use crate::gate::Gate;

/// How long ending a statement on the server may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// Sessions of one connection.
pub(crate) struct Sessions {
    pub settings: Settings,
    client: OnceCell<(Client, Option<Gate>)>,
    places: Arc<Semaphore>,
}

/// The right to one of the pool's places.
pub(crate) type Place = OwnedSemaphorePermit;

impl Sessions {
    /// Makes the pool; nothing is connected yet.
    pub(crate) fn new(settings: Settings) -> Sessions {
        let places = Arc::new(Semaphore::new(settings.pool_size));
        Sessions { settings, client: OnceCell::new(), places }
    }

    /// Waits for a place, for a bounded time.
    pub(crate) async fn place(&self) -> Result<Place, ConnectorError> {
        let place = tokio::time::timeout(self.settings.pool_wait, Arc::clone(&self.places).acquire_owned());
        match place.await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(error::internal("the pool of sessions is closed")),
            Err(_) => Err(error::busy(self.settings.pool_size)),
        }
    }

    /// The driver's client. Making one looks up names of `mongodb+srv`; it connects when it is first used.
    pub(crate) async fn client(&self) -> Result<&Client, ConnectorError> {
        Ok(&self.client.get_or_try_init(|| make(&self.settings)).await?.0)
    }

    /// The database of the URL.
    pub(crate) async fn database(&self) -> Result<Database, ConnectorError> {
        Ok(self.client().await?.database(&self.settings.database))
    }

    /// Ends whatever runs or waits in a session on the server. Every login may do so with its own sessions.
    pub(crate) async fn kill(&self, session: &Document) {
        let Ok(client) = self.client().await else { return };
        let Some(id) = session.get("id") else { return };
        let admin = client.database("admin");
        let killed = admin.run_command(doc! { "killSessions": [{ "id": id.clone() }] });
        let ended = tokio::time::timeout(CANCEL_TIMEOUT, killed).await;
        if !matches!(ended, Ok(Ok(_))) {
            // the connection was closed before this: the server ends the statement of a client that left
            tracing::debug!("a statement could not be ended on the server by its session");
        }
    }

    /// How strictly data has to be agreed upon before it is read.
    pub(crate) fn read_concern(&self) -> ReadConcern {
        match self.settings.majority {
            ReadLevel::Local => ReadConcern::local(),
            ReadLevel::Available => ReadConcern::available(),
            ReadLevel::Majority => ReadConcern::majority(),
        }
    }
}

async fn make(settings: &Settings) -> Result<(Client, Option<Gate>), ConnectorError> {
    let parsed =
        tokio::time::timeout(settings.connect_timeout, ClientOptions::parse(settings.driver_url.as_str()));
    let mut options = match parsed.await {
        Ok(parsed) => parsed.map_err(|e| from_driver(&e, While::Connecting))?,
        Err(_) => return Err(error::unreachable("the host name was not looked up in time")),
    };
    options.app_name = Some(settings.app_name.clone());
    options.connect_timeout = Some(settings.connect_timeout);
    options.server_selection_timeout = Some(settings.connect_timeout);
    // beside the statements there are a crawl's second connection, and the cancel of a statement
    options.max_pool_size = u32::try_from(settings.pool_size * 2 + 2).ok();
    options.retry_reads = Some(true);
    options.retry_writes = Some(false);
    if let Some(SelectionCriteria::ReadPreference(preference)) = &mut options.selection_criteria {
        tolerate(preference);
    }
    options.tls = Some(tls(settings)?);
    let gate = gate(settings, &mut options).await?;
    let client = Client::with_options(options).map_err(|e| from_driver(&e, While::Connecting))?;
    Ok((client, gate))
}

/// Asks about every host that is named or that SRV records name; and puts a gate before those that the servers name,
/// as the driver connects by itself to whatever members they tell it of.
async fn gate(settings: &Settings, options: &mut ClientOptions) -> Result<Option<Gate>, ConnectorError> {
    if settings.reach.is_anywhere() {
        return Ok(None);
    }
    for host in &options.hosts {
        match host {
            ServerAddress::Tcp { host, port } => {
                settings.reach.addresses(host, port.unwrap_or(27_017)).await?;
            }
            ServerAddress::Unix { path } => settings.reach.ask(Reached::Socket(path))?,
            _ => return Err(error::internal("an address of a kind that is not known")),
        }
    }
    let gate = Gate::open(settings.reach.clone())?;
    options.socks5_proxy = Some(gate.proxy());
    Ok(Some(gate))
}

/// A secondary that lags far behind is not asked.
fn tolerate(preference: &mut ReadPreference) {
    let most = Duration::from_secs(120);
    let bounded = || Some(ReadPreferenceOptions::builder().max_staleness(most).build());
    match preference {
        ReadPreference::Secondary { options }
        | ReadPreference::PrimaryPreferred { options }
        | ReadPreference::SecondaryPreferred { options }
        | ReadPreference::Nearest { options } => *options = bounded(),
        _ => {}
    }
}

fn tls(settings: &Settings) -> Result<Tls, ConnectorError> {
    if !settings.tls {
        return Ok(Tls::Disabled);
    }
    let mut options = TlsOptions::default();
    for file in [&settings.tls_ca, &settings.tls_certificate].into_iter().flatten() {
        if std::fs::metadata(file).is_err() {
            let message = format!("{} cannot be read", file.display());
            return Err(ConnectorError::new(ErrorKind::BadConfig, message)
                .hint("give the path of a PEM file that the daemon may read"));
        }
    }
    options.ca_file_path = settings.tls_ca.clone();
    options.cert_key_file_path = settings.tls_certificate.clone();
    Ok(Tls::Enabled(options))
}
