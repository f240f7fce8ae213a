//! Secrets: what they look like in memory, how they are sealed for the store, and the tokens that prove who calls.
//!
//! Each secret is sealed with a key of its own, and that key with the newest master key. So a rotation seals a few bytes
//! anew, and a sealed text moved to another record does not open there.

mod keyring;
mod sealed;
mod token;

pub use keyring::{Keyring, KeyringError};
pub use sealed::{Sealed, SealedError};
pub use token::{Token, TokenHash};

use zeroize::Zeroizing;

/// A secret in memory: wiped when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself: for the one place that needs it, never for a log or a message.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
