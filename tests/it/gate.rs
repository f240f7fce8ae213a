//! A database server behind a gate: what it says can be held back or cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// What happens to what the server says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Passage {
    /// It passes.
    Open,
    /// It waits.
    Closed,
    /// It waits once the server has said that many bytes in all sessions.
    ClosedAfter(usize),
    /// After that many bytes of one session, that session is cut off.
    CutAfter(usize),
    /// After that many bytes in all sessions every session is cut off, also new ones: at the byte, whatever it is part of.
    GoneAfter(usize),
}

impl Passage {
    /// Whether what follows after so many bytes in all has to wait.
    fn is_closed(self, said: usize) -> bool {
        match self {
            Passage::Closed => true,
            Passage::ClosedAfter(most) => said > most,
            _ => false,
        }
    }
}

/// A server that can be made to fall silent, or to break off.
pub struct Gate {
    /// `url`, by way of the gate.
    pub url: String,
    /// How what it says passes now.
    pub passage: watch::Sender<Passage>,
    /// Told of each time that something waits at the closed gate.
    pub held: Arc<Notify>,
    /// Bytes that the server has said in all sessions.
    pub said: Arc<AtomicUsize>,
}

impl Gate {
    /// A gate before the server that a URL names.
    pub async fn before(url: &str) -> Gate {
        let mut url = url::Url::parse(url).unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let (passage, gate) = watch::channel(Passage::Open);
        let held = Arc::new(Notify::new());
        let said = Arc::new(AtomicUsize::new(0));
        let (told, counted) = (held.clone(), said.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, gate.clone(), told.clone(), counted.clone()));
            }
        });
        Gate { url: url.to_string(), passage, held, said }
    }

    /// Returns when the server has said more than that in all sessions.
    pub async fn reached(&self, most: usize) {
        let told = async {
            while self.bytes() <= most {
                self.held.notified().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), told).await.expect("the server never said so much");
    }

    /// How much the server has said.
    pub fn bytes(&self) -> usize {
        self.said.load(Ordering::SeqCst)
    }
}

async fn pass(
    client: TcpStream,
    server: TcpStream,
    mut gate: watch::Receiver<Passage>,
    held: Arc<Notify>,
    said: Arc<AtomicUsize>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asked = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let answered = async {
        let mut buffer = vec![0; 65_536];
        let mut own = 0;
        loop {
            let read = from_server.read(&mut buffer).await?;
            own += read;
            let before = said.fetch_add(read, Ordering::SeqCst);
            let passage = *gate.borrow();
            if matches!(passage, Passage::CutAfter(bytes) if own > bytes) {
                return Ok(());
            }
            if let Passage::GoneAfter(most) = passage
                && before + read > most
            {
                return to_client.write_all(&buffer[..most.saturating_sub(before)]).await;
            }
            if read > 0 && passage.is_closed(before + read) {
                held.notify_one();
            }
            if read == 0 || gate.wait_for(|passage| !passage.is_closed(before + read)).await.is_err() {
                return Ok(());
            }
            to_client.write_all(&buffer[..read]).await?;
        }
    };
    tokio::select! {
        ended = asked => drop::<std::io::Result<()>>(ended),
        ended = answered => drop::<std::io::Result<()>>(ended),
    }
}
