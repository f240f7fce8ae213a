//! A connection URL as people write it for MySQL and MariaDB, with the parameters declared as data. Nothing in it can
//! change what holds a session read-only.

use std::path::PathBuf;
use std::time::Duration;

use catalog::Engine;
use connector_api::text::{is_here, percent_decode};
use connector_api::{ConnectorError, ConnectorInfo, ErrorKind, Param, Params, Reach};
use zeroize::Zeroizing;

/// What this connector is called and takes.
pub const INFO: ConnectorInfo = ConnectorInfo {
    engine: Engine::Mysql,
    schemes: &["mysql", "mariadb"],
    example: "mysql://reader@db.example.org:3306/shop?ssl-mode=VERIFY_IDENTITY",
    params: PARAMS,
};

const PARAMS: &[Param] = &[
    Param::choice(
        "ssl-mode",
        "",
        &["DISABLED", "PREFERRED", "REQUIRED", "VERIFY_IDENTITY"],
        "How TLS is used, as in MySQL's own clients; VERIFY_IDENTITY when left out, PREFERRED for this machine. VERIFY_CA is not offered: a certificate is verified with its name or not at all.",
    ),
    Param::file("ssl-ca", "File of trusted roots (PEM); the system's roots when left out."),
    Param::file("ssl-cert", "File of the client's certificate (PEM)."),
    Param::file("ssl-key", "File of the client's key (PEM, not encrypted)."),
    Param::file("socket", "Path of a Unix socket, used in place of host and port."),
    Param::number("connect_timeout", "10", 1, 300, "Seconds that connecting may take."),
    Param::number("pool_size", "4", 1, 64, "Sessions at the most."),
    Param::number("pool_wait_ms", "5000", 1, 600_000, "Milliseconds to wait for a free session."),
    Param::choice(
        "zero_dates",
        "null",
        &["null", "text"],
        "What becomes of dates such as 0000-00-00: NULL, or all columns of dates come as text.",
    ),
];

/// `ssl-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SslMode {
    Disabled,
    Preferred,
    Required,
    VerifyIdentity,
}

/// A URL, taken apart and checked.
#[derive(Clone)]
pub(crate) struct Settings {
    pub host: String,
    pub port: u16,
    pub socket: Option<String>,
    pub user: String,
    pub password: Option<Zeroizing<String>>,
    /// The database that is crawled; all that the login may see when none is named.
    pub database: Option<String>,
    /// What names without a database mean in a session: nothing, except where the session alone is measured.
    pub default_database: Option<String>,
    pub ssl_mode: SslMode,
    pub ssl_ca: Option<PathBuf>,
    pub client_cert: Option<(PathBuf, PathBuf)>,
    pub connect_timeout: Duration,
    /// Where it may connect to.
    pub reach: Reach,
    pub pool_size: usize,
    pub pool_wait: Duration,
    pub zero_dates_as_text: bool,
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
        let url = url::Url::parse(text).map_err(|e| bad(format!("the URL cannot be read: {e}")))?;
        if !INFO.schemes.contains(&url.scheme()) {
            return Err(bad("the URL does not begin with mysql:// or mariadb://"));
        }
        let params = Params::parse(url.query().unwrap_or_default(), &INFO)?;
        let decode =
            |part: &str| percent_decode(part).ok_or_else(|| bad("a percent escape in the URL is broken"));
        let user = decode(url.username())?;
        if user.is_empty() {
            return Err(bad("the URL names no user"));
        }
        let host = decode(url.host_str().unwrap_or_default().trim_matches(['[', ']']))?;
        let host = if host.is_empty() { "localhost".to_owned() } else { host };
        let database = decode(url.path().trim_start_matches('/'))?;
        let text = |name: &str| params.text(name).map(str::to_owned);
        let number = |name: &str| params.integer(name).unwrap_or_default();
        let socket = text("socket");
        Ok(Settings {
            port: url.port().unwrap_or(3306),
            user,
            password: url.password().map(decode).transpose()?.map(Zeroizing::new),
            database: Some(database).filter(|name| !name.is_empty()),
            default_database: None,
            ssl_mode: ssl_mode(params.text("ssl-mode"), socket.is_some() || is_here(&host)),
            ssl_ca: text("ssl-ca").map(PathBuf::from),
            client_cert: client_cert(text("ssl-cert"), text("ssl-key"))?,
            connect_timeout: Duration::from_secs(number("connect_timeout")),
            reach: Reach::anywhere(),
            pool_size: usize::try_from(number("pool_size")).unwrap_or(1),
            pool_wait: Duration::from_millis(number("pool_wait_ms")),
            zero_dates_as_text: params.text("zero_dates") == Some("text"),
            host,
            socket,
        })
    }
}

