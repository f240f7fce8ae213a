//! A connection URL as MongoDB's own tools take it, with the parameters declared as data. A URL may name several hosts,
//! so it is taken apart here and handed to the driver in parts that were checked.

use std::path::PathBuf;
use std::time::Duration;

use catalog::Engine;
use connector_api::text::{is_here, percent_decode};
use connector_api::{ConnectorError, ConnectorInfo, ErrorKind, Param, Params, Reach};
use zeroize::Zeroizing;

/// What this connector is called and takes.
pub const INFO: ConnectorInfo = ConnectorInfo {
    engine: Engine::Mongodb,
    schemes: &["mongodb", "mongodb+srv"],
    example: "mongodb://reader@db.example.org:27017/shop?authSource=admin&tls=true",
    params: PARAMS,
};

const PARAMS: &[Param] = &[
    Param::choice(
        "tls",
        "",
        &["true", "false"],
        "Whether TLS is used; when left out it is, but for this machine. The server is always verified.",
    ),
    Param::file("tlsCAFile", "File of trusted roots (PEM); well-known ones when left out."),
    Param::file("tlsCertificateKeyFile", "File of the client's certificate and key (PEM)."),
    Param::text(
        "authSource",
        "Database that keeps the login; the URL's database when left out, admin for mongodb+srv.",
    ),
    Param::choice(
        "authMechanism",
        "",
        &["SCRAM-SHA-1", "SCRAM-SHA-256", "MONGODB-X509", "PLAIN"],
        "How to log in; what the server offers when left out.",
    ),
    Param::text("replicaSet", "Name of the replica set that the hosts belong to."),
    Param::choice(
        "directConnection",
        "",
        &["true", "false"],
        "Whether only the named host is used, whatever set it belongs to.",
    ),
    Param::choice(
        "readPreference",
        "secondaryPreferred",
        &["primary", "primaryPreferred", "secondary", "secondaryPreferred", "nearest"],
        "Which member of a set reads: by default not the one that takes the writes, which may be a little ahead.",
    ),
    Param::choice(
        "readConcernLevel",
        "local",
        &["local", "available", "majority"],
        "Whether data that could still be rolled back is read (local), or not (majority).",
    ),
    Param::text("appName", "The name shown in the server's log; querent when left out."),
    Param::number("connect_timeout", "10", 1, 300, "Seconds that connecting and finding a server may take."),
    Param::number("pool_size", "4", 1, 64, "Sessions at the most."),
    Param::number("pool_wait_ms", "5000", 1, 600_000, "Milliseconds to wait for a free session."),
    Param::number(
        "sample_documents",
        "1000",
        10,
        10_000,
        "Documents of a collection that a crawl looks at, at the most.",
    ),
    Param::choice(
        "sampling",
        "ends",
        &["ends", "random"],
        "Which documents of a large collection: the oldest and newest by _id, the same in every crawl; or a random sample ($sample), with which rare fields come and go.",
    ),
];

/// A URL, taken apart and checked.
#[derive(Clone)]
pub(crate) struct Settings {
    /// What the driver gets: scheme, login, hosts, database and the parameters that are its own.
    pub driver_url: Zeroizing<String>,
    pub user: String,
    pub database: String,
    pub tls: bool,
    pub tls_ca: Option<PathBuf>,
    pub tls_certificate: Option<PathBuf>,
    pub app_name: String,
    pub majority: ReadLevel,
    pub connect_timeout: Duration,
    /// Where it may connect to.
    pub reach: Reach,
    pub pool_size: usize,
    pub pool_wait: Duration,
    pub sample_documents: u64,
    pub random_sample: bool,
}

/// `readConcernLevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadLevel {
    Local,
    Available,
    Majority,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // the URL holds the password
        f.debug_struct("Settings")
            .field("user", &self.user)
            .field("database", &self.database)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Parameters that the driver reads from its URL; the others are set on its options, or are ours.
const OF_DRIVER: &[&str] =
    &["authSource", "authMechanism", "replicaSet", "directConnection", "readPreference"];

impl Settings {
    /// Reads a URL.
    pub(crate) fn parse(text: &str) -> Result<Settings, ConnectorError> {
        let parts = Parts::of(text)?;
        let params = Params::parse(parts.query, &INFO)?;
        let decode =
            |part: &str| percent_decode(part).ok_or_else(|| bad("a percent escape in the URL is broken"));
        let database = decode(parts.database)?;
        if database.is_empty() || database.contains(['/', '\\', ' ', '"', '$', '.', '\0']) {
            return Err(bad("the URL names no database, or one that cannot be"));
        }
        let user = decode(parts.login.split(':').next().unwrap_or_default())?;
        decode(parts.login.split_once(':').map_or("", |(_, password)| password))?;
        let srv = parts.scheme == "mongodb+srv";
        let tls = params.text("tls").map_or(srv || !parts.are_here(), |given| given == "true");
        let number = |name: &str| params.integer(name).unwrap_or_default();
        let text = |name: &str| params.text(name).map(str::to_owned);
        Ok(Settings {
            driver_url: Zeroizing::new(parts.for_driver(&params, tls)),
            tls,
            tls_ca: text("tlsCAFile").map(PathBuf::from),
            tls_certificate: text("tlsCertificateKeyFile").map(PathBuf::from),
            app_name: text("appName").unwrap_or_else(|| "querent".to_owned()),
            majority: match params.text("readConcernLevel") {
                Some("majority") => ReadLevel::Majority,
                Some("available") => ReadLevel::Available,
                _ => ReadLevel::Local,
            },
            connect_timeout: Duration::from_secs(number("connect_timeout")),
            reach: Reach::anywhere(),
            pool_size: usize::try_from(number("pool_size")).unwrap_or(1),
            pool_wait: Duration::from_millis(number("pool_wait_ms")),
            sample_documents: number("sample_documents"),
            random_sample: params.text("sampling") == Some("random"),
            user,
            database,
        })
    }
}

