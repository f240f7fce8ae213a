//! The answer's form: its text, the parts that are stored with the message, and the records beside it.

use arrow::record_batch::RecordBatch;
use nl2sql::model::CallRecord;
use nl2sql::{Checked, Source};
use serde_json::{Value, json};

use super::events::{Event, Events, RowsPart, SqlPart};
use crate::error::{Class, Error, Result};
use crate::exec::{self, Finished, json_rows};
use crate::model::{CallStatus, Id, LlmCall, MessageStatus, Query, Truncation, clock, new_id};
use crate::results::{chart, text_cell};
use crate::store::chats::MessageEnd;

/// An answer before it is stored.
pub struct Answer {
    /// The query behind it.
    pub query: Query,
    /// The message's parts.
    pub parts: Vec<Value>,
    /// Why its execution failed, if it did.
    pub failed: Option<Error>,
    /// It did not run yet: somebody must approve it.
    pub waits: bool,
}

/// The texts of an answer.
pub struct TextParts {
    /// What the result says, one sentence.
    pub summary: String,
    /// What to beware of, one sentence each.
    pub cautions: Vec<String>,
}

/// Puts the answer together and tells rows, chart and text as events.
pub fn answer(
    question: &str,
    query: Query,
    best: &Checked,
    finished: Result<Finished>,
    events: &Events,
) -> Result<Answer> {
    let sql = json!({ "type": "data-sql", "data": sql_part(&query, best) });
    let finished = match finished {
        Ok(finished) => finished,
        Err(error) => return Ok(Answer { query, parts: vec![sql], failed: Some(error), waits: false }),
    };
    let failed = |e: crate::results::ResultError| Error::new("E098", Class::Internal, e.to_string());
    let rows = RowsPart {
        execution_id: finished.execution.id,
        columns: exec::columns(&finished.schema),
        rows: json_rows(&finished.head).map_err(failed)?,
        total: finished.execution.row_count.unwrap_or_default(),
        truncated: finished.execution.truncated,
    };
    // Row values stay with the execution; the message keeps where they are.
    let kept = json!({
        "execution_id": rows.execution_id, "columns": rows.columns, "total": rows.total, "truncated": rows.truncated,
    });
    let chart = chart::suggest(&finished.schema, rows.total as u64, question);
    let texts = texts(best, &finished).map_err(failed)?;
    events.send(Event::Rows(rows));
    let mut parts = vec![sql, json!({ "type": "data-rows", "data": kept })];
    if let Some(chart) = chart {
        events.send(Event::Chart(chart.clone()));
        parts.push(json!({ "type": "data-chart", "data": chart }));
    }
    let text = std::iter::once(texts.summary).chain(texts.cautions).collect::<Vec<_>>().join(" ");
    events.send(Event::Text(text.clone()));
    parts.push(json!({ "type": "text", "text": text }));
    Ok(Answer { query, parts, failed: None, waits: false })
}

/// An answer that waits for approval.
pub fn held(query: Query, best: &Checked, why: &str, events: &Events) -> Answer {
    let text = format!("This answer waits for approval: {why}.");
    events.send(Event::Text(text.clone()));
    let waits = json!({ "state": "waiting", "query_id": query.id, "why": why });
    let parts = vec![
        json!({ "type": "data-sql", "data": sql_part(&query, best) }),
        json!({ "type": "data-review", "data": waits }),
        json!({ "type": "text", "text": text }),
    ];
    Answer { query, parts, failed: None, waits: true }
}

