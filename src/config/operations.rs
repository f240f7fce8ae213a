//! Settings of those who run a daemon: its door behind proxies, TLS, metrics, traces, logs.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;

/// The daemon's door.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// Consent to listen on other addresses than loopback.
    pub allow_remote: bool,
    /// Largest request body in bytes.
    pub max_body: usize,
    /// Seconds that running work gets when the daemon stops.
    pub drain_seconds: u64,
    /// Certificate chain (PEM); empty: no TLS.
    pub tls_cert: PathBuf,
    /// Its private key (PEM).
    pub tls_key: PathBuf,
    /// Where people reach the daemon; empty: where it listens.
    pub public_url: String,
    /// Further names that it answers to, with commas between.
    pub hosts: String,
    /// Networks of proxies whose word about the client is taken, with commas between.
    pub trusted_proxies: String,
    /// The header in which they tell it.
    pub forwarded: ForwardedHeader,
}

/// In which header a proxy tells of the client. There is one: what a proxy does not write it lets through from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Server {
    /// The certificate's and the key's file, when the daemon speaks TLS itself.
    pub fn tls(&self) -> Option<(&PathBuf, &PathBuf)> {
        (!self.tls_cert.as_os_str().is_empty()).then_some((&self.tls_cert, &self.tls_key))
    }

    /// The networks of [`Server::trusted_proxies`].
    ///
    /// # Errors
    /// Names the first word that is neither a network nor an address.
    pub fn proxies(&self) -> Result<Vec<IpNet>, String> {
        let one = |word: &str| {
            let address = || word.parse().ok().map(|ip: std::net::IpAddr| IpNet::from(ip));
            word.parse::<IpNet>().ok().or_else(address).ok_or_else(|| {
                format!(
                    "setting `server.trusted_proxies` has {word:?}, which is no network such as 10.0.0.0/8"
                )
            })
        };
        words(&self.trusted_proxies).map(one).collect()
    }

    /// The names of [`Server::hosts`] and the one of [`Server::public_url`], in small letters.
    pub fn names(&self) -> Vec<String> {
        let public = url::Url::parse(&self.public_url).ok();
        let public = public.as_ref().and_then(url::Url::host_str).map(str::to_owned);
        words(&self.hosts).map(str::to_owned).chain(public).map(|name| name.to_ascii_lowercase()).collect()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.tls_cert.as_os_str().is_empty() != self.tls_key.as_os_str().is_empty() {
            return Err("settings `server.tls_cert` and `server.tls_key` go together".to_owned());
        }
        self.proxies()?;
        let url = url::Url::parse(&self.public_url);
        let fits = url.is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some());
        if !self.public_url.is_empty() && !fits {
            return Err("setting `server.public_url` is no http or https address".to_owned());
        }
        Ok(())
    }
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// Who reads metrics, and where.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// An address of their own; empty: none.
    pub listen: String,
    /// What a scraper sends there as bearer token, never logged; empty: none is asked for.
    pub token: String,
}

impl Metrics {
    /// The address of their own.
    ///
    /// # Errors
    /// When it is no address.
    pub fn address(&self) -> Result<Option<SocketAddr>, String> {
        if self.listen.is_empty() {
            return Ok(None);
        }
        let wrong = |_| format!("setting `metrics.listen` is {:?}, which is no ADDRESS:PORT", self.listen);
        self.listen.parse().map(Some).map_err(wrong)
    }

    pub(super) fn check(&self, allow_remote: bool) -> Result<(), String> {
        match self.address()? {
            Some(address) if !address.ip().is_loopback() && !allow_remote && self.token.is_empty() => {
                Err(format!(
                    "metrics.listen = \"{address}\" can be reached from other machines; set metrics.token, or \
                 server.allow_remote = true if that is meant"
                ))
            }
            _ => Ok(()),
        }
    }
}

/// Where traces go.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// A collector that takes OTLP over HTTP; empty: no traces.
    pub endpoint: String,
    /// Headers for it, `name=value` with commas between; never logged.
    pub headers: String,
    /// Share of requests that are traced, where the client has not decided.
    pub sample: f64,
}

/// Logs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Level or list of `target=level`.
    pub level: String,
    /// Form of a line.
    pub format: LogFormat,
    /// Milliseconds after which a statement is told as slow; 0: none is.
    pub slow_query_ms: u64,
    /// Whether the canonical text of slow statements is told.
    pub slow_query_text: bool,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogFormat {
    Text,
    Json,
}
