//! Questions in, predictions out: one JSON object a line.

use serde::Deserialize;
use serde_json::{Value, json};

/// A file of questions that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A line is not of the agreed form.
    #[error(
        "line {0} is no question (eval_line): each line is a JSON object with `id`, `db_id`, `question` and `gold_sql`"
    )]
    Line(usize),
    /// There are none.
    #[error("there are no questions in the file (eval_empty)")]
    Empty,
    /// Two lines with one id.
    #[error("line {line} repeats the id `{id}` (eval_id): give every question an id of its own")]
    Id {
        /// Which line.
        line: usize,
        /// The id.
        id: String,
    },
}

/// One question with its gold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// Which database it is asked on.
    pub db_id: String,
    /// The words.
    pub question: String,
    /// The right statement.
    pub gold_sql: String,
    /// `easy`, `medium` ... where it is given (`difficulty` is read too).
    pub hardness: Option<String>,
    /// What an expert adds, where it is given.
    pub evidence: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    id: Value,
    db_id: String,
    question: String,
    gold_sql: String,
    #[serde(alias = "difficulty")]
    hardness: Option<String>,
    evidence: Option<String>,
}

/// Reads questions from JSONL text.
///
/// # Errors
/// The first line that cannot be used.
pub fn read_questions(text: &str) -> Result<Vec<Question>, EvalError> {
    let mut seen = std::collections::HashSet::new();
    let mut questions = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let question = read_line(line).ok_or(EvalError::Line(index + 1))?;
        if !seen.insert(question.id.clone()) {
            return Err(EvalError::Id { line: index + 1, id: question.id });
        }
        questions.push(question);
    }
    if questions.is_empty() { Err(EvalError::Empty) } else { Ok(questions) }
}

fn read_line(line: &str) -> Option<Question> {
    let line: Line = serde_json::from_str(line).ok()?;
    let id = match line.id {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(Question {
        id,
        db_id: line.db_id,
        question: line.question,
        gold_sql: line.gold_sql,
        hardness: line.hardness,
        evidence: line.evidence.filter(|e| !e.trim().is_empty()),
    })
}

/// One line of predictions, without a line feed. No answer is an empty statement, so that every question has a line.
pub fn prediction_line(id: &str, sql: Option<&str>) -> String {
    json!({"id": id, "predicted_sql": sql.unwrap_or_default()}).to_string()
}
