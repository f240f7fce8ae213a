//! The bounded pool of sessions, and how `ssl-mode` chooses between TLS and plain while connecting.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use catalog::Engine;
use connector_api::{ConnectorError, ErrorKind, Place as Reached};
use mysql_async::prelude::Queryable;
use mysql_async::{ClientIdentity, Conn, DriverError, Error, Opts, OptsBuilder, SslOpts};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::{Settings, SslMode};
use crate::error::{self, While, from_driver};

/// The largest answer to be read in one piece, which bounds a cell.
const LARGEST_PACKET: usize = 256 * 1024 * 1024;

/// Sessions of one connection.
pub(crate) struct Sessions {
    pub settings: Settings,
    tls: Option<SslOpts>,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Link>>,
}

/// An open connection and what is known of its server.
pub(crate) struct Link {
    pub conn: Conn,
    pub engine: Engine,
    /// `10.11.14` of `10.11.14-MariaDB-0+deb12u2`.
    pub version: String,
    /// The server's `sql_mode`, as every session of it begins.
    pub sql_mode: String,
    /// Whether it was used before: then the server may have closed it meanwhile.
    pub used: bool,
}

impl Link {
    /// Whether the server reads a whole query in brackets, set operations and ORDER BY included.
    pub(crate) fn takes_brackets(&self) -> bool {
        let oldest = if self.engine == Engine::Mariadb { (10, 4, 0) } else { (8, 0, 22) };
        number(&self.version) >= oldest
    }
}

/// The right to one of the pool's places.
pub(crate) type Place = OwnedSemaphorePermit;

impl Sessions {
    /// Makes the pool; nothing is connected yet.
    pub(crate) fn new(settings: Settings) -> Result<Sessions, ConnectorError> {
        let tls = tls(&settings)?;
        let places = Arc::new(Semaphore::new(settings.pool_size));
        Ok(Sessions { settings, tls, places, idle: Mutex::default() })
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
        let mut conn = self.connect().await?;
        let driver = |error| from_driver(&error, While::Connecting);
        let about: Option<(String, String)> =
            conn.query_first("SELECT VERSION(), @@SESSION.sql_mode").await.map_err(driver)?;
        let (version, sql_mode) = about.ok_or_else(|| error::internal("the server said nothing"))?;
        let engine = if is_mariadb(&version) { Engine::Mariadb } else { Engine::Mysql };
        Ok(Link { conn, engine, version: short(&version), sql_mode, used: false })
    }

    /// A connection outside the pool, as the cancel of a statement needs one.
    pub(crate) async fn connect(&self) -> Result<Conn, ConnectorError> {
        let within = self.settings.connect_timeout;
        let connected = tokio::time::timeout(within, self.connect_by_mode()).await;
        connected.unwrap_or_else(|_| Err(error::unreachable("the server did not answer in time")))
    }

    async fn connect_by_mode(&self) -> Result<Conn, ConnectorError> {
        let ips = self.addresses().await?;
        let connected = Conn::new(self.options(self.tls.clone(), ips.clone())).await;
        let plain_will_do = self.settings.ssl_mode == SslMode::Preferred;
        let connected = match connected {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer)) if plain_will_do => {
                Conn::new(self.options(None, ips)).await
            }
            other => other,
        };
        connected.map_err(|e| from_driver(&e, While::Connecting))
    }

    /// Looks the host up and keeps the addresses that may be connected to; none for a Unix socket.
    async fn addresses(&self) -> Result<Option<Vec<IpAddr>>, ConnectorError> {
        let Settings { reach, host, port, socket, .. } = &self.settings;
        match socket {
            Some(socket) => reach.ask(Reached::Socket(Path::new(socket))).map(|()| None),
            None => reach.ips(host, *port).await.map(Some),
        }
    }

    /// The driver's form; it connects to these addresses, and TLS verifies the host. It names no default database: names without one then mean nothing, and no stored function is
    /// found under the name of a built-in one.
    fn options(&self, tls: Option<SslOpts>, ips: Option<Vec<IpAddr>>) -> Opts {
        let settings = &self.settings;
        OptsBuilder::default()
            .ip_or_hostname(settings.host.clone())
            .tcp_port(settings.port)
            .resolved_ips(ips)
            .socket(settings.socket.clone())
            .user(Some(settings.user.clone()))
            .pass(settings.password.as_ref().map(|password| password.as_str()))
            .db_name(settings.default_database.clone())
            .prefer_socket(false)
            .stmt_cache_size(0)
            // both given, so that the driver does not ask the server for them
            .max_allowed_packet(Some(LARGEST_PACKET))
            .wait_timeout(Some(28_800))
            .ssl_opts(tls)
            .into()
    }
}

/// `(8, 0, 36)` of `8.0.36`.
pub(crate) fn number(version: &str) -> (u32, u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

fn is_mariadb(version: &str) -> bool {
    version.to_ascii_lowercase().contains("mariadb")
}

/// The number of a version, without what packagers add, and without the `5.5.5-` that old MariaDB put before it.
fn short(version: &str) -> String {
    let version = version.strip_prefix("5.5.5-").filter(|rest| is_mariadb(rest)).unwrap_or(version);
    version.split(['-', '+', ' ']).next().unwrap_or_default().to_owned()
}

fn tls(settings: &Settings) -> Result<Option<SslOpts>, ConnectorError> {
    if settings.ssl_mode == SslMode::Disabled || settings.socket.is_some() {
        return Ok(None);
    }
    let mut options = SslOpts::default().with_disable_built_in_roots(true);
    options = match settings.ssl_mode {
        SslMode::VerifyIdentity => {
            options.with_root_certs(roots(settings)?.into_iter().map(Into::into).collect())
        }
        // the driver wants a root to build its verifier with, even when it then verifies nothing
        SslMode::Disabled | SslMode::Preferred | SslMode::Required => {
            options.with_disable_built_in_roots(false).with_danger_accept_invalid_certs(true)
        }
    };
    if let Some((cert, key)) = &settings.client_cert {
        let identity = ClientIdentity::new(cert.clone().into(), key.clone().into());
        options = options.with_client_identity(Some(identity));
    }
    Ok(Some(options))
}

/// The trusted roots: the file of the URL, or the system's.
fn roots(settings: &Settings) -> Result<Vec<Vec<u8>>, ConnectorError> {
    if let Some(file) = &settings.ssl_ca {
        let bytes = std::fs::read(file).map_err(|_| {
            ConnectorError::new(ErrorKind::BadConfig, format!("ssl-ca: {} cannot be read", file.display()))
                .hint("give the path of a PEM file that the daemon may read")
        })?;
        return Ok(vec![bytes]);
    }
    let mut store = rustls::RootCertStore::empty();
    let usable = rustls_native_certs::load_native_certs().certs.into_iter();
    let usable: Vec<_> =
        usable.filter(|cert| store.add(cert.clone()).is_ok()).map(|cert| cert.to_vec()).collect();
    if usable.is_empty() {
        return Err(ConnectorError::new(
            ErrorKind::Tls,
            "there is no trusted root to verify the server with",
        )
        .hint("name the file of the server's certificate authority in ssl-ca"));
    }
    Ok(usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart_and_cut() {
        assert_eq!(short("10.11.14-MariaDB-0+deb12u2"), "10.11.14");
        assert_eq!(short("5.5.5-10.1.48-MariaDB"), "10.1.48");
        assert_eq!(short("9.7.4"), "9.7.4");
        assert_eq!(short("8.0.36-0ubuntu0.22.04.1"), "8.0.36");
        assert!(is_mariadb("11.4.2-MariaDB") && !is_mariadb("8.4.0"));
    }
}
