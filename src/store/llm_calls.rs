//! Calls to models: what left, what it cost, how long it took.

use super::db::{Conn, Row, args};
use super::error::Result;
use super::read_page;
use crate::model::{CallStatus, Cursor, Id, LlmCall, Page, PageRequest};

const COLUMNS: &str = "id, chat_message_id, provider, model, purpose, status, error_code, prompt_tokens, \
                       completion_tokens, cost_micros, latency_ms, sent_bytes, created_at";

fn read(row: &Row) -> Result<LlmCall> {
    Ok(LlmCall {
        id: row.id("id")?,
        chat_message_id: row.opt_id("chat_message_id")?,
        provider: row.text("provider")?,
        model: row.text("model")?,
        purpose: row.text("purpose")?,
        status: row.word("status", CallStatus::parse)?,
        error_code: row.opt_text("error_code")?,
        prompt_tokens: row.int("prompt_tokens")?,
        completion_tokens: row.int("completion_tokens")?,
        cost_micros: row.opt_int("cost_micros")?,
        latency_ms: row.int("latency_ms")?,
        sent_bytes: row.json("sent_bytes")?,
        created_at: row.time("created_at")?,
    })
}

/// Stores a call.
///
/// # Errors
/// A broken reference when the message is not there.
pub async fn add(on: &impl Conn, call: &LlmCall) -> Result<()> {
    let sql = format!(
        "INSERT INTO llm_calls ({COLUMNS}, workspace_id, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    );
    let args = args![
        call.id,
        call.chat_message_id,
        &call.provider,
        &call.model,
        &call.purpose,
        call.status.as_str(),
        call.error_code.as_deref(),
        call.prompt_tokens,
        call.completion_tokens,
        call.cost_micros,
        call.latency_ms,
        &call.sent_bytes,
        call.created_at,
        on.workspace(),
        on.by(),
    ];
    on.execute(&sql, args).await.map(drop)
}

/// Calls, newest first.
///
/// # Errors
/// When the store fails.
pub async fn list(on: &impl Conn, page: PageRequest) -> Result<Page<LlmCall>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM llm_calls WHERE workspace_id = $4 AND (created_at, id) < ($1, $2) \
         ORDER BY created_at DESC, id DESC LIMIT $3"
    );
    let after = page.after.unwrap_or_else(Cursor::newest);
    let rows = on.query(&sql, args![after.at, after.id, page.limit() + 1, on.workspace()]).await?;
    read_page(&rows, page.limit(), read, |c| Cursor { at: c.created_at, id: c.id })
}

/// Calls that one answer took, oldest first.
///
/// # Errors
/// When the store fails.
pub async fn of_message(on: &impl Conn, message_id: Id) -> Result<Vec<LlmCall>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM llm_calls WHERE workspace_id = $2 AND chat_message_id = $1 ORDER BY created_at, id"
    );
    on.query(&sql, args![message_id, on.workspace()]).await?.iter().map(read).collect()
}
