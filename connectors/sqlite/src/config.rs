//! The URL of a SQLite connection: `sqlite:FILE?busy_timeout_ms=...`, its parameters declared as data.

use std::path::{Path, PathBuf};
use std::time::Duration;

use catalog::Engine;
use connector_api::text::percent_decode;
use connector_api::{ConnectorError, ConnectorInfo, ErrorKind, Param, ParamKind, Params};

/// What this connector is called and takes.
pub const INFO: ConnectorInfo = ConnectorInfo {
    engine: Engine::Sqlite,
    schemes: &["sqlite", "sqlite3"],
    example: "sqlite:data/shop.db",
    params: &[
        Param {
            name: "busy_timeout_ms",
            secret: false,
            default: "2000",
            kind: ParamKind::Integer { min: 0, max: 60_000 },
            description: "How long a statement waits while another process locks the file.",
        },
        Param {
            name: "max_connections",
            secret: false,
            default: "4",
            kind: ParamKind::Integer { min: 1, max: 64 },
            description: "Sessions open at once, at the most.",
        },
        Param {
            name: "pool_timeout_ms",
            secret: false,
            default: "5000",
            kind: ParamKind::Integer { min: 0, max: 600_000 },
            description: "How long a statement waits for a free session.",
        },
        Param {
            name: "statement_timeout_ms",
            secret: false,
            default: "600000",
            kind: ParamKind::Integer { min: 1, max: 86_400_000 },
            description: "Longest run of any statement, whatever the caller asks for.",
        },
    ],
};

/// What a URL says.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The file as written (relative to the working folder, or absolute).
    pub path: PathBuf,
    /// Wait for another process's lock.
    pub busy_timeout: Duration,
    /// Sessions at the most.
    pub max_connections: usize,
    /// Wait for a free session.
    pub pool_timeout: Duration,
    /// Longest run of a statement.
    pub statement_timeout: Duration,
}

impl Config {
    /// Reads `sqlite:FILE` (relative or absolute) or `sqlite:///absolute`, with parameters after `?`.
    ///
    /// # Errors
    /// `BadConfig` when the URL names another scheme, a host, no file, or an unknown parameter.
    pub fn parse(url: &str) -> Result<Config, ConnectorError> {
        let (scheme, rest) = url.split_once(':').ok_or_else(|| bad("the URL has no scheme"))?;
        if !INFO.schemes.contains(&scheme.to_ascii_lowercase().as_str()) {
            return Err(bad(format!("the scheme {scheme:?} is not one of SQLite's")));
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = match path.strip_prefix("//") {
            Some(after) if after.starts_with('/') => after,
            Some(_) => return Err(bad("a SQLite URL cannot name a host")),
            None => path,
        };
        let path =
            percent_decode(path).ok_or_else(|| bad("a percent escape in the file's name is broken"))?;
        if path.is_empty() || path.contains('\0') || path.starts_with(":memory:") {
            return Err(bad("the URL names no file"));
        }
        let params = Params::parse(query, &INFO)?;
        let milliseconds = |name| params.milliseconds(name).ok_or_else(|| bad(format!("{name} is unset")));
        Ok(Config {
            path: PathBuf::from(path),
            busy_timeout: milliseconds("busy_timeout_ms")?,
            max_connections: params
                .integer("max_connections")
                .and_then(|n| usize::try_from(n).ok())
                .ok_or_else(|| bad("max_connections is unset"))?,
            pool_timeout: milliseconds("pool_timeout_ms")?,
            statement_timeout: milliseconds("statement_timeout_ms")?,
        })
    }

    /// The file, resolved: it must exist and be a regular file. An absolute path can never be read as a `file:` URI.
    ///
    /// # Errors
    /// `NoDatabase` when there is no such file, `Denied` when it may not be seen.
    pub fn resolve(&self) -> Result<PathBuf, ConnectorError> {
        let shown = self.path.display();
        let resolved = self.path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                ConnectorError::new(ErrorKind::Denied, format!("the file {shown} may not be read"))
                    .hint("let the user that runs Querent read the file and its folder")
            }
            _ => ConnectorError::new(ErrorKind::NoDatabase, format!("there is no file {shown}"))
                .hint(self.missing_hint()),
        })?;
        if !resolved.is_file() {
            return Err(ConnectorError::new(ErrorKind::NoDatabase, format!("{shown} is not a file"))
                .hint("name the database file itself, not its folder"));
        }
        Ok(resolved)
    }

    /// The database's name: the file's stem.
    pub fn database(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn missing_hint(&self) -> String {
        // other tools write sqlite:///shop.db for a file of the working folder
        let relative = self.path.strip_prefix("/").unwrap_or(Path::new(""));
        if relative.is_file() {
            return format!("for the file in the working folder write sqlite:{}", relative.display());
        }
        "check the path; a relative one starts at the folder that Querent runs in".to_owned()
    }
}

fn bad(message: impl Into<String>) -> ConnectorError {
    ConnectorError::new(ErrorKind::BadConfig, message)
        .hint(format!("write sqlite:FILE or sqlite:///absolute/FILE, for example {}", INFO.example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_url() {
        let path = |url: &str| Config::parse(url).unwrap().path;
        assert_eq!(path("sqlite:shop.db"), PathBuf::from("shop.db"));
        assert_eq!(path("sqlite:data/shop.db?max_connections=2"), PathBuf::from("data/shop.db"));
        assert_eq!(path("sqlite:///srv/shop.db"), PathBuf::from("/srv/shop.db"));
        assert_eq!(path("sqlite:/srv/my%20shop.db"), PathBuf::from("/srv/my shop.db"));
    }

    #[test]
    fn parameters_are_read() {
        let config = Config::parse("sqlite:a.db?max_connections=2&statement_timeout_ms=50").unwrap();
        assert_eq!(config.max_connections, 2);
        assert_eq!(config.statement_timeout, Duration::from_millis(50));
        assert_eq!(config.busy_timeout, Duration::from_secs(2));
    }

    #[test]
    fn what_is_no_sqlite_file_is_refused() {
        for url in [
            "shop.db",
            "postgres://h/db",
            "sqlite://host/shop.db",
            "sqlite:",
            "sqlite:?max_connections=1",
            "sqlite::memory:",
            "sqlite:a%00b",
            "sqlite:a%zz",
            "sqlite:a.db?mode=rwc",
            "sqlite:a.db?max_connections=0",
        ] {
            let error = Config::parse(url).unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadConfig, "{url}");
            assert!(error.hint.is_some(), "{url}");
        }
    }

    #[test]
    fn a_missing_file_is_no_database() {
        let folder = tempfile::tempdir().unwrap();
        let missing = Config::parse(&format!("sqlite:{}/none.db", folder.path().display())).unwrap();
        assert_eq!(missing.resolve().unwrap_err().kind, ErrorKind::NoDatabase);
        let itself = Config::parse(&format!("sqlite:{}", folder.path().display())).unwrap();
        assert_eq!(itself.resolve().unwrap_err().kind, ErrorKind::NoDatabase);
    }
}
