//! HTTP to addresses that people name (webhooks, identity providers): a client that looks names up under the rules and
//! connects to the addresses that passed.

use std::sync::Arc;

use connector_api::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};

use super::{Network, Refused};

/// What the client asks in place of the system's resolver.
struct Ruled(Reach);

impl Resolve for Ruled {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let found = reach.addresses(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl Network {
    /// A client that connects where the rules let it, follows no redirect and uses no proxy. Addresses in a URL are not
    /// looked up, so [`Network::url`] goes before every request.
    pub fn client(&self) -> ClientBuilder {
        reqwest::Client::builder()
            .dns_resolver(Arc::new(Ruled(self.reach())))
            .redirect(Policy::none())
            .no_proxy()
    }

    /// Judges a URL's host as it is written, before a request is made.
    ///
    /// # Errors
    /// Why it may not be reached; a URL without a host, or of another scheme than http and https, is unreadable.
    pub fn url(&self, url: &Url) -> Result<(), Refused> {
        match url.host_str() {
            Some(host) if matches!(url.scheme(), "http" | "https") => self.host(host),
            _ => Err(Refused::Unreadable(url.scheme().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{NetworkSettings, Target};

    fn rules(deny: &str) -> Network {
        let deny = vec![Target::try_from(deny.to_owned()).unwrap()];
        Network::new(NetworkSettings { deny, ..NetworkSettings::default() }, Vec::new())
    }

    #[test]
    fn urls_are_judged_by_their_host() {
        let rules = rules("10.0.0.0/8");
        for url in [
            "http://169.254.169.254/latest/meta-data",
            "http://0xa9fea9fe/",
            "https://[::ffff:10.0.0.1]/",
            "http://user@10.1:80/",
            "file:///etc/passwd",
            "gopher://db.example.org/",
            "data:text/plain,x",
        ] {
            assert!(rules.url(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
        assert_eq!(rules.url(&Url::parse("https://hooks.example.org/x").unwrap()), Ok(()));
    }

    #[tokio::test]
    async fn names_are_looked_up_under_the_rules() {
        // the first test of the binary installs it, the others find it there
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let server = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://localhost:{}/", server.local_addr().unwrap().port());
        let network = Network::new(
            NetworkSettings {
                deny: vec![
                    Target::try_from("127.0.0.0/8".to_owned()).unwrap(),
                    Target::try_from("::1".to_owned()).unwrap(),
                ],
                ..NetworkSettings::default()
            },
            Vec::new(),
        );
        let error = network.client().build().unwrap().get(&url).send().await.unwrap_err();
        let mut text = String::new();
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            text.push_str(&error.to_string());
            cause = error.source();
        }
        assert!(text.contains("denied by this daemon's settings"), "{text}");
    }
}
