//! TLS of the daemon itself: certificate and key from files, read again when the process is told to (SIGHUP). Connections
//! that are there go on; new ones get the new certificate.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::error::{Class, Error, Result};

/// The daemon's certificate, as long as it runs.
#[derive(Debug)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificate {
    /// Reads both files.
    ///
    /// # Errors
    /// `H095` when they cannot be read or do not belong together.
    pub fn open(chain: PathBuf, key: PathBuf) -> Result<Arc<Certificate>> {
        let current = RwLock::new(Arc::new(read(&chain, &key)?));
        Ok(Arc::new(Certificate { chain, key, current }))
    }

    /// Reads them again. What was there stays when they cannot be used.
    ///
    /// # Errors
    /// As [`Certificate::open`].
    pub fn reload(&self) -> Result<()> {
        let fresh = Arc::new(read(&self.chain, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// What the listener needs: TLS 1.2 and 1.3 with the one crypto provider.
    ///
    /// # Errors
    /// `H095` when the provider does not know these versions.
    pub fn config(self: &Arc<Self>) -> Result<ServerConfig> {
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|e| unusable(format!("TLS cannot be set up: {e}")))?;
        Ok(builder.with_no_client_auth().with_cert_resolver(self.clone()))
    }
}

/// Reads the certificate again whenever the process is told to (SIGHUP). Without one nothing happens then, but where a
/// terminal closes that the daemon was started in, it ends.
#[cfg(unix)]
pub async fn follow_signals(certificate: Option<Arc<Certificate>>) {
    if certificate.is_none() && std::io::stdin().is_terminal() {
        return;
    }
    use tokio::signal::unix::{SignalKind, signal};
    let mut told = match signal(SignalKind::hangup()) {
        Ok(told) => told,
        Err(error) => {
            tracing::warn!(%error, "the signal to read the certificate again cannot be heard");
            return;
        }
    };
    while told.recv().await.is_some() {
        let Some(certificate) = &certificate else {
            tracing::info!("told to read the certificate again, and there is none");
            continue;
        };
        match certificate.reload() {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => tracing::error!(code = error.code, %error, "the certificate stays as it was"),
        }
    }
}

/// There are no such signals here.
#[cfg(not(unix))]
pub async fn follow_signals(_: Option<Arc<Certificate>>) {}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn read(chain: &PathBuf, key: &PathBuf) -> Result<CertifiedKey> {
    let shown = chain.display();
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>)
        .map_err(|e| unusable(format!("the certificate {shown} cannot be read: {e}")))?;
    if certificates.is_empty() {
        return Err(unusable(format!("{shown} holds no certificate")));
    }
    // the error of a key's file might quote it
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| unusable(format!("{} holds no private key that can be read", key.display())))?;
    let certified = CertifiedKey::from_der(certificates, key, &aws_lc_rs::default_provider())
        .map_err(|e| unusable(format!("certificate and key cannot be used together: {e}")))?;
    Ok(certified)
}

fn unusable(message: impl Into<String>) -> Error {
    Error::new("H095", Class::BadInput, message)
        .hint("Check server.tls_cert and server.tls_key: PEM files, chain and key.")
}
