//! What happens while a question is answered, in the order in which a client wants to see it.

use std::sync::Arc;

use guard::Finding;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::tape::Tape;
use crate::model::{Execution, Id, Query};
use crate::store::{self, Db};

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The question is stored; its answer will be this message.
    Started {
        /// Key of the answer's message.
        message_id: Id,
    },
    /// A step began, in words.
    Status(String),
    /// A piece of what the model writes.
    Delta(String),
    /// The guard refused a candidate.
    Findings {
        /// The candidate.
        sql: String,
        /// Why.
        findings: Vec<Finding>,
    },
    /// A candidate was mended, in words.
    Repaired(String),
    /// The statement that answers the question.
    Sql(SqlPart),
    /// What the server expects it to cost.
    Estimate {
        /// In the engine's unit.
        cost: Option<f64>,
        /// Rows.
        rows: Option<f64>,
    },
    /// It runs, under this key.
    Running(Box<Execution>),
    /// Its first rows.
    Rows(RowsPart),
    /// A Vega-Lite specification for them.
    Chart(Value),
    /// A piece of the answer's text.
    Text(String),
    /// Tokens, cost and time.
    Usage(Value),
}

/// The statement that answers a question.
#[derive(Debug, Clone, Serialize)]
pub struct SqlPart {
    /// Key of the stored query.
    pub query_id: Id,
    /// What runs.
    pub sql: String,
    /// The statement in plain sentences.
    pub reading: String,
    /// Who proposed it.
    pub source: String,
    /// How the question was read.
    pub notes: Vec<String>,
    /// Words of the question that were not understood.
    pub unread: Vec<String>,
    /// Warnings of the guard.
    pub warnings: Vec<Finding>,
    /// 0 to 1.
    pub confidence: Option<f64>,
}

impl SqlPart {
    /// The part for a stored query.
    pub fn new(query: &Query, notes: Vec<String>, unread: Vec<String>, warnings: Vec<Finding>) -> SqlPart {
        SqlPart {
            query_id: query.id,
            sql: query.asked().to_owned(),
            reading: query.reading.clone(),
            source: query.source.clone(),
            notes,
            unread,
            warnings,
            confidence: query.confidence,
        }
    }
}

/// The first rows of a result.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowsPart {
    /// Key of the execution; `/api/v1/executions/{id}/rows` has the rest.
    #[schema(value_type = String, format = Uuid)]
    pub execution_id: Id,
    /// Names and types.
    pub columns: Value,
    /// One array a row.
    pub rows: Vec<Vec<Value>>,
    /// Rows in the stored result.
    pub total: i64,
    /// Which cap cut it, if one did.
    pub truncated: Option<crate::model::Truncation>,
}

/// Where events go. A client that went away does not stop the sending; the asker notices by [`Events::is_closed`].
#[derive(Clone)]
pub struct Events {
    sender: mpsc::UnboundedSender<Event>,
    tape: Option<Arc<Tape>>,
}

impl Events {
    /// A sender and its receiver.
    pub fn channel() -> (Events, mpsc::UnboundedReceiver<Event>) {
        // Unbounded is bounded here: one answer sends at most a few events a step, and a model's reply has a cap.
        let (sender, receiver) = mpsc::unbounded_channel();
        (Events { sender, tape: None }, receiver)
    }

    /// As [`Events::channel`], with a tape that notes each event, so that other daemons can tell them.
    pub fn taped(tape: Tape) -> (Events, mpsc::UnboundedReceiver<Event>) {
        let (events, receiver) = Events::channel();
        (Events { tape: Some(Arc::new(tape)), ..events }, receiver)
    }

    /// Sends one.
    pub fn send(&self, event: Event) {
        if let Some(tape) = &self.tape {
            tape.note(&event);
        }
        let _ = self.sender.send(event);
    }

    /// Stores what others may still need of these events: called before the answer's end is stored.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self, db: &Db) -> store::Result<()> {
        match &self.tape {
            Some(tape) => tape.settle(db).await,
            None => Ok(()),
        }
    }

    /// Whether nobody listens any more.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}
