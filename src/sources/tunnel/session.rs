//! The SSH session of a tunnel and its local forward: made at the first use, made again when it broke.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connector_api::{ConnectorError, ErrorKind};
use russh::Preferred;
use russh::client::{self, AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{
    Algorithm, PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate, known_hosts, load_secret_key,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::task::AbortHandle;

use super::Settings;

/// Connecting and logging in take that long at the most.
const CONNECTING: Duration = Duration::from_secs(20);
/// A silent host is asked for a sign after that.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Connections through one tunnel at the most; those beyond wait.
const FORWARDS: usize = 64;
/// Keys of the agent that are offered at the most; servers close after a few.
const OFFERED: usize = 5;

type Session = Arc<Handle<HostKey>>;

/// A tunnel. Dropping it closes the local port; what flows still ends by itself.
pub(super) struct Tunnel {
    shared: Arc<Shared>,
    listener: Mutex<Option<std::net::TcpListener>>,
    accepting: Mutex<Option<AbortHandle>>,
}

struct Shared {
    settings: Settings,
    session: AsyncMutex<Option<Session>>,
    forwards: Arc<Semaphore>,
}

impl Tunnel {
    pub fn new(settings: Settings, listener: std::net::TcpListener) -> Tunnel {
        let forwards = Arc::new(Semaphore::new(FORWARDS));
        let shared = Shared { settings, session: AsyncMutex::new(None), forwards };
        Tunnel { shared: Arc::new(shared), listener: Mutex::new(Some(listener)), accepting: Mutex::default() }
    }

    /// Brings the tunnel up, if it is not.
    ///
    /// # Errors
    /// `Unreachable` when nobody answers, `Tls` when the host is not known or has another key, `BadLogin` when it does
    /// not let the login in.
    pub async fn ready(&self) -> Result<(), ConnectorError> {
        self.shared.session().await?;
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(listener) = listener {
            let listener = TcpListener::from_std(listener)
                .map_err(|e| error(ErrorKind::Internal, format!("the tunnel's local port failed: {e}")))?;
            let task = tokio::spawn(accept(listener, self.shared.clone()));
            *self.accepting.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        }
        Ok(())
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        if let Some(task) = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok(place) = shared.forwards.clone().acquire_owned().await else { return };
        let Ok((socket, _)) = listener.accept().await else { return };
        let shared = shared.clone();
        tokio::spawn(async move {
            if let Err(error) = forward(socket, &shared).await {
                tracing::info!(%error, "a connection through the SSH tunnel ended");
            }
            drop(place);
        });
    }
}

async fn forward(mut socket: TcpStream, shared: &Shared) -> Result<(), ConnectorError> {
    let session = shared.session().await?;
    let (host, port) = &shared.settings.target;
    let channel =
        session.channel_open_direct_tcpip(host.as_str(), u32::from(*port), "127.0.0.1", 0).await.map_err(
            |e| error(ErrorKind::Unreachable, format!("the SSH host does not reach the database: {e}")),
        )?;
    let mut stream = channel.into_stream();
    // it ends when both sides have closed, or one of them breaks: nothing is left to tell anybody
    let _ = tokio::io::copy_bidirectional(&mut socket, &mut stream).await;
    Ok(())
}

impl Shared {
    async fn session(&self) -> Result<Session, ConnectorError> {
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.as_ref().filter(|s| !s.is_closed()) {
            return Ok(session.clone());
        }
        let connecting = tokio::time::timeout(CONNECTING, connect(&self.settings));
        let session = connecting.await.map_err(|_| {
            error(ErrorKind::Unreachable, "the SSH host did not answer in time")
                .hint("check ssh=user@host:port")
        })??;
        let session = Arc::new(session);
        *kept = Some(session.clone());
        Ok(session)
    }
}

/// Holds the host's key against the known ones.
struct HostKey {
    known: Vec<PublicKey>,
    refused: Arc<Mutex<bool>>,
}

impl client::Handler for HostKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        let known = self.known.iter().any(|k| k.key_data() == key.key_data());
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = !known;
        Ok(known)
    }
}

