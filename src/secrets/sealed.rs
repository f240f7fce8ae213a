//! Sealing: XChaCha20-Poly1305 with a fresh key per secret, which a master key wraps; bound to the record.
//!
//! Two written forms: `q1.<version>.<base64>` where the master key is at hand (a wrapped key of fixed length stands before
//! the body), and `q2.<version>.<base64>.<base64>` where somebody else keeps it (wrapped key, then body).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::Secret;
use super::keyring::Keyring;
use super::provider::{DataKey, Wrapped};
use crate::error::{Class, Error};

/// Length of every key.
pub(super) const KEY: usize = 32;
const NONCE: usize = 24;
const TAG: usize = 16;
const WRAPPED: usize = NONCE + KEY + TAG;

/// Who keeps the master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keeper {
    /// It is at hand: from a file, the environment, or a command.
    Local,
    /// Vault's transit engine.
    Vault,
}

impl Keeper {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Keeper::Local => "local",
            Keeper::Vault => "vault",
        }
    }
}

/// A sealed secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    keeper: Keeper,
    wrapped: Wrapped,
    body: Vec<u8>,
}

/// Why a secret could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// The text is not what [`Sealed`] writes.
    #[error("the sealed secret cannot be read: it is of no form that this version knows")]
    Malformed,
    /// The key it was sealed with is not at hand.
    #[error("the secret is sealed with master key {0}, which is not among the keys at hand")]
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
            .hint("Restore the keys that belong to this store, or enter the secret again.")
    }
}

impl Keyring {
    /// Wraps a data key with the newest key.
    pub(super) fn wrap(&self, key: &DataKey, label: &str) -> Result<Wrapped, SealedError> {
        let (version, master) = self.newest();
        Ok(Wrapped { version, bytes: encrypt(master, key.as_ref(), &wrap_label(label, version))? })
    }

    /// Unwraps a data key.
    pub(super) fn unwrap(&self, wrapped: &Wrapped, label: &str) -> Result<DataKey, SealedError> {
        let Wrapped { version, bytes } = wrapped;
        let master = self.get(*version).ok_or(SealedError::UnknownKey(*version))?;
        let wrong = || SealedError::WrongKey(*version);
        let plain = decrypt(master, bytes, &wrap_label(label, *version)).ok_or_else(wrong)?;
        let mut key = Zeroizing::new([0; KEY]);
        if plain.len() != KEY {
            return Err(wrong());
        }
        key.copy_from_slice(&plain);
        Ok(key)
    }
}

