//! How a model server is reached: address, key, bounds and prices, all given by the caller (nothing reads the environment).

use std::time::Duration;

use zeroize::Zeroizing;

use super::retry::Retry;
use super::usage::Prices;

/// A text that never shows in `Debug`, logs or errors, and is wiped when it is dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The secret itself, for the one header that needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without the secret, should a server have echoed it.
    pub(crate) fn remove_from(&self, text: &str) -> String {
        if self.0.len() < 4 {
            return text.to_owned();
        }
        text.replace(self.0.as_str(), "***")
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "none" } else { "***" })
    }
}

/// How long each part of a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// From sending the request to the reply's head.
    pub first_byte: Duration,
    /// Between two pieces of the reply.
    pub idle: Duration,
    /// The whole call, with all tries and the wait for a free slot.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(180),
        }
    }
}

/// One model server.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Up to the version, for example `https://api.openai.com/v1`; a query string (Azure's `api-version`) is kept.
    pub base_url: String,
    /// The key; empty for servers that want none.
    pub key: Secret,
    /// Name of the model.
    pub model: String,
    /// OpenAI's organisation header.
    pub organisation: Option<String>,
    /// More headers, sent as given; the values are kept out of `Debug` and errors.
    pub headers: Vec<(String, Secret)>,
    /// A proxy's URL; `None` connects directly.
    pub proxy: Option<Secret>,
    /// Time bounds.
    pub timeouts: Timeouts,
    /// When and how often to try again.
    pub retry: Retry,
    /// Calls in flight at once.
    pub concurrency: usize,
    /// Largest reply, in bytes on the wire.
    pub max_reply_bytes: usize,
    /// What tokens cost, when known.
    pub prices: Option<Prices>,
    /// Gives the `traceparent` header of a call from within the call's span (target `querent::span`).
    pub traceparent: Option<fn() -> Option<String>>,
}

impl ModelConfig {
    /// A configuration with the defaults for everything but the address and the model.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> ModelConfig {
        ModelConfig {
            base_url: base_url.into(),
            key: Secret::default(),
            model: model.into(),
            organisation: None,
            headers: Vec::new(),
            proxy: None,
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            concurrency: 4,
            max_reply_bytes: 4 * 1024 * 1024,
            prices: None,
            traceparent: None,
        }
    }
}
