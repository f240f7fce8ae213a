//! Errors of connectors: a stable kind, what happened, what to do next. No secret and no row value is ever in one.

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The URL or a parameter cannot be used.
    BadConfig,
    /// Nobody answers there.
    Unreachable,
    /// The server refused the login.
    BadLogin,
    /// The database (or file) does not exist.
    NoDatabase,
    /// TLS could not be set up as asked.
    Tls,
    /// The session could not be made read-only, or read back otherwise.
    NotReadOnly,
    /// The login may not read something.
    Denied,
    /// The daemon's settings do not let a connection go there.
    OutOfReach,
    /// The statement ran longer than it may.
    Timeout,
    /// The result has more rows than it may.
    RowCap,
    /// The result has more bytes than it may.
    ByteCap,
    /// All sessions are in use.
    Busy,
    /// The caller cancelled.
    Cancelled,
    /// The connection broke while working.
    Broken,
    /// The server refused the statement (division by zero, bad cast ...).
    Statement,
    /// A fault of ours.
    Internal,
}

impl ErrorKind {
    /// Stable code for the API, `C...`.
    pub fn code(self) -> &'static str {
        match self {
            ErrorKind::BadConfig => "C001",
            ErrorKind::Unreachable => "C002",
            ErrorKind::BadLogin => "C003",
            ErrorKind::NoDatabase => "C004",
            ErrorKind::Tls => "C005",
            ErrorKind::NotReadOnly => "C006",
            ErrorKind::Denied => "C007",
            ErrorKind::OutOfReach => "C008",
            ErrorKind::Timeout => "C010",
            ErrorKind::RowCap => "C011",
            ErrorKind::ByteCap => "C012",
            ErrorKind::Busy => "C013",
            ErrorKind::Cancelled => "C014",
            ErrorKind::Broken => "C015",
            ErrorKind::Statement => "C020",
            ErrorKind::Internal => "C099",
        }
    }
}

/// An error with its kind, a sentence, and a hint.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectorError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// What happened, one sentence, without secrets and row values.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The engine's own code (SQLSTATE ...), where there is one.
    pub engine_code: Option<String>,
}

impl ConnectorError {
    /// An error with a message alone.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> ConnectorError {
        ConnectorError { kind, message: message.into(), hint: None, engine_code: None }
    }

    /// Says what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> ConnectorError {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the engine's own code.
    pub fn engine_code(mut self, code: impl Into<String>) -> ConnectorError {
        self.engine_code = Some(code.into());
        self
    }
}
