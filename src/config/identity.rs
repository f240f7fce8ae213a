//! Settings of who gets in: sign-in, sessions, links, and identity providers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::ConfigError;
use crate::secret::Secret;

/// The table whose keys are the settings of every provider; it is no provider itself.
pub(super) const TEMPLATE: &str = "template";

/// Sign-in, sessions and links.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthSettings {
    /// Minutes after which a session that nobody used ends.
    pub idle_minutes: u32,
    /// Hours after which a session ends in any case.
    pub session_hours: u32,
    /// Hours for which a link (invitation, reset) can be used.
    pub link_hours: u32,
    /// Passwords hashed at the same time.
    pub hashes: usize,
}

impl AuthSettings {
    /// How long a session may rest.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(u64::from(self.idle_minutes) * 60)
    }

    /// How long a session may last.
    pub fn session(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_hours) * 3600)
    }

    /// How long a link can be used.
    pub fn link(&self) -> Duration {
        Duration::from_secs(u64::from(self.link_hours) * 3600)
    }
}

/// An identity provider (OpenID Connect).
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSettings {
    /// What people read on the button; empty: the table's name.
    pub title: String,
    /// The issuer, whose `/.well-known/openid-configuration` is read.
    pub issuer: String,
    /// The daemon's name there.
    pub client_id: String,
    /// Its secret there, never logged; empty for a public client.
    pub client_secret: Secret,
    /// What is asked for, with blanks between.
    pub scopes: String,
    /// The claim that names groups; empty: none.
    pub groups_claim: String,
    /// `GROUP=ROLE` of the installation.
    pub system_roles: Vec<String>,
    /// `GROUP=WORKSPACE:ROLE`.
    pub workspace_roles: Vec<String>,
    /// Whether people who are not known are let in.
    pub create_users: bool,
    /// Domains of addresses that are let in; empty: any.
    pub domains: Vec<String>,
}

impl std::fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Looks at what a wrong type cannot show.
pub(super) fn check(auth: &AuthSettings, oidc: &BTreeMap<String, OidcSettings>) -> Result<(), ConfigError> {
    if auth.idle_minutes == 0 || auth.session_hours == 0 || auth.link_hours == 0 || auth.hashes == 0 {
        return Err(ConfigError::Invalid("settings of `auth` must be at least 1".to_owned()));
    }
    for (name, provider) in oidc {
        check_provider(name, provider)?;
    }
    Ok(())
}

fn check_provider(name: &str, provider: &OidcSettings) -> Result<(), ConfigError> {
    let wrong = |what: &str| Err(ConfigError::Invalid(format!("`oidc.{name}`: {what}")));
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.len() > 40 || !name.chars().all(fits) {
        return wrong("a provider's name has up to 40 small letters, digits, - and _");
    }
    if !Url::parse(&provider.issuer).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return wrong("`issuer` must be an http or https address");
    }
    if provider.client_id.is_empty() {
        return wrong("`client_id` is missing");
    }
    if !provider.scopes.split_whitespace().any(|scope| scope == "openid") {
        return wrong("`scopes` must have openid");
    }
    if !provider.system_roles.iter().all(|line| line.contains('=')) {
        return wrong("a line of `system_roles` has the form GROUP=ROLE");
    }
    if !provider
        .workspace_roles
        .iter()
        .all(|line| line.rsplit_once('=').is_some_and(|(_, to)| to.contains(':')))
    {
        return wrong("a line of `workspace_roles` has the form GROUP=WORKSPACE:ROLE");
    }
    Ok(())
}
