//! The bounded pool of sessions, and how `sslmode` chooses between TLS and plain while connecting.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use connector_api::ConnectorError;
use deadpool_postgres::{Connect, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode as DriverMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{Settings, SslMode};
use crate::{error, tls};

/// Sessions of one connection.
pub(crate) struct Sessions {
    pool: Pool,
    size: usize,
    /// Why the last connection was not even tried.
    untried: Arc<Mutex<Option<ConnectorError>>>,
    /// Needed again to send a cancel request.
    pub tls: MakeRustlsConnect,
    pub settings: Settings,
}

impl Sessions {
    /// Makes the pool; nothing is connected yet.
    pub(crate) fn new(settings: Settings) -> Result<Sessions, ConnectorError> {
        let tls = tls::connector(&settings)?;
        let untried = Arc::default();
        let opener = Opener {
            tls: tls.clone(),
            modes: modes(settings.ssl_mode),
            settings: settings.clone(),
            untried: Arc::clone(&untried),
        };
        // a session cleans up when it ends (see `session`): nothing is left to do when it is taken again
        let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_connect(settings.driver(&[]), opener, config))
            .max_size(settings.pool_size)
            .wait_timeout(Some(settings.pool_wait))
            .create_timeout(Some(settings.connect_timeout))
            .recycle_timeout(Some(settings.connect_timeout))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| ConnectorError::new(connector_api::ErrorKind::Internal, e.to_string()))?;
        Ok(Sessions { pool, size: settings.pool_size, untried, tls, settings })
    }

    /// Takes a session, connecting if need be.
    pub(crate) async fn take(&self) -> Result<Object, ConnectorError> {
        self.pool.get().await.map_err(|e| match (&e, lock(&self.untried).clone()) {
            (PoolError::Backend(_), Some(why)) => why,
            _ => error::from_pool(e, self.size),
        })
    }
}

/// The ways to connect, in the order in which they are tried.
fn modes(mode: SslMode) -> &'static [DriverMode] {
    match mode {
        SslMode::Disable => &[DriverMode::Disable],
        SslMode::Allow => &[DriverMode::Disable, DriverMode::Require],
        // the driver's own `Prefer` covers servers without TLS; the second try, logins that must come in without
        SslMode::Prefer => &[DriverMode::Prefer, DriverMode::Disable],
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[DriverMode::Require],
    }
}

/// Whether the other way of connecting may fare better: the server has no entry for this login this way, or the
/// handshake failed.
fn try_other(error: &Error) -> bool {
    match error.code() {
        Some(code) => *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        None => error.to_string().contains("TLS"),
    }
}

fn lock(untried: &Mutex<Option<ConnectorError>>) -> std::sync::MutexGuard<'_, Option<ConnectorError>> {
    untried.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Opener {
    tls: MakeRustlsConnect,
    modes: &'static [DriverMode],
    settings: Settings,
    /// Where a refusal is told: the driver's error cannot carry one.
    untried: Arc<Mutex<Option<ConnectorError>>>,
}

type Opened = Result<(Client, JoinHandle<()>), Error>;

impl Connect for Opener {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Opened> + Send + '_>> {
        Box::pin(async move {
            let addresses = self.settings.addresses().await;
            *lock(&self.untried) = addresses.as_ref().err().cloned();
            let config = match addresses {
                Ok(addresses) => self.settings.driver(&addresses),
                // without a host the driver gives an error at once, and what is kept above is told in its place
                Err(_) => Config::new(),
            };
            let mut opened = open(&config, self.modes[0], &self.tls).await;
            for mode in &self.modes[1..] {
                match opened {
                    Err(ref error) if try_other(error) => opened = open(&config, *mode, &self.tls).await,
                    _ => break,
                }
            }
            opened
        })
    }
}

async fn open(config: &Config, mode: DriverMode, tls: &MakeRustlsConnect) -> Opened {
    let mut config = config.clone();
    config.ssl_mode(mode);
    let (client, connection) = config.connect(tls.clone()).await?;
    let task = tokio::spawn(async move {
        // what ends the connection is told to whoever waits on the client
        let _ = connection.await;
    });
    Ok((client, task))
}
