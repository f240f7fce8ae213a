//! Encryption: certificates made at the start, and the handshake, which comes wrapped in PRELOGIN packets.

use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::{Authority, pem};
use crate::connection::Stream;
use crate::wire::packet::kind;

/// Bytes of a packet's header.
const HEADER: usize = 8;
/// Bytes of a handshake that go into one packet.
const PART: usize = 4088;

/// The server's certificate, its authority, and how it encrypts.
pub(crate) struct Certificates {
    authority: PathBuf,
    wrapped: Arc<ServerConfig>,
    strict: Arc<ServerConfig>,
}

impl Certificates {
    /// Makes an authority, whose certificate is left in a folder, and a certificate for this machine.
    pub(crate) fn make(folder: &Path) -> Result<Self, String> {
        let authority = Authority::make("Querent test authority")?;
        let (certificate, key) = authority.sign_for("localhost", [127, 0, 0, 1])?;
        let path = folder.join("authority.pem");
        std::fs::write(&path, pem(authority.certificate())).map_err(|e| e.to_string())?;
        let config = |versions: &[&'static rustls::SupportedProtocolVersion]| {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions);
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.clone()));
            let chain = vec![CertificateDer::from(certificate.clone())];
            let config =
                builder.map_err(|e| e.to_string())?.with_no_client_auth().with_single_cert(chain, key);
            config.map_err(|e| e.to_string())
        };
        // inside of TDS 7.4 the server knows TLS up to 1.2
        let wrapped = config(&[&TLS12])?;
        let mut strict = config(&[&TLS12, &TLS13])?;
        strict.alpn_protocols = vec![b"tds/8.0".to_vec()];
        Ok(Certificates { authority: path, wrapped: Arc::new(wrapped), strict: Arc::new(strict) })
    }

    pub(crate) fn authority(&self) -> &Path {
        &self.authority
    }

    /// For TDS 8, where encryption comes before everything else.
    pub(crate) fn strict(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.strict)
    }

    /// For TDS 7.4.
    pub(crate) fn wrapped(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.wrapped)
    }
}

/// Encrypts a stream from its first byte on.
pub(crate) async fn accept_strict<S: Stream>(
    stream: S,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<S>> {
    TlsAcceptor::from(config).accept(stream).await
}

/// Encrypts a stream after PRELOGIN: the handshake is wrapped in packets, what follows is not.
pub(crate) async fn accept<S: Stream>(
    stream: S,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<Wrapped<S>>> {
    let wrapped =
        Wrapped { inner: stream, wrapping: true, header: Vec::new(), left: 0, out: Vec::new(), sent: 0 };
    let mut encrypted = TlsAcceptor::from(config).accept(wrapped).await?;
    encrypted.get_mut().0.wrapping = false;
    Ok(encrypted)
}

/// Goes on without encryption, which was for the login only.
pub(crate) fn plain<S: Stream>(stream: TlsStream<Wrapped<S>>) -> S {
    stream.into_inner().0.inner
}

/// A stream whose bytes come and go in PRELOGIN packets for as long as it wraps.
pub(crate) struct Wrapped<S> {
    inner: S,
    wrapping: bool,
    /// The header that is being read.
    header: Vec<u8>,
    /// Bytes left of the packet that is being read.
    left: usize,
    /// What waits for being flushed, and how much of it is sent.
    out: Vec<u8>,
    sent: usize,
}

impl<S: Stream> AsyncRead for Wrapped<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.wrapping {
            return Pin::new(&mut this.inner).poll_read(cx, into);
        }
        while this.left == 0 {
            let mut byte = [0];
            let mut one = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut one))?;
            let Some(byte) = one.filled().first() else { return Poll::Ready(Ok(())) };
            this.header.push(*byte);
            if let [kind, _, high, low, _, _, _, _] = *this.header.as_slice() {
                this.header.clear();
                let length = usize::from(u16::from_be_bytes([high, low]));
                if kind != kind::PRELOGIN || length < HEADER {
                    return Poll::Ready(Err(Error::from(ErrorKind::InvalidData)));
                }
                this.left = length - HEADER;
            }
        }
        let mut part = into.take(this.left);
        ready!(Pin::new(&mut this.inner).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        // the bytes lie in the buffer already; only its own mark has to follow
        let filled = part.filled().to_vec();
        debug_assert_eq!(filled.len(), read);
        into.put_slice(&filled);
        this.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncWrite for Wrapped<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.wrapping {
            return Pin::new(&mut this.inner).poll_write(cx, bytes);
        }
        for part in bytes.chunks(PART) {
            this.out.extend([kind::PRELOGIN, 1]);
            this.out.extend(((part.len() + HEADER) as u16).to_be_bytes());
            this.out.extend([0, 0, 1, 0]);
            this.out.extend_from_slice(part);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while let Some(waiting) = this.out.get(this.sent..).filter(|w| !w.is_empty()) {
            this.sent += match ready!(Pin::new(&mut this.inner).poll_write(cx, waiting))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                sent => sent,
            };
        }
        this.out.clear();
        this.sent = 0;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}
