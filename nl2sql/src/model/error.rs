//! What can go wrong with a model, as stable codes with what to do next.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::usage::CallRecord;

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ModelCode {
    /// The configuration cannot be used.
    ModelConfig,
    /// No connection.
    ModelUnreachable,
    /// Connect, first byte, idle or total time ran out.
    ModelTimeout,
    /// 429.
    ModelRateLimited,
    /// 401 or 403.
    ModelAuth,
    /// The address or the model is not known to the server.
    ModelNotFound,
    /// The prompt is longer than the model can read.
    ModelContextTooLong,
    /// Any other 4xx.
    ModelRejected,
    /// 5xx and 529.
    ModelServer,
    /// The reply is not of the form that was asked for.
    ModelBadReply,
    /// The reply ended before it was complete.
    ModelCutOff,
    /// The reply is larger than allowed.
    ModelReplyTooLarge,
    /// There is no recorded answer to the question.
    RecordedMissing,
    /// The file of recorded answers cannot be read.
    RecordedFile,
}

impl ModelCode {
    /// The code's text.
    pub fn as_str(self) -> &'static str {
        match self {
            ModelCode::ModelConfig => "model_config",
            ModelCode::ModelUnreachable => "model_unreachable",
            ModelCode::ModelTimeout => "model_timeout",
            ModelCode::ModelRateLimited => "model_rate_limited",
            ModelCode::ModelAuth => "model_auth",
            ModelCode::ModelNotFound => "model_not_found",
            ModelCode::ModelContextTooLong => "model_context_too_long",
            ModelCode::ModelRejected => "model_rejected",
            ModelCode::ModelServer => "model_server",
            ModelCode::ModelBadReply => "model_bad_reply",
            ModelCode::ModelCutOff => "model_cut_off",
            ModelCode::ModelReplyTooLarge => "model_reply_too_large",
            ModelCode::RecordedMissing => "recorded_missing",
            ModelCode::RecordedFile => "recorded_file",
        }
    }

    /// What to do next, where nothing more particular is known.
    pub fn hint(self) -> &'static str {
        match self {
            ModelCode::ModelConfig => "correct the model's settings",
            ModelCode::ModelUnreachable => "check that the model server runs and that the base URL is right",
            ModelCode::ModelTimeout => "try again, or raise the model's time-outs",
            ModelCode::ModelRateLimited => {
                "wait, lower the concurrency, or raise the limit with the provider"
            }
            ModelCode::ModelAuth => "check the key and that it may use this model",
            ModelCode::ModelNotFound => {
                "check the model's name and that the base URL ends where the version does"
            }
            ModelCode::ModelContextTooLong => "lower the schema budget or use a model that reads more",
            ModelCode::ModelRejected => "the server did not accept the request; see its message",
            ModelCode::ModelServer => "try again later; the fault is at the model server",
            ModelCode::ModelBadReply => "check that the base URL is that of a model server",
            ModelCode::ModelCutOff => "try again; the connection or the server broke off",
            ModelCode::ModelReplyTooLarge => "ask for less, or raise the largest reply allowed",
            ModelCode::RecordedMissing => "record an answer to this question, or use another translator",
            ModelCode::RecordedFile => "check the file: one JSON object a line, with `predicted_sql`",
        }
    }
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{} ({hint}) [{}]", message, code.as_str())]
pub struct ModelError {
    /// Stable code.
    pub code: ModelCode,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
    /// What the call took, when one was made.
    pub call: Option<Box<CallRecord>>,
}

impl ModelError {
    /// An error with the code's own hint.
    pub fn new(code: ModelCode, message: impl Into<String>) -> ModelError {
        let retryable = matches!(
            code,
            ModelCode::ModelUnreachable
                | ModelCode::ModelTimeout
                | ModelCode::ModelRateLimited
                | ModelCode::ModelServer
                | ModelCode::ModelCutOff
        );
        let message = message.into();
        ModelError { code, message, hint: code.hint().to_owned(), retryable, retry_after: None, call: None }
    }

    /// Replaces the hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> ModelError {
        self.hint = hint.into();
        self
    }
}
