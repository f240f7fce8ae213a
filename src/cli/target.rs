//! `--on`: a registered name or a URL, as one thing to work with.

use std::sync::Arc;

use std::path::Path;

use catalog::Catalog;
use connector_api::Connector;
use guard::Policy;
use serde_json::Value;

use super::progress;
use crate::app::Setup;
use crate::crawl;
use crate::error::{Class, Error, Result};
use crate::register;
use crate::sources::{self, Source};

/// A database named on the command line.
pub enum Target {
    /// A registered one, with its stored catalog.
    Registered(Box<Source>),
    /// One that only a URL names: nothing of it is stored.
    Url(Arc<dyn Connector>),
}

/// Finds the database. Text with a scheme is a URL, anything else a registered name.
///
/// # Errors
/// When the URL cannot be used or the name is not registered.
pub async fn open(setup: &Setup, on: &str) -> Result<Target> {
    if is_url(on) {
        return Ok(Target::Url(sources::open(on, &setup.network())?));
    }
    let source = setup.desk().await?.sources.named(on).await?;
    Ok(Target::Registered(Box::new(source)))
}

/// Whether the text is a URL: a scheme of letters, a colon, something behind it.
pub fn is_url(on: &str) -> bool {
    on.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty() && scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
    })
}

/// Reads a policy's file.
///
/// # Errors
/// When there is no such file, or it holds no policy.
pub fn policy_value(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Error::new("K002", Class::BadInput, format!("{} cannot be read: {e}", file.display()))
            .hint("Check the path and its permissions.")
    })?;
    let value = serde_json::from_str(&text).map_err(|e| register::unreadable_policy(&e.to_string()))?;
    Policy::read(&value).map_err(|why| register::unreadable_policy(&why))?;
    Ok(value)
}

/// The policy of a file.
///
/// # Errors
/// As [`policy_value`].
pub fn policy(file: &Path) -> Result<Policy> {
    Policy::read(&policy_value(file)?).map_err(|why| register::unreadable_policy(&why))
}

impl Target {
    /// The policy of the file that was named, else the registered one's.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn policy(&self, file: Option<&Path>) -> Result<Policy> {
        match (file, self) {
            (Some(file), _) => policy(file),
            (None, Target::Registered(source)) => source.policy(),
            (None, Target::Url(_)) => Ok(Policy::default()),
        }
    }

    /// The way in, for questions and queries.
    ///
    /// # Errors
    /// When the connection is not for reading alone.
    pub fn reader(&self) -> Result<&dyn Connector> {
        if let Target::Registered(source) = self {
            source.may_be_asked()?;
        }
        Ok(self.connector())
    }

    /// The way in.
    pub fn connector(&self) -> &dyn Connector {
        match self {
            Target::Registered(source) => source.connector.as_ref(),
            Target::Url(connector) => connector.as_ref(),
        }
    }

    /// The catalog: the latest stored version, or a fresh reading of a database that only a URL names.
    ///
    /// # Errors
    /// When it was never crawled, or cannot be read now.
    pub async fn catalog(&self, setup: &Setup) -> Result<Arc<Catalog>> {
        match self {
            Target::Registered(source) => Ok(source.catalog()?.1.catalog().clone()),
            Target::Url(connector) => {
                let bar = progress::bar("reading the catalog");
                let report = |step| progress::step(&bar, &step);
                let snapshot = crawl::snapshot(connector.as_ref(), &setup.crawl_options(), &report).await;
                bar.finish_and_clear();
                Ok(Arc::new(Catalog::new(snapshot?)))
            }
        }
    }
}
