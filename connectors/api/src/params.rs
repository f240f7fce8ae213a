//! A connector's parameters, declared as data: checking and documentation are written once.

use std::collections::BTreeMap;
use std::time::Duration;

use catalog::Engine;

use crate::error::{ConnectorError, ErrorKind};
use crate::text::{nearest, percent_decode};

/// What a connector is called and takes.
#[derive(Debug, Clone)]
pub struct ConnectorInfo {
    /// The engine.
    pub engine: Engine,
    /// URL schemes (`postgres`, `postgresql`).
    pub schemes: &'static [&'static str],
    /// An example URL without secrets.
    pub example: &'static str,
    /// Query parameters of the URL.
    pub params: &'static [Param],
}

/// One parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// Its name in the URL's query.
    pub name: &'static str,
    /// Whether its value is a secret.
    pub secret: bool,
    /// Default, as text; empty means unset.
    pub default: &'static str,
    /// What values it takes.
    pub kind: ParamKind,
    /// One sentence.
    pub description: &'static str,
}

impl Param {
    /// A parameter of any text, unset by default.
    pub const fn text(name: &'static str, description: &'static str) -> Param {
        Param { name, secret: false, default: "", kind: ParamKind::Text, description }
    }

    /// A parameter that names a file on the daemon's machine, unset by default.
    pub const fn file(name: &'static str, description: &'static str) -> Param {
        Param { name, secret: false, default: "", kind: ParamKind::File(&[]), description }
    }

    /// The same parameter with a default.
    pub const fn or(mut self, default: &'static str) -> Param {
        self.default = default;
        self
    }

    /// A parameter of one of some words.
    pub const fn choice(
        name: &'static str,
        default: &'static str,
        words: &'static [&'static str],
        description: &'static str,
    ) -> Param {
        Param { name, secret: false, default, kind: ParamKind::Choice(words), description }
    }

    /// A parameter of a whole number within bounds, both included.
    pub const fn number(
        name: &'static str,
        default: &'static str,
        min: u64,
        max: u64,
        description: &'static str,
    ) -> Param {
        Param { name, secret: false, default, kind: ParamKind::Integer { min, max }, description }
    }
}

/// What values a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// Any text.
    Text,
    /// The path of a file or folder on the daemon's machine, or one of these words in place of one.
    File(&'static [&'static str]),
    /// A whole number within bounds, both included. Also milliseconds and seconds, as the name says.
    Integer {
        /// Smallest.
        min: u64,
        /// Largest.
        max: u64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// The parameters of one URL: each known, each fitting its kind, defaults filled in.
#[derive(Clone, Default, PartialEq)]
pub struct Params {
    values: BTreeMap<&'static str, String>,
}

impl std::fmt::Debug for Params {
    // names alone: some values are secrets
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Params {
    /// Checks the query part of a URL (without `?`, still percent-encoded) against what the connector takes.
    ///
    /// # Errors
    /// `BadConfig` for an unknown or repeated name (naming the nearest one) and for a value that does not fit.
    pub fn parse(query: &str, info: &ConnectorInfo) -> Result<Params, ConnectorError> {
        let mut pairs = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let decode = |text: &str| {
                percent_decode(text).ok_or_else(|| bad("a percent escape in the URL's parameters is broken"))
            };
            pairs.push((decode(name)?, decode(value)?));
        }
        Params::check(pairs, info)
    }

    /// Checks decoded pairs against what the connector takes.
    ///
    /// # Errors
    /// As [`Params::parse`].
    pub fn check(
        pairs: impl IntoIterator<Item = (String, String)>,
        info: &ConnectorInfo,
    ) -> Result<Params, ConnectorError> {
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            let param = find(&name, info)?;
            fits(param, &value)?;
            if values.insert(param.name, value).is_some() {
                return Err(bad(format!("the parameter {} is given twice", param.name)));
            }
        }
        for param in info.params.iter().filter(|p| !p.default.is_empty()) {
            values.entry(param.name).or_insert_with(|| param.default.to_owned());
        }
        Ok(Params { values })
    }

    /// The value, given or default; `None` when unset.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// An integer parameter. Its kind was checked; unset reads as `None`.
    pub fn integer(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// A parameter in milliseconds.
    pub fn milliseconds(&self, name: &str) -> Option<Duration> {
        self.integer(name).map(Duration::from_millis)
    }
}

fn find<'a>(name: &str, info: &'a ConnectorInfo) -> Result<&'a Param, ConnectorError> {
    if let Some(param) = info.params.iter().find(|p| p.name == name) {
        return Ok(param);
    }
    let names = || info.params.iter().map(|p| p.name);
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known parameters: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(bad(format!("unknown parameter {name:?} in the URL")).hint(hint))
}

fn fits(param: &Param, value: &str) -> Result<(), ConnectorError> {
    let (ok, wanted) = match param.kind {
        ParamKind::Text | ParamKind::File(_) => (true, String::new()),
        ParamKind::Integer { min, max } => (
            value.parse::<u64>().is_ok_and(|n| (min..=max).contains(&n)),
            format!("a whole number from {min} to {max}"),
        ),
        ParamKind::Choice(words) => (words.contains(&value), format!("one of {}", words.join(", "))),
    };
    if ok {
        return Ok(());
    }
    Err(bad(format!("the value of the parameter {} does not fit", param.name)).hint(format!("give {wanted}")))
}

fn bad(message: impl Into<String>) -> ConnectorError {
    ConnectorError::new(ErrorKind::BadConfig, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: ConnectorInfo = ConnectorInfo {
        engine: Engine::Sqlite,
        schemes: &["sqlite"],
        example: "sqlite:shop.db",
        params: &[
            Param {
                name: "busy_timeout_ms",
                secret: false,
                default: "2000",
                kind: ParamKind::Integer { min: 0, max: 60_000 },
                description: "x",
            },
            Param {
                name: "mode",
                secret: false,
                default: "",
                kind: ParamKind::Choice(&["fast", "safe"]),
                description: "x",
            },
        ],
    };

    #[test]
    fn defaults_are_filled_in_and_values_read() {
        let params = Params::parse("mode=safe", &INFO).unwrap();
        assert_eq!(params.milliseconds("busy_timeout_ms"), Some(Duration::from_secs(2)));
        assert_eq!(params.text("mode"), Some("safe"));
        assert_eq!(Params::parse("", &INFO).unwrap().text("mode"), None);
    }

    #[test]
    fn an_unknown_name_offers_the_nearest() {
        let error = Params::parse("busy_timeot_ms=5", &INFO).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadConfig);
        assert_eq!(error.hint.as_deref(), Some("did you mean busy_timeout_ms?"));
        let error = Params::parse("zzz=5", &INFO).unwrap_err();
        assert!(error.hint.unwrap().contains("busy_timeout_ms, mode"));
    }

    #[test]
    fn values_out_of_bounds_and_repeats_are_refused() {
        for query in
            ["busy_timeout_ms=x", "busy_timeout_ms=60001", "mode=slow", "mode=fast&mode=fast", "mode=%z"]
        {
            assert_eq!(Params::parse(query, &INFO).unwrap_err().kind, ErrorKind::BadConfig, "{query}");
        }
    }

    #[test]
    fn values_are_not_debugged() {
        let params = Params::parse("mode=safe", &INFO).unwrap();
        assert!(!format!("{params:?}").contains("safe"));
    }
}
