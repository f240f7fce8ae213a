//! The SQL in a model's reply, whatever stands around it.
//!
//! Replies hold code fences, prose, labels, thinking, JSON (also cut off), several statements, or go on with invented
//! questions. [`extract`] finds the one read that is meant and says what it left out. It never fails on odd text and
//! proves nothing: the guard judges what comes out.

mod fences;
mod json;
mod start;
mod statement;

use fences::Fence;

/// The statement of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// One statement, without a closing semicolon.
    pub sql: String,
    /// What was left out or looks wrong, one sentence each.
    pub dropped: Vec<String>,
}

/// Why a reply has no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSql {
    /// Nothing was said.
    #[error("the model's reply is empty")]
    Empty,
    /// The model says that the schema cannot answer the question.
    #[error("{0}")]
    Unanswerable(String),
    /// There is text, but no SQL in it.
    #[error("the model answered without SQL: {0}")]
    Prose(String),
}

const MAX_REPLY: usize = 1 << 20;
const NOTE_THINKING: &str = "thinking text was left out";

/// Finds the statement of a reply.
///
/// # Errors
/// [`NoSql`] when the reply is empty, says that there is no answer, or holds no SQL.
pub fn extract(reply: &str) -> Result<Extracted, NoSql> {
    let mut notes = Vec::new();
    let bounded = bound(reply, &mut notes);
    let text = without_thinking(bounded, &mut notes);
    let text = text.trim().trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(NoSql::Empty);
    }
    if let Some(answer) = json::read(text) {
        return from_json(answer, notes);
    }
    let fences = fences::all(text);
    let opened_by_prompt = fences.first().is_some_and(|f| start::begins_read(f.before));
    if let Some(fence) = fences::choose(&fences).filter(|_| !opened_by_prompt) {
        return from_fence(fence, &fences, notes);
    }
    from_text(text, notes)
}

fn bound<'a>(reply: &'a str, notes: &mut Vec<String>) -> &'a str {
    if reply.len() <= MAX_REPLY {
        return reply;
    }
    notes.push("the reply was cut, it is far too long".to_owned());
    let end = (0..=MAX_REPLY).rev().find(|i| reply.is_char_boundary(*i)).unwrap_or(0);
    reply.get(..end).unwrap_or_default()
}

/// Leaves thinking out. A closing mark without an opening one ends thinking that began with the reply.
fn without_thinking(text: &str, notes: &mut Vec<String>) -> String {
    let mut left = text.to_owned();
    for name in ["think", "thinking", "reasoning", "analysis"] {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        // each round removes a mark, so there are at most as many as there are marks
        while let Some(end) = left.find(&close) {
            let begin = left.get(..end).and_then(|head| head.find(&open)).unwrap_or(0);
            left.replace_range(begin..end + close.len(), " ");
            note_once(notes, NOTE_THINKING);
        }
        if let Some(begin) = left.find(&open) {
            left.truncate(begin);
            note_once(notes, NOTE_THINKING);
        }
    }
    left
}

fn note_once(notes: &mut Vec<String>, note: &str) {
    if !notes.iter().any(|n| n == note) {
        notes.push(note.to_owned());
    }
}

fn from_json(answer: json::Answer, mut notes: Vec<String>) -> Result<Extracted, NoSql> {
    match answer {
        json::Answer::Unanswerable(reason) => Err(NoSql::Unanswerable(reason)),
        json::Answer::Sql { text, cut_off } => {
            if cut_off {
                notes.push("the reply was JSON that was cut off".to_owned());
            }
            from_text(text.trim(), notes)
        }
    }
}

fn from_fence(fence: &Fence<'_>, all: &[Fence<'_>], mut notes: Vec<String>) -> Result<Extracted, NoSql> {
    if let Some(answer) = json::read(fence.body.trim()) {
        return from_json(answer, notes);
    }
    if !fence.closed {
        notes.push("the code block was not closed".to_owned());
    }
    if all.len() > 1 {
        notes.push(format!("{} other code blocks were left out", all.len() - 1));
    }
    from_text(fence.body.trim(), notes)
}

fn from_text(text: &str, mut notes: Vec<String>) -> Result<Extracted, NoSql> {
    if text.is_empty() {
        return Err(NoSql::Empty);
    }
    let Some(begin) = start::find(text) else { return Err(no_sql(text)) };
    if begin.at > 0 && text.get(..begin.at).is_some_and(|head| head.contains(char::is_alphanumeric)) {
        notes.push("text before the statement was left out".to_owned());
    }
    let body = text.get(begin.at..).unwrap_or_default();
    let sql = if begin.prefix_select { format!("SELECT {}", body.trim_start()) } else { body.to_owned() };
    if begin.prefix_select {
        notes.push("the reply began after SELECT, which was put before it".to_owned());
    }
    let sql = statement::first(&sql, &mut notes);
    if sql.is_empty() {
        return Err(no_sql(text));
    }
    Ok(Extracted { sql, dropped: notes })
}

/// The first words of the prose, bounded; a refusal in prose is still an error of form, not "unanswerable".
fn no_sql(text: &str) -> NoSql {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect();
    NoSql::Prose(shown.trim().to_owned())
}
