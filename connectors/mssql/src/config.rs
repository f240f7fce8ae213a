//! A connection URL as people write it for SQL Server and Azure SQL, with the parameters declared as data. Nothing in
//! it can change what holds a session from writing.

use std::path::PathBuf;
use std::time::Duration;

use catalog::Engine;
use connector_api::text::percent_decode;
use connector_api::{ConnectorError, ConnectorInfo, ErrorKind, Param, Params, Reach};
use tiberius::EncryptionLevel;
use zeroize::Zeroizing;

/// What this connector is called and takes.
pub const INFO: ConnectorInfo = ConnectorInfo {
    engine: Engine::Mssql,
    schemes: &["mssql", "sqlserver"],
    example: "mssql://reader@db.example.org:1433/shop?encrypt=yes",
    params: PARAMS,
};

const PARAMS: &[Param] = &[
    Param::choice(
        "encrypt",
        "yes",
        &["strict", "yes", "login", "no"],
        "yes: TLS for everything; strict: TLS before anything else (TDS 8.0); login: for the password alone; no: none, \
         the password travels readable.",
    ),
    Param::choice(
        "trust_server_certificate",
        "no",
        &["no", "yes"],
        "yes takes any certificate, so that TLS protects from listeners alone.",
    ),
    Param::file("ca", "File of trusted roots (PEM), beside the system's."),
    Param::text(
        "certificate_host",
        "The name that stands in the server's certificate, when it is not the host.",
    ),
    Param::file("cert", "File of the client's certificate (PEM)."),
    Param::file("key", "File of the client's key (PEM, not encrypted)."),
    Param::text(
        "instance",
        "A named instance; without a port in the URL the SQL Server Browser is asked for its port.",
    ),
    Param::text("app_name", "What the server's lists of sessions call this program.").or("querent"),
    Param::choice(
        "application_intent",
        "readwrite",
        &["readwrite", "readonly"],
        "readonly lets an availability group send the session to a readable secondary.",
    ),
    Param::number("connect_timeout", "15", 1, 300, "Seconds that connecting may take."),
    Param::number("pool_size", "4", 1, 64, "Sessions at the most."),
    Param::number("pool_wait_ms", "5000", 1, 600_000, "Milliseconds to wait for a free session."),
];

/// A URL, taken apart and checked.
#[derive(Clone)]
pub(crate) struct Settings {
    pub host: String,
    /// `None`: that of the instance, or 1433.
    pub port: Option<u16>,
    pub instance: Option<String>,
    pub user: String,
    pub password: Zeroizing<String>,
    /// The database that is connected to; the login's own when none is named.
    pub database: Option<String>,
    pub encryption: EncryptionLevel,
    pub trust_any: bool,
    pub ca: Option<PathBuf>,
    pub certificate_host: Option<String>,
    pub client_cert: Option<(PathBuf, PathBuf)>,
    pub app_name: String,
    pub read_intent: bool,
    pub connect_timeout: Duration,
    /// Where it may connect to.
    pub reach: Reach,
    pub pool_size: usize,
    pub pool_wait: Duration,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("instance", &self.instance)
            .field("user", &self.user)
            .field("password", &"(hidden)")
            .field("database", &self.database)
            .field("encryption", &self.encryption)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads a URL.
    pub(crate) fn parse(text: &str) -> Result<Settings, ConnectorError> {
        let url = url::Url::parse(text).map_err(|e| bad(format!("the URL cannot be read: {e}")))?;
        if !INFO.schemes.contains(&url.scheme()) {
            return Err(bad("the URL does not begin with mssql:// or sqlserver://"));
        }
        let params = Params::parse(url.query().unwrap_or_default(), &INFO)?;
        let decode =
            |part: &str| percent_decode(part).ok_or_else(|| bad("a percent escape in the URL is broken"));
        let user = decode(url.username())?;
        if user.is_empty() {
            return Err(bad("the URL names no user").hint(
                "SQL Server is logged in to with a user and a password of its own; logins of Windows are not supported",
            ));
        }
        let host = decode(url.host_str().unwrap_or_default().trim_matches(['[', ']']))?;
        let database = decode(url.path().trim_start_matches('/'))?;
        let text = |name: &str| params.text(name).map(str::to_owned);
        let number = |name: &str| params.integer(name).unwrap_or_default();
        let settings = Settings {
            host: if host.is_empty() { "localhost".to_owned() } else { host },
            port: url.port(),
            instance: text("instance"),
            user,
            password: url.password().map(decode).transpose()?.map(Zeroizing::new).unwrap_or_default(),
            database: Some(database).filter(|name| !name.is_empty()),
            encryption: encryption(params.text("encrypt")),
            trust_any: params.text("trust_server_certificate") == Some("yes"),
            ca: text("ca").map(PathBuf::from),
            certificate_host: text("certificate_host"),
            client_cert: client_cert(text("cert"), text("key"))?,
            app_name: text("app_name").unwrap_or_default(),
            read_intent: params.text("application_intent") == Some("readonly"),
            connect_timeout: Duration::from_secs(number("connect_timeout")),
            reach: Reach::anywhere(),
            pool_size: usize::try_from(number("pool_size")).unwrap_or(1),
            pool_wait: Duration::from_millis(number("pool_wait_ms")),
        };
        settings.fits_together()
    }

