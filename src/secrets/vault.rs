//! Master keys that Vault's transit engine keeps (or a server that speaks alike): data keys go there to be wrapped and
//! unwrapped, over TLS; the master keys never come here. Tokens are not renewed: an agent that writes them to a file does.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, Client, Method, StatusCode, Url};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::Secret;
use super::provider::{DataKey, KeyProvider, Wrapped};
use super::sealed::{KEY, random_key};
use crate::config::VaultSettings;
use crate::error::{Class, Error, Result};

/// Longest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// The transit engine, with one key of it.
pub struct Vault {
    settings: VaultSettings,
    /// `https://host:8200/v1/transit/`.
    base: Url,
    client: Client,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Ciphertext {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Plaintext {
    plaintext: Secret,
}

#[derive(Deserialize)]
struct KeyState {
    latest_version: u32,
}

impl Vault {
    /// Reads the settings; nothing is connected yet.
    ///
    /// # Errors
    /// `V024` for settings that cannot be used.
    pub fn new(settings: &VaultSettings, patience: Duration) -> Result<Vault> {
        let base = base(settings)?;
        let mut client = Client::builder()
            .timeout(patience)
            // a token must not follow to another place
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if !settings.ca.as_os_str().is_empty() {
            let pem = std::fs::read(&settings.ca)
                .map_err(|e| unusable(format!("secrets.vault.ca cannot be read: {}", e.kind())))?;
            let roots = Certificate::from_pem_bundle(&pem)
                .map_err(|_| unusable("secrets.vault.ca holds no certificates".to_owned()))?;
            client = client.tls_certs_only(roots);
        }
        let client = client.build().map_err(|_| unusable("no client for Vault can be made".to_owned()))?;
        Ok(Vault { settings: settings.clone(), base, client })
    }

    /// The token, as it stands now.
    fn token(&self) -> Result<Secret> {
        if self.settings.token_file.as_os_str().is_empty() {
            return Ok(self.settings.token.clone());
        }
        let text = std::fs::read_to_string(&self.settings.token_file).map(Zeroizing::new);
        let text =
            text.map_err(|e| unusable(format!("secrets.vault.token_file cannot be read: {}", e.kind())))?;
        Ok(Secret::new(text.trim()))
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        what: &str,
        body: Option<serde_json::Value>,
    ) -> Result<T> {
        let answer = self.send(method, what, body).await?;
        serde_json::from_slice::<Answer<T>>(&answer).map(|answer| answer.data).map_err(|_| strange())
    }

    /// One request; gives the body of an answer that is none of an error.
    async fn send(
        &self,
        method: Method,
        what: &str,
        body: Option<serde_json::Value>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let url = self.base.join(&format!("{what}/{}", self.settings.key)).map_err(|_| strange())?;
        self.send_to(method, url, body).await
    }

    async fn send_to(
        &self,
        method: Method,
        url: Url,
        body: Option<serde_json::Value>,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let mut request = self.client.request(method, url).header("X-Vault-Request", "true");
        let mut token = reqwest::header::HeaderValue::from_str(self.token()?.expose())
            .map_err(|_| unusable("the token of Vault is no token".to_owned()))?;
        token.set_sensitive(true);
        request = request.header("X-Vault-Token", token);
        if !self.settings.namespace.is_empty() {
            request = request.header("X-Vault-Namespace", &self.settings.namespace);
        }
        if let Some(body) = body {
            let text = Zeroizing::new(body.to_string().into_bytes());
            request = request.header("Content-Type", "application/json").body(text.to_vec());
        }
        let mut response = request.send().await.map_err(|e| unreachable(&e))?;
        let status = response.status();
        let mut answer = Zeroizing::new(Vec::with_capacity(MAX_ANSWER));
        while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(&e))? {
            if answer.len() + chunk.len() > MAX_ANSWER {
                return Err(strange());
            }
            answer.extend_from_slice(&chunk);
        }
        if status.is_success() { Ok(answer) } else { Err(self.refused(status)) }
    }

    /// What Vault says of an error is not passed on: it may quote what was asked.
    fn refused(&self, status: StatusCode) -> Error {
        let key = format!("{}/{}", self.settings.mount, self.settings.key);
        match status {
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Error::new(
                "V021",
                Class::Upstream,
                format!("Vault does not let this daemon use its key {key}"),
            )
            .hint("Check the token (it may have run out) and its policy: update on encrypt, decrypt and rewrap."),
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Error::new(
                "V023",
                Class::Upstream,
                format!("Vault has no key {key} that fits, or does not open what it wrapped"),
            )
            .hint("Check secrets.vault.mount and key, and that no version that is still used was trimmed."),
            StatusCode::SERVICE_UNAVAILABLE => {
                Error::new("V020", Class::Upstream, "Vault is sealed, or not ready").hint("Unseal it.")
            }
            other => Error::new("V020", Class::Upstream, format!("Vault answers with status {}", other.as_u16()))
                .hint("Look at Vault's own log."),
        }
    }
}

/// The address of the engine.
fn base(settings: &VaultSettings) -> Result<Url> {
    let address =
        Url::parse(&settings.address).map_err(|_| unusable("secrets.vault.address is no URL".to_owned()))?;
    let here = match address.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if address.scheme() != "https" && !(address.scheme() == "http" && here) {
        return Err(unusable(
            "secrets.vault.address must begin with https://, but for this machine".to_owned(),
        ));
    }
    for (name, path) in [("mount", &settings.mount), ("key", &settings.key)] {
        let part = |part: &str| {
            !part.is_empty()
                && !part.chars().all(|c| c == '.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        if !path.split('/').all(part) {
            return Err(unusable(format!(
                "secrets.vault.{name} is no path of letters, digits, '-', '_' and '.'"
            )));
        }
    }
    let prefix = address.path().trim_end_matches('/');
    let mut base = address.clone();
    base.set_path(&format!("{prefix}/v1/{}/", settings.mount));
    base.set_query(None);
    Ok(base)
}

fn unusable(message: String) -> Error {
    Error::new("V024", Class::BadInput, message).hint("Correct [secrets.vault] in the configuration.")
}

fn unreachable(error: &reqwest::Error) -> Error {
    let why = if error.is_timeout() { "it did not answer in time" } else { "the connection failed" };
    Error::new("V020", Class::Upstream, format!("Vault cannot be reached: {why}"))
        .hint("Check secrets.vault.address and ca, and that Vault runs and is unsealed.")
}

fn strange() -> Error {
    Error::new("V022", Class::Upstream, "Vault's answer cannot be read")
        .hint("Check that secrets.vault.address leads to Vault, and mount to a transit engine.")
}

/// The number in `vault:v3:...`.
fn version(ciphertext: &str) -> Result<u32> {
    let mut parts = ciphertext.splitn(3, ':');
    let version = parts.nth(1).and_then(|part| part.strip_prefix('v')).and_then(|v| v.parse().ok());
    version.ok_or_else(strange)
}

fn wrapped(answer: Ciphertext) -> Result<Wrapped> {
    Ok(Wrapped { version: version(&answer.ciphertext)?, bytes: answer.ciphertext.into_bytes() })
}

fn text(wrapped: &Wrapped) -> Result<&str> {
    std::str::from_utf8(&wrapped.bytes).map_err(|_| super::SealedError::Malformed.into())
}

#[async_trait]
impl KeyProvider for Vault {
    // the label binds the body that the data key opens; rewrapping knows none
    async fn wrap(&self, key: &DataKey, _: &str) -> Result<Wrapped> {
        let plaintext = Zeroizing::new(STANDARD.encode(key.as_ref()));
        let body = json!({ "plaintext": plaintext.as_str() });
        wrapped(self.ask(Method::POST, "encrypt", Some(body)).await?)
    }

    async fn unwrap(&self, wrapped: &Wrapped, _: &str) -> Result<DataKey> {
        let body = json!({ "ciphertext": text(wrapped)? });
        let answer: Plaintext = self.ask(Method::POST, "decrypt", Some(body)).await?;
        let bytes = Zeroizing::new(STANDARD.decode(answer.plaintext.expose()).map_err(|_| strange())?);
        let mut key = Zeroizing::new([0; KEY]);
        if bytes.len() != KEY {
            return Err(strange());
        }
        key.copy_from_slice(&bytes);
        Ok(key)
    }

    async fn rewrap(&self, old: &Wrapped, _: &str) -> Result<Wrapped> {
        let body = json!({ "ciphertext": text(old)? });
        wrapped(self.ask(Method::POST, "rewrap", Some(body)).await?)
    }

    async fn newest(&self) -> Result<u32> {
        match self.ask::<KeyState>(Method::GET, "keys", None).await {
            Ok(state) => Ok(state.latest_version),
            // reading the key may not be allowed: what it wraps now tells its version too
            Err(error) if error.code == "V021" => Ok(self.wrap(&random_key()?, "").await?.version),
            Err(error) => Err(error),
        }
    }

    async fn rotate(&self) -> Result<u32> {
        let url = self.base.join(&format!("keys/{}/rotate", self.settings.key)).map_err(|_| strange())?;
        self.send_to(Method::POST, url, None).await?;
        self.newest().await
    }
}
