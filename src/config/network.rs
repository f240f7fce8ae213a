//! `[network]`: where connections may go, as it is written in the settings.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::{IpNet, Ipv4Net};
use serde::Deserialize;

/// Where connections may go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// What may be reached; empty: everything that is not denied.
    pub allow: Vec<Target>,
    /// What may not be reached, whatever is allowed.
    pub deny: Vec<Target>,
    /// Folders in which the files named by a connection must lie; empty: anywhere.
    pub folders: Vec<PathBuf>,
}

/// One entry: a network, an address, a host name, or all names below one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Target {
    /// Addresses; a single one is a network of its full length.
    Network(IpNet),
    /// `db.example.org`.
    Host(String),
    /// `*.example.org`: every name below it, not the name itself. Kept with its leading dot.
    Below(String),
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Target, String> {
        let text = text.trim();
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Target::Network(address.to_canonical().into()));
        }
        if text.contains('/') {
            let network: IpNet = text.parse().map_err(|_| wrong(text))?;
            return Ok(Target::Network(plain(network)));
        }
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        match url::Host::parse(name.trim_end_matches('.')) {
            // another way to write an address would be read as a network by nobody
            Ok(url::Host::Domain(name)) if below && named(&name) => Ok(Target::Below(format!(".{name}"))),
            Ok(url::Host::Domain(name)) if named(&name) => Ok(Target::Host(name)),
            _ => Err(wrong(text)),
        }
    }
}

fn named(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// IPv4 networks written as IPv6 are IPv4 networks.
fn plain(network: IpNet) -> IpNet {
    let IpNet::V6(six) = network else { return network.trunc() };
    let mapped = six.trunc().addr().to_ipv4_mapped().zip(six.prefix_len().checked_sub(96));
    let four = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    four.map_or(network.trunc(), IpNet::V4)
}

fn wrong(text: &str) -> String {
    format!(
        "{text:?} is no target: write a network (10.0.0.0/8), an address, a host name, or *.example.org for all names \
         below one"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Target, String> {
        Target::try_from(text.to_owned())
    }

    #[test]
    fn networks_addresses_and_names_are_read() {
        assert_eq!(read("10.1.2.3/8"), Ok(Target::Network("10.0.0.0/8".parse().unwrap())));
        assert_eq!(read(" ::ffff:10.0.0.0/104 "), Ok(Target::Network("10.0.0.0/8".parse().unwrap())));
        assert_eq!(read("::ffff:10.0.0.7"), Ok(Target::Network("10.0.0.7/32".parse().unwrap())));
        assert_eq!(read("fd00::/8"), Ok(Target::Network("fd00::/8".parse().unwrap())));
        assert_eq!(read("DB.Example.org."), Ok(Target::Host("db.example.org".into())));
        assert_eq!(read("*.Example.org"), Ok(Target::Below(".example.org".into())));
    }

    #[test]
    fn what_could_be_meant_otherwise_is_refused() {
        for text in [
            "",
            "*",
            "*.",
            "a.*.org",
            "db*.org",
            "10.0.0.0/33",
            "10.0.0",
            "0x7f.1",
            "a b",
            "http://x",
            "db:5432",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
