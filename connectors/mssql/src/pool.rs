//! The bounded pool of sessions, and how a connection is made: TCP (after asking the browser of a named instance),
//! TLS, login, and the address that the server may send us on to.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use connector_api::{ConnectorError, ErrorKind};
use tiberius::error::Error;
use tiberius::{AuthMethod, Client, Config, Row, SqlBrowser};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use crate::config::Settings;
use crate::error::{self, While, from_driver};
use crate::introspect::raw;

/// The driver's connection.
pub(crate) type Conn = Client<Compat<TcpStream>>;

/// The port of the browser, that tells the ports of named instances.
const BROWSER: u16 = 1434;

/// Why there is no connection.
enum Failed {
    Driver(Error),
    /// It was not tried: the host is not known, or may not be reached.
    Untried(ConnectorError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Driver(error)
    }
}

impl From<ConnectorError> for Failed {
    fn from(error: ConnectorError) -> Failed {
        Failed::Untried(error)
    }
}

/// How often a server may send us on to another address: gateways do it once.
const HOPS: usize = 3;

/// What is asked on every new connection: version, database, the schema of names that have none, whether the database
/// allows snapshots, and how many tables it holds in memory, which a snapshot of the whole cannot read.
const ABOUT: &str = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), DB_NAME(), \
     COALESCE(SCHEMA_NAME(), 'dbo'), \
     (SELECT COUNT(*) FROM sys.databases WHERE database_id = DB_ID() AND snapshot_isolation_state = 1), \
     (SELECT COUNT(*) FROM sys.tables WHERE is_memory_optimized = 1)";

/// Sessions of one connection.
pub(crate) struct Sessions {
    pub settings: Settings,
    /// The trusted roots of the URL's file.
    ca: Option<Vec<u8>>,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Link>>,
}

/// An open connection and what is known of its server.
pub(crate) struct Link {
    pub conn: Conn,
    /// `16.0.4135.4`.
    pub version: String,
    pub database: String,
    /// Where names without a schema are looked up first.
    pub schema: String,
    /// Whether a statement can have a snapshot of the database.
    pub snapshots: bool,
    /// Whether it was used before: then the server may have closed it meanwhile.
    pub used: bool,
}

/// The right to one of the pool's places.
pub(crate) type Place = OwnedSemaphorePermit;

impl Sessions {
    /// Makes the pool; nothing is connected yet.
    pub(crate) fn new(settings: Settings) -> Result<Sessions, ConnectorError> {
        let ca = settings.ca.as_ref().map(|file| {
            std::fs::read(file).map_err(|_| {
                ConnectorError::new(ErrorKind::BadConfig, format!("ca: {} cannot be read", file.display()))
                    .hint("give the path of a PEM file that the daemon may read")
            })
        });
        let places = Arc::new(Semaphore::new(settings.pool_size));
        Ok(Sessions { ca: ca.transpose()?, settings, places, idle: Mutex::default() })
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

    /// An idle connection, or a new one.
    pub(crate) async fn link(&self) -> Result<Link, ConnectorError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(link) => Ok(link),
            None => self.open().await,
        }
    }

    /// Keeps a clean connection for the next one.
    pub(crate) fn give_back(&self, link: Link) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // there are never more connections than places
        if idle.len() < self.settings.pool_size {
            idle.push(Link { used: true, ..link });
        }
    }

    async fn open(&self) -> Result<Link, ConnectorError> {
        let opened = async {
            let mut conn = self.connect().await?;
            let row = conn.query(ABOUT, &[]).await?.into_row().await?;
            Ok::<_, Failed>((conn, row))
        };
        let opened = tokio::time::timeout(self.settings.connect_timeout, opened).await;
        let opened = opened.unwrap_or_else(|_| {
            Err(Error::Io { kind: std::io::ErrorKind::TimedOut, message: String::new() }.into())
        });
        let (conn, row) = opened.map_err(|failed| match failed {
            Failed::Driver(error) => from_driver(&error, While::Connecting),
            Failed::Untried(why) => why,
        })?;
        let row: Row = row.ok_or_else(|| error::internal("the server said nothing"))?;
        Ok(Link {
            conn,
            version: raw::text(&row, 0),
            database: raw::text(&row, 1),
            schema: raw::text(&row, 2),
            snapshots: raw::number(&row, 3) == Some(1) && raw::number(&row, 4) == Some(0),
            used: false,
        })
    }

    async fn connect(&self) -> Result<Conn, Failed> {
        let mut sent_on = None;
        for _ in 0..HOPS {
            let config = self.config(sent_on.as_ref());
            let tcp = self.tcp(&config, sent_on.as_ref()).await?;
            match Client::connect(config, tcp.compat_write()).await {
                Err(Error::Routing { host, port }) => sent_on = Some((host, port)),
                connected => return Ok(connected?),
            }
        }
        Err(Error::Protocol("the server sends us from address to address".into()).into())
    }

    async fn tcp(&self, config: &Config, sent_on: Option<&(String, u16)>) -> Result<TcpStream, Failed> {
        let settings = &self.settings;
        let (host, port) = match (sent_on, settings.port) {
            (Some((host, port)), _) => (host, *port),
            (None, None) if settings.instance.is_some() => return self.named(config).await,
            (None, port) => (&settings.host, port.unwrap_or(1433)),
        };
        let addresses = settings.reach.addresses(host, port).await?;
        let tcp = TcpStream::connect(addresses.as_slice()).await.map_err(Error::from)?;
        tcp.set_nodelay(true).map_err(Error::from)?;
        Ok(tcp)
    }

    /// Asks the browser of each address that may be reached; it names a port alone, so that the address stays.
    async fn named(&self, config: &Config) -> Result<TcpStream, Failed> {
        let addresses = self.settings.reach.addresses(&self.settings.host, BROWSER).await?;
        let mut last = Error::Io { kind: std::io::ErrorKind::NotFound, message: String::new() };
        for address in addresses {
            let mut config = config.clone();
            config.host(match address.ip() {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            });
            match TcpStream::connect_named(&config).await {
                Ok(tcp) => return Ok(tcp),
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    /// The driver's form.
    fn config(&self, sent_on: Option<&(String, u16)>) -> Config {
        let settings = &self.settings;
        let mut config = Config::new();
        config.host(sent_on.map_or(&settings.host, |(host, _)| host));
        match (sent_on, settings.port, &settings.instance) {
            (Some((_, port)), ..) => config.port(*port),
            (None, Some(port), _) => config.port(port),
            (None, None, Some(instance)) => config.instance_name(instance),
            (None, None, None) => {}
        }
        if let Some(database) = &settings.database {
            config.database(database);
        }
        config.authentication(AuthMethod::sql_server(&settings.user, settings.password.as_str()));
        config.encryption(settings.encryption);
        match &self.ca {
            _ if settings.trust_any => config.trust_cert(),
            Some(ca) => config.trust_cert_ca_bundle(ca.clone()),
            None => {}
        }
        if let Some(host) = &settings.certificate_host {
            config.hostname_in_certificate(host);
        }
        if let Some((cert, key)) = &settings.client_cert {
            config.client_certificate(cert, key);
        }
        config.application_name(&settings.app_name);
        config.readonly(settings.read_intent);
        // the clocks are ours
        config.handshake_timeout(None);
        config.command_timeout(None);
        // half a character in a text is shown as one that cannot be shown, and does not end the whole result
        config.lossy_utf16_decoding(true);
        config
    }
}
