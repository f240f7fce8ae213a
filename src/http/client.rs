//! Who is at the other end: the peer itself, or the client that a trusted proxy tells of.
//!
//! Only one header is read. A proxy overwrites the header it was set up for and lets others through as the client sent
//! them, so a daemon that read whichever is there would take the client's word.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName, X_FORWARDED_FOR, X_FORWARDED_PROTO};
use ipnet::IpNet;

use crate::config::{ForwardedHeader, Server};

/// Hops that are looked at; more are no honest chain.
const MAX_HOPS: usize = 32;

/// The client of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Its address; unknown when a trusted proxy does not say.
    pub address: Option<IpAddr>,
    /// Whether it speaks TLS, to the daemon or to the proxy.
    pub https: bool,
}

impl Client {
    /// The address for a log.
    pub fn shown(&self) -> String {
        self.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
    }
}

/// The proxies whose word is taken.
#[derive(Debug, Clone)]
pub struct Proxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

/// What a proxy says of the one that it speaks for.
#[derive(Debug, Default, Clone)]
struct Hop {
    address: Option<IpAddr>,
    proto: Option<String>,
}

impl Proxies {
    /// Those of the settings.
    ///
    /// # Errors
    /// A word that is no network.
    pub fn of(server: &Server) -> Result<Proxies, String> {
        Ok(Proxies { networks: server.proxies()?, header: server.forwarded })
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|net| net.contains(&address))
    }

    /// The client behind a connection. From the nearest hop outwards, trusted ones are passed; the first other is it.
    pub fn client(&self, peer: Option<SocketAddr>, secure: bool, headers: &HeaderMap) -> Client {
        let direct = Client { address: peer.map(|p| p.ip().to_canonical()), https: secure };
        if !direct.address.is_some_and(|address| self.trusts(address)) {
            return direct;
        }
        let hops = self.hops(headers);
        let https = match hops.last().and_then(|hop| hop.proto.as_deref()) {
            Some(proto) => proto.eq_ignore_ascii_case("https"),
            None => secure,
        };
        let mut address = direct.address;
        for hop in hops.iter().rev().take(MAX_HOPS) {
            address = hop.address;
            if !hop.address.is_some_and(|a| self.trusts(a)) {
                break;
            }
        }
        Client { address, https }
    }

    fn hops(&self, headers: &HeaderMap) -> Vec<Hop> {
        match self.header {
            ForwardedHeader::Forwarded => list(headers, &FORWARDED).map(|item| forwarded(&item)).collect(),
            ForwardedHeader::XForwardedFor => {
                let mut hops: Vec<Hop> = list(headers, &X_FORWARDED_FOR)
                    .map(|item| Hop { address: address(item.trim()), proto: None })
                    .collect();
                let proto = list(headers, &X_FORWARDED_PROTO).last().map(|p| p.trim().to_owned());
                match hops.last_mut() {
                    Some(nearest) => nearest.proto = proto,
                    None => hops.extend(proto.map(|proto| Hop { address: None, proto: Some(proto) })),
                }
                hops
            }
        }
    }
}

/// The items of a list that may be spread over several headers of one name, in the order of their coming. A value that is
/// no text counts as an item that says nothing.
fn list<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> impl Iterator<Item = String> + 'a {
    headers.get_all(name).flat_map(|value| split(value.to_str().unwrap_or_default(), ','))
}

/// Splits where a quoted text does not go on.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut items, mut item, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in text.chars() {
        if c == at && !quoted {
            items.push(std::mem::take(&mut item));
            continue;
        }
        quoted = if c == '"' && !escaped { !quoted } else { quoted };
        escaped = quoted && c == '\\' && !escaped;
        item.push(c);
    }
    items.push(item);
    items
}