/// The pieces of a URL, as they are written.
struct Parts<'a> {
    scheme: &'a str,
    login: &'a str,
    hosts: &'a str,
    database: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Result<Parts<'a>, ConnectorError> {
        let (scheme, rest) = text.split_once("://").ok_or_else(|| bad("the URL cannot be read"))?;
        let scheme = INFO.schemes.iter().find(|known| known.eq_ignore_ascii_case(scheme));
        let scheme = scheme.ok_or_else(|| bad("the URL does not begin with mongodb:// or mongodb+srv://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let usable = |host: &str| {
            let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
            !host.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
        };
        if !hosts.split(',').all(usable) {
            return Err(bad("the URL names no host, or a port that is none"));
        }
        Ok(Parts { scheme, login, hosts, database, query })
    }

    /// Whether all hosts are this machine.
    fn are_here(&self) -> bool {
        let name = |host: &str| match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _)) => address.to_owned(),
            None => host.split(':').next().unwrap_or_default().to_owned(),
        };
        self.hosts.split(',').all(|host| is_here(&name(host)))
    }

    /// The URL for the driver, with what was checked and nothing else.
    fn for_driver(&self, params: &Params, tls: bool) -> String {
        let at = if self.login.is_empty() { "" } else { "@" };
        let mut url =
            format!("{}://{}{at}{}/{}?tls={tls}", self.scheme, self.login, self.hosts, self.database);
        for name in OF_DRIVER {
            if let Some(value) = params.text(name) {
                url.push_str(&format!("&{name}={}", encoded(value)));
            }
        }
        url
    }
}

fn encoded(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}

fn bad(message: impl Into<String>) -> ConnectorError {
    ConnectorError::new(ErrorKind::BadConfig, message).hint(format!("a URL looks like {}", INFO.example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_full_url() {
        let url = "mongodb://an%40alyst:p%2Fw@a.example.org:27018,b.example.org/my%2Dshop?replicaSet=rs0&tls=true&pool_size=9";
        let settings = Settings::parse(url).unwrap();
        assert_eq!((settings.user.as_str(), settings.database.as_str()), ("an@alyst", "my-shop"));
        assert_eq!((settings.tls, settings.pool_size), (true, 9));
        assert_eq!(
            settings.driver_url.as_str(),
            "mongodb://an%40alyst:p%2Fw@a.example.org:27018,b.example.org/my%2Dshop?tls=true&replicaSet=rs0&readPreference=secondaryPreferred"
        );
    }

    #[test]
    fn tls_is_on_but_for_this_machine() {
        let tls = |url: &str| Settings::parse(url).unwrap().tls;
        assert!(tls("mongodb+srv://ada@cluster.example.org/shop"));
        assert!(!tls("mongodb+srv://ada@cluster.example.org/shop?tls=false"));
        for here in ["localhost", "127.0.0.1:27018", "[::1]:27017", "localhost:1,127.0.0.1:2"] {
            assert!(!tls(&format!("mongodb://{here}/shop")), "{here}");
        }
        assert!(tls("mongodb://localhost,db.example.org/shop"));
        assert!(!tls("mongodb://db.example.org/shop?tls=false"));
        assert!(tls("mongodb://localhost/shop?tls=true"));
    }

    #[test]
    fn never_shows_the_password() {
        let settings = Settings::parse("mongodb://ada:geheim@h/d").unwrap();
        assert!(!format!("{settings:?}").contains("geheim"));
        let error = Settings::parse("mongodb://ada:geheim@h:99999/d").unwrap_err();
        assert!(!format!("{error:?}").contains("geheim"));
    }

    #[test]
    fn refuses_what_cannot_be_used() {
        for url in [
            "mongodb://localhost",
            "mongodb://localhost/",
            "mongodb://h/a.b",
            "mongodb:///shop",
            "mysql://h/d",
            "mongodb://h/d?tls=maybe",
            "mongodb://h/d?w=majority",
            "mongodb://h/d?tlsInsecure=true",
            "mongodb://h:0/d",
            "mongodb://h/d?pool_size=0",
            "not a url",
        ] {
            let error = Settings::parse(url).map(|_| ()).unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadConfig, "{url}");
            assert!(error.hint.is_some(), "{url}");
        }
    }
}
