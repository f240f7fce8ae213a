//! From a URL to a connector: one line an engine.

use std::path::Path;
use std::sync::Arc;

use catalog::Engine;
use connector_api::text::percent_decode;
use connector_api::{Connector, ConnectorInfo, ParamKind, Reach};

use super::tunnel;
use crate::error::{Class, Error, Result};
use crate::network::Network;

/// The engines that can be connected to, with their parameters.
pub fn connectors() -> Vec<&'static ConnectorInfo> {
    vec![
        &connector_sqlite::INFO,
        &connector_postgres::INFO,
        &connector_mysql::INFO,
        &connector_mssql::INFO,
        &connector_mongodb::INFO,
    ]
}

/// Opens a connector for a URL, that goes only where the rules let it; nothing is connected to yet.
///
/// # Errors
/// When the URL cannot be used, with an example of one that can; `C008` for a file that may not be used.
pub fn open(url: &str, network: &Network) -> Result<Arc<dyn Connector>> {
    let info = info_of(url)?;
    check_files(url, info, network)?;
    match tunnel::split(url, info.engine, network)? {
        Some((url, settings)) => tunnel::open(url, info.engine, settings, direct),
        None => direct(url, network.reach()),
    }
}

/// Judges the files that a URL names, before any of them is touched.
fn check_files(url: &str, info: &ConnectorInfo, network: &Network) -> Result<()> {
    if info.engine == Engine::Sqlite {
        network.file("file", &connector_sqlite::Config::parse(url)?.path)?;
    }
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (percent_decode(name), percent_decode(value)) else { continue };
        let param = info.params.iter().chain(tunnel::INFO.params).find(|param| param.name == name);
        match param.map(|param| param.kind) {
            Some(ParamKind::File(words)) if !value.is_empty() && !words.contains(&value.as_str()) => {
                network.file(&name, Path::new(&value))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Without a tunnel in between.
fn direct(url: &str, reach: Reach) -> Result<Arc<dyn Connector>> {
    Ok(match info_of(url)?.engine {
        Engine::Sqlite => Arc::new(connector_sqlite::SqliteConnector::open(url)?),
        Engine::Postgres => Arc::new(connector_postgres::PostgresConnector::within(url, reach)?),
        Engine::Mysql => Arc::new(connector_mysql::MysqlConnector::within(url, reach)?),
        Engine::Mssql => Arc::new(connector_mssql::MssqlConnector::within(url, reach)?),
        Engine::Mongodb => Arc::new(connector_mongodb::MongodbConnector::within(url, reach)?),
        other => return Err(unsupported(other.name())),
    })
}

/// The engine that a URL's scheme names.
///
/// # Errors
/// When there is no scheme or no connector for it.
pub fn engine_of(url: &str) -> Result<Engine> {
    Ok(info_of(url)?.engine)
}

fn info_of(url: &str) -> Result<&'static ConnectorInfo> {
    let Some((scheme, _)) = url.split_once(':') else {
        return Err(
            Error::new("X003", Class::BadInput, "the connection's URL has no scheme").hint(examples())
        );
    };
    let scheme = scheme.to_ascii_lowercase();
    connectors()
        .into_iter()
        .find(|info| info.schemes.contains(&scheme.as_str()))
        .ok_or_else(|| unsupported(&scheme))
}

fn unsupported(scheme: &str) -> Error {
    Error::new("X004", Class::BadInput, format!("there is no connector for {scheme:?}")).hint(examples())
}

fn examples() -> String {
    let all: Vec<&str> = connectors().iter().map(|info| info.example).collect();
    format!("A URL looks like this: {}", all.join(" or "))
}

/// The URL without its password and without parameters that are secrets, for people and for the store's plain columns.
pub fn display_url(url: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let shown = match base.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let authority = match authority.rsplit_once('@') {
                Some((login, host)) => format!("{}@{host}", login.split(':').next().unwrap_or_default()),
                None => authority.to_owned(),
            };
            format!("{scheme}://{authority}{path}")
        }
        None => base.to_owned(),
    };
    let own = info_of(url).map_or(&[][..], |info| info.params);
    let secrets: Vec<&str> =
        own.iter().chain(tunnel::INFO.params).filter(|p| p.secret).map(|p| p.name).collect();
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !secrets.contains(&pair.split('=').next().unwrap_or_default()))
        .collect();
    if kept.is_empty() { shown } else { format!("{shown}?{}", kept.join("&")) }
}
