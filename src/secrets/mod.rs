//! Secrets: how they are sealed for the store, who keeps the keys, and the tokens that prove who calls.
//!
//! Each secret is sealed with a key of its own, and that key with the newest master key. So a rotation seals a few bytes
//! anew, and a sealed text moved to another record does not open there.

mod keyring;
mod keys;
mod local;
pub mod long;
mod provider;
mod sealed;
mod token;
mod vault;

pub use keyring::{Keyring, KeyringError};
pub use keys::Keys;
pub use provider::{DataKey, KeyProvider, Wrapped};
pub use sealed::{Keeper, Sealed, SealedError};
pub use token::{Token, TokenHash};
pub use vault::Vault;

pub use crate::secret::Secret;
