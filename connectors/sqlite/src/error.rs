//! SQLite's errors as the connector's: a kind, a sentence without values, and what to do next.

use connector_api::{ConnectorError, ErrorKind};
use rusqlite::ErrorCode;

/// When an error happened: texts of the first are about names, those of the second may hold values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// While opening the file or setting the session up.
    Opening,
    /// While a statement was compiled.
    Preparing,
    /// While a statement ran.
    Running,
}

/// Turns an error of SQLite into the connector's.
pub(crate) fn from_sqlite(error: &rusqlite::Error, when: When) -> ConnectorError {
    let (code, extended, message) = match error {
        rusqlite::Error::SqliteFailure(e, message) => {
            (e.code, e.extended_code, message.as_deref().unwrap_or_default())
        }
        rusqlite::Error::SqlInputError { error: e, msg, .. } => (e.code, e.extended_code, msg.as_str()),
        rusqlite::Error::MultipleStatement => return not_one_read("the text holds more than one statement"),
        _ => return ConnectorError::new(ErrorKind::Internal, "the answer of SQLite could not be read"),
    };
    from_code(code, message, when).engine_code(engine_code(code, extended))
}

/// The error of text that is not one reading statement.
pub(crate) fn not_one_read(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::NotReadOnly, message).hint("send one SELECT")
}

fn from_code(code: ErrorCode, message: &str, when: When) -> ConnectorError {
    let new = ConnectorError::new;
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            new(ErrorKind::Busy, "another process holds a lock on the database file")
                .hint("try again, or raise busy_timeout_ms in the connection's URL")
        }
        ErrorCode::NotADatabase => new(ErrorKind::NoDatabase, "the file is not a SQLite database")
            .hint("check the path; an encrypted database cannot be read"),
        ErrorCode::CannotOpen => new(ErrorKind::NoDatabase, "the database file cannot be opened").hint(
            "let the user that runs Querent read the file; a database in WAL mode also needs its -wal and -shm files to be \
             readable, or its folder to be writable",
        ),
        ErrorCode::PermissionDenied => new(ErrorKind::Denied, "the database file may not be read")
            .hint("let the user that runs Querent read the file"),
        ErrorCode::DatabaseCorrupt => new(ErrorKind::Broken, "the database file is damaged")
            .hint("run PRAGMA integrity_check with its owner's tools, and restore it from a backup"),
        ErrorCode::SystemIoFailure | ErrorCode::DiskFull => {
            new(ErrorKind::Broken, "reading the database file failed").hint("check the disk and the file's folder")
        }
        ErrorCode::ReadOnly if when == When::Opening => {
            new(ErrorKind::Broken, "the database needs recovery after an interrupted write")
                .hint("open it once with the program that writes it")
        }
        ErrorCode::OperationInterrupted | ErrorCode::OperationAborted => {
            new(ErrorKind::Cancelled, "the statement was cancelled")
        }
        ErrorCode::OutOfMemory => {
            new(ErrorKind::Statement, "the statement needs more memory than it may use").hint("narrow the question")
        }
        ErrorCode::TooBig => new(ErrorKind::Statement, "a value or the statement is larger than allowed")
            .hint("leave large columns out, or cut them with substr"),
        ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly => {
            new(ErrorKind::Denied, "the session does not allow what the statement does")
                .hint("a table that appeared just now is known after the next crawl; anything else is no read")
        }
        ErrorCode::SchemaChanged => new(ErrorKind::Statement, "the schema changed while the statement ran")
            .hint("try again; crawl the connection if it stays so"),
        _ => statement(message, when),
    }
}

fn statement(message: &str, when: When) -> ConnectorError {
    let new = |text: String| ConnectorError::new(ErrorKind::Statement, text);
    if ["no such table", "no such column", "no such view"].iter().any(|m| message.starts_with(m)) {
        return new(message.to_owned()).hint("the database changed since it was crawled: crawl it again");
    }
    if when == When::Preparing && !message.is_empty() {
        return new(message.to_owned()).hint("change the statement");
    }
    // texts of running statements can hold stored values; only those known to hold none are handed on
    let known = ["integer overflow", "malformed JSON", "LIKE or GLOB pattern too complex", "too many levels"];
    match known.iter().find(|k| message.contains(*k)) {
        Some(text) => new(format!("SQLite refused a value: {text}")).hint("filter or convert such values"),
        None => new("SQLite refused a value while the statement ran".to_owned())
            .hint("check conversions and functions"),
    }
}

fn engine_code(code: ErrorCode, extended: i32) -> String {
    format!("SQLITE_{extended} ({code:?})")
}

/// A background thread that did not end as it should.
pub(crate) fn internal(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Internal, message).hint("report this with the server's log")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32, message: &str) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), Some(message.to_owned()))
    }

    #[test]
    fn kinds_follow_the_codes() {
        use rusqlite::ffi;
        let kind = |code| from_sqlite(&failure(code, ""), When::Running).kind;
        assert_eq!(kind(ffi::SQLITE_BUSY), ErrorKind::Busy);
        assert_eq!(kind(ffi::SQLITE_NOTADB), ErrorKind::NoDatabase);
        assert_eq!(kind(ffi::SQLITE_CORRUPT), ErrorKind::Broken);
        assert_eq!(kind(ffi::SQLITE_INTERRUPT), ErrorKind::Cancelled);
        assert_eq!(kind(ffi::SQLITE_AUTH), ErrorKind::Denied);
        assert_eq!(kind(ffi::SQLITE_TOOBIG), ErrorKind::Statement);
    }

    #[test]
    fn texts_of_running_statements_lose_their_values() {
        let error = failure(rusqlite::ffi::SQLITE_ERROR, "bad JSON path: 'secret-7731'");
        assert!(!from_sqlite(&error, When::Running).message.contains("secret"));
        assert!(from_sqlite(&error, When::Preparing).message.contains("JSON path"));
    }
}
