//! The boundary to whatever keeps the master keys: it wraps a secret's own key, and unwraps it again.

use async_trait::async_trait;
use zeroize::Zeroizing;

use super::sealed::KEY;
use crate::error::Result;

/// The key that one secret is sealed with.
pub type DataKey = Zeroizing<[u8; KEY]>;

/// A wrapped data key: the version of the master key, and what only its keeper can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// Version of the master key.
    pub version: u32,
    /// The wrapped key.
    pub bytes: Vec<u8>,
}

/// Keeps master keys.
#[async_trait]
pub trait KeyProvider: Send + Sync {
    /// Wraps a data key with the newest master key. Whoever can bind it to the label does.
    ///
    /// # Errors
    /// `V...`: why it cannot.
    async fn wrap(&self, key: &DataKey, label: &str) -> Result<Wrapped>;

    /// Unwraps a data key.
    ///
    /// # Errors
    /// `V...`: why it cannot.
    async fn unwrap(&self, wrapped: &Wrapped, label: &str) -> Result<DataKey>;

    /// Wraps the same data key with the newest master key.
    ///
    /// # Errors
    /// `V...`: why it cannot.
    async fn rewrap(&self, wrapped: &Wrapped, label: &str) -> Result<Wrapped> {
        self.wrap(&self.unwrap(wrapped, label).await?, label).await
    }

    /// Version of the newest master key.
    ///
    /// # Errors
    /// `V...`: why it is not known.
    async fn newest(&self) -> Result<u32>;

    /// Makes a new master key, which seals from now on; gives its version.
    ///
    /// # Errors
    /// `V030` where the keys are made elsewhere.
    async fn rotate(&self) -> Result<u32>;
}
