//! From the driver's and the server's errors to ours. A server message may quote values of documents, so it is kept only
//! for the codes that speak of names and forms; the others get a sentence of our own.

use connector_api::{ConnectorError, ErrorKind};
use mongodb::error::{CommandError, Error, ErrorKind as DriverError};

/// What we were doing when it went wrong: the same broken socket means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum While {
    Connecting,
    Working,
}

/// The error of the driver.
pub(crate) fn from_driver(error: &Error, doing: While) -> ConnectorError {
    match error.kind.as_ref() {
        DriverError::Command(error) => from_server(error),
        DriverError::Authentication { .. } => bad_login(),
        DriverError::ServerSelection { message, .. } => unselected(message),
        DriverError::DnsResolve { .. } => unreachable("the host name is not known"),
        DriverError::InvalidTlsConfig { .. } => tls("the certificates that the URL names cannot be used"),
        DriverError::Io(error) if is_tls(&error.to_string()) => tls("the server's certificate does not fit"),
        DriverError::Io(_) | DriverError::ConnectionPoolCleared { .. } if doing == While::Connecting => {
            unreachable("the server does not answer")
        }
        DriverError::Io(_)
        | DriverError::ConnectionPoolCleared { .. }
        | DriverError::InvalidResponse { .. } => {
            ConnectorError::new(ErrorKind::Broken, "the connection to the server broke")
                .hint("try again; if it happens often, look at the server's log")
        }
        DriverError::IncompatibleServer { .. } => {
            ConnectorError::new(ErrorKind::Unreachable, "the server's version is not supported by the driver")
                .hint("MongoDB from 4.2 on can be connected to")
        }
        DriverError::InvalidArgument { .. } => {
            ConnectorError::new(ErrorKind::BadConfig, "the driver did not take the URL's settings")
                .hint("check the URL's parameters: some cannot stand together")
        }
        // texts of the driver may quote values
        _ => internal("the driver could not do its work"),
    }
}

/// No server could be found: why stands in a text.
fn unselected(message: &str) -> ConnectorError {
    let lower = message.to_ascii_lowercase();
    if lower.contains("authentication") || lower.contains("scram") {
        return bad_login();
    }
    if is_tls(&lower) {
        return tls("the server's certificate does not fit");
    }
    let reason = if lower.contains("refused") {
        "connection refused"
    } else if lower.contains("lookup") || lower.contains("resolve") {
        "the host name is not known"
    } else {
        "no server that may be read from answered in time"
    };
    unreachable(reason)
}

fn is_tls(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["certificate", "tls", "unknownissuer", "handshake"].iter().any(|word| message.contains(word))
}

/// The wait for a free session was too long.
pub(crate) fn busy(size: usize) -> ConnectorError {
    ConnectorError::new(ErrorKind::Busy, format!("all {size} sessions of this connection are in use"))
        .hint("try again in a moment, or raise pool_size in the connection's URL")
}

pub(crate) fn unreachable(reason: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Unreachable, format!("the server cannot be reached: {reason}")).hint(
        "check hosts and ports, replicaSet and readPreference, that MongoDB runs there and that no firewall is in between",
    )
}

pub(crate) fn internal(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Internal, message)
}

fn bad_login() -> ConnectorError {
    ConnectorError::new(ErrorKind::BadLogin, "the server refused the login").hint(
        "check user and password in the connection's URL, and authSource: the database that keeps the login",
    )
}

fn tls(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Tls, format!("TLS failed: {message}"))
        .hint("check tlsCAFile and the host name, and that the server offers TLS; add tls=false to the URL if the network is trusted")
}

/// A collection that was there when the database was crawled, and is not any more.
pub(crate) fn gone(collection: &str) -> ConnectorError {
    ConnectorError::new(
        ErrorKind::Statement,
        format!("there is no collection {collection}, or the login may not read it"),
    )
    .hint("the database has changed since the last crawl: run a crawl, then try again")
    .engine_code("26")
}

/// The error of the server, by its number.
pub(crate) fn from_server(error: &CommandError) -> ConnectorError {
    let (kind, message, hint) = match error.code {
        18 | 8000 => (
            ErrorKind::BadLogin,
            "the server refused the login".to_owned(),
            "check user and password in the connection's URL, and authSource",
        ),
        13 => (
            ErrorKind::Denied,
            "the login may not do that".to_owned(),
            "grant the role read on the database to the login, or ask for something else",
        ),
        50 | 262 | 11_601 => (
            ErrorKind::Timeout,
            "the server stopped the statement: it ran too long or was cancelled".to_owned(),
            "narrow the question (a date range, fewer collections) or raise the time limit",
        ),
        43 | 237 | 175 => {
            (ErrorKind::Broken, "the server gave up the result before it was read".to_owned(), "try again")
        }
        6 | 7 | 89 | 91 | 133 | 189 | 9001 | 10_107 | 11_600 | 11_602 | 13_435 | 13_436 => {
            (ErrorKind::Broken, "the server cannot answer at the moment".to_owned(), "try again")
        }
        26 | 28 | 73 => (
            ErrorKind::Statement,
            "the collection is not there as it was crawled".to_owned(),
            "the database has changed since the last crawl: run a crawl, then try again",
        ),
        code => (ErrorKind::Statement, sentence(code, &error.message), "change the statement and try again"),
    };
    ConnectorError::new(kind, message).hint(hint).engine_code(error.code.to_string())
}

/// The server's own message where it can only speak of forms and names, otherwise a sentence.
fn sentence(code: i32, message: &str) -> String {
    match code {
        59 | 115 | 166 | 40_323 | 40_324 => message.chars().take(300).collect(),
        _ if message.contains("by zero") => "division by zero".to_owned(),
        241 => "a value does not have the form that its type asks for".to_owned(),
        14 | 16_554 | 40_081 | 28_765 | 16_006 => {
            "a value is of a type that the operation does not take".to_owned()
        }
        15 => "a number is out of the range of its type".to_owned(),
        146 | 292 | 307 => "the server ran out of memory for it, and may not use its disk".to_owned(),
        10_334 | 17_419 | 4_031_700 => {
            "a document that the statement makes is larger than the server takes".to_owned()
        }
        _ => "the server refused the statement".to_owned(),
    }
}

/// A page of an answer that holds something else than documents.
pub(crate) fn no_document() -> ConnectorError {
    ConnectorError::new(ErrorKind::Broken, "the server's answer holds something that is no document")
        .hint("try again; if it happens often, look at the server's log and at what stands in between")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: i32, message: &str) -> ConnectorError {
        let text = format!(r#"{{"code": {code}, "codeName": "X", "errmsg": "{message}"}}"#);
        from_server(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn values_in_a_servers_message_are_not_passed_on() {
        for code in [2, 9, 14, 241, 17_280] {
            let error = told(code, "Failed to parse number 'secret@example.org' in $convert");
            assert!(!error.message.contains("secret"), "{code}");
            assert_eq!((error.kind, error.engine_code), (ErrorKind::Statement, Some(code.to_string())));
        }
        assert_eq!(told(50, "x").kind, ErrorKind::Timeout);
        assert_eq!(told(13, "x").kind, ErrorKind::Denied);
    }
}
