//! SSH tunnels: a database behind a host that only SSH reaches. One session and one local forward a connector, for as
//! long as the connector lives. The host's key is always held against known hosts.

mod session;

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::{Engine, Snapshot};
use connector_api::text::percent_decode;
use connector_api::{
    Connector, ConnectorError, ConnectorInfo, CrawlOptions, ErrorKind, Estimate, Limits, Param, ParamKind,
    Params, Progress, Reach, ResultStream, ServerInfo,
};
use guard::ReadOnly;
use guard::pipeline::ReadPipeline;
use url::Url;

use crate::error;
use crate::network::Network;
use crate::secrets::Secret;
use session::Tunnel;

/// Parameters that any URL of an engine over TCP takes besides its own.
pub const INFO: ConnectorInfo = ConnectorInfo {
    engine: Engine::Sqlite, // of no meaning: these belong to every engine over TCP
    schemes: &[],
    example: "postgres://reader@db.internal/shop?ssh=jump@bastion.example&ssh_key=/etc/querent/tunnel",
    params: &[
        text(
            "ssh",
            false,
            "Goes through this SSH host: user@host or user@host:port. The URL's host is seen from there.",
        ),
        Param::file(
            "ssh_key",
            "File of the private key; the SSH agent is asked when there is neither key nor password.",
        ),
        Param::file(
            "ssh_known_hosts",
            "File of known hosts; ~/.ssh/known_hosts when left out. A host that is not in it is refused.",
        ),
        text("ssh_password", true, "Passphrase of the key, or without a key the password of the SSH login."),
    ],
};

const fn text(name: &'static str, secret: bool, description: &'static str) -> Param {
    Param { name, secret, default: "", kind: ParamKind::Text, description }
}

/// How to get to the SSH host.
pub(super) struct Settings {
    pub user: String,
    pub host: String,
    pub port: u16,
    pub key: Option<PathBuf>,
    pub known_hosts: Option<PathBuf>,
    pub password: Option<Secret>,
    /// The database as the SSH host sees it.
    pub target: (String, u16),
    /// Whether the SSH host may be connected to.
    pub reach: Reach,
}

/// Takes the tunnel's parameters out of a URL; `None` when it names no tunnel.
///
/// # Errors
/// `BadConfig` for parameters that make no tunnel; `OutOfReach` for a database behind it that the rules do not let in.
pub(super) fn split(
    url: &str,
    engine: Engine,
    network: &Network,
) -> Result<Option<(Url, Settings)>, ConnectorError> {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    let named = |pair: &&str| INFO.params.iter().any(|p| pair.split('=').next() == Some(p.name));
    let (ours, theirs): (Vec<&str>, Vec<&str>) = query.split('&').filter(|p| !p.is_empty()).partition(named);
    if ours.is_empty() {
        return Ok(None);
    }
    let params = Params::parse(&ours.join("&"), &INFO)?;
    let Some(ssh) = params.text("ssh") else {
        return Err(bad("the URL has parameters of an SSH tunnel, but no ssh=user@host"));
    };
    let default_port = match engine {
        Engine::Postgres => 5432,
        Engine::Mysql | Engine::Mariadb => 3306,
        Engine::Mssql => 1433,
        Engine::Mongodb => 27_017,
        Engine::Sqlite => return Err(bad("a file is not reached through an SSH tunnel")),
    };
    let mut url = Url::parse(url).map_err(|e| bad(format!("the URL cannot be read: {e}")))?;
    let host = url.host_str().filter(|h| !h.is_empty()).unwrap_or("localhost").to_owned();
    network.from_elsewhere(&percent_decode(&host).unwrap_or_default())?;
    let target = (host, url.port().unwrap_or(default_port));
    let query = theirs.join("&");
    url.set_query(Some(query.as_str()).filter(|q| !q.is_empty()));
    let (user, host, port) = login(ssh)?;
    let path = |name: &str| params.text(name).map(PathBuf::from);
    let settings = Settings {
        user,
        host,
        port,
        key: path("ssh_key"),
        known_hosts: path("ssh_known_hosts"),
        password: params.text("ssh_password").map(Secret::new),
        target,
        reach: network.reach(),
    };
    Ok(Some((url, settings)))
}

/// `user@host`, `user@host:port`, `user@[v6]:port`.
fn login(text: &str) -> Result<(String, String, u16), ConnectorError> {
    let wrong = || bad("the parameter ssh cannot be read").hint("write user@host or user@host:port");
    let (user, place) = text.rsplit_once('@').ok_or_else(wrong)?;
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':').ok_or_else(wrong)?)),
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Ok(22), |p| p.parse::<u16>().map_err(|_| wrong()))?;
    if user.is_empty() || host.is_empty() {
        return Err(wrong());
    }
    Ok((user.to_owned(), host.to_owned(), port))
}

