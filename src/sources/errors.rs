//! Connector errors as the daemon's own: same code, a class for the surfaces.

use connector_api::{ConnectorError, ErrorKind};

use crate::error::{Class, Error};

impl From<ConnectorError> for Error {
    fn from(error: ConnectorError) -> Error {
        let class = match error.kind {
            ErrorKind::BadConfig => Class::BadInput,
            ErrorKind::Unreachable
            | ErrorKind::BadLogin
            | ErrorKind::NoDatabase
            | ErrorKind::Tls
            | ErrorKind::NotReadOnly
            | ErrorKind::Broken
            | ErrorKind::Statement => Class::Upstream,
            ErrorKind::Denied | ErrorKind::OutOfReach => Class::Forbidden,
            ErrorKind::Timeout => Class::Timeout,
            ErrorKind::RowCap | ErrorKind::ByteCap => Class::TooLarge,
            ErrorKind::Busy => Class::Busy,
            ErrorKind::Cancelled => Class::Cancelled,
            ErrorKind::Internal => Class::Internal,
        };
        let message = match &error.engine_code {
            Some(code) => format!("{} ({code})", error.message),
            None => error.message,
        };
        Error { code: error.kind.code(), class, message, hint: error.hint, retry_after: None }
    }
}
