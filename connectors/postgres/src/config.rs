//! A connection URL as libpq reads it, with the parameters declared as data. `options` is refused: it could undo the
//! settings that hold a session read-only.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalog::Engine;
use connector_api::text::{is_here, percent_decode};
use connector_api::{ConnectorError, ConnectorInfo, ErrorKind, Param, ParamKind, Params, Place, Reach};
use zeroize::Zeroizing;

/// What this connector is called and takes.
pub const INFO: ConnectorInfo = ConnectorInfo {
    engine: Engine::Postgres,
    schemes: &["postgres", "postgresql"],
    example: "postgres://reader@db.example.org:5432/shop?sslmode=verify-full",
    params: PARAMS,
};

const PARAMS: &[Param] = &[
    Param::choice(
        "sslmode",
        "",
        &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        "How TLS is used and what is verified, as in libpq; when left out verify-full, and prefer for this machine.",
    ),
    Param {
        name: "sslrootcert",
        secret: false,
        default: "",
        kind: ParamKind::File(&["system"]),
        description: "File of trusted roots (PEM), or `system`; the system's roots when left out.",
    },
    Param::file("sslcert", "File of the client's certificate (PEM)."),
    Param::file("sslkey", "File of the client's key (PEM, not encrypted)."),
    Param::text("application_name", "The name that the server lists the sessions under.").or("querent"),
    Param::text("hostaddr", "Address to connect to in place of the host's, which TLS still verifies."),
    Param::text("host", "Folder of a Unix socket, or a host when the URL names none."),
    Param::number("connect_timeout", "10", 1, 300, "Seconds that connecting may take."),
    Param::number("pool_size", "4", 1, 64, "Sessions at the most."),
    Param::number("pool_wait_ms", "5000", 1, 600_000, "Milliseconds to wait for a free session."),
    Param::number("work_mem_mb", "64", 1, 65_536, "Memory for one sort or hash on the server, in megabytes."),
    Param::choice(
        "pgbouncer",
        "false",
        &["true", "false"],
        "Whether a pooler in transaction mode is in between: sessions are then used once.",
    ),
];

