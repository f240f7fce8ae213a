//! Errors with the numbers, classes and states that SQL Server gives them.

/// Why something went wrong, as the client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// The server's number.
    pub number: i32,
    /// Severity: up to 10 is information, from 20 on the connection ends.
    pub class: u8,
    /// State.
    pub state: u8,
    /// 1-based line of the batch.
    pub line: u32,
    /// The text.
    pub message: String,
}

/// What most functions here give.
pub(crate) type Result<T> = std::result::Result<T, SqlError>;

impl SqlError {
    /// An error of severity 16, as most are.
    pub fn new(number: i32, message: impl Into<String>) -> Self {
        SqlError { number, class: 16, state: 1, line: 1, message: message.into() }
    }

    /// With another severity.
    #[must_use]
    pub fn class(self, class: u8) -> Self {
        SqlError { class, ..self }
    }

    /// With another state.
    #[must_use]
    pub fn state(self, state: u8) -> Self {
        SqlError { state, ..self }
    }

    /// What this server cannot evaluate though SQL Server can.
    pub(crate) fn unserved(what: impl std::fmt::Display) -> Self {
        SqlError::new(49_999, format!("The test server does not evaluate this: {what}"))
    }

    pub(crate) fn no_object(name: &str) -> Self {
        SqlError::new(208, format!("Invalid object name '{name}'."))
    }

    pub(crate) fn no_column(name: &str) -> Self {
        SqlError::new(207, format!("Invalid column name '{name}'."))
    }

    pub(crate) fn syntax(near: &str) -> Self {
        SqlError::new(102, format!("Incorrect syntax near '{near}'.")).class(15)
    }

    /// As it goes through SQLite, which knows errors as text only.
    pub(crate) fn packed(&self) -> String {
        format!("\u{1}{}\u{1}{}\u{1}{}\u{1}{}", self.number, self.class, self.state, self.message)
    }

    /// Back from SQLite; errors of its own get the numbers of what they are.
    pub(crate) fn from_sqlite(error: &rusqlite::Error) -> Self {
        let text = match error {
            rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
            other => other.to_string(),
        };
        if let Some(packed) = text.split_once('\u{1}').map(|(_, rest)| rest) {
            let mut parts = packed.splitn(4, '\u{1}');
            let mut number = || parts.next().and_then(|p| p.parse::<i32>().ok());
            let (id, class, state) = (number(), number(), number());
            let message = parts.next().unwrap_or_default();
            return SqlError::new(id.unwrap_or(50_000), message)
                .class(class.and_then(|c| u8::try_from(c).ok()).unwrap_or(16))
                .state(state.and_then(|c| u8::try_from(c).ok()).unwrap_or(1));
        }
        let number = [
            ("UNIQUE constraint", 2627),
            ("FOREIGN KEY constraint", 547),
            ("CHECK constraint", 547),
            ("NOT NULL constraint", 515),
            ("interrupted", 0),
            ("database is locked", 1222),
            ("integer overflow", 8115),
        ];
        let known = number.iter().find(|(part, _)| text.contains(part));
        SqlError::new(known.map_or(49_998, |(_, n)| *n), text)
    }
}
