//! Which `Host` a request may name. A page of another site can make a browser send requests to a loopback address under
//! a name of its own (DNS rebinding), so a daemon on loopback answers to loopback names and those it was given alone.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::StatusCode;
use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap};

use super::problem::Problem;
use crate::error::{Class, Error};

/// The hosts that the daemon answers to.
pub struct Hosts {
    /// The address that it listens on, when that is loopback.
    loopback: Option<IpAddr>,
    /// Names that it was given, in small letters.
    names: Vec<String>,
}

impl Hosts {
    /// The hosts for an address to listen on and names from the settings.
    pub fn of(listen: SocketAddr, names: Vec<String>) -> Hosts {
        Hosts { loopback: Some(listen.ip()).filter(IpAddr::is_loopback), names }
    }

    /// Whether the daemon listens on this machine alone.
    pub fn is_loopback(&self) -> bool {
        self.loopback.is_some()
    }

    /// Lets a request pass or says why not. There must be one host, and a target with a host of its own must name the same.
    pub fn check(&self, headers: &HeaderMap, target: &Uri) -> Result<(), Problem> {
        let named: Vec<Option<&str>> = headers.get_all(HOST).map(|h| h.to_str().ok()).collect();
        let host = match named.as_slice() {
            [] => target.authority().map(|a| a.as_str()),
            [Some(host)] => Some(*host),
            _ => return Err(unclear()),
        };
        let contradicts =
            |host: &str| target.authority().is_some_and(|a| !a.as_str().eq_ignore_ascii_case(host));
        if host.is_some_and(contradicts) {
            return Err(unclear());
        }
        if self.fits(host) { Ok(()) } else { Err(self.refused()) }
    }

    fn fits(&self, host: Option<&str>) -> bool {
        if self.loopback.is_none() && self.names.is_empty() {
            return true;
        }
        let Some(host) = host else { return false };
        let name = without_port(host);
        self.names.iter().any(|known| known.eq_ignore_ascii_case(name))
            || self.loopback.is_some_and(|address| is_local(name, address))
    }

    fn refused(&self) -> Problem {
        let hint = if self.loopback.is_some() {
            "It listens on loopback: use http://127.0.0.1 or http://localhost with its port, or add the name to server.hosts."
        } else {
            "Use the address of server.public_url, or add the name to server.hosts."
        };
        let error =
            Error::new("H008", Class::Forbidden, "the daemon does not answer to that host name").hint(hint);
        Problem::from(error).with_status(StatusCode::MISDIRECTED_REQUEST)
    }
}

fn unclear() -> Problem {
    Error::new("H016", Class::BadInput, "the request names more than one host")
        .hint("Send one Host header.")
        .into()
}

fn is_local(name: &str, address: IpAddr) -> bool {
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let literal = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name);
    literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip == address)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn asks(hosts: &Hosts, named: &[&str], target: &str) -> bool {
        let mut headers = HeaderMap::new();
        for name in named {
            headers.append(HOST, HeaderValue::from_str(name).unwrap());
        }
        hosts.check(&headers, &target.parse().unwrap()).is_ok()
    }

    #[test]
    fn loopback_answers_to_its_own_names() {
        let hosts = Hosts::of("127.0.0.1:7878".parse().unwrap(), Vec::new());
        for good in
            ["localhost", "LocalHost:7878", "127.0.0.1", "127.0.0.1:1", "127.1.2.3:80", "[::1]", "[::1]:80"]
        {
            assert!(asks(&hosts, &[good], "/"), "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:7878",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "127.0.0.1.evil.example",
        ] {
            assert!(!asks(&hosts, &[bad], "/"), "{bad}");
        }
        assert!(!asks(&hosts, &[], "/"));
    }

    #[test]
    fn an_open_address_answers_to_any_name_unless_it_has_one() {
        let open: SocketAddr = "0.0.0.0:7878".parse().unwrap();
        assert!(asks(&Hosts::of(open, Vec::new()), &["querent.example"], "/"));
        let named = Hosts::of(open, vec!["querent.example".into()]);
        assert!(asks(&named, &["Querent.Example:443"], "/"));
        for bad in ["evil.example", "querent.example.evil", "localhost", "0.0.0.0"] {
            assert!(!asks(&named, &[bad], "/"), "{bad}");
        }
        assert!(!asks(&named, &[], "/"));
    }

    #[test]
    fn two_hosts_are_one_too_many() {
        let hosts = Hosts::of("127.0.0.1:7878".parse().unwrap(), vec!["q.example".into()]);
        assert!(asks(&hosts, &["q.example"], "http://q.example/healthz"));
        assert!(asks(&hosts, &[], "http://q.example/healthz"));
        assert!(!asks(&hosts, &["q.example", "localhost"], "/"));
        assert!(!asks(&hosts, &["localhost"], "http://evil.example/healthz"));
        assert!(!asks(&hosts, &["localhost"], "http://q.example/healthz"));
    }
}
