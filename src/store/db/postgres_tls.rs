//! TLS of the store's PostgreSQL: `sslmode` and `sslrootcert` of the URL mean what they mean to libpq.
//!
//! `disable`, `prefer` (the default) and `require` do not look at the server's certificate; `verify-ca` and `verify-full`
//! need `sslrootcert`, a PEM file.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::error::{Result, StoreError, StoreErrorKind};

/// How far the server's certificate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Any,
    Chain,
    ChainAndName,
}

/// Reads a URL into the driver's settings and the TLS to use.
pub(super) fn read_url(url: &str) -> Result<(tokio_postgres::Config, MakeRustlsConnect)> {
    let mut parsed = url::Url::parse(url).map_err(|_| bad_url("it is no URL"))?;
    let mut mode = "prefer".to_owned();
    let mut root = None;
    let mut rest = Vec::new();
    for (key, value) in parsed.query_pairs() {
        match key.as_ref() {
            "sslmode" => mode = value.into_owned(),
            "sslrootcert" => root = Some(value.into_owned()),
            _ => rest.push((key.into_owned(), value.into_owned())),
        }
    }
    parsed.set_query(None);
    if !rest.is_empty() {
        parsed.query_pairs_mut().extend_pairs(rest);
    }
    let mut config: tokio_postgres::Config =
        parsed.as_str().parse().map_err(|_| bad_url("the driver cannot read it"))?;
    let (mode, trust) = read_mode(&mode)?;
    config.ssl_mode(mode);
    Ok((config, MakeRustlsConnect::new(client_config(trust, root.as_deref())?)))
}

fn read_mode(mode: &str) -> Result<(SslMode, Trust)> {
    match mode {
        "disable" => Ok((SslMode::Disable, Trust::Any)),
        "allow" | "prefer" => Ok((SslMode::Prefer, Trust::Any)),
        "require" => Ok((SslMode::Require, Trust::Any)),
        "verify-ca" => Ok((SslMode::Require, Trust::Chain)),
        "verify-full" => Ok((SslMode::Require, Trust::ChainAndName)),
        _ => {
            Err(bad_url("its sslmode is unknown")
                .hint("Use disable, prefer, require, verify-ca or verify-full."))
        }
    }
}

fn bad_url(why: &str) -> StoreError {
    StoreError::new(StoreErrorKind::BadConfig, format!("the store's URL cannot be used: {why}"))
        .hint("Write it as postgres://user:password@host:5432/database?sslmode=prefer.")
}

fn client_config(trust: Trust, root: Option<&str>) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    // as libpq does: `require` with a root certificate verifies the chain
    let trust = if trust == Trust::Any && root.is_some() { Trust::Chain } else { trust };
    let chain = match trust {
        Trust::Any => None,
        Trust::Chain | Trust::ChainAndName => Some(chain_verifier(root, &provider)?),
    };
    let verifier = Arc::new(Verifier { trust, chain, provider: provider.clone() });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| tls(&error.to_string()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn chain_verifier(root: Option<&str>, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let Some(path) = root else {
        return Err(tls("sslmode asks for a verified certificate, but no root certificate is named")
            .hint("Add sslrootcert=FILE.pem to the store's URL."));
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|_| tls("the file named by sslrootcert cannot be read"))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|_| tls("the file named by sslrootcert is no PEM file"))?;
        roots.add(certificate).map_err(|error| tls(&error.to_string()))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| tls(&error.to_string()))
}

fn tls(why: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Tls, format!("TLS for the store cannot be set up: {why}"))
}

/// Looks at the certificate as far as the mode says; signatures of the handshake are always checked.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.trust == Trust::Chain => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, schemes)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let schemes = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, schemes)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_and_taken_out_of_the_url() {
        let (config, _) = read_url("postgres://a:b@localhost/c?sslmode=require&connect_timeout=3").unwrap();
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
        assert_eq!(config.get_dbname(), Some("c"));
    }

    #[test]
    fn bad_urls_are_refused_without_telling_the_password() {
        for url in
            ["hunter2", "postgres://a:hunter2@h/d?sslmode=hunter2", "postgres://a:hunter2@h/d?hunter2=1"]
        {
            let error = read_url(url).map(drop).unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::BadConfig, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        let error = read_url("postgres://a:hunter2@h/d?sslmode=verify-full").map(drop).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Tls);
    }
}
