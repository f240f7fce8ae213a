//! Certificates for tests: an authority of one test's own and what it signs.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::cli::Desk;

/// An authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a certificate for these names and its key to `cert.pem` and `key.pem` of the desk.
    pub fn sign(&self, desk: &Desk, names: &[&str]) {
        let key = KeyPair::generate().unwrap();
        let params =
            CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        let signed = params.signed_by(&key, &self.0).unwrap();
        desk.file("cert.pem", &signed.pem());
        desk.file("key.pem", &key.serialize_pem());
    }

    /// The authority's own certificate, for a client.
    pub fn root(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_pem(self.0.pem().as_bytes()).unwrap()
    }

    /// The same, as the bytes that it is.
    pub fn der(&self) -> rustls::pki_types::CertificateDer<'static> {
        self.0.der().clone()
    }
}
