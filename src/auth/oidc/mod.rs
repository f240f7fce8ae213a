//! Sign-in with identity providers (OpenID Connect): discovery, PKCE, state and nonce, and what a provider's word gives here.

mod provider;
mod roles;
mod wire;

use std::collections::BTreeMap;

pub use provider::{Person, Provider};
pub use roles::{Roles, domain_fits};

use crate::config::OidcSettings;
use crate::error::{Class, Error, Result};

/// All identity providers of the settings.
pub struct Providers(Vec<Provider>);

impl Providers {
    /// Reads the settings.
    ///
    /// # Errors
    /// `I039` when a line names no role.
    pub fn new(settings: &BTreeMap<String, OidcSettings>) -> Result<Providers> {
        if settings.is_empty() {
            return Ok(Providers(Vec::new()));
        }
        let wire = wire::Wire::new()?;
        let make =
            |(name, settings): (&String, &OidcSettings)| Provider::new(name, settings.clone(), wire.clone());
        settings.iter().map(make).collect::<Result<_>>().map(Providers)
    }

    /// All of them.
    pub fn all(&self) -> &[Provider] {
        &self.0
    }

    /// The one of that name.
    ///
    /// # Errors
    /// `I034` when there is none.
    pub fn get(&self, name: &str) -> Result<&Provider> {
        self.0.iter().find(|provider| provider.name() == name).ok_or_else(|| {
            Error::new("I034", Class::NotFound, "there is no such identity provider")
                .hint("GET /api/v1/auth/providers names them.")
        })
    }
}