fn ssl_mode(given: Option<&str>, here: bool) -> SslMode {
    match given {
        Some("DISABLED") => SslMode::Disabled,
        Some("PREFERRED") => SslMode::Preferred,
        Some("REQUIRED") => SslMode::Required,
        None if here => SslMode::Preferred,
        // the words are checked already; whatever else came is met with the strictest
        Some(_) | None => SslMode::VerifyIdentity,
    }
}

fn client_cert(
    cert: Option<String>,
    key: Option<String>,
) -> Result<Option<(PathBuf, PathBuf)>, ConnectorError> {
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some((PathBuf::from(cert), PathBuf::from(key)))),
        (None, None) => Ok(None),
        _ => Err(bad("ssl-cert and ssl-key come together")),
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
        let url = "mariadb://an%40alyst:p%2Fw@db.example.org:3307/my%20shop?ssl-mode=REQUIRED&pool_size=9";
        let settings = Settings::parse(url).unwrap();
        assert_eq!(settings.user.as_str(), "an@alyst");
        assert_eq!(settings.password.as_ref().map(|p| p.as_str()), Some("p/w"));
        assert_eq!(settings.database.as_deref(), Some("my shop"));
        assert_eq!((settings.host.as_str(), settings.port), ("db.example.org", 3307));
        assert_eq!((settings.ssl_mode, settings.pool_size), (SslMode::Required, 9));
    }

    #[test]
    fn verifies_the_server_unless_it_is_this_machine_or_told_otherwise() {
        let mode = |url: &str| Settings::parse(url).unwrap().ssl_mode;
        assert_eq!(mode("mysql://ada@db.example.org/"), SslMode::VerifyIdentity);
        assert_eq!(mode("mysql://ada@db.example.org/?ssl-mode=DISABLED"), SslMode::Disabled);
        for here in ["mysql://ada@localhost/", "mysql://ada@127.0.0.1/", "mysql://ada@[::1]/"] {
            assert_eq!(mode(here), SslMode::Preferred, "{here}");
        }
        assert_eq!(mode("mysql://ada@127.0.0.1/?ssl-mode=VERIFY_IDENTITY"), SslMode::VerifyIdentity);
    }

    #[test]
    fn never_shows_the_password() {
        let settings = Settings::parse("mysql://ada:geheim@h/d").unwrap();
        assert!(!format!("{settings:?}").contains("geheim"));
        let error = Settings::parse("mysql://ada:geheim@h:99999/d").unwrap_err();
        assert!(!format!("{error:?}").contains("geheim"));
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        for url in [
            "mysql://h/d",
            "postgres://ada@h/d",
            "mysql://ada@h/d?ssl-mode=always",
            "mysql://ada@h/d?ssl-mode=VERIFY_CA",
            "mysql://ada@h/d?init_command=SET%20GLOBAL%20x",
            "mysql://ada@h/d?ssl-cert=a.pem",
            "mysql://ada@h/d?pool_size=0",
            "not a url",
        ] {
            let error = Settings::parse(url).unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadConfig, "{url}");
            assert!(error.hint.is_some(), "{url}");
        }
    }
}