/// What the result says: the value when there is one, the number of rows otherwise; then what to beware of.
pub fn texts(
    best: &Checked,
    finished: &Finished,
) -> std::result::Result<TextParts, crate::results::ResultError> {
    let total = finished.execution.row_count.unwrap_or_default();
    let summary = match (total, single(&finished.head)) {
        (0, _) => "No rows match.".to_owned(),
        // A computed column is named after its expression, which says nothing to a person.
        (1, Some((name, batch))) if name.contains('(') => format!("The answer is {}.", shown(batch)?),
        (1, Some((name, batch))) => format!("{name}: {}.", shown(batch)?),
        (1, None) => "One row.".to_owned(),
        (n, _) => format!("{n} rows."),
    };
    let mut cautions = Vec::new();
    if let Some(cap) = finished.execution.truncated {
        cautions.push(cut(cap));
    }
    if !best.candidate.unread.is_empty() {
        cautions.push(format!("Not understood and left out: {}.", best.candidate.unread.join(", ")));
    }
    Ok(TextParts { summary, cautions })
}

fn single(head: &[RecordBatch]) -> Option<(String, &RecordBatch)> {
    let batch = head.iter().find(|b| b.num_rows() == 1 && b.num_columns() == 1)?;
    Some((batch.schema().field(0).name().clone(), batch))
}

fn shown(batch: &RecordBatch) -> std::result::Result<String, crate::results::ResultError> {
    let column = batch.column(0);
    if column.is_null(0) { Ok("no value".into()) } else { text_cell(column, 0) }
}

fn cut(cap: Truncation) -> String {
    format!("The result was cut: it reached the limit of {cap}.")
}

/// How a message ends, from how its answer went.
pub fn end(outcome: Result<Answer>) -> (MessageEnd, Option<Query>) {
    match outcome {
        Ok(Answer { query, parts, failed: None, waits }) => {
            let end = MessageEnd {
                status: if waits { MessageStatus::Waiting } else { MessageStatus::Complete },
                parts: Value::Array(parts),
                query_id: Some(query.id),
                error: None,
            };
            (end, Some(query))
        }
        Ok(Answer { query, mut parts, failed: Some(error), .. }) => {
            parts.push(error_part(&error));
            let end = MessageEnd {
                status: status_of(&error),
                parts: Value::Array(parts),
                query_id: Some(query.id),
                error: Some((error.code.to_owned(), error.message)),
            };
            (end, Some(query))
        }
        Err(error) => {
            let end = MessageEnd {
                status: status_of(&error),
                parts: Value::Array(vec![error_part(&error)]),
                query_id: None,
                error: Some((error.code.to_owned(), error.message)),
            };
            (end, None)
        }
    }
}

fn status_of(error: &Error) -> MessageStatus {
    if error.class == Class::Cancelled { MessageStatus::Cancelled } else { MessageStatus::Failed }
}

fn error_part(error: &Error) -> Value {
    json!({ "type": "data-error", "data": { "code": error.code, "message": error.message, "hint": error.hint } })
}

/// The part that shows a statement.
pub fn sql_part(query: &Query, best: &Checked) -> SqlPart {
    let notes = best.candidate.notes.iter().chain(&best.repairs).cloned().collect();
    SqlPart::new(query, notes, best.candidate.unread.clone(), best.statement.report().warnings.clone())
}

/// Who proposed, as the store writes it.
pub fn source_name(source: &Source) -> String {
    match source {
        Source::Builtin => "builtin".to_owned(),
        Source::Model(name) => format!("model:{name}"),
        Source::Recorded => "recorded".to_owned(),
    }
}

/// The record of a call to a model.
pub fn llm_call(message: Id, call: &CallRecord) -> LlmCall {
    let succeeded = matches!(call.outcome.as_str(), "ok" | "length");
    LlmCall {
        id: new_id(),
        chat_message_id: Some(message),
        provider: "model".to_owned(),
        model: call.model.clone(),
        purpose: "propose".to_owned(),
        status: if succeeded { CallStatus::Succeeded } else { CallStatus::Failed },
        error_code: (!succeeded).then(|| call.outcome.clone()),
        prompt_tokens: call.usage.input as i64,
        completion_tokens: call.usage.output as i64,
        cost_micros: call.cost.map(|dollars| (dollars * 1e6).round() as i64),
        latency_ms: call.latency_ms as i64,
        sent_bytes: json!(call.prompt),
        created_at: clock::now(),
    }
}
