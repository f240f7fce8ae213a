//! An authority of our own and a certificate that it signs: the few bytes of X.509 that this takes.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1d, 0x13];
const KEY_USAGE: [u8; 3] = [0x55, 0x1d, 0x0f];
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];

/// Signs certificates.
pub(crate) struct Authority {
    name: String,
    key: EcdsaKeyPair,
    certificate: Vec<u8>,
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    match length {
        0..=0x7f => bytes.push(length as u8),
        0x80..=0xff => bytes.extend([0x81, length as u8]),
        _ => {
            bytes.push(0x82);
            bytes.extend((length as u16).to_be_bytes());
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

fn oid(bytes: &[u8]) -> Vec<u8> {
    tagged(0x06, bytes)
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], bytes].concat())
}

fn named(name: &str) -> Vec<u8> {
    let value = tagged(0x0c, name.as_bytes());
    tagged(SEQUENCE, &tagged(SET, &tagged(SEQUENCE, &[oid(&COMMON_NAME), value].concat())))
}

fn extension(of: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tagged(0x01, &[0xff]) } else { Vec::new() };
    tagged(SEQUENCE, &[oid(of), critical, tagged(0x04, value)].concat())
}

fn new_key() -> Result<EcdsaKeyPair, String> {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|e| e.to_string())
}

/// A certificate of `subject`'s key, signed by `by`; valid from 2020 to 2049.
fn signed(
    by: (&str, &EcdsaKeyPair),
    subject: (&str, &EcdsaKeyPair),
    number: u8,
    extensions: &[u8],
) -> Result<Vec<u8>, String> {
    let algorithm = tagged(SEQUENCE, &oid(&ECDSA_WITH_SHA256));
    let validity = [tagged(0x17, b"200101000000Z"), tagged(0x17, b"491231235959Z")].concat();
    let kind = tagged(SEQUENCE, &[oid(&EC_PUBLIC_KEY), oid(&P256)].concat());
    let key = tagged(SEQUENCE, &[kind, bits(subject.1.public_key().as_ref())].concat());
    let body = [
        tagged(0xa0, &tagged(0x02, &[2])),
        tagged(0x02, &[number]),
        algorithm.clone(),
        named(by.0),
        tagged(SEQUENCE, &validity),
        named(subject.0),
        key,
        tagged(0xa3, &tagged(SEQUENCE, extensions)),
    ];
    let body = tagged(SEQUENCE, &body.concat());
    let signature = by.1.sign(&SystemRandom::new(), &body).map_err(|e| e.to_string())?;
    Ok(tagged(SEQUENCE, &[body, algorithm, bits(signature.as_ref())].concat()))
}

impl Authority {
    pub(crate) fn make(name: &str) -> Result<Self, String> {
        let key = new_key()?;
        let signs = tagged(SEQUENCE, &tagged(0x01, &[0xff]));
        let extensions = [
            extension(&BASIC_CONSTRAINTS, true, &signs),
            extension(&KEY_USAGE, true, &[0x03, 0x02, 0x02, 0x04]),
        ];
        let certificate = signed((name, &key), (name, &key), 1, &extensions.concat())?;
        Ok(Authority { name: name.to_owned(), key, certificate })
    }

    /// Its own certificate.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// A certificate for a machine, and its key.
    pub(crate) fn sign_for(&self, host: &str, address: [u8; 4]) -> Result<(Vec<u8>, Vec<u8>), String> {
        let key = new_key()?;
        let names = [tagged(0x82, host.as_bytes()), tagged(0x87, &address)].concat();
        let extensions = extension(&ALTERNATIVE_NAMES, false, &tagged(SEQUENCE, &names));
        let certificate = signed((&self.name, &self.key), (host, &key), 2, &extensions)?;
        let private = key.to_pkcs8v1().map_err(|e| e.to_string())?;
        Ok((certificate, private.as_ref().to_vec()))
    }
}

/// A certificate as text.
pub(crate) fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|l| std::str::from_utf8(l).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
