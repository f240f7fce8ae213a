//! Anthropic's `/v1/messages`.

use serde_json::{Value, json};

use super::wire::{Partial, Quirks};
use super::{Message, Request, Role};

pub(super) fn body(model: &str, request: &Request, quirks: Quirks) -> Value {
    let system: Vec<&str> =
        request.messages.iter().filter(|m| m.role == Role::System).map(|m| m.content.as_str()).collect();
    let messages: Vec<&Message> = request.messages.iter().filter(|m| m.role != Role::System).collect();
    let mut body =
        json!({"model": model, "max_tokens": request.max_tokens, "messages": messages, "stream": true});
    if !system.is_empty() {
        body["system"] = json!(system.join("\n\n"));
    }
    if let (Some(temperature), false) = (request.temperature, quirks.no_temperature) {
        body["temperature"] = json!(temperature);
    }
    body
}

pub(super) fn on_event(value: &Value, partial: &mut Partial) -> Option<String> {
    match value.get("type").and_then(Value::as_str)? {
        "message_start" => {
            let message = value.get("message")?;
            note_model(message, partial);
            note_usage(message.get("usage")?, partial);
            None
        }
        "content_block_delta" => {
            let delta = value.get("delta").filter(|d| d["type"] == "text_delta")?;
            let text = delta.get("text")?.as_str()?;
            partial.text.push_str(text);
            Some(text.to_owned())
        }
        "message_delta" => {
            note_stop(value.get("delta")?, partial);
            note_usage(value.get("usage")?, partial);
            None
        }
        "message_stop" => {
            partial.done = true;
            None
        }
        _ => None,
    }
}

pub(super) fn on_whole(value: &Value, partial: &mut Partial) -> Option<String> {
    let blocks = value.get("content")?.as_array()?;
    note_model(value, partial);
    note_stop(value, partial);
    if let Some(usage) = value.get("usage") {
        note_usage(usage, partial);
    }
    partial.done = true;
    let texts = blocks.iter().filter(|b| b["type"] == "text").filter_map(|b| b["text"].as_str());
    let text: String = texts.collect();
    partial.text.push_str(&text);
    Some(text)
}

fn note_model(message: &Value, partial: &mut Partial) {
    if let Some(model) = message.get("model").and_then(Value::as_str) {
        partial.model = Some(model.to_owned());
    }
}

fn note_stop(holder: &Value, partial: &mut Partial) {
    let reason = holder.get("stop_reason").and_then(Value::as_str);
    partial.truncated |= reason == Some("max_tokens");
}

fn note_usage(usage: &Value, partial: &mut Partial) {
    let cached = ["cache_creation_input_tokens", "cache_read_input_tokens"];
    if let Some(input) = usage.get("input_tokens").and_then(Value::as_u64) {
        let cached: u64 = cached.iter().filter_map(|k| usage.get(*k).and_then(Value::as_u64)).sum();
        partial.input = Some(input + cached);
    }
    partial.output = usage.get("output_tokens").and_then(Value::as_u64).or(partial.output);
}
