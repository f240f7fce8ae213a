//! Addresses that no database has: those of one's own link, of a cloud's machine data, of nobody and of everybody; and
//! IPv6 addresses that stand for an IPv4 address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::config::Target;

const LINK: &str = "an address of the local link";
const METADATA: &str = "an address at which clouds tell a machine's secrets";
const NOBODY: &str = "an address of nobody in particular";

const fn four(a: u8, b: u8, c: u8, d: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn six(head: [u16; 4], tail: [u16; 4], length: u8) -> Ipv6Net {
    let ([a, b, c, d], [e, f, g, h]) = (head, tail);
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}

const SPECIAL_4: &[(Ipv4Net, &str)] = &[
    (four(169, 254, 0, 0, 16), LINK),
    // Alibaba, Azure's host agent, Oracle's older service
    (four(100, 100, 100, 200, 32), METADATA),
    (four(168, 63, 129, 16, 32), METADATA),
    (four(192, 0, 0, 192, 32), METADATA),
    // a socket library takes 0.0.0.0 for this machine
    (four(0, 0, 0, 0, 8), NOBODY),
    (four(224, 0, 0, 0, 4), NOBODY),
    (four(240, 0, 0, 0, 4), NOBODY),
];

const SPECIAL_6: &[(Ipv6Net, &str)] = &[
    (six([0xfe80, 0, 0, 0], [0; 4], 10), LINK),
    (six([0xfec0, 0, 0, 0], [0; 4], 10), LINK),
    // Amazon: machine data, names, time, pods; Google
    (six([0xfd00, 0x0ec2, 0, 0], [0; 4], 32), METADATA),
    (six([0xfd20, 0x00ce, 0, 0], [0, 0, 0, 0x254], 128), METADATA),
    (six([0; 4], [0; 4], 128), NOBODY),
    (six([0xff00, 0, 0, 0], [0; 4], 8), NOBODY),
];

/// Names that lead to such addresses wherever they are looked up.
const SPECIAL_NAMES: &[&str] = &["metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"];

/// What is special about a name.
pub(super) fn special_name(name: &str) -> Option<&'static str> {
    SPECIAL_NAMES.contains(&name).then_some(METADATA)
}

/// What is special about an address, and the range that is.
pub(super) fn special(address: IpAddr) -> Option<(&'static str, IpNet)> {
    match address {
        IpAddr::V4(ip) => SPECIAL_4
            .iter()
            .find(|(range, _)| range.contains(&ip))
            .map(|(range, what)| (*what, (*range).into())),
        IpAddr::V6(ip) => SPECIAL_6
            .iter()
            .find(|(range, _)| range.contains(&ip))
            .map(|(range, what)| (*what, (*range).into())),
    }
}

/// Whether an address of a special range is allowed: by a network within that range, not by one that happens to be wide
/// enough.
pub(super) fn named_within(allow: &[Target], range: IpNet, address: IpAddr) -> bool {
    allow.iter().any(|target| {
        matches!(target, Target::Network(network) if range.contains(network) && network.contains(&address))
    })
}

/// All addresses that one may lead to: itself, and the IPv4 addresses that are written into it. An IPv4 address in IPv6
/// form is the IPv4 address alone.
pub(super) fn meant(address: IpAddr) -> Vec<IpAddr> {
    let address = address.to_canonical();
    let IpAddr::V6(six) = address else { return vec![address] };
    let s = six.segments();
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::from([a, b, c, d])
    };
    let inner = match s {
        // ::1 and :: are no IPv4 addresses
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => vec![four(high, low)],
        // translated: ::ffff:0:a.b.c.d, 64:ff9b::a.b.c.d, 64:ff9b:1::/48
        [0, 0, 0, 0, 0xffff, 0, high, low] | [0x64, 0xff9b, _, _, _, _, high, low] => vec![four(high, low)],
        // 6to4; Teredo with its server and, turned over, its client; ISATAP
        [0x2002, high, low, ..] => vec![four(high, low)],
        [0x2001, 0, server, of, _, _, high, low] => vec![four(server, of), four(!high, !low)],
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => vec![four(high, low)],
        _ => Vec::new(),
    };
    std::iter::once(address).chain(inner).collect()
}
