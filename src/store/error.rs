//! Errors of the store: a kind with a stable code, what happened, what to do next.

use crate::error::{Class, Error};

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// The URL or path of the store cannot be used.
    BadConfig,
    /// The store does not answer, or cannot be opened.
    Unavailable,
    /// The store refused the login.
    BadLogin,
    /// TLS could not be set up as asked.
    Tls,
    /// The store has not been migrated as far as this program needs.
    NotMigrated,
    /// A migration that ran is not the one that this program carries, or it failed.
    Migration,
    /// There is no such record.
    NotFound,
    /// A record with the same unique value is there.
    Conflict,
    /// The record refers to one that is not there, or is still referred to.
    BrokenReference,
    /// Others hold the store for too long.
    Busy,
    /// The statement took too long.
    Timeout,
    /// A stored value is not what it should be.
    Decode,
    /// The disk is full, broken, or read-only.
    Disk,
    /// A fault of ours.
    Internal,
}

impl StoreErrorKind {
    /// Stable code for the API, `S...`.
    pub fn code(self) -> &'static str {
        match self {
            StoreErrorKind::BadConfig => "S001",
            StoreErrorKind::Unavailable => "S002",
            StoreErrorKind::BadLogin => "S003",
            StoreErrorKind::Tls => "S004",
            StoreErrorKind::NotMigrated => "S005",
            StoreErrorKind::Migration => "S006",
            StoreErrorKind::NotFound => "S010",
            StoreErrorKind::Conflict => "S011",
            StoreErrorKind::BrokenReference => "S012",
            StoreErrorKind::Busy => "S013",
            StoreErrorKind::Timeout => "S014",
            StoreErrorKind::Decode => "S020",
            StoreErrorKind::Disk => "S021",
            StoreErrorKind::Internal => "S099",
        }
    }

    fn class(self) -> Class {
        match self {
            StoreErrorKind::NotFound => Class::NotFound,
            StoreErrorKind::Conflict | StoreErrorKind::BrokenReference => Class::Conflict,
            StoreErrorKind::Busy => Class::Busy,
            StoreErrorKind::Timeout => Class::Timeout,
            StoreErrorKind::BadConfig => Class::BadInput,
            StoreErrorKind::Unavailable
            | StoreErrorKind::BadLogin
            | StoreErrorKind::Tls
            | StoreErrorKind::NotMigrated
            | StoreErrorKind::Migration
            | StoreErrorKind::Decode
            | StoreErrorKind::Disk
            | StoreErrorKind::Internal => Class::Internal,
        }
    }
}

/// An error of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What went wrong.
    pub kind: StoreErrorKind,
    /// What happened, one sentence, without stored values.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// What the store's functions return.
pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// An error without a hint.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> StoreError {
        StoreError { kind, message: message.into(), hint: None }
    }

    /// Says what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> StoreError {
        self.hint = Some(hint.into());
        self
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The error for a record that is not there.
    pub fn not_found(what: &str) -> StoreError {
        StoreError::new(StoreErrorKind::NotFound, format!("there is no such {what}"))
    }

    /// Replaces a conflict's general sentence by one that names what collided; other errors stay.
    pub fn on_conflict(self, message: &str, hint: &str) -> StoreError {
        match self.kind {
            StoreErrorKind::Conflict => StoreError::new(self.kind, message).hint(hint),
            _ => self,
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        let StoreError { kind, message, hint } = error;
        Error { code: kind.code(), class: kind.class(), message, hint, retry_after: None }
    }
}
