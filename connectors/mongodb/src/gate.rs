//! The gate before the driver's own connections: a SOCKS5 proxy (RFC 1928, RFC 1929) inside the process, on loopback and
//! behind a password, that looks names up, asks whether the address may be reached, and connects to that very address.
//! The driver connects by itself to the members that a server names; this is where they are seen.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use connector_api::{ConnectorError, ErrorKind, Reach};
use mongodb::options::Socks5Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// Connections through one gate at the most; those beyond wait.
const CONNECTIONS: usize = 256;
/// Asking for a connection and making it takes that long at the most.
const PATIENCE: Duration = Duration::from_secs(30);

const VERSION: u8 = 5;
const BY_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const CONNECT: u8 = 1;

/// An open gate. Dropping it closes the port; what flows still ends by itself.
pub(crate) struct Gate {
    port: u16,
    word: String,
    accepting: AbortHandle,
}

impl Gate {
    /// Opens one on a free port of loopback.
    pub fn open(reach: Reach) -> Result<Gate, ConnectorError> {
        let failed =
            |_| ConnectorError::new(ErrorKind::Internal, "no local port for the driver's connections");
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        // 122 random bits
        let word = bson::Uuid::new().to_string();
        let accepting = tokio::spawn(accept(listener, reach, word.clone())).abort_handle();
        Ok(Gate { port, word, accepting })
    }

    /// How the driver gets through it.
    pub fn proxy(&self) -> Socks5Proxy {
        Socks5Proxy::builder()
            .host(Ipv4Addr::LOCALHOST.to_string())
            .port(self.port)
            .authentication((self.word.clone(), self.word.clone()))
            .build()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, reach: Reach, word: String) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let word: Arc<str> = word.into();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((socket, _)) = listener.accept().await else { return };
        let (reach, word) = (reach.clone(), word.clone());
        tokio::spawn(async move {
            pass(socket, &reach, &word).await;
            drop(place);
        });
    }
}

async fn pass(mut socket: TcpStream, reach: &Reach, word: &str) {
    let asked = tokio::time::timeout(PATIENCE, connected(&mut socket, reach, word)).await;
    let Ok(Some(mut server)) = asked else { return };
    // it ends when both sides have closed, or one of them breaks: nothing is left to tell anybody
    let _ = tokio::io::copy_bidirectional(&mut socket, &mut server).await;
}

/// The server that is asked for; `None` when it is none, and then that was answered.
async fn connected(socket: &mut TcpStream, reach: &Reach, word: &str) -> Option<TcpStream> {
    greeted(socket, word).await?;
    let (host, port) = wanted(socket).await?;
    match reach.connect(&host, port).await {
        Ok(server) => {
            let _ = server.set_nodelay(true);
            answer(socket, 0).await?;
            Some(server)
        }
        Err(error) => {
            let refused = error.kind == ErrorKind::OutOfReach;
            tracing::warn!(code = error.kind.code(), %error, "a server that the driver was sent to was not connected to");
            answer(socket, if refused { 2 } else { 4 }).await?;
            None
        }
    }
}

/// Methods, then name and password.
async fn greeted(socket: &mut TcpStream, word: &str) -> Option<()> {
    let [version, methods] = bytes(socket).await?;
    let methods = text(socket, methods).await?;
    if version != VERSION || !methods.contains(&BY_PASSWORD) {
        socket.write_all(&[VERSION, NO_METHOD]).await.ok()?;
        return None;
    }
    socket.write_all(&[VERSION, BY_PASSWORD]).await.ok()?;
    let [_, length] = bytes(socket).await?;
    let name = text(socket, length).await?;
    let [length] = bytes(socket).await?;
    let password = text(socket, length).await?;
    let fits = same(&name, word.as_bytes()) & same(&password, word.as_bytes());
    socket.write_all(&[1, u8::from(!fits)]).await.ok()?;
    fits.then_some(())
}

/// In the same time, wherever they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

async fn wanted(socket: &mut TcpStream) -> Option<(String, u16)> {
    let [version, command, _, kind] = bytes(socket).await?;
    let host = match kind {
        1 => Ipv4Addr::from(bytes::<4>(socket).await?).to_string(),
        4 => Ipv6Addr::from(bytes::<16>(socket).await?).to_string(),
        3 => {
            let [length] = bytes(socket).await?;
            String::from_utf8(text(socket, length).await?).ok()?
        }
        _ => {
            answer(socket, 8).await?;
            return None;
        }
    };
    let port = u16::from_be_bytes(bytes(socket).await?);
    if version != VERSION || command != CONNECT {
        answer(socket, 7).await?;
        return None;
    }
    Some((host, port))
}

async fn answer(socket: &mut TcpStream, code: u8) -> Option<()> {
    // the address that is bound is nobody's business
    socket.write_all(&[VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()
}

async fn bytes<const N: usize>(socket: &mut TcpStream) -> Option<[u8; N]> {
    let mut found = [0; N];
    socket.read_exact(&mut found).await.ok()?;
    Some(found)
}

async fn text(socket: &mut TcpStream, length: u8) -> Option<Vec<u8>> {
    let mut found = vec![0; usize::from(length)];
    socket.read_exact(&mut found).await.ok()?;
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    use connector_api::Place;

    use crate::error;

    /// What the gate answers somebody who asks for a place with this word.
    async fn asked(gate: &Gate, word: &str, place: SocketAddr) -> Option<u8> {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, gate.port)).await.unwrap();
        socket.write_all(&[5, 1, 2]).await.unwrap();
        assert_eq!(bytes::<2>(&mut socket).await, Some([5, 2]));
        let length = u8::try_from(word.len()).unwrap();
        let login = [&[1, length], word.as_bytes(), &[length], word.as_bytes()].concat();
        socket.write_all(&login).await.unwrap();
        let [_, status] = bytes(&mut socket).await?;
        if status != 0 {
            return None;
        }
        let SocketAddr::V4(place) = place else { return None };
        let request = [&[5, 1, 0, 1], place.ip().octets().as_slice(), &place.port().to_be_bytes()].concat();
        socket.write_all(&request).await.unwrap();
        bytes::<10>(&mut socket).await.map(|answer| answer[1])
    }

    #[tokio::test]
    async fn lets_through_what_may_be_reached_and_nobody_without_the_word() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let there = server.local_addr().unwrap();
        let gate = Gate::open(Reach::only(there)).unwrap();
        assert_eq!(asked(&gate, &gate.word, there).await, Some(0));
        assert_eq!(asked(&gate, "guess", there).await, None);
        let elsewhere = SocketAddr::from(([127, 0, 0, 1], there.port() ^ 1));
        assert_eq!(asked(&gate, &gate.word, elsewhere).await, Some(2));
        let named = Reach::by(|place| match place {
            Place::Host(_) => Ok(()),
            _ => Err(error::internal("not asked")),
        });
        let gate = Gate::open(named).unwrap();
        assert_eq!(asked(&gate, &gate.word, there).await, Some(4));
    }
}