impl Sealed {
    /// Seals a secret with keys at hand, for the record that `bound_to` names; it opens with the same name only.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn seal(secret: &Secret, bound_to: &str, keys: &Keyring) -> Result<Sealed, SealedError> {
        let key = random_key()?;
        Sealed::with(Keeper::Local, &key, keys.wrap(&key, bound_to)?, secret, bound_to)
    }

    /// Seals a secret with a data key that was wrapped already.
    pub(super) fn with(
        keeper: Keeper,
        key: &DataKey,
        wrapped: Wrapped,
        secret: &Secret,
        bound_to: &str,
    ) -> Result<Sealed, SealedError> {
        let body = encrypt(key, secret.expose().as_bytes(), &body_label(bound_to))?;
        Ok(Sealed { keeper, wrapped, body })
    }

    /// Opens it with keys at hand, for the record that it was sealed for.
    ///
    /// # Errors
    /// When the key is missing or wrong, the text was changed, or it was sealed for another record.
    pub fn open(&self, bound_to: &str, keys: &Keyring) -> Result<Secret, SealedError> {
        self.open_with(&keys.unwrap(&self.wrapped, bound_to)?, bound_to)
    }

    /// Opens it with its data key.
    pub(super) fn open_with(&self, key: &DataKey, bound_to: &str) -> Result<Secret, SealedError> {
        let wrong = || SealedError::WrongKey(self.wrapped.version);
        let plain = decrypt(key, &self.body, &body_label(bound_to)).ok_or_else(wrong)?;
        let text = std::str::from_utf8(&plain).map_err(|_| wrong())?;
        Ok(Secret::new(text))
    }

    /// The same secret under the newest key at hand; the secret itself is not opened.
    ///
    /// # Errors
    /// As [`Sealed::open`].
    pub fn rewrap(&self, bound_to: &str, keys: &Keyring) -> Result<Sealed, SealedError> {
        let key = keys.unwrap(&self.wrapped, bound_to)?;
        Ok(self.wrapped_anew(Keeper::Local, keys.wrap(&key, bound_to)?))
    }

    /// The same secret, its key wrapped otherwise.
    pub(super) fn wrapped_anew(&self, keeper: Keeper, wrapped: Wrapped) -> Sealed {
        Sealed { keeper, wrapped, body: self.body.clone() }
    }

    /// Who keeps the master key that it is sealed with.
    pub fn keeper(&self) -> Keeper {
        self.keeper
    }

    /// Which master key it is sealed with.
    pub fn key_version(&self) -> u32 {
        self.wrapped.version
    }

    pub(super) fn wrapped(&self) -> &Wrapped {
        &self.wrapped
    }

    /// Reads the written form.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn parse(text: &str) -> Result<Sealed, SealedError> {
        let (keeper, version, rest) = head(text)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| SealedError::Malformed);
        let (bytes, body) = match keeper {
            Keeper::Local => {
                let mut bytes = decode(rest)?;
                if bytes.len() < WRAPPED {
                    return Err(SealedError::Malformed);
                }
                let body = bytes.split_off(WRAPPED);
                (bytes, body)
            }
            Keeper::Vault => {
                let (bytes, body) = rest.split_once('.').ok_or(SealedError::Malformed)?;
                (decode(bytes)?, decode(body)?)
            }
        };
        if bytes.is_empty() || body.len() < NONCE + TAG {
            return Err(SealedError::Malformed);
        }
        Ok(Sealed { keeper, wrapped: Wrapped { version, bytes }, body })
    }

    /// Who keeps the key, and its version, of a written form or its beginning.
    ///
    /// # Errors
    /// When it is of another form.
    pub fn peek(text: &str) -> Result<(Keeper, u32), SealedError> {
        head(text).map(|(keeper, version, _)| (keeper, version))
    }
}

fn head(text: &str) -> Result<(Keeper, u32, &str), SealedError> {
    let (form, rest) = text.split_once('.').ok_or(SealedError::Malformed)?;
    let (version, rest) = rest.split_once('.').ok_or(SealedError::Malformed)?;
    let version = version.parse().map_err(|_| SealedError::Malformed)?;
    match form {
        "q1" => Ok((Keeper::Local, version, rest)),
        "q2" => Ok((Keeper::Vault, version, rest)),
        _ => Err(SealedError::Malformed),
    }
}

impl std::fmt::Display for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Wrapped { version, bytes } = &self.wrapped;
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self.keeper {
            Keeper::Local => write!(f, "q1.{version}.{}", encode(&[bytes.as_slice(), &self.body].concat())),
            Keeper::Vault => write!(f, "q2.{version}.{}.{}", encode(bytes), encode(&self.body)),
        }
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

    const FIRST_KEY: &str = "1 aXIoOlkrN8jOAe33-6kW6ursT-COtRHUe9rjAkVmDTY";
    const FIRST_TEXT: &str = "q1.1.ZUYaQ-i6itXtNJd0e3HSog9MG6lcqKqDJ1YZVnOjszkaDDi4gFWirQPEKHJXf01v-8FhHe5tHepdKGEf04yJvtobig9n8AAw8mT0KrRuG7X1X4jH5XQKgChpNbwzuSV-tMB2tWzl81OsJlZRzDQtTsAT6pWX-RUBBTcK1EmIFcyu07aWzUVewtCYy6OUOIJ_";

    /// A text that the first version of this program wrote: it must open for ever.
    #[test]
    fn texts_of_the_first_version_open() {
        let keys = Keyring::from_text(&Secret::new(FIRST_KEY)).unwrap();
        let sealed = Sealed::parse(FIRST_TEXT).unwrap();
        assert_eq!(
            sealed.open("01a20046-4531-74e8-a7f7-3fe877fa81d7", &keys),
            Ok(Secret::new("sqlite:s.db?busy_timeout_ms=1234"))
        );
        assert_eq!(sealed.to_string(), FIRST_TEXT);
    }

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
        for place in 0..sealed.wrapped.bytes.len() {
            let mut changed = sealed.clone();
            changed.wrapped.bytes[place] ^= 1;
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
