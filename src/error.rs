//! The daemon's own error: a stable code, what happened, what to do next, and the class that surfaces translate
//! into an HTTP status or an exit code. It never holds a secret or a row value.

/// What sort of failure it is, whoever reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The request cannot be used as it is.
    BadInput,
    /// Nobody has proven who they are.
    Unauthenticated,
    /// The caller may not do that.
    Forbidden,
    /// There is no such thing (or the caller may not know of it).
    NotFound,
    /// It contradicts what is there: a name is taken, something changed in between.
    Conflict,
    /// More than a cap allows.
    TooLarge,
    /// Too many requests, or everything is in use: try again later.
    Busy,
    /// It took longer than it may.
    Timeout,
    /// The caller gave up.
    Cancelled,
    /// Something outside (a database, a model) failed.
    Upstream,
    /// A fault of ours or of the machine.
    Internal,
}

/// An error of the daemon.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Stable code, for example `S004`.
    pub code: &'static str,
    /// What sort of failure.
    pub class: Class,
    /// What happened, one sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Seconds after which it is worth another try, where that is known.
    pub retry_after: Option<u64>,
}

/// What most functions of the daemon return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a hint.
    pub fn new(code: &'static str, class: Class, message: impl Into<String>) -> Error {
        Error { code, class, message: message.into(), hint: None, retry_after: None }
    }

    /// Says what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// Says after how many seconds it is worth another try.
    pub fn retry_after(mut self, seconds: u64) -> Error {
        self.retry_after = Some(seconds);
        self
    }
}