async fn connect(settings: &Settings) -> Result<Handle<HostKey>, ConnectorError> {
    let places = settings.reach.addresses(&settings.host, settings.port).await?;
    let known = known_keys(settings)?;
    let config = client::Config {
        keepalive_interval: Some(KEEPALIVE),
        nodelay: true,
        // only kinds of keys that are known: a host may have several
        preferred: Preferred { key: Cow::Owned(kinds(&known)), ..Preferred::DEFAULT },
        ..client::Config::default()
    };
    let refused = Arc::new(Mutex::new(false));
    let handler = HostKey { known, refused: refused.clone() };
    let mut session = client::connect(Arc::new(config), places.as_slice(), handler).await.map_err(|e| {
        if *refused.lock().unwrap_or_else(PoisonError::into_inner) {
            return error(ErrorKind::Tls, "the SSH host has another key than the known one").hint(
                "Somebody may be in between. If the host's key was changed on purpose, correct known_hosts.",
            );
        }
        error(ErrorKind::Unreachable, format!("the SSH host cannot be reached: {e}"))
            .hint("check ssh=user@host:port and that the host's kind of key is in known_hosts")
    })?;
    if log_in(&mut session, settings).await? {
        return Ok(session);
    }
    Err(error(ErrorKind::BadLogin, "the SSH host refused the login")
        .hint("check the user, ssh_key or the agent's keys, and the host's authorized_keys"))
}

/// The host's keys in the file of known hosts.
fn known_keys(settings: &Settings) -> Result<Vec<PublicKey>, ConnectorError> {
    let (host, port) = (settings.host.as_str(), settings.port);
    let found = match &settings.known_hosts {
        Some(file) => known_hosts::known_host_keys_path(host, port, file),
        None => known_hosts::known_host_keys(host, port),
    };
    let keys = found.map_err(|e| error(ErrorKind::BadConfig, format!("known_hosts cannot be read: {e}")))?;
    if keys.is_empty() {
        return Err(error(ErrorKind::Tls, "the SSH host is not in known_hosts").hint(
            "Get its key from whoever runs it and add it (ssh-keyscan prints it: compare before trusting), or name the \
             file with ssh_known_hosts.",
        ));
    }
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}

/// The kinds of the known keys, in the usual order; RSA with SHA-2 alone.
fn kinds(known: &[PublicKey]) -> Vec<Algorithm> {
    let same = |kind: &Algorithm, key: &PublicKey| match (kind, key.algorithm()) {
        (Algorithm::Rsa { hash }, Algorithm::Rsa { .. }) => hash.is_some(),
        (kind, other) => *kind == other,
    };
    Preferred::DEFAULT.key.iter().filter(|kind| known.iter().any(|key| same(kind, key))).cloned().collect()
}

async fn log_in(session: &mut Handle<HostKey>, settings: &Settings) -> Result<bool, ConnectorError> {
    let broken = |e: russh::Error| error(ErrorKind::Broken, format!("the SSH login broke off: {e}"));
    let user = settings.user.as_str();
    let password = settings.password.as_ref().map(|p| p.expose());
    if let Some(file) = &settings.key {
        // the reason may quote the key's text: it is not told
        let key = load_secret_key(file, password).map_err(|_| {
            error(ErrorKind::BadConfig, "the SSH key cannot be read")
                .hint("check ssh_key, its permissions, and ssh_password when the key has a passphrase")
        })?;
        let hash = session.best_supported_rsa_hash().await.map_err(broken)?.flatten();
        let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
        return Ok(session.authenticate_publickey(user, key).await.map_err(broken)?.success());
    }
    if let Some(password) = password {
        return Ok(session.authenticate_password(user, password).await.map_err(broken)?.success());
    }
    by_agent(session, user).await
}

/// Offers the agent's keys, one after the other.
async fn by_agent(session: &mut Handle<HostKey>, user: &str) -> Result<bool, ConnectorError> {
    let none = |_| {
        error(
            ErrorKind::BadConfig,
            "there is no SSH key: neither ssh_key nor ssh_password is given, and no agent answers",
        )
        .hint("name a key with ssh_key, or start the daemon where SSH_AUTH_SOCK names an agent")
    };
    let mut agent = AgentClient::connect_env().await.map_err(none)?;
    let identities = agent.request_identities().await.map_err(none)?;
    let hash = session.best_supported_rsa_hash().await.ok().flatten().flatten();
    for identity in identities.into_iter().take(OFFERED) {
        let AgentIdentity::PublicKey { key, .. } = identity else { continue };
        let hash = hash.filter(|_| key.algorithm().is_rsa());
        match session.authenticate_publickey_with(user, key, hash, &mut agent).await {
            Ok(AuthResult::Success) => return Ok(true),
            Ok(AuthResult::Failure { .. }) => {}
            Err(e) => return Err(error(ErrorKind::Broken, format!("the SSH agent did not sign: {e}"))),
        }
    }
    Ok(false)
}

fn error(kind: ErrorKind, message: impl Into<String>) -> ConnectorError {
    ConnectorError::new(kind, message)
}
