//! Which `Host` a request may name. A page of another site can make a browser send requests to a loopback address under
//! a name of its own (DNS rebinding), so a daemon on loopback answers to loopback names alone.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::StatusCode;

use super::problem::Problem;
use crate::error::{Class, Error};

/// The hosts that the daemon answers to.
pub struct Hosts {
    /// The address that it listens on, when that is loopback; any host fits otherwise.
    loopback: Option<IpAddr>,
}

impl Hosts {
    /// The hosts for an address to listen on.
    pub fn of(listen: SocketAddr) -> Hosts {
        Hosts { loopback: Some(listen.ip()).filter(IpAddr::is_loopback) }
    }

    /// Lets a request pass or says why not.
    pub fn check(&self, host: Option<&str>) -> Result<(), Problem> {
        let Some(address) = self.loopback else { return Ok(()) };
        if host.is_some_and(|host| is_local(host, address)) {
            return Ok(());
        }
        let error = Error::new("H008", Class::Forbidden, "the daemon does not answer to that host name")
            .hint("It listens on loopback: use http://127.0.0.1 or http://localhost with its port.");
        Err(Problem::from(error).with_status(StatusCode::MISDIRECTED_REQUEST))
    }
}

fn is_local(host: &str, address: IpAddr) -> bool {
    let name = without_port(host);
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
    use super::*;

    #[test]
    fn loopback_answers_to_its_own_names() {
        let hosts = Hosts::of("127.0.0.1:7878".parse().unwrap());
        for good in
            ["localhost", "LocalHost:7878", "127.0.0.1", "127.0.0.1:1", "127.1.2.3:80", "[::1]", "[::1]:80"]
        {
            assert!(hosts.check(Some(good)).is_ok(), "{good}");
        }
        for bad in [
            "evil.example",
            "evil.example:7878",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "127.0.0.1.evil.example",
        ] {
            assert!(hosts.check(Some(bad)).is_err(), "{bad}");
        }
        assert!(hosts.check(None).is_err());
    }

    #[test]
    fn an_open_address_answers_to_any_name() {
        let hosts = Hosts::of("0.0.0.0:7878".parse().unwrap());
        assert!(hosts.check(Some("querent.example")).is_ok());
    }
}
