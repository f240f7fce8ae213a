//! `[secrets]`: where the master keys come from, as it is written in the settings.

use std::path::PathBuf;

use serde::Deserialize;

use crate::secret::Secret;

/// Where the master keys come from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretSettings {
    /// What seals from now on.
    pub provider: KeySource,
    /// The file; empty: `secret.key` in the data folder.
    pub file: PathBuf,
    /// The keys themselves.
    pub keys: Secret,
    /// Program and arguments that print the keys.
    pub command: Vec<String>,
    /// Seconds that a command, or a request to Vault, may take.
    pub timeout: u64,
    /// Vault's transit engine.
    pub vault: VaultSettings,
}

/// Where master keys come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeySource {
    /// A file that its owner alone may read.
    #[default]
    File,
    /// `secrets.keys`, which is meant to be set by the environment.
    Environment,
    /// What a program prints.
    Command,
    /// Vault keeps them: it wraps and unwraps, and never gives them away.
    Vault,
}

/// Vault's transit engine, or that of a server that speaks alike.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSettings {
    /// `https://vault.example.org:8200`; empty: there is none.
    pub address: String,
    /// Its token.
    pub token: Secret,
    /// A file with the token, read anew for each request, as agents renew it.
    pub token_file: PathBuf,
    /// Namespace; empty for none.
    pub namespace: String,
    /// Where the engine is mounted.
    pub mount: String,
    /// Name of the key.
    pub key: String,
    /// Trusted roots in place of the usual ones (PEM).
    pub ca: PathBuf,
}
