//! From the driver's and the server's errors to ours. A server message may quote row values, so it is kept only for
//! the codes that speak of names, syntax and rights; the others get a sentence of our own.

use connector_api::{ConnectorError, ErrorKind};
use mysql_async::{DriverError, Error, IoError, ServerError};

/// What we were doing when it went wrong: the same broken socket means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum While {
    Connecting,
    Working,
}

/// The error of the driver.
pub(crate) fn from_driver(error: &Error, doing: While) -> ConnectorError {
    match error {
        Error::Server(error) => from_server(error),
        Error::Io(IoError::Tls(error)) => tls(error),
        Error::Io(IoError::Io(error)) => match find_tls(error) {
            Some(error) => tls(error),
            None if doing == While::Connecting => unreachable(&reason(error)),
            None => broken(),
        },
        Error::Driver(error) => from_client(error, doing),
        Error::Other(_) if doing == While::Connecting => unreachable("no answer that makes sense"),
        Error::Other(_) => broken(),
        Error::Url(_) => internal("the driver did not take the connection's settings"),
    }
}

fn from_client(error: &DriverError, doing: While) -> ConnectorError {
    match error {
        DriverError::NoClientSslFlagFromServer => {
            ConnectorError::new(ErrorKind::Tls, "the server does not offer TLS")
                .hint("switch TLS on at the server, or use ssl-mode=PREFERRED if the network is trusted")
        }
        DriverError::UnknownAuthPlugin { .. }
        | DriverError::MysqlOldPasswordDisabled
        | DriverError::CleartextPluginDisabled => {
            bad_login("the server asks for a way of login that is not supported")
        }
        DriverError::ConnectionClosed
        | DriverError::PacketOutOfOrder
        | DriverError::UnexpectedPacket { .. } => {
            if doing == While::Connecting {
                unreachable("the server closed the connection")
            } else {
                broken()
            }
        }
        // texts of the driver may quote values
        _ => internal("the driver could not do its work"),
    }
}

/// The wait for a free session was too long.
pub(crate) fn busy(size: usize) -> ConnectorError {
    ConnectorError::new(ErrorKind::Busy, format!("all {size} sessions of this connection are in use"))
        .hint("try again in a moment, or raise pool_size in the connection's URL")
}

pub(crate) fn unreachable(reason: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Unreachable, format!("the server cannot be reached: {reason}"))
        .hint("check host and port, that MySQL or MariaDB runs there and that no firewall is in between")
}

pub(crate) fn internal(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Internal, message)
}

fn broken() -> ConnectorError {
    ConnectorError::new(ErrorKind::Broken, "the connection to the server broke")
        .hint("try again; if it happens often, look at the server's log")
}

fn bad_login(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::BadLogin, message).hint("check user and password in the connection's URL")
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        // what the resolver says of an unknown name has no kind of its own
        _ if error.raw_os_error().is_none() => "the host name is not known".to_owned(),
        kind => kind.to_string(),
    }
}

fn find_tls(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref::<rustls::Error>()
}

fn tls(error: &(impl std::fmt::Display + ?Sized)) -> ConnectorError {
    ConnectorError::new(ErrorKind::Tls, format!("TLS failed: {error}")).hint(
        "the server's certificate does not fit: check ssl-ca and the host name, or choose another ssl-mode",
    )
}

/// The error of the server, by its number.
pub(crate) fn from_server(error: &ServerError) -> ConnectorError {
    let message = || error.message.clone();
    let (kind, message, hint) = match error.code {
        1045 | 1698 | 1130 | 1129 | 1862 | 4151 => (
            ErrorKind::BadLogin,
            "the server refused the login".to_owned(),
            "check user and password in the connection's URL, and that the server lets this user in from here",
        ),
        1049 => (ErrorKind::NoDatabase, message(), "check the database name at the end of the URL"),
        1044 | 1142 | 1143 | 1227 | 1345 | 1370 => {
            (ErrorKind::Denied, message(), "grant SELECT on it to the login, or ask for something else")
        }
        1969 | 3024 | 1317 | 1028 => (
            ErrorKind::Timeout,
            "the server stopped the statement: it ran too long or was cancelled".to_owned(),
            "narrow the question (a date range, fewer tables) or raise the time limit",
        ),
        1205 => (ErrorKind::Timeout, message(), "another session holds a lock; try again later"),
        1040 | 1203 | 1226 | 1041 => (
            ErrorKind::Busy,
            "the server has no room for another session of this login".to_owned(),
            "try again later",
        ),
        1053 | 1927 | 1077 | 1079 | 4031 | 3169 | 1159 | 1161 => {
            (ErrorKind::Broken, "the server ended the session".to_owned(), "try again")
        }
        1792 | 1290 | 1836 => (
            ErrorKind::Statement,
            message(),
            "only reads can run: the session is held read-only by the server",
        ),
        1146 | 1054 | 1109 | 1356 | 1305 => (
            ErrorKind::Statement,
            message(),
            "the database has changed since the last crawl: run a crawl, then try again",
        ),
        code => (ErrorKind::Statement, sentence(code, &error.message), "change the statement and try again"),
    };
    ConnectorError::new(kind, message).hint(hint).engine_code(error.code.to_string())
}

/// The server's own message where it can only speak of syntax and names, otherwise a sentence.
fn sentence(code: u16, message: &str) -> String {
    match code {
        1052 | 1055 | 1056 | 1059 | 1060 | 1064 | 1066 | 1111 | 1115 | 1140 | 1222 | 1235 | 1241 | 1247
        | 1248 | 1267 | 1270 | 1271 | 1273 | 1295 | 1463 | 1582 | 1630 | 3029 | 3065 | 3636 => {
            message.to_owned()
        }
        1690 | 1264 => "a number is out of the range of its type".to_owned(),
        1365 => "division by zero".to_owned(),
        1242 => "a sub-query that is used as one value gave more than one row".to_owned(),
        1292 | 1366 | 1411 | 1525 => "a value does not have the form that its type asks for".to_owned(),
        1213 => "the server rolled the statement back because of other sessions' work".to_owned(),
        1021 | 1037 | 1038 | 1041 | 1114 | 1153 | 3 | 28 => {
            "the server ran out of memory or disk for it".to_owned()
        }
        _ => "the server refused the statement".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_a_servers_message_are_not_passed_on() {
        for code in [1105, 1062, 1292, 1366, 1690] {
            let message = "XPATH syntax error: '~secret@example.org'".to_owned();
            let error = from_server(&ServerError { code, message, state: "HY000".to_owned() });
            assert!(!error.message.contains("secret"), "{code}");
            assert_eq!(error.engine_code, Some(code.to_string()));
        }
    }
}
