//! Traces: our own spans, sent to a collector by OTLP (protobuf over HTTP) through the client that models are asked with.
//! Off unless `traces.endpoint` names a collector.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::Handle;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::spans;
use crate::config::Traces;
use crate::error::{Class, Error, Result};

/// One batch must have been sent by then.
const SEND_TIME: Duration = Duration::from_secs(10);
/// What is left at the end of the process must have been sent by then.
const END_TIME: Duration = Duration::from_secs(5);
/// Bytes of a collector's answer that are read.
const MAX_ANSWER: usize = 64 * 1024;

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Whether traces are sent.
pub fn on() -> bool {
    PROVIDER.get().is_some()
}

/// The layer that turns spans into traces; nothing when no collector is named.
pub(super) fn layer<S>(traces: &Traces, runtime: Handle) -> Result<Option<Box<dyn Layer<S> + Send + Sync>>>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    if traces.endpoint.is_empty() {
        return Ok(None);
    }
    let provider = provider(traces, runtime)?;
    let tracer = provider.tracer("querent");
    // A second start (tests in one process) keeps the first.
    let _ = PROVIDER.set(provider);
    let ours = filter_fn(|meta| meta.is_span() && meta.target() == spans::TARGET);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_level(false)
        .with_filter(ours);
    Ok(Some(Box::new(layer)))
}

fn provider(traces: &Traces, runtime: Handle) -> Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender::new(runtime)?)
        .with_endpoint(endpoint(&traces.endpoint)?)
        .with_headers(headers(&traces.headers)?)
        .with_timeout(SEND_TIME)
        .build()
        .map_err(|e| unusable(format!("traces cannot be sent: {e}")))?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(traces.sample.clamp(0.0, 1.0))));
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(Resource::builder().with_service_name("querent").build())
        .build())
}

/// The collector's address; one without a path gets the usual one.
fn endpoint(text: &str) -> Result<String> {
    let mut url = url::Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| unusable("traces.endpoint is no http or https address"))?;
    if matches!(url.path(), "" | "/") {
        url.set_path("/v1/traces");
    }
    Ok(url.into())
}

/// `name=value` with commas between.
fn headers(text: &str) -> Result<HashMap<String, String>> {
    let one = |pair: &str| {
        let (name, value) =
            pair.split_once('=').ok_or_else(|| unusable("traces.headers is no list of name=value"))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.split(',').filter(|pair| !pair.trim().is_empty()).map(one).collect()
}

fn unusable(message: impl Into<String>) -> Error {
    Error::new("K011", Class::BadInput, message).hint("Check traces.* in the configuration.")
}

/// Sends what is left. Called once, at the end of the process.
pub fn finish() {
    let Some(provider) = PROVIDER.get() else { return };
    if let Err(error) = provider.shutdown_with_timeout(END_TIME) {
        tracing::warn!(%error, "the last traces could not be sent");
    }
}

/// Makes a span part of the trace that a client began, by its `traceparent` and `tracestate`. To be called before the span
/// is entered.
pub fn follow(span: &Span, traceparent: Option<&str>, tracestate: Option<&str>) {
    if !on() {
        return;
    }
    let context = TraceContextPropagator::new().extract(&Headers { traceparent, tracestate });
    if context.span().span_context().is_valid() {
        let _ = span.set_parent(context);
    }
}

/// The `traceparent` for a call to somebody else from within the present span.
pub fn traceparent() -> Option<String> {
    if !on() {
        return None;
    }
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid()
        .then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8()))
}

struct Headers<'a> {
    traceparent: Option<&'a str>,
    tracestate: Option<&'a str>,
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.traceparent,
            "tracestate" => self.tracestate,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Sends batches from the exporter's own thread over the daemon's runtime.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
}

impl Sender {
    fn new(runtime: Handle) -> Result<Sender> {
        let client = reqwest::Client::builder()
            .timeout(SEND_TIME)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| unusable(format!("traces cannot be sent: {e}")))?;
        Ok(Sender { client, runtime })
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> std::result::Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        self.runtime.spawn(send(client, request)).await?
    }
}

async fn send(
    client: reqwest::Client,
    request: Request<Bytes>,
) -> std::result::Result<Response<Bytes>, HttpError> {
    let mut answer = client.execute(request.try_into()?).await?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err("the collector's answer is too long".into());
        }
    }
    Ok(Response::builder().status(answer.status()).body(Bytes::from(body))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_with_or_without_its_path() {
        assert_eq!(endpoint("http://collector:4318").unwrap(), "http://collector:4318/v1/traces");
        assert_eq!(endpoint("https://c.example/otlp/t").unwrap(), "https://c.example/otlp/t");
        assert!(endpoint("collector:4318").is_err());
        assert!(endpoint("file:///x").is_err());
    }

    #[test]
    fn headers_are_pairs() {
        let read = headers("authorization=Bearer x=y, tenant = a").unwrap();
        assert_eq!(read["authorization"], "Bearer x=y");
        assert_eq!(read["tenant"], "a");
        assert!(headers("").unwrap().is_empty());
        assert!(headers("nothing").is_err());
    }
}
