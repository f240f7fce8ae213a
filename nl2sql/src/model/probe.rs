//! What a model server offers, asked at start: whatever cannot be found out stays unknown.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{ModelCode, ModelError};
use super::http::Http;
use super::wire::Wire;

const MAX_LIST_BYTES: usize = 2 * 1024 * 1024;

/// What is known about a server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Probe {
    /// It answered.
    pub reachable: bool,
    /// It lists the configured model; `None` when it lists none at all.
    pub model_known: Option<bool>,
    /// Models that it lists, at most 200.
    pub models: Vec<String>,
    /// Tokens that the model reads, where the server says so.
    pub context_length: Option<u64>,
    /// Whether replies can be forced to be JSON, where the server says so.
    pub json_mode: Option<bool>,
    /// What went wrong or is missing, one sentence each.
    pub notes: Vec<String>,
}

pub(super) async fn probe(http: &Http, wire: Wire) -> Probe {
    match list(http, wire).await {
        Ok(value) => read(&value, http.model()),
        Err(error) => {
            let answered = !matches!(
                error.code,
                ModelCode::ModelUnreachable | ModelCode::ModelTimeout | ModelCode::ModelConfig
            );
            Probe { reachable: answered, notes: vec![error.to_string()], ..Probe::default() }
        }
    }
}

async fn list(http: &Http, wire: Wire) -> Result<Value, ModelError> {
    let mut response = http.send(http.get(wire, "models")?).await?;
    let status = response.status();
    if !status.is_success() {
        let code = if matches!(status.as_u16(), 401 | 403) {
            ModelCode::ModelAuth
        } else {
            ModelCode::ModelRejected
        };
        return Err(ModelError::new(code, format!("the list of models answered {}", status.as_u16())));
    }
    let mut body = Vec::new();
    while let Some(bytes) = http.chunk(&mut response).await? {
        body.extend_from_slice(&bytes);
        if body.len() > MAX_LIST_BYTES {
            return Err(ModelError::new(ModelCode::ModelReplyTooLarge, "the list of models is too long"));
        }
    }
    serde_json::from_slice(&body)
        .map_err(|_| ModelError::new(ModelCode::ModelBadReply, "the list of models is not JSON"))
}

fn read(value: &Value, model: &str) -> Probe {
    let listed = value.get("data").or_else(|| value.get("models")).and_then(Value::as_array);
    let Some(listed) = listed else {
        let notes = vec!["the server lists no models".to_owned()];
        return Probe { reachable: true, notes, ..Probe::default() };
    };
    let name = |m: &Value| m.get("id").or_else(|| m.get("name")).and_then(Value::as_str).map(str::to_owned);
    let models: Vec<String> = listed.iter().filter_map(name).take(200).collect();
    let entry = listed.iter().find(|m| name(m).is_some_and(|n| same_model(&n, model)));
    let mut notes = Vec::new();
    if entry.is_none() && !models.is_empty() {
        notes.push(format!("the server does not list the model `{model}`"));
    }
    let lengths =
        ["context_length", "max_model_len", "context_window", "max_context_length", "max_input_tokens"];
    Probe {
        reachable: true,
        model_known: (!models.is_empty()).then_some(entry.is_some()),
        context_length: entry.and_then(|e| lengths.iter().find_map(|k| e.get(*k).and_then(Value::as_u64))),
        json_mode: entry.and_then(json_mode),
        models,
        notes,
    }
}

/// Ollama lists `name:latest` for `name`.
fn same_model(listed: &str, wanted: &str) -> bool {
    listed == wanted || listed.strip_suffix(":latest") == Some(wanted)
}

fn json_mode(entry: &Value) -> Option<bool> {
    let parameters = entry.get("supported_parameters")?.as_array()?;
    Some(parameters.iter().any(|p| p == "response_format" || p == "structured_outputs"))
}
