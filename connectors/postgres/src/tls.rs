//! What `sslmode` verifies: nothing (allow, prefer, require), the chain (verify-ca), or chain and host name
//! (verify-full). As in libpq, `require` with a root certificate verifies the chain.

use std::path::Path;
use std::sync::Arc;

use connector_api::{ConnectorError, ErrorKind};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{Settings, SslMode};

/// The TLS side of a connection's settings.
pub(crate) fn connector(settings: &Settings) -> Result<MakeRustlsConnect, ConnectorError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = verifier(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| internal(&e))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &settings.client_cert {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|_| unreadable("sslkey", key))?;
            builder.with_client_auth_cert(read_certificates("sslcert", cert)?, key).map_err(|e| {
                ConnectorError::new(
                    ErrorKind::BadConfig,
                    format!("the client's certificate cannot be used: {e}"),
                )
            })?
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

/// How much of the server's certificate is verified.
fn verifier(
    settings: &Settings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, ConnectorError> {
    let chain_alone = match settings.ssl_mode {
        SslMode::VerifyFull => false,
        SslMode::VerifyCa => true,
        SslMode::Require if settings.root_cert.is_some() => true,
        SslMode::Disable | SslMode::Allow | SslMode::Prefer | SslMode::Require => {
            return Ok(Arc::new(Lenient { provider: Arc::clone(provider), inner: None }));
        }
    };
    let roots = Arc::new(roots(settings.root_cert.as_deref())?);
    let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
        .build()
        .map_err(|e| ConnectorError::new(ErrorKind::Tls, format!("the trusted roots cannot be used: {e}")))?;
    if chain_alone {
        return Ok(Arc::new(Lenient { provider: Arc::clone(provider), inner: Some(inner) }));
    }
    Ok(inner)
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, ConnectorError> {
    let mut store = RootCertStore::empty();
    let certificates = match file {
        Some(file) => read_certificates("sslrootcert", file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    store.add_parsable_certificates(certificates);
    if store.is_empty() {
        return Err(ConnectorError::new(
            ErrorKind::Tls,
            "there is no trusted root to verify the server with",
        )
        .hint("name the file of the server's certificate authority in sslrootcert"));
    }
    Ok(store)
}

fn read_certificates(param: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectorError> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .ok()
        .filter(|found: &Vec<_>| !found.is_empty())
        .ok_or_else(|| unreadable(param, file))
}

fn unreadable(param: &str, file: &Path) -> ConnectorError {
    ConnectorError::new(
        ErrorKind::BadConfig,
        format!("{param}: no PEM data can be read from {}", file.display()),
    )
    .hint("give the path of a PEM file that the daemon may read")
}

fn internal(error: &rustls::Error) -> ConnectorError {
    ConnectorError::new(ErrorKind::Internal, format!("TLS cannot be set up: {error}"))
}

/// Verifies less than the whole: the chain without the name, or, without an inner verifier, only that the server
/// holds the key of the certificate it shows.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    inner: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(inner) = &self.inner else { return Ok(ServerCertVerified::assertion()) };
        match inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // the chain is verified before the name
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
