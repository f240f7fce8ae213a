//! What a backup is locked with: nothing, a passphrase, or the master keys of the store. All of it stands in the header
//! but for the secret itself.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{damaged, locked};
use crate::error::{Class, Error, Result};
use crate::secrets::{Keyring, Sealed, Secret};

/// Length of the key.
pub(super) const KEY: usize = 32;
/// What the key of a file is sealed for.
const BOUND_TO: &str = "backup";
/// Memory of one derivation in KiB, its passes, its lanes.
const COST: (u32, u32, u32) = (64 * 1024, 3, 1);
/// More than that no header may ask for: memory in KiB, passes, lanes.
const MOST: (u32, u32, u32) = (1024 * 1024, 64, 16);

/// How a file is locked, without the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Lock {
    /// Anybody can read it.
    None,
    /// With a key that Argon2id makes of a passphrase.
    Passphrase {
        /// Base64.
        salt: String,
        /// KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// With a key of its own, which a master key seals.
    Keyring {
        /// The key in its sealed form.
        sealed_key: String,
    },
}

/// What opens and closes a file.
#[derive(Debug, Clone, Default)]
pub enum Opener {
    /// Nothing.
    #[default]
    None,
    /// A passphrase.
    Passphrase(Secret),
    /// Master keys.
    Keyring(Box<Keyring>),
}

/// A file's key.
type FileKey = Zeroizing<[u8; KEY]>;

/// A key for a new file, and what its header says.
pub(super) fn close(opener: &Opener) -> Result<(Lock, Option<FileKey>)> {
    match opener {
        Opener::None => Ok((Lock::None, None)),
        Opener::Passphrase(passphrase) => {
            let (memory, passes, lanes) = COST;
            let salt = random()?;
            let key = derive(passphrase, salt.as_ref(), COST)?;
            Ok((Lock::Passphrase { salt: STANDARD.encode(salt.as_ref()), memory, passes, lanes }, Some(key)))
        }
        Opener::Keyring(keys) => {
            let key = random()?;
            let sealed = Sealed::seal(&Secret::new(STANDARD.encode(key.as_ref())), BOUND_TO, keys)?;
            Ok((Lock::Keyring { sealed_key: sealed.to_string() }, Some(key)))
        }
    }
}

/// The key of a file.
pub(super) fn open(lock: &Lock, opener: &Opener) -> Result<Option<FileKey>> {
    match (lock, opener) {
        (Lock::None, _) => Ok(None),
        (Lock::Passphrase { salt, memory, passes, lanes }, Opener::Passphrase(passphrase)) => {
            let salt = STANDARD.decode(salt).map_err(|_| damaged("its salt is no base64"))?;
            if *memory > MOST.0 || *passes > MOST.1 || *lanes > MOST.2 {
                return Err(damaged("its header asks for more work than any backup of ours"));
            }
            derive(passphrase, &salt, (*memory, *passes, *lanes)).map(Some)
        }
        (Lock::Keyring { sealed_key }, Opener::Keyring(keys)) => {
            let opened = Sealed::parse(sealed_key)
                .and_then(|sealed| sealed.open(BOUND_TO, keys))
                .map_err(|e| locked(&e.to_string()))?;
            let bytes = Zeroizing::new(STANDARD.decode(opened.expose()).unwrap_or_default());
            let key: [u8; KEY] =
                bytes.as_slice().try_into().map_err(|_| damaged("its key is of another length"))?;
            Ok(Some(Zeroizing::new(key)))
        }
        (Lock::Passphrase { .. }, _) => Err(locked("it was encrypted with a passphrase")
            .hint("Name a file that holds it: --passphrase-file FILE.")),
        (Lock::Keyring { .. }, _) => Err(locked("it was encrypted with the master keys of its store")
            .hint("Add --with-keyring, in a data folder whose secret.key holds them.")),
    }
}

fn derive(passphrase: &Secret, salt: &[u8], cost: (u32, u32, u32)) -> Result<FileKey> {
    let params = Params::new(cost.0, cost.1, cost.2, Some(KEY))
        .map_err(|_| damaged("its header asks for no sensible work"))?;
    let mut key = Zeroizing::new([0_u8; KEY]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut())
        .map_err(|_| damaged("its salt cannot be used"))?;
    Ok(key)
}

/// Random bytes.
pub(super) fn random() -> Result<FileKey> {
    let mut bytes = Zeroizing::new([0_u8; KEY]);
    OsRng.try_fill_bytes(bytes.as_mut()).map_err(|_| {
        Error::new("V004", Class::Internal, "the system gives no random numbers")
            .hint("Check the system's random source.")
    })?;
    Ok(bytes)
}
