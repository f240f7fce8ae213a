//! From the driver's and the server's errors to ours. A server message may quote row values, so it is kept only for
//! the numbers that speak of names, syntax and rights; the others get a sentence of our own.

use connector_api::{ConnectorError, ErrorKind};
use tiberius::error::Error;

/// What we were doing when it went wrong: the same broken socket means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum While {
    Connecting,
    Working,
}

/// The error of the driver.
pub(crate) fn from_driver(error: &Error, doing: While) -> ConnectorError {
    match error {
        Error::Server(error) => from_server(error.code(), error.class(), error.message()),
        Error::Tls(message) => tls(message),
        Error::Io { kind, message } => match doing {
            // what the driver says when there is nothing to verify with, and when the handshake breaks
            While::Connecting
                if message.contains("certificate") || *kind == std::io::ErrorKind::InvalidData =>
            {
                tls(message)
            }
            While::Connecting => unreachable(&reason(*kind, message)),
            While::Working => broken(),
        },
        Error::Protocol(message) if message.contains("encryption level") => {
            ConnectorError::new(ErrorKind::Tls, "the server does not offer the encryption that is asked for")
                .hint("switch TLS on at the server, or use encrypt=login if the network is trusted")
        }
        Error::Routing { .. } | Error::Protocol(_) if doing == While::Connecting => {
            unreachable("no answer that makes sense")
        }
        Error::Protocol(_) => broken(),
        Error::Conversion(message) if message.contains("SQL browser") || message.contains("SQL Browser") => {
            ConnectorError::new(
                ErrorKind::Unreachable,
                "the SQL Server Browser did not name the instance's port",
            )
            .hint("check the instance's name, that UDP port 1434 is open, or give the port in the URL")
        }
        Error::Encoding(_) | Error::Utf8 | Error::Utf16 => ConnectorError::new(
            ErrorKind::Statement,
            "a text of the result is in an encoding that cannot be read",
        )
        .hint("ask for it as Unicode: CAST(... AS nvarchar(max))"),
        // texts of the driver may quote values
        _ => internal("the driver could not do its work"),
    }
}

/// The wait for a free session was too long.
pub(crate) fn busy(size: usize) -> ConnectorError {
    ConnectorError::new(ErrorKind::Busy, format!("all {size} sessions of this connection are in use"))
        .hint("try again in a moment, or raise pool_size in the connection's URL")
}

pub(crate) fn internal(message: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Internal, message)
}

fn unreachable(reason: &str) -> ConnectorError {
    ConnectorError::new(ErrorKind::Unreachable, format!("the server cannot be reached: {reason}"))
        .hint("check host and port, that SQL Server listens on TCP there and that no firewall is in between")
}

fn broken() -> ConnectorError {
    ConnectorError::new(ErrorKind::Broken, "the connection to the server broke")
        .hint("try again; if it happens often, look at the server's log")
}

fn reason(kind: std::io::ErrorKind, message: &str) -> String {
    match kind {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        std::io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        // what the resolver says of an unknown name has no kind of its own
        _ if message.contains("lookup") || message.contains("resolve") => {
            "the host name is not known".to_owned()
        }
        kind => kind.to_string(),
    }
}

fn tls(message: &str) -> ConnectorError {
    // after the cause the driver goes on with advice for programmers
    let cause = message.split(" To connect anyway").next().unwrap_or_default();
    ConnectorError::new(ErrorKind::Tls, format!("TLS failed: {cause}")).hint(
        "the server's certificate does not fit: name its authority's file in ca, its name in certificate_host, or \
         use trust_server_certificate=yes on a network that is trusted",
    )
}

