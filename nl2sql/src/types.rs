//! The words of this crate: what is asked, what may be answered, what came out.

use catalog::Catalog;
use guard::{Finding, Policy, ReadOnly};
use serde::{Deserialize, Serialize};

/// One question with all that may be used to answer it.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The user's message.
    pub question: &'a str,
    /// Earlier turns of the chat, oldest first.
    pub history: &'a [Turn],
    /// The catalog, already cut to what the caller may read. Stored values stand in `Column::statistics.common`.
    pub catalog: &'a Catalog,
    /// The whole catalog, for the guard alone: it shows a caller nothing more, but filters and views may need it.
    pub whole: &'a Catalog,
    /// The policy for the guard.
    pub policy: &'a Policy,
    /// Business words and what they mean.
    pub glossary: &'a [GlossaryTerm],
    /// Today as `YYYY-MM-DD`, for "this year" and "last month".
    pub today: &'a str,
}

/// An earlier question and what answered it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The question.
    pub question: String,
    /// The SQL that answered it.
    pub sql: Option<String>,
}

/// A business word: a synonym of a table or column, or a condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GlossaryTerm {
    /// The word or phrase.
    pub term: String,
    /// What it means, in words.
    pub definition: String,
    /// What it stands for: `table`, `table.column`, or an SQL condition.
    pub expression: Option<String>,
}

/// Who proposed a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The built-in translator.
    Builtin,
    /// A model, by its name.
    Model(String),
    /// A recorded answer.
    Recorded,
}

/// Proposed SQL, before the guard has seen it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The text.
    pub sql: String,
    /// The tree, when it was built rather than written.
    pub tree: Option<guard::tree::Query>,
    /// Who proposed it.
    pub source: Source,
    /// How the question was read, one sentence each.
    pub notes: Vec<String>,
    /// Words of the question that were not understood.
    pub unread: Vec<String>,
    /// 0 to 1: how sure the proposer is.
    pub score: f64,
}

/// A candidate that the guard accepted.
#[derive(Debug, Clone)]
pub struct Checked {
    /// As proposed (after repair).
    pub candidate: Candidate,
    /// The proof.
    pub statement: ReadOnly,
    /// Repairs made on the way, one sentence each.
    pub repairs: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoAnswer {
    /// No table or column fits the question.
    #[error("the question could not be linked to any table: {0}")]
    NotLinked(String),
    /// All candidates were refused by the guard.
    #[error("every candidate was refused by the guard")]
    Refused(Vec<Finding>),
    /// The model says the schema cannot answer it.
    #[error("{0}")]
    Unanswerable(String),
    /// The model could not be reached or answered nonsense.
    #[error("{0}")]
    Model(String),
}
