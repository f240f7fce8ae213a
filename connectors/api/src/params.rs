//! A connector's parameters, declared as data: checking and documentation are written once.

use catalog::Engine;

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
    /// Default, as text.
    pub default: &'static str,
    /// One sentence.
    pub description: &'static str,
}