/// The error of the server, by its number.
pub(crate) fn from_server(code: u32, class: u8, message: &str) -> ConnectorError {
    let own = || message.to_owned();
    let (kind, message, hint) = match code {
        18450 | 18451 | 18452 | 18456 | 18470 | 18486 | 18487 | 18488 => (
            ErrorKind::BadLogin,
            "the server refused the login".to_owned(),
            "check user and password in the connection's URL, and that the server takes logins of its own (mixed mode)",
        ),
        40615 | 40914 => (
            ErrorKind::BadLogin,
            "the server's firewall does not let this address in".to_owned(),
            "add this machine's address to the server's firewall rules",
        ),
        4060 | 911 | 916 | 4064 => (
            ErrorKind::NoDatabase,
            own(),
            "check the database name at the end of the URL, and that the login has a user in it",
        ),
        229 | 230 | 262 | 297 | 300 | 371 | 378 | 15247 | 10330 => {
            (ErrorKind::Denied, own(), "grant the right to the login, or ask for something else")
        }
        1222 => {
            (ErrorKind::Timeout, "another session holds a lock for too long".to_owned(), "try again later")
        }
        17809 | 17810 | 10928 | 10929 | 40501 | 49918 | 49919 | 49920 => {
            (ErrorKind::Busy, "the server has no room for another session".to_owned(), "try again later")
        }
        40613 | 40197 | 6005 | 983 | 976 | 978 | 927 | 942 => (
            ErrorKind::Unreachable,
            "the database is not available at the moment".to_owned(),
            "try again later",
        ),
        208 | 207 | 2812 | 4121 | 195 | 4413 | 4502 | 3961 => (
            ErrorKind::Statement,
            own(),
            "the database has changed since the last crawl: run a crawl, then try again",
        ),
        41368 | 41332 | 41333 => (
            ErrorKind::Statement,
            "the statement reads a table in memory, which this kind of transaction cannot".to_owned(),
            "ALTER DATABASE CURRENT SET MEMORY_OPTIMIZED_ELEVATE_TO_SNAPSHOT = ON lets it be read",
        ),
        1205 | 3960 => (
            ErrorKind::Statement,
            "the server rolled the statement back because of other sessions' work".to_owned(),
            "try again",
        ),
        // from class 20 on the server closes the connection
        _ if class >= 20 => (ErrorKind::Broken, "the server ended the session".to_owned(), "try again"),
        code => (ErrorKind::Statement, sentence(code, message), "change the statement and try again"),
    };
    ConnectorError::new(kind, message).hint(hint).engine_code(code.to_string())
}

/// The server's own message where it can only speak of syntax and names, otherwise a sentence.
fn sentence(code: u32, message: &str) -> String {
    match code {
        102 | 104 | 105 | 107 | 108 | 109 | 116 | 120 | 121 | 130 | 145 | 147 | 156 | 174 | 189 | 206
        | 209 | 243 | 252 | 402 | 403 | 421 | 1033 | 1038 | 4104 | 4145 | 8116 | 8117 | 8120 | 8127
        | 8155 | 8156 | 8158 | 10742 | 11501 | 468 | 457 | 448 | 2715 | 2749 => message.to_owned(),
        220 | 232 | 8115 | 517 | 535 | 3606 => {
            "a number or a date is out of the range of its type".to_owned()
        }
        8134 => "division by zero".to_owned(),
        512 => "a sub-query that is used as one value gave more than one row".to_owned(),
        241 | 242 | 244 | 245 | 248 | 295 | 8114 | 8169 | 9803 | 13609 => {
            "a value does not have the form that its type asks for".to_owned()
        }
        530 => "a recursive query has too many rounds".to_owned(),
        701 | 802 | 8645 | 8651 | 8657 | 1101 | 1105 | 9002 | 8618 | 8623 | 8631 | 8632 => {
            "the server ran out of memory or room for it".to_owned()
        }
        8649 => "the server's cost governor does not let the statement run".to_owned(),
        3906 | 3908 | 3909 | 3930 => "the session cannot write".to_owned(),
        _ => "the server refused the statement".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_a_servers_message_are_not_passed_on() {
        for code in [245, 2627, 2628, 8114, 50_000] {
            let message =
                "Conversion failed when converting the varchar value 'secret@example.org' to data type int.";
            let error = from_server(code, 16, message);
            assert!(!error.message.contains("secret"), "{code}");
            assert_eq!(error.engine_code, Some(code.to_string()));
        }
    }

    #[test]
    fn every_error_says_what_to_do_next() {
        for (code, kind) in [
            (18456, ErrorKind::BadLogin),
            (4060, ErrorKind::NoDatabase),
            (229, ErrorKind::Denied),
            (1222, ErrorKind::Timeout),
            (208, ErrorKind::Statement),
            (10928, ErrorKind::Busy),
        ] {
            let error = from_server(code, 14, "x");
            assert_eq!((error.kind, error.hint.is_some()), (kind, true), "{code}");
        }
        assert_eq!(from_server(596, 21, "x").kind, ErrorKind::Broken);
    }
}
