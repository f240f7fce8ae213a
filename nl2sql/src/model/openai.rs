//! OpenAI's `/chat/completions`, as many servers speak it.

use serde_json::{Value, json};

use super::Request;
use super::wire::{Partial, Quirks};

pub(super) fn body(model: &str, request: &Request, quirks: Quirks) -> Value {
    let mut body = json!({"model": model, "messages": request.messages, "stream": true});
    let limit = if quirks.completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    body[limit] = json!(request.max_tokens);
    if !quirks.no_stream_options {
        body["stream_options"] = json!({"include_usage": true});
    }
    if let (Some(temperature), false) = (request.temperature, quirks.no_temperature) {
        body["temperature"] = json!(temperature);
    }
    body
}

pub(super) fn on_event(value: &Value, partial: &mut Partial) -> Option<String> {
    note_head(value, partial);
    let choice = value.get("choices")?.get(0)?;
    note_finish(choice, partial);
    let text = choice.get("delta")?.get("content")?.as_str()?;
    partial.text.push_str(text);
    Some(text.to_owned())
}

pub(super) fn on_whole(value: &Value, partial: &mut Partial) -> Option<String> {
    note_head(value, partial);
    let choice = value.get("choices")?.get(0)?;
    note_finish(choice, partial);
    partial.done = true;
    let content = choice.get("message")?.get("content")?;
    // reasoning models may answer with no content at all
    let text = if content.is_null() { "" } else { content.as_str()? };
    partial.text.push_str(text);
    Some(text.to_owned())
}

fn note_head(value: &Value, partial: &mut Partial) {
    if let Some(model) = value.get("model").and_then(Value::as_str).filter(|m| !m.is_empty()) {
        partial.model = Some(model.to_owned());
    }
    if let Some(usage) = value.get("usage") {
        partial.input = usage.get("prompt_tokens").and_then(Value::as_u64).or(partial.input);
        partial.output = usage.get("completion_tokens").and_then(Value::as_u64).or(partial.output);
    }
}

fn note_finish(choice: &Value, partial: &mut Partial) {
    let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) else { return };
    partial.done = true;
    partial.truncated = reason == "length";
}
