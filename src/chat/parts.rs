//! Events as parts of the UI message stream, version 1, of the Vercel AI SDK.

use serde_json::{Value, json};

use super::events::Event;
use crate::model::ChatMessage;

/// The stream's parts for an event.
pub fn parts(event: Event) -> Vec<Value> {
    match event {
        Event::Started { message_id } => {
            vec![json!({ "type": "start", "messageId": message_id }), json!({ "type": "start-step" })]
        }
        Event::Status(text) | Event::Repaired(text) => vec![passing("data-status", json!({ "text": text }))],
        Event::Delta(text) => vec![passing("data-draft", json!({ "text": text }))],
        Event::Findings { sql, findings } => {
            vec![data("data-findings", json!({ "sql": sql, "findings": findings }))]
        }
        Event::Sql(part) => vec![data("data-sql", json!(part))],
        Event::Estimate { cost, rows } => vec![data("data-estimate", json!({ "cost": cost, "rows": rows }))],
        Event::Running(execution) => vec![passing("data-execution", json!(execution))],
        Event::Rows(part) => vec![data("data-rows", json!(part))],
        Event::Chart(chart) => vec![data("data-chart", chart)],
        Event::Text(text) => text_parts(&text),
        Event::Usage(usage) => vec![data("data-usage", usage)],
    }
}

/// As [`parts`], without the rows of a result: for what is kept. The execution has them.
pub fn kept_parts(event: &Event) -> Vec<Value> {
    let mut parts = parts(event.clone());
    for part in &mut parts {
        if part.get("type").and_then(Value::as_str) == Some("data-rows")
            && let Some(data) = part.get_mut("data").and_then(Value::as_object_mut)
        {
            data.remove("rows");
        }
    }
    parts
}

/// A whole answer from its stored message: for a client that comes when its events are not kept any more.
pub fn whole(message: &ChatMessage) -> Vec<Value> {
    let mut whole =
        vec![json!({ "type": "start", "messageId": message.id }), json!({ "type": "start-step" })];
    for part in message.parts.as_array().into_iter().flatten() {
        match (part.get("type").and_then(Value::as_str), part.get("text").and_then(Value::as_str)) {
            (Some("text"), Some(text)) => whole.extend(text_parts(text)),
            // the ending tells it
            (Some("data-error"), _) => {}
            _ => whole.push(part.clone()),
        }
    }
    whole
}

/// The last parts of a stream: what went wrong, or the marks of a good end.
pub fn ending(message: &ChatMessage) -> Vec<Value> {
    let Some(text) = &message.error_message else {
        return vec![json!({ "type": "finish-step" }), json!({ "type": "finish" })];
    };
    let parts = message.parts.as_array().into_iter().flatten();
    let mut ending: Vec<Value> =
        parts.filter(|p| p.get("type").and_then(Value::as_str) == Some("data-error")).cloned().collect();
    ending.push(json!({ "type": "error", "errorText": text }));
    ending
}

fn text_parts(text: &str) -> Vec<Value> {
    vec![
        json!({ "type": "text-start", "id": "answer" }),
        json!({ "type": "text-delta", "id": "answer", "delta": text }),
        json!({ "type": "text-end", "id": "answer" }),
    ]
}

fn data(kind: &str, data: Value) -> Value {
    json!({ "type": kind, "data": data })
}

/// A part that is shown and not kept with the message.
fn passing(kind: &str, data: Value) -> Value {
    json!({ "type": kind, "data": data, "transient": true })
}
