//! From the driver's and the server's errors to ours. A server message may quote row values, so it is kept only for
//! the classes of SQLSTATE that speak of names and syntax; the others get a sentence of our own.

use connector_api::{ConnectorError, ErrorKind};
use deadpool_postgres::PoolError;
use tokio_postgres::error::DbError;

/// What we were doing when it went wrong: the same broken socket means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum While {
    Connecting,
    Working,
}

/// The error of taking a session from the pool.
pub(crate) fn from_pool(error: PoolError, size: usize) -> ConnectorError {
    use deadpool_postgres::TimeoutType;
    match error {
        PoolError::Backend(error) => from_driver(&error, While::Connecting),
        PoolError::Timeout(TimeoutType::Create) => unreachable("the server did not answer in time"),
        PoolError::Timeout(TimeoutType::Wait | TimeoutType::Recycle) => {
            ConnectorError::new(ErrorKind::Busy, format!("all {size} sessions of this connection are in use"))
                .hint("try again in a moment, or raise pool_size in the connection's URL")
        }
        PoolError::Closed => ConnectorError::new(ErrorKind::Broken, "the connection was closed"),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
            ConnectorError::new(ErrorKind::Internal, "the pool of sessions is not set up")
        }
    }
}

/// The error of the driver.
pub(crate) fn from_driver(error: &tokio_postgres::Error, doing: While) -> ConnectorError {
    if let Some(error) = error.as_db_error() {
        return from_server(error);
    }
    if let Some(error) = find_source::<rustls::Error>(error) {
        return tls(error);
    }
    // the driver's kinds are not public; its texts hold no values
    let text = match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    if text.contains("TLS") {
        return ConnectorError::new(ErrorKind::Tls, "the server does not offer TLS, or the handshake failed")
            .hint("add sslmode=prefer to the URL if the network is trusted, or switch TLS on at the server");
    }
    if text.contains("password missing") {
        return bad_login("the server asks for a password and the URL has none");
    }
    if text.contains("authentication") {
        return bad_login("the server asks for a way of login that is not supported, or its proof was wrong");
    }
    match doing {
        While::Connecting => unreachable(&connect_reason(error)),
        While::Working => ConnectorError::new(ErrorKind::Broken, "the connection to the server broke")
            .hint("try again; if it happens often, look at the server's log"),
    }
}

fn unreachable(reason: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Unreachable, format!("the server cannot be reached: {reason}"))
        .hint("check host and port, that PostgreSQL runs there and that no firewall is in between")
}

fn bad_login(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::BadLogin, message).hint("check user and password in the connection's URL")
}

fn connect_reason(error: &tokio_postgres::Error) -> String {
    match find_source::<std::io::Error>(error) {
        Some(error) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            std::io::ErrorKind::TimedOut => "no answer in time".to_owned(),
            // what the resolver says of an unknown name has no kind of its own
            _ if error.raw_os_error().is_none() => "the host name is not known".to_owned(),
            kind => kind.to_string(),
        },
        None => "no answer".to_owned(),
    }
}

fn find_source<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && let Some(inner) = io.get_ref()
            && let Some(found) = inner.downcast_ref::<E>()
        {
            return Some(found);
        }
        current = error.source();
    }
    None
}

fn tls(error: &rustls::Error) -> ConnectorError {
    let hint = match error {
        rustls::Error::InvalidCertificate(_) => {
            "the server's certificate does not fit: name its root in sslrootcert, check the host name, or, if the network is trusted, add sslmode=require to the URL"
        }
        _ => "check that the server's TLS settings allow TLS 1.2 or 1.3",
    };
    ConnectorError::new(ErrorKind::Tls, format!("TLS failed: {error}")).hint(hint)
}

/// The error of the server, by SQLSTATE.
pub(crate) fn from_server(error: &DbError) -> ConnectorError {
    let code = error.code().code();
    let message = error.message();
    let (kind, message, hint) = match code {
        "28P01" | "28000" => {
            (ErrorKind::BadLogin, login_message(message), "check user and password in the connection's URL")
        }
        "3D000" => {
            (ErrorKind::NoDatabase, message.to_owned(), "check the database name at the end of the URL")
        }
        "42501" => (
            ErrorKind::Denied,
            message.to_owned(),
            "grant SELECT on it to the login, or ask for something else",
        ),
        "57014" => (
            ErrorKind::Timeout,
            "the server stopped the statement: it ran too long or was cancelled".to_owned(),
            "narrow the question (a date range, fewer tables) or raise the time limit",
        ),
        "55P03" => (ErrorKind::Timeout, message.to_owned(), "another session holds a lock; try again later"),
        "53300" => {
            (ErrorKind::Busy, message.to_owned(), "the server has no free connection; try again later")
        }
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => {
            (ErrorKind::Broken, message.to_owned(), "the server ended the session; try again")
        }
        "25006" => (
            ErrorKind::Statement,
            message.to_owned(),
            "only reads can run: the session is held read-only by the server",
        ),
        "42P01" | "42703" | "3F000" => (
            ErrorKind::Statement,
            message.to_owned(),
            "the database has changed since the last crawl: run a crawl, then try again",
        ),
        "26000" | "42P05" => (
            ErrorKind::Broken,
            "the session is shared with others by a pooler in transaction mode".to_owned(),
            "add pgbouncer=true to the connection's URL, or connect to the server itself",
        ),
        _ => (ErrorKind::Statement, sentence(code, message), "change the statement and try again"),
    };
    ConnectorError::new(kind, message).hint(hint).engine_code(code)
}

/// Messages about logins name the role and the client's address; the role is known to the caller, the rest is cut.
fn login_message(message: &str) -> String {
    if message.starts_with("no pg_hba.conf entry") {
        return "the server's pg_hba.conf has no entry that lets this login in from here".to_owned();
    }
    message.to_owned()
}

/// The server's own message where it cannot hold a value, otherwise a sentence by class.
fn sentence(code: &str, message: &str) -> String {
    match code {
        "22012" => return "division by zero".to_owned(),
        "22003" => return "a number is out of the range of its type".to_owned(),
        "22P02" | "22007" | "22008" | "22018" => {
            return "a value does not have the form that its type asks for".to_owned();
        }
        "21000" => return "a sub-query that is used as one value gave more than one row".to_owned(),
        "22P03" | "22021" => return "a value is not valid in the database's encoding".to_owned(),
        _ => {}
    }
    match code.get(..2).unwrap_or_default() {
        // syntax and names, resources, feature not supported, state of the transaction: no values in there
        "42" | "53" | "54" | "0A" | "25" | "55" => message.to_owned(),
        "22" => "a value does not fit an operation of the statement".to_owned(),
        "40" => "the server rolled the statement back because of other sessions' work".to_owned(),
        "57" => "the server stopped the statement".to_owned(),
        "58" | "XX" => "the server had an internal or system error".to_owned(),
        "P0" => "a function in the database raised an error".to_owned(),
        _ => "the server refused the statement".to_owned(),
    }
}
