//! The two wire forms behind one enum: path, headers, body and events of each.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::config::ModelConfig;
use super::error::{ModelCode, ModelError};
use super::sse::Event;
use super::{Request, anthropic, openai};

/// A wire form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    OpenAi,
    Anthropic,
}

/// Parts of a request that some servers refuse; left out after the first refusal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Quirks {
    pub no_stream_options: bool,
    pub completion_tokens: bool,
    pub no_temperature: bool,
}

impl Quirks {
    /// What the message of a 400 teaches; `None` when it teaches nothing new.
    pub fn learn(self, message: &str) -> Option<Quirks> {
        let mut next = self;
        if message.contains("max_completion_tokens") {
            next.completion_tokens = true;
        } else if message.contains("stream_options") {
            next.no_stream_options = true;
        } else if message.contains("temperature") {
            next.no_temperature = true;
        }
        (next != self).then_some(next)
    }
}

/// What has arrived of a reply.
#[derive(Debug, Default)]
pub(super) struct Partial {
    pub text: String,
    pub model: Option<String>,
    pub input: Option<u64>,
    pub output: Option<u64>,
    /// The server said that the reply is complete.
    pub done: bool,
    /// It stopped at the token limit.
    pub truncated: bool,
}

impl Wire {
    pub fn path(self) -> &'static str {
        match self {
            Wire::OpenAi => "chat/completions",
            Wire::Anthropic => "messages",
        }
    }

    pub fn body(self, model: &str, request: &Request, quirks: Quirks) -> Value {
        match self {
            Wire::OpenAi => openai::body(model, request, quirks),
            Wire::Anthropic => anthropic::body(model, request, quirks),
        }
    }

    /// Takes one event; the text that it adds is returned.
    pub fn on_event(self, event: &Event, partial: &mut Partial) -> Result<Option<String>, ModelError> {
        if event.data.trim() == "[DONE]" {
            partial.done = true;
            return Ok(None);
        }
        let value: Value = serde_json::from_str(&event.data)
            .map_err(|_| ModelError::new(ModelCode::ModelBadReply, "an event of the stream is not JSON"))?;
        if let Some(error) = value.get("error").filter(|e| !e.is_null()) {
            return Err(error_in_stream(error));
        }
        Ok(match self {
            Wire::OpenAi => openai::on_event(&value, partial),
            Wire::Anthropic => anthropic::on_event(&value, partial),
        })
    }

    /// Takes a reply that was not streamed.
    pub fn on_whole(self, value: &Value, partial: &mut Partial) -> Option<String> {
        match self {
            Wire::OpenAi => openai::on_whole(value, partial),
            Wire::Anthropic => anthropic::on_whole(value, partial),
        }
    }

    pub fn headers(self, config: &ModelConfig) -> Result<HeaderMap, ModelError> {
        let mut headers = HeaderMap::new();
        let key = config.key.expose();
        match self {
            Wire::OpenAi => {
                if !key.is_empty() {
                    add(&mut headers, "authorization", &format!("Bearer {key}"))?;
                    // Azure reads the key from a header of its own
                    add(&mut headers, "api-key", key)?;
                }
                if let Some(organisation) = &config.organisation {
                    add(&mut headers, "openai-organization", organisation)?;
                }
            }
            Wire::Anthropic => {
                add(&mut headers, "anthropic-version", "2023-06-01")?;
                if !key.is_empty() {
                    add(&mut headers, "x-api-key", key)?;
                }
            }
        }
        for (name, value) in &config.headers {
            add(&mut headers, name, value.expose())?;
        }
        Ok(headers)
    }
}

fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), ModelError> {
    let bad = || ModelError::new(ModelCode::ModelConfig, format!("the header `{name}` cannot be sent"));
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
    value.set_sensitive(true);
    headers.insert(parsed, value);
    Ok(())
}

/// The class of an error that came in the middle of a stream, after a status of 200.
fn error_in_stream(error: &Value) -> ModelError {
    let kind = error.get("type").or_else(|| error.get("code")).and_then(Value::as_str).unwrap_or_default();
    let message = error.get("message").and_then(Value::as_str).or(error.as_str()).unwrap_or("no message");
    let code = match kind {
        "overloaded_error" | "api_error" | "server_error" => ModelCode::ModelServer,
        "rate_limit_error" | "rate_limit_exceeded" => ModelCode::ModelRateLimited,
        _ => ModelCode::ModelBadReply,
    };
    let mut found =
        ModelError::new(code, format!("the server broke off with an error: {}", shorten(message)));
    if code == ModelCode::ModelBadReply {
        found = found.hint("see the server's message");
    }
    found
}

/// The first line of a server's message, bounded.
pub(super) fn shorten(message: &str) -> String {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(240).collect();
    line.trim().to_owned()
}