/// One element of `Forwarded`.
fn forwarded(element: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in split(element, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = unquoted(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = address(&value),
            "proto" => hop.proto = Some(value),
            _ => {}
        }
    }
    hop
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let (mut text, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    text
}

/// An address with or without its port and brackets; nothing for `unknown`, hidden names and what is neither.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|a| a.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(bracketed).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn proxies(header: ForwardedHeader) -> Proxies {
        let networks = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map(|n| n.parse().unwrap()).to_vec();
        Proxies { networks, header }
    }

    fn seen(header: ForwardedHeader, peer: &str, given: &[(&str, &str)]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let client = proxies(header).client(Some(peer.parse().unwrap()), false, &headers);
        (client.address.map(|a| a.to_string()).unwrap_or_default(), client.https)
    }

    fn x(peer: &str, given: &[(&str, &str)]) -> (String, bool) {
        seen(ForwardedHeader::XForwardedFor, peer, given)
    }

    fn rfc(value: &str) -> (String, bool) {
        seen(ForwardedHeader::Forwarded, "10.0.0.1:9", &[("forwarded", value)])
    }

    fn is(address: &str, https: bool) -> (String, bool) {
        (address.to_owned(), https)
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let given = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        assert_eq!(x("192.0.2.1:5", &given), is("192.0.2.1", false));
        assert_eq!(x("[2001:db8::1]:5", &given), is("2001:db8::1", false));
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_client() {
        let given = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        assert_eq!(x("10.0.0.1:5", &given), is("203.0.113.9", true));
        assert_eq!(x("[::ffff:10.0.0.1]:5", &given), is("203.0.113.9", true));
        // what the client wrote itself stands to the left
        assert_eq!(
            x("10.0.0.1:5", &[("x-forwarded-for", "127.0.0.1, 203.0.113.9")]),
            is("203.0.113.9", false)
        );
        assert_eq!(
            x("10.0.0.1:5", &[("x-forwarded-for", "1.1.1.1, 203.0.113.9, 10.9.9.9")]).0,
            "203.0.113.9"
        );
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9, 10.2.2.2")];
        assert_eq!(x("10.0.0.1:5", &lines).0, "203.0.113.9", "several lines are one list");
        assert_eq!(x("10.0.0.1:5", &[("x-forwarded-for", "203.0.113.9:4711")]).0, "203.0.113.9");
        assert_eq!(x("10.0.0.1:5", &[("x-forwarded-for", "[2001:db8::7]:1")]).0, "2001:db8::7");
    }

    #[test]
    fn what_cannot_be_read_is_nobody() {
        for odd in ["", "unknown", "999.1.1.1", "1.1.1.1 2.2.2.2", "evil", "203.0.113.9,"] {
            assert_eq!(x("10.0.0.1:5", &[("x-forwarded-for", odd)]).0, "", "{odd}");
        }
        assert_eq!(x("10.0.0.1:5", &[]).0, "10.0.0.1", "the proxy itself asks");
    }

    #[test]
    fn the_other_header_is_not_looked_at() {
        let both = [("forwarded", "for=1.1.1.1;proto=https"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(x("10.0.0.1:5", &both), is("203.0.113.9", false));
        assert_eq!(seen(ForwardedHeader::Forwarded, "10.0.0.1:5", &both), is("1.1.1.1", true));
    }

    #[test]
    fn the_standard_header_is_read_as_it_is_written() {
        assert_eq!(rfc("for=203.0.113.9;proto=https;by=10.0.0.1"), is("203.0.113.9", true));
        assert_eq!(rfc("For=\"[2001:db8::7]:4711\"; Proto=HTTPS"), is("2001:db8::7", true));
        assert_eq!(rfc("for=1.1.1.1, for=203.0.113.9"), is("203.0.113.9", false));
        assert_eq!(rfc("for=\"1.1.1.1, for=2.2.2.2\", for=203.0.113.9"), is("203.0.113.9", false));
        assert_eq!(rfc("for=\"\\\"1.1.1.1\", for=_hidden"), is("", false));
        assert_eq!(rfc("for=unknown"), is("", false));
    }
}