/// `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// A URL, taken apart and checked.
#[derive(Clone)]
pub(crate) struct Settings {
    pub host: String,
    pub address: Option<IpAddr>,
    pub port: u16,
    pub user: String,
    pub password: Option<Zeroizing<String>>,
    pub database: String,
    pub ssl_mode: SslMode,
    pub root_cert: Option<PathBuf>,
    pub client_cert: Option<(PathBuf, PathBuf)>,
    pub application_name: String,
    pub connect_timeout: Duration,
    /// Where it may connect to.
    pub reach: Reach,
    pub pool_size: usize,
    pub pool_wait: Duration,
    pub work_mem_mb: u64,
    pub pgbouncer: bool,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "(hidden)"))
            .field("database", &self.database)
            .field("ssl_mode", &self.ssl_mode)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads a URL.
    pub(crate) fn parse(text: &str) -> Result<Settings, ConnectorError> {
        let (text, no_host) = with_host(text);
        let url = url::Url::parse(&text).map_err(|e| bad(format!("the URL cannot be read: {e}")))?;
        if !INFO.schemes.contains(&url.scheme()) {
            return Err(bad("the URL does not begin with postgres://"));
        }
        let query = url.query().unwrap_or_default();
        if query.split('&').any(|part| part == "options" || part.starts_with("options=")) {
            return Err(bad("the parameter options is not taken")
                .hint("server settings belong to the role: ALTER ROLE ... SET ..."));
        }
        let params = Params::parse(query, &INFO)?;
        let decode =
            |part: &str| percent_decode(part).ok_or_else(|| bad("a percent escape in the URL is broken"));
        let user = decode(url.username())?;
        if user.is_empty() {
            return Err(bad("the URL names no user"));
        }
        let database = decode(url.path().trim_start_matches('/'))?;
        let text = |name: &str| params.text(name).map(str::to_owned);
        let number = |name: &str| params.integer(name).unwrap_or_default();
        let host = host(&url, no_host, text("host"))?;
        Ok(Settings {
            ssl_mode: ssl_mode(params.text("sslmode"), is_here(&host))?,
            host,
            address: text("hostaddr").map(|a| address(&a)).transpose()?,
            port: url.port().unwrap_or(5432),
            database: if database.is_empty() { user.clone() } else { database },
            user,
            password: url.password().map(decode).transpose()?.map(Zeroizing::new),
            root_cert: text("sslrootcert").filter(|file| file != "system").map(PathBuf::from),
            client_cert: client_cert(text("sslcert"), text("sslkey"))?,
            application_name: text("application_name").unwrap_or_default(),
            connect_timeout: Duration::from_secs(number("connect_timeout")),
            reach: Reach::anywhere(),
            pool_size: usize::try_from(number("pool_size")).unwrap_or(1),
            pool_wait: Duration::from_millis(number("pool_wait_ms")),
            work_mem_mb: number("work_mem_mb"),
            pgbouncer: params.text("pgbouncer") == Some("true"),
        })
    }

    /// The driver's form; the addresses are those that it connects to in place of looking the host up.
    pub(crate) fn driver(&self, addresses: &[IpAddr]) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        for address in addresses {
            // the driver wants them in pairs: TLS verifies the host, whatever the address
            config.host(&self.host).hostaddr(*address);
        }
        if addresses.is_empty() {
            config.host(&self.host);
        }
        config
            .port(self.port)
            .user(&self.user)
            .dbname(&self.database)
            .application_name(&self.application_name)
            .connect_timeout(self.connect_timeout);
        if let Some(password) = &self.password {
            config.password(password.as_str());
        }
        config
    }

    /// Looks the host up and keeps the addresses that may be connected to; none for a Unix socket.
    pub(crate) async fn addresses(&self) -> Result<Vec<IpAddr>, ConnectorError> {
        if self.host.starts_with(['/', '@']) {
            self.reach.ask(Place::Socket(Path::new(&self.host)))?;
            return Ok(Vec::new());
        }
        let Some(address) = self.address else { return self.reach.ips(&self.host, self.port).await };
        self.reach.ask(Place::Host(&self.host))?;
        self.reach.ips(&address.to_string(), self.port).await
    }
}

fn address(text: &str) -> Result<IpAddr, ConnectorError> {
    text.parse().map_err(|_| bad("the parameter hostaddr is no IP address").hint("write 10.0.0.7 or ::1"))
}

/// libpq takes `postgres://user@/database`; the URL parser wants a host there. Says whether one was put in.
fn with_host(text: &str) -> (String, bool) {
    let start = text.find("://").map_or(0, |at| at + 3);
    let (head, rest) = text.split_at(start);
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rfind('@').map(|at| authority.split_at(at + 1)) {
        Some((login, port)) if port.is_empty() || port.starts_with(':') => {
            (format!("{head}{login}localhost{port}{path}"), true)
        }
        _ => (text.to_owned(), false),
    }
}

fn host(url: &url::Url, left_out: bool, param: Option<String>) -> Result<String, ConnectorError> {
    let named = url.host_str().filter(|_| !left_out).unwrap_or_default().trim_matches(['[', ']']);
    let named = percent_decode(named).ok_or_else(|| bad("a percent escape in the URL's host is broken"))?;
    match param {
        Some(_) if !named.is_empty() => Err(bad("the host is given twice")),
        Some(host) => Ok(host),
        None if named.is_empty() => Ok("localhost".to_owned()),
        None => Ok(named),
    }
}

/// What is said, or what is safe: a server elsewhere proves who it is.
fn ssl_mode(given: Option<&str>, here: bool) -> Result<SslMode, ConnectorError> {
    match given {
        None if here => Ok(SslMode::Prefer),
        None => Ok(SslMode::VerifyFull),
        Some("disable") => Ok(SslMode::Disable),
        Some("allow") => Ok(SslMode::Allow),
        Some("prefer") => Ok(SslMode::Prefer),
        Some("require") => Ok(SslMode::Require),
        Some("verify-ca") => Ok(SslMode::VerifyCa),
        Some("verify-full") => Ok(SslMode::VerifyFull),
        _ => Err(bad("sslmode is not one of disable, allow, prefer, require, verify-ca, verify-full")),
    }
}