/// Opens the connector behind a tunnel. Nothing is connected yet.
///
/// # Errors
/// When no local port can be had, or the connector refuses the URL.
pub(super) fn open(
    mut url: Url,
    engine: Engine,
    settings: Settings,
    direct: impl FnOnce(&str, Reach) -> error::Result<Arc<dyn Connector>>,
) -> error::Result<Arc<dyn Connector>> {
    let unusable = |e: std::io::Error| {
        ConnectorError::new(ErrorKind::Internal, format!("no local port for the tunnel: {e}"))
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(unusable)?;
    listener.set_nonblocking(true).map_err(unusable)?;
    let end = listener.local_addr().map_err(unusable)?;
    let port = end.port();
    let local = Ipv4Addr::LOCALHOST.to_string();
    let named = if engine == Engine::Postgres {
        // the host stays, as TLS verifies it
        url.query_pairs_mut().append_pair("hostaddr", &local);
        url.host_str().is_some_and(|h| !h.is_empty()) || url.set_host(Some("localhost")).is_ok()
    } else {
        url.set_host(Some(&local)).is_ok()
    };
    if !named || url.set_port(Some(port)).is_err() {
        return Err(bad("the URL has no place for a host and a port").into());
    }
    let inner = direct(url.as_str(), Reach::only(end))?;
    Ok(Arc::new(Tunnelled { inner, tunnel: Arc::new(Tunnel::new(settings, listener)) }))
}

fn bad(message: impl Into<String>) -> ConnectorError {
    ConnectorError::new(ErrorKind::BadConfig, message)
}

/// A connector whose server is reached through a tunnel.
struct Tunnelled {
    inner: Arc<dyn Connector>,
    tunnel: Arc<Tunnel>,
}

#[async_trait]
impl Connector for Tunnelled {
    async fn test(&self) -> Result<ServerInfo, ConnectorError> {
        self.tunnel.ready().await?;
        self.inner.test().await
    }

    async fn introspect(
        &self,
        options: &CrawlOptions,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Snapshot, ConnectorError> {
        self.tunnel.ready().await?;
        self.inner.introspect(options, progress).await
    }

    async fn explain(&self, statement: &ReadOnly) -> Result<Estimate, ConnectorError> {
        self.tunnel.ready().await?;
        self.inner.explain(statement).await
    }

    async fn query(&self, statement: &ReadOnly, limits: &Limits) -> Result<ResultStream, ConnectorError> {
        self.tunnel.ready().await?;
        Ok(self.held_open(self.inner.query(statement, limits).await?))
    }

    async fn aggregate(
        &self,
        pipeline: &ReadPipeline,
        limits: &Limits,
    ) -> Result<ResultStream, ConnectorError> {
        self.tunnel.ready().await?;
        Ok(self.held_open(self.inner.aggregate(pipeline, limits).await?))
    }
}

impl Tunnelled {
    /// A result that is still read keeps the tunnel, also when nobody holds the connector any more.
    fn held_open(&self, mut stream: ResultStream) -> ResultStream {
        let tunnel = self.tunnel.clone();
        stream.batches = Box::pin(futures::StreamExt::inspect(stream.batches, move |_| {
            let _held = &tunnel;
        }));
        stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tunnel(url: &str) -> Option<(Url, Settings)> {
        split(url, Engine::Postgres, &Network::default()).unwrap()
    }

    #[test]
    fn the_tunnels_parameters_are_taken_out() {
        assert!(tunnel("postgres://reader@db/shop?sslmode=disable").is_none());
        let (url, settings) = tunnel(
            "postgres://reader:x%40y@db.internal:6432/shop?ssh=jump@bastion:2222&sslmode=disable&ssh_key=%2Fkeys%2Fa",
        )
        .unwrap();
        assert_eq!(url.as_str(), "postgres://reader:x%40y@db.internal:6432/shop?sslmode=disable");
        assert_eq!(
            (settings.user.as_str(), settings.host.as_str(), settings.port),
            ("jump", "bastion", 2222)
        );
        assert_eq!(settings.target, ("db.internal".to_owned(), 6432));
        assert_eq!(settings.key.as_deref(), Some(std::path::Path::new("/keys/a")));
        let (url, settings) = tunnel("postgres://reader@db/shop?ssh=jump@[::1]").unwrap();
        assert_eq!((url.query(), settings.host.as_str(), settings.port), (None, "::1", 22));
        assert_eq!(settings.target, ("db".to_owned(), 5432));
    }

    #[test]
    fn what_makes_no_tunnel_is_refused() {
        for url in [
            "postgres://reader@db/shop?ssh_key=a",
            "postgres://reader@db/shop?ssh=bastion",
            "postgres://reader@db/shop?ssh=jump@bastion:x",
            "postgres://reader@db/shop?ssh=@bastion",
        ] {
            let error = split(url, Engine::Postgres, &Network::default()).err().unwrap();
            assert_eq!(error.kind, ErrorKind::BadConfig, "{url}");
        }
        assert!(split("sqlite:shop.db?ssh=jump@bastion", Engine::Sqlite, &Network::default()).is_err());
    }
}
