//! Where a connector may go: asked with the very address that is connected to, right before it is connected to. A name
//! that resolves to another address the next time is asked about again.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::error::{ConnectorError, ErrorKind};

/// Addresses of one name that are tried at the most.
const MAX_ADDRESSES: usize = 16;

/// Something that a connector is about to reach.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// A host by the name or address that the URL, or another server, gives it. Nothing was looked up yet.
    Host(&'a str),
    /// An address of that host, about to be connected to.
    Address(&'a str, SocketAddr),
    /// A Unix socket.
    Socket(&'a Path),
}

type Rule = dyn Fn(Place<'_>) -> Result<(), ConnectorError> + Send + Sync;

/// What may be reached.
#[derive(Clone)]
pub struct Reach(Option<Arc<Rule>>);

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Reach(ruled)" } else { "Reach(anywhere)" })
    }
}

impl Reach {
    /// No place is refused: for tools and tests that have no settings.
    pub fn anywhere() -> Reach {
        Reach(None)
    }

    /// What the rule lets through. It is asked for every host, then for every address.
    pub fn by(rule: impl Fn(Place<'_>) -> Result<(), ConnectorError> + Send + Sync + 'static) -> Reach {
        Reach(Some(Arc::new(rule)))
    }

    /// This one address, whatever name it goes by: the local end of a tunnel.
    pub fn only(address: SocketAddr) -> Reach {
        Reach::by(move |place| match place {
            Place::Host(_) => Ok(()),
            Place::Address(_, asked) if asked == address => Ok(()),
            Place::Address(..) | Place::Socket(_) => Err(ConnectorError::new(
                ErrorKind::OutOfReach,
                "the server sends us on to a place that is not reached through the tunnel",
            )),
        })
    }

    /// Whether there is no rule.
    pub fn is_anywhere(&self) -> bool {
        self.0.is_none()
    }

    /// Asks about one place.
    ///
    /// # Errors
    /// `OutOfReach`, as the rule says.
    pub fn ask(&self, place: Place<'_>) -> Result<(), ConnectorError> {
        self.0.as_ref().map_or(Ok(()), |rule| rule(place))
    }

    /// Looks a host up and keeps those of its addresses that may be connected to.
    ///
    /// # Errors
    /// `Unreachable` when the name is not known; `OutOfReach` when none of its addresses may be connected to.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectorError> {
        self.ask(Place::Host(host))?;
        let found = tokio::net::lookup_host((host, port)).await.map_err(|_| unknown(host))?;
        let (mut kept, mut refused) = (Vec::new(), None);
        for address in found.take(MAX_ADDRESSES) {
            match self.ask(Place::Address(host, address)) {
                Ok(()) if !kept.contains(&address) => kept.push(address),
                Ok(()) => {}
                Err(why) => refused = Some(why),
            }
        }
        match (kept.is_empty(), refused) {
            (false, _) => Ok(kept),
            (true, Some(why)) => Err(why),
            (true, None) => Err(unknown(host)),
        }
    }

    /// Connects to the first address of a host that may be connected to and answers.
    ///
    /// # Errors
    /// As [`Reach::addresses`]; `Unreachable` when nobody answers.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, ConnectorError> {
        let addresses = self.addresses(host, port).await?;
        TcpStream::connect(addresses.as_slice()).await.map_err(|e| {
            ConnectorError::new(
                ErrorKind::Unreachable,
                format!("nobody answers at {host}:{port}: {}", e.kind()),
            )
            .hint("check host and port")
        })
    }

    /// The addresses alone, for drivers that take them beside the name.
    ///
    /// # Errors
    /// As [`Reach::addresses`].
    pub async fn ips(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, ConnectorError> {
        Ok(self.addresses(host, port).await?.into_iter().map(|address| address.ip()).collect())
    }
}

fn unknown(host: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Unreachable, format!("the host name {host:?} is not known"))
        .hint("check the host in the URL, and the machine's name resolution")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn refused_addresses_are_left_out_and_the_reason_is_told() {
        let only_four = Reach::by(|place| match place {
            Place::Address(_, address) if address.is_ipv6() => Err(unknown("six")),
            _ => Ok(()),
        });
        assert_eq!(only_four.ips("127.0.0.1", 1).await.unwrap(), [IpAddr::from([127, 0, 0, 1])]);
        assert_eq!(only_four.ips("::1", 1).await.unwrap_err(), unknown("six"));
    }

    #[tokio::test]
    async fn a_tunnels_end_is_the_only_place() {
        let end = SocketAddr::from(([127, 0, 0, 1], 4000));
        let reach = Reach::only(end);
        assert_eq!(reach.addresses("127.0.0.1", 4000).await.unwrap(), [end]);
        assert_eq!(reach.addresses("127.0.0.1", 4001).await.unwrap_err().kind, ErrorKind::OutOfReach);
        assert!(reach.ask(Place::Socket(Path::new("/run/x"))).is_err());
    }
}