fn client_cert(
    cert: Option<String>,
    key: Option<String>,
) -> Result<Option<(PathBuf, PathBuf)>, ConnectorError> {
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some((PathBuf::from(cert), PathBuf::from(key)))),
        (None, None) => Ok(None),
        _ => Err(bad("sslcert and sslkey come together")),
    }
}

fn bad(message: impl Into<String>) -> ConnectorError {
    ConnectorError::new(ErrorKind::BadConfig, message).hint(format!("a URL looks like {}", INFO.example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_full_url() {
        let url =
            "postgresql://an%40alyst:p%2Fw@db.example.org:6432/my%20shop?sslmode=verify-full&pool_size=9";
        let settings = Settings::parse(url).unwrap();
        assert_eq!(
            (
                settings.user.as_str(),
                settings.password.as_ref().map(|p| p.as_str()),
                settings.database.as_str()
            ),
            ("an@alyst", Some("p/w"), "my shop")
        );
        assert_eq!((settings.host.as_str(), settings.port), ("db.example.org", 6432));
        assert_eq!((settings.ssl_mode, settings.pool_size), (SslMode::VerifyFull, 9));
    }

    #[test]
    fn fills_in_what_is_left_out() {
        let settings = Settings::parse("postgres://ada@/").unwrap();
        assert_eq!(
            (settings.host.as_str(), settings.port, settings.database.as_str()),
            ("localhost", 5432, "ada")
        );
        assert_eq!(settings.ssl_mode, SslMode::Prefer);
        let settings = Settings::parse("postgres://ada@/shop?host=/run/postgresql").unwrap();
        assert_eq!((settings.host.as_str(), settings.port), ("/run/postgresql", 5432));
        let settings = Settings::parse("postgres://ada@:5433/shop?host=/run/postgresql").unwrap();
        assert_eq!((settings.host.as_str(), settings.port), ("/run/postgresql", 5433));
    }

    #[test]
    fn verifies_servers_elsewhere_unless_told_otherwise() {
        let mode = |url: &str| Settings::parse(url).unwrap().ssl_mode;
        assert_eq!(mode("postgres://ada@db.example.org/d"), SslMode::VerifyFull);
        assert_eq!(mode("postgres://ada@db.example.org/d?sslmode=prefer"), SslMode::Prefer);
        assert_eq!(mode("postgres://ada@db.internal/d?hostaddr=127.0.0.1"), SslMode::VerifyFull);
        for here in ["postgres://ada@localhost/d", "postgres://ada@127.0.0.1/d", "postgres://ada@[::1]/d"] {
            assert_eq!(mode(here), SslMode::Prefer, "{here}");
        }
        assert_eq!(mode("postgres://ada@/d?host=/run/postgresql"), SslMode::Prefer);
    }

    #[test]
    fn never_shows_the_password() {
        let settings = Settings::parse("postgres://ada:geheim@h/d").unwrap();
        assert!(!format!("{settings:?}").contains("geheim"));
        let error = Settings::parse("postgres://ada:geheim@h:99999/d").unwrap_err();
        assert!(!format!("{error:?}").contains("geheim"));
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        for url in [
            "postgres://h/d",
            "mysql://ada@h/d",
            "postgres://ada@h/d?options=-c%20default_transaction_read_only%3Doff",
            "postgres://ada@h/d?sslmode=always",
            "postgres://ada@h/d?ssl=1",
            "postgres://ada@h/d?sslcert=a.pem",
            "postgres://ada@h/d?pool_size=0",
            "postgres://ada@h/d?host=x",
            "not a url",
        ] {
            let error = Settings::parse(url).unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadConfig, "{url}");
            assert!(error.hint.is_some(), "{url}");
        }
    }
}
