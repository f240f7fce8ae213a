//! How the daemon talks to an identity provider: over the one TLS stack, without redirects, with bounds on time and size.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};

use crate::error::{Class, Error, Result};

/// A provider must have answered by then.
const TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer at the most.
const SIZE: usize = 1 << 20;

/// Why a provider's answer could not be had.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection, TLS, or the time.
    #[error("the identity provider cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    /// More than any answer should have.
    #[error("the identity provider's answer is larger than {SIZE} bytes")]
    TooLarge,
    /// Not HTTP as it should be.
    #[error("the identity provider's answer cannot be read")]
    Malformed,
}

/// A client for identity providers.
#[derive(Clone)]
pub struct Wire(reqwest::Client);

impl Wire {
    /// Makes one.
    ///
    /// # Errors
    /// `I038` when TLS cannot be set up.
    pub fn new() -> Result<Wire> {
        let client = reqwest::Client::builder()
            .timeout(TIME)
            // an address that answers with another one could lead anywhere
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| {
                Error::new("I038", Class::Internal, "the client for identity providers cannot be made")
            })?;
        Ok(Wire(client))
    }

    async fn send(self, request: HttpRequest) -> std::result::Result<HttpResponse, WireError> {
        let request = reqwest::Request::try_from(request.map(reqwest::Body::from))?;
        let mut answer = self.0.execute(request).await?;
        let mut response = openidconnect::http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > SIZE {
                return Err(WireError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        response.body(body).map_err(|_| WireError::Malformed)
    }
}

impl<'c> openidconnect::AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<HttpResponse, WireError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}
