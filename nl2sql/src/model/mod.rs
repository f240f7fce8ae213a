//! Model clients: one enum over the wire forms that exist, so that callers see a request and a reply and no HTTP.

mod anthropic;
mod config;
mod error;
mod http;
mod openai;
mod probe;
mod recorded;
mod retry;
mod sse;
mod usage;
mod wire;

use serde::{Deserialize, Serialize};

use wire::Wire;

pub use config::{ModelConfig, Secret, Timeouts};
pub use error::{ModelCode, ModelError};
pub use http::Http;
pub use probe::Probe;
pub use recorded::{Recorded, RecordedKey};
pub use retry::{Retry, wait_before_retry};
pub use sse::{Event as SseEvent, SseDecoder};
pub use usage::{CallRecord, Prices, PromptBytes, Usage, estimate_tokens};

/// Receives the text of a reply as it arrives.
pub type OnDelta<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Role {
    System,
    User,
    Assistant,
}

/// One message of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// What is sent to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The messages, system first.
    pub messages: Vec<Message>,
    /// Most tokens the reply may have.
    pub max_tokens: u32,
    /// Sampling temperature; `None` leaves the server's own.
    pub temperature: Option<f32>,
    /// What the prompt is made of, in bytes.
    pub bytes: PromptBytes,
    /// What a recorded answer is looked up by.
    pub key: RecordedKey,
}

impl Request {
    /// A request of one user message, for probes and tools.
    pub fn of_text(text: impl Into<String>) -> Request {
        let content = text.into();
        let bytes = PromptBytes { question: content.len() as u64, ..PromptBytes::default() };
        Request {
            messages: vec![Message { role: Role::User, content }],
            max_tokens: 1024,
            temperature: None,
            bytes,
            key: RecordedKey::default(),
        }
    }
}

/// A whole reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Its text, without what the server marks as thinking.
    pub text: String,
    /// Whether the server stopped at the token limit.
    pub truncated: bool,
    /// What the call took.
    pub call: CallRecord,
}

/// A model, or what stands in for one.
#[derive(Debug)]
pub enum Client {
    /// Any server with OpenAI's `/chat/completions`.
    OpenAi(Http),
    /// Any server with Anthropic's `/v1/messages`.
    Anthropic(Http),
    /// Answers from a file.
    Recorded(Recorded),
}

impl Client {
    /// A client of an OpenAI-compatible server.
    ///
    /// # Errors
    /// A base URL, header or proxy that cannot be used.
    pub fn open_ai(config: ModelConfig) -> Result<Client, ModelError> {
        Http::new(config).map(Client::OpenAi)
    }

    /// A client of Anthropic's messages interface.
    ///
    /// # Errors
    /// As [`Client::open_ai`].
    pub fn anthropic(config: ModelConfig) -> Result<Client, ModelError> {
        Http::new(config).map(Client::Anthropic)
    }

    /// The model's name for records and candidates.
    pub fn model(&self) -> &str {
        match self {
            Client::OpenAi(http) | Client::Anthropic(http) => http.model(),
            Client::Recorded(recorded) => recorded.name(),
        }
    }

    /// Asks the model; `on_delta` gets the text as it arrives.
    ///
    /// # Errors
    /// [`ModelError`] with a code, what to do next and what the failed call took.
    pub async fn complete(&self, request: &Request, on_delta: OnDelta<'_>) -> Result<Reply, ModelError> {
        match self {
            Client::OpenAi(http) => http.complete(Wire::OpenAi, request, on_delta).await,
            Client::Anthropic(http) => http.complete(Wire::Anthropic, request, on_delta).await,
            Client::Recorded(recorded) => recorded.complete(request, on_delta),
        }
    }

    /// Asks what the server offers. What cannot be found out is `None`; nothing here fails.
    pub async fn probe(&self) -> Probe {
        match self {
            Client::OpenAi(http) => probe::probe(http, Wire::OpenAi).await,
            Client::Anthropic(http) => probe::probe(http, Wire::Anthropic).await,
            Client::Recorded(_) => Probe { reachable: true, model_known: Some(true), ..Probe::default() },
        }
    }
}