    fn fits_together(self) -> Result<Settings, ConnectorError> {
        if self.trust_any && self.ca.is_some() {
            return Err(bad("ca and trust_server_certificate=yes exclude each other"));
        }
        if self.read_intent && self.database.is_none() {
            return Err(bad("application_intent=readonly needs a database in the URL"));
        }
        Ok(self)
    }
}

fn encryption(given: Option<&str>) -> EncryptionLevel {
    match given {
        Some("strict") => EncryptionLevel::Strict,
        Some("login") => EncryptionLevel::Off,
        Some("no") => EncryptionLevel::NotSupported,
        // the words are checked already; whatever else came is met with TLS for all
        Some(_) | None => EncryptionLevel::Required,
    }
}

fn client_cert(
    cert: Option<String>,
    key: Option<String>,
) -> Result<Option<(PathBuf, PathBuf)>, ConnectorError> {
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some((PathBuf::from(cert), PathBuf::from(key)))),
        (None, None) => Ok(None),
        _ => Err(bad("cert and key come together")),
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
        let url = "sqlserver://an%40alyst:p%2Fw@db.example.org:1444/my%20shop?application_intent=readonly\
                   &instance=SQLEXPRESS&pool_size=9";
        let settings = Settings::parse(url).unwrap();
        assert_eq!((settings.user.as_str(), settings.password.as_str()), ("an@alyst", "p/w"));
        assert_eq!(settings.database.as_deref(), Some("my shop"));
        assert_eq!((settings.host.as_str(), settings.port), ("db.example.org", Some(1444)));
        assert_eq!((settings.instance.as_deref(), settings.read_intent), (Some("SQLEXPRESS"), true));
        assert_eq!((settings.app_name.as_str(), settings.pool_size), ("querent", 9));
    }

    #[test]
    fn encrypts_and_verifies_unless_told_otherwise() {
        let of = |url: &str| Settings::parse(url).unwrap();
        let plain = of("mssql://ada@127.0.0.1/");
        assert_eq!((plain.encryption, plain.trust_any), (EncryptionLevel::Required, false));
        assert_eq!(of("mssql://ada@h/?encrypt=no").encryption, EncryptionLevel::NotSupported);
        assert_eq!(of("mssql://ada@h/?encrypt=strict").encryption, EncryptionLevel::Strict);
        assert!(of("mssql://ada@h/?trust_server_certificate=yes").trust_any);
    }

    #[test]
    fn never_shows_the_password() {
        let settings = Settings::parse("mssql://ada:geheim@h/d").unwrap();
        assert!(!format!("{settings:?}").contains("geheim"));
        let error = Settings::parse("mssql://ada:geheim@h:99999/d").unwrap_err();
        assert!(!format!("{error:?}").contains("geheim"));
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        for url in [
            "mssql://h/d",
            "mysql://ada@h/d",
            "mssql://ada@h/d?encrypt=always",
            "mssql://ada@h/d?integrated_security=true",
            "mssql://ada@h/d?cert=a.pem",
            "mssql://ada@h/d?ca=a.pem&trust_server_certificate=yes",
            "mssql://ada@h/?application_intent=readonly",
            "mssql://ada@h/d?pool_size=0",
            "not a url",
        ] {
            let error = Settings::parse(url).unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadConfig, "{url}");
            assert!(error.hint.is_some(), "{url}");
        }
    }
}
