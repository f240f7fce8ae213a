//! Sealing: XChaCha20-Poly1305, a fresh key per secret which a master key wraps, both bound to the record.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::Secret;
use super::keyring::Keyring;
use crate::error::{Class, Error};

/// Length of every key.
pub(super) const KEY: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;
const WRAPPED: usize = NONCE + KEY + TAG;

/// A sealed secret in its written form `q1.<key version>.<base64>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    key_version: u32,
    wrapped: Vec<u8>,
    body: Vec<u8>,
}

/// Why a secret could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// The text is not what [`Sealed`] writes.
    #[error("the sealed secret cannot be read: it is not of the form q1.<version>.<base64>")]
    Malformed,
    /// The key it was sealed with is not at hand.
    #[error("the secret is sealed with master key {0}, which the key file does not hold")]
    UnknownKey(u32),
    /// The key does not fit, the text was changed, or it belongs to another record.
    #[error("the secret does not open with master key {0}: another key, a changed text, or another record's")]
    WrongKey(u32),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
}

impl From<SealedError> for Error {
    fn from(error: SealedError) -> Error {
        let code = match error {
            SealedError::Malformed => "V001",
            SealedError::UnknownKey(_) => "V002",
            SealedError::WrongKey(_) => "V003",
            SealedError::NoRandomness => "V004",
        };
        Error::new(code, Class::Internal, error.to_string())
            .hint("Restore the key file that belongs to this store, or enter the secret again.")
    }
}

impl Sealed {
    /// Seals a secret for the record that `bound_to` names; it opens with the same name only.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn seal(secret: &Secret, bound_to: &str, keys: &Keyring) -> Result<Sealed, SealedError> {
        let data_key = random_key()?;
        let (key_version, master) = keys.newest();
        let wrapped = encrypt(master, data_key.as_ref(), &wrap_label(bound_to, key_version))?;
        let body = encrypt(&data_key, secret.expose().as_bytes(), &body_label(bound_to))?;
        Ok(Sealed { key_version, wrapped, body })
    }

    /// Opens it for the record that it was sealed for.
    ///
    /// # Errors
    /// When the key is missing or wrong, the text was changed, or it was sealed for another record.
    pub fn open(&self, bound_to: &str, keys: &Keyring) -> Result<Secret, SealedError> {
        let data_key = self.unwrap(bound_to, keys)?;
        let plain = decrypt(&data_key, &self.body, &body_label(bound_to)).ok_or_else(|| self.wrong_key())?;
        let text = std::str::from_utf8(&plain).map_err(|_| self.wrong_key())?;
        Ok(Secret::new(text))
    }

    /// The same secret under the newest master key; the secret itself is not opened.
    ///
    /// # Errors
    /// As [`Sealed::open`].
    pub fn rewrap(&self, bound_to: &str, keys: &Keyring) -> Result<Sealed, SealedError> {
        let data_key = self.unwrap(bound_to, keys)?;
        let (key_version, master) = keys.newest();
        let wrapped = encrypt(master, data_key.as_ref(), &wrap_label(bound_to, key_version))?;
        Ok(Sealed { key_version, wrapped, body: self.body.clone() })
    }

    /// Which master key it is sealed with.
    pub fn key_version(&self) -> u32 {
        self.key_version
    }

    /// Reads the written form.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn parse(text: &str) -> Result<Sealed, SealedError> {
        let rest = text.strip_prefix("q1.").ok_or(SealedError::Malformed)?;
        let (version, bytes) = rest.split_once('.').ok_or(SealedError::Malformed)?;
        let key_version = version.parse().map_err(|_| SealedError::Malformed)?;
        let bytes = URL_SAFE_NO_PAD.decode(bytes).map_err(|_| SealedError::Malformed)?;
        let (wrapped, body) = bytes.split_at_checked(WRAPPED).ok_or(SealedError::Malformed)?;
        if body.len() < NONCE + TAG {
            return Err(SealedError::Malformed);
        }
        Ok(Sealed { key_version, wrapped: wrapped.to_vec(), body: body.to_vec() })
    }

    fn unwrap(&self, bound_to: &str, keys: &Keyring) -> Result<Zeroizing<[u8; KEY]>, SealedError> {
        let master = keys.get(self.key_version).ok_or(SealedError::UnknownKey(self.key_version))?;
        let label = wrap_label(bound_to, self.key_version);
        let plain = decrypt(master, &self.wrapped, &label).ok_or_else(|| self.wrong_key())?;
        let key: [u8; KEY] = plain.as_slice().try_into().map_err(|_| self.wrong_key())?;
        Ok(Zeroizing::new(key))
    }

    fn wrong_key(&self) -> SealedError {
        SealedError::WrongKey(self.key_version)
    }
}

