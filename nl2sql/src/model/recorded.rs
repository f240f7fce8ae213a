//! Replays answers from a JSONL file, for tests and evaluation.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::error::{ModelCode, ModelError};
use super::usage::{CallRecord, Usage, estimate_tokens};
use super::{OnDelta, Reply, Request};

const MAX_FILE_BYTES: u64 = 256 * 1024 * 1024;

/// What an answer is looked up by: the id when there is one, else the question (and the database).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct RecordedKey {
    /// Id of the question in its set.
    pub id: Option<String>,
    /// Name of the database in its set.
    pub db_id: Option<String>,
    /// The question's words.
    pub question: String,
    /// The engine's name; chooses where answers were recorded for several.
    pub dialect: Option<String>,
    /// Which of several answers to the same question, from 0; the last one is repeated.
    pub sample: usize,
}

#[derive(Debug, Deserialize)]
struct Line {
    id: Option<serde_json::Value>,
    db_id: Option<String>,
    #[serde(default)]
    question: String,
    #[serde(alias = "reply", alias = "answer")]
    predicted_sql: Option<String>,
    dialect: Option<String>,
    model: Option<String>,
}

#[derive(Debug)]
struct Answer {
    db_id: Option<String>,
    dialect: Option<String>,
    text: String,
}

/// Answers of a file, by id and by question.
#[derive(Debug)]
pub struct Recorded {
    name: String,
    answers: Vec<Answer>,
    by_id: HashMap<String, Vec<usize>>,
    by_question: HashMap<String, Vec<usize>>,
}

impl Recorded {
    /// Reads a file of at most 256 MB.
    ///
    /// # Errors
    /// A file that is missing, too large, or has a line without `predicted_sql`.
    pub fn open(path: &Path) -> Result<Recorded, ModelError> {
        let bad = |what: String| ModelError::new(ModelCode::RecordedFile, what);
        let shown = path.display();
        let size = std::fs::metadata(path).map_err(|e| bad(format!("{shown} cannot be read: {e}")))?.len();
        if size > MAX_FILE_BYTES {
            return Err(bad(format!("{shown} is larger than {MAX_FILE_BYTES} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|e| bad(format!("{shown} cannot be read: {e}")))?;
        Recorded::parse(&text)
    }

    /// Reads JSONL text.
    ///
    /// # Errors
    /// A line that is no JSON object with `predicted_sql`.
    pub fn parse(text: &str) -> Result<Recorded, ModelError> {
        let mut recorded = Recorded {
            name: "recorded".to_owned(),
            answers: Vec::new(),
            by_id: HashMap::new(),
            by_question: HashMap::new(),
        };
        for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
            let bad =
                || ModelError::new(ModelCode::RecordedFile, format!("line {} is no answer", number + 1));
            let line: Line = serde_json::from_str(line).map_err(|_| bad())?;
            recorded.add(line).ok_or_else(bad)?;
        }
        Ok(recorded)
    }

    fn add(&mut self, line: Line) -> Option<()> {
        let index = self.answers.len();
        if let Some(id) = line.id.as_ref().and_then(id_text) {
            self.by_id.entry(id).or_default().push(index);
        }
        self.by_question.entry(fold(&line.question)).or_default().push(index);
        if let Some(model) = line.model.filter(|_| index == 0) {
            self.name = model;
        }
        self.answers.push(Answer { db_id: line.db_id, dialect: line.dialect, text: line.predicted_sql? });
        Some(())
    }

    /// The model that was recorded, as the file's first line names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many answers there are.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The recorded answer.
    pub fn answer(&self, key: &RecordedKey) -> Option<&str> {
        let by_id = key.id.as_ref().and_then(|id| self.by_id.get(id));
        let found = match by_id {
            Some(found) => found,
            None => self.by_question.get(&fold(&key.question))?,
        };
        let fits = |a: &&Answer| {
            let db = by_id.is_some() || key.db_id.is_none() || a.db_id.is_none() || a.db_id == key.db_id;
            db && (key.dialect.is_none() || a.dialect.is_none() || a.dialect == key.dialect)
        };
        let fitting: Vec<&Answer> = found.iter().filter_map(|i| self.answers.get(*i)).filter(fits).collect();
        fitting.get(key.sample.min(fitting.len().saturating_sub(1))).map(|a| a.text.as_str())
    }

    pub(super) fn complete(&self, request: &Request, on_delta: OnDelta<'_>) -> Result<Reply, ModelError> {
        let Some(text) = self.answer(&request.key) else {
            return Err(ModelError::new(
                ModelCode::RecordedMissing,
                "no answer to this question is recorded",
            ));
        };
        let input = request.messages.iter().map(|m| estimate_tokens(&m.content)).sum();
        let call = CallRecord {
            model: self.name.clone(),
            prompt: request.bytes,
            usage: Usage { input, output: estimate_tokens(text), estimated: true },
            cost: None,
            latency_ms: 0,
            tries: 1,
            outcome: "ok".to_owned(),
        };
        on_delta(text);
        Ok(Reply { text: text.to_owned(), truncated: false, call })
    }
}

fn id_text(id: &serde_json::Value) -> Option<String> {
    match id {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Questions are the same whatever their case and spacing.
fn fold(question: &str) -> String {
    question.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
