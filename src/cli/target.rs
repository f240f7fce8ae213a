//! `--on`: a registered name or a URL, as one thing to work with.

use std::sync::Arc;

use catalog::Catalog;
use connector_api::Connector;

use super::progress;
use crate::app::Setup;
use crate::crawl;
use crate::error::Result;
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
        return Ok(Target::Url(sources::open(on)?));
    }
    let source = setup.app().await?.sources.named(on).await?;
    Ok(Target::Registered(Box::new(source)))
}

/// Whether the text is a URL: a scheme of letters, a colon, something behind it.
pub fn is_url(on: &str) -> bool {
    on.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty() && scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+')
    })
}

impl Target {
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