impl std::fmt::Display for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = [self.wrapped.as_slice(), self.body.as_slice()].concat();
        write!(f, "q1.{}.{}", self.key_version, URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// Random bytes for a key.
pub(super) fn random_key() -> Result<Zeroizing<[u8; KEY]>, SealedError> {
    let mut key = Zeroizing::new([0_u8; KEY]);
    OsRng.try_fill_bytes(key.as_mut()).map_err(|_| SealedError::NoRandomness)?;
    Ok(key)
}

fn wrap_label(bound_to: &str, version: u32) -> Vec<u8> {
    format!("querent/q1/key/{version}/{bound_to}").into_bytes()
}

fn body_label(bound_to: &str) -> Vec<u8> {
    format!("querent/q1/body/{bound_to}").into_bytes()
}

/// Nonce, then ciphertext and tag.
fn encrypt(key: &[u8; KEY], msg: &[u8], aad: &[u8]) -> Result<Vec<u8>, SealedError> {
    let mut nonce = [0_u8; NONCE];
    OsRng.try_fill_bytes(&mut nonce).map_err(|_| SealedError::NoRandomness)?;
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let sealed =
        cipher.encrypt(&XNonce::from(nonce), Payload { msg, aad }).map_err(|_| SealedError::NoRandomness)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(key: &[u8; KEY], sealed: &[u8], aad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, msg) = sealed.split_at_checked(NONCE)?;
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    cipher.decrypt(&XNonce::from(nonce), Payload { msg, aad }).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keyring {
        Keyring::generate().unwrap()
    }

    #[test]
    fn opens_for_its_record_and_its_key_only() {
        let (keys, secret) = (keys(), Secret::new("postgres://u:hunter2@h/d"));
        let text = Sealed::seal(&secret, "connection/1", &keys).unwrap().to_string();
        assert!(text.starts_with("q1.1."));
        let sealed = Sealed::parse(&text).unwrap();
        assert_eq!(sealed.open("connection/1", &keys), Ok(secret));
        assert_eq!(sealed.open("connection/2", &keys), Err(SealedError::WrongKey(1)));
        assert_eq!(sealed.open("connection/1", &Keyring::generate().unwrap()), Err(SealedError::WrongKey(1)));
    }

    #[test]
    fn two_sealings_differ_and_an_empty_secret_is_one_too() {
        let (keys, secret) = (keys(), Secret::new(""));
        let (a, b) = (Sealed::seal(&secret, "x", &keys).unwrap(), Sealed::seal(&secret, "x", &keys).unwrap());
        assert_ne!(a, b);
        assert_eq!(Sealed::parse(&a.to_string()).unwrap().open("x", &keys), Ok(secret));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let keys = keys();
        let sealed = Sealed::seal(&Secret::new("abc"), "x", &keys).unwrap();
        for place in 0..sealed.wrapped.len() {
            let mut changed = sealed.clone();
            changed.wrapped[place] ^= 1;
            assert_eq!(changed.open("x", &keys), Err(SealedError::WrongKey(1)));
        }
        for place in 0..sealed.body.len() {
            let mut changed = sealed.clone();
            changed.body[place] ^= 1;
            assert_eq!(changed.open("x", &keys), Err(SealedError::WrongKey(1)));
        }
    }

    #[test]
    fn rotation_rewraps_and_the_old_key_can_go() {
        let (keys, secret) = (keys(), Secret::new("abc"));
        let sealed = Sealed::seal(&secret, "x", &keys).unwrap();
        let rotated = keys.rotated().unwrap();
        let rewrapped = sealed.rewrap("x", &rotated).unwrap();
        assert_eq!((sealed.key_version(), rewrapped.key_version()), (1, 2));
        let newest_only = rotated.without_older();
        assert_eq!(rewrapped.open("x", &newest_only), Ok(secret));
        assert_eq!(sealed.open("x", &newest_only), Err(SealedError::UnknownKey(1)));
    }

    #[test]
    fn other_texts_are_malformed() {
        for text in ["", "q1", "q1.", "q1.1", "q1.1.", "q1.x.AAAA", "q2.1.AAAA", "q1.1.AAAA", "q1.1.*"] {
            assert_eq!(Sealed::parse(text), Err(SealedError::Malformed), "{text}");
        }
    }
}
