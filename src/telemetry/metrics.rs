//! Metrics: every figure of the daemon that `/metrics` shows. Labels come from closed sets (route patterns, engines,
//! codes), never from what clients send.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{
    CounterVec, Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// The form of what [`page`] gives.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Seconds, from a look into memory to a long export.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    requests_running: IntGauge,
    streams: IntGauge,
    problems: IntCounterVec,
    refusals: IntCounterVec,
    answers: IntCounterVec,
    answer_seconds: HistogramVec,
    executions: IntCounterVec,
    execution_seconds: HistogramVec,
    rows: IntCounterVec,
    executions_now: IntGaugeVec,
    slow: IntCounterVec,
    jobs: IntCounterVec,
    jobs_running: IntGaugeVec,
    crawls: IntCounterVec,
    crawl_seconds: HistogramVec,
    model_calls: IntCounterVec,
    model_seconds: HistogramVec,
    model_tokens: IntCounterVec,
    model_cost: CounterVec,
    store_seconds: HistogramVec,
    store_wait: HistogramVec,
}

/// Nothing when a name was wrong, which a test would tell.
static METRICS: LazyLock<Option<Metrics>> = LazyLock::new(|| Metrics::new().ok());

fn kept<C: Collector + Clone + 'static>(registry: &Registry, metric: C) -> prometheus::Result<C> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

impl Metrics {
    fn new() -> prometheus::Result<Metrics> {
        let registry = Registry::new();
        let r = &registry;
        let count = |name: &str, help: &str, labels: &[&str]| {
            kept(r, IntCounterVec::new(Opts::new(name, help), labels)?)
        };
        let gauge = |name: &str, help: &str| kept(r, IntGauge::new(name, help)?);
        let gauges = |name: &str, help: &str, labels: &[&str]| {
            kept(r, IntGaugeVec::new(Opts::new(name, help), labels)?)
        };
        let seconds = |name: &str, help: &str, labels: &[&str]| {
            kept(r, HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels)?)
        };
        let build = gauges("querent_build_info", "The program's version; always 1.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let request_labels = ["route", "method", "status"];
        Ok(Metrics {
            requests: count(
                "querent_http_requests_total",
                "Requests answered, by route pattern, method and class of status.",
                &request_labels,
            )?,
            request_seconds: seconds(
                "querent_http_request_duration_seconds",
                "Seconds from a request's head to its answer's head.",
                &request_labels,
            )?,
            requests_running: gauge(
                "querent_http_requests_in_flight",
                "Requests whose answer has not been given to its end.",
            )?,
            streams: gauge("querent_http_streams_open", "Streams of events that are open.")?,
            problems: count("querent_http_problems_total", "Errors told to clients, by code.", &["code"])?,
            refusals: count(
                "querent_guard_refusals_total",
                "Findings that made the guard refuse a statement, by code.",
                &["code"],
            )?,
            answers: count("querent_answers_total", "Questions answered, by outcome.", &["outcome"])?,
            answer_seconds: seconds(
                "querent_answer_duration_seconds",
                "Seconds from a question to its answer, by outcome.",
                &["outcome"],
            )?,
            executions: count(
                "querent_executions_total",
                "Statements run on databases, by engine and outcome.",
                &["engine", "outcome"],
            )?,
            execution_seconds: seconds(
                "querent_execution_duration_seconds",
                "Seconds that statements took, waiting for a place included, by engine.",
                &["engine"],
            )?,
            rows: count(
                "querent_execution_rows_total",
                "Rows that statements gave, by engine.",
                &["engine"],
            )?,
            executions_now: gauges(
                "querent_executions_current",
                "Statements waiting for a place, and statements running.",
                &["state"],
            )?,
            slow: count(
                "querent_slow_statements_total",
                "Statements that took longer than log.slow_query_ms, by engine.",
                &["engine"],
            )?,
            jobs: count(
                "querent_jobs_total",
                "Attempts at jobs, by kind and outcome.",
                &["kind", "outcome"],
            )?,
            jobs_running: gauges("querent_jobs_running", "Jobs at work in this daemon, by kind.", &["kind"])?,
            crawls: count("querent_crawls_total", "Crawls, by engine and outcome.", &["engine", "outcome"])?,
            crawl_seconds: seconds(
                "querent_crawl_duration_seconds",
                "Seconds that crawls took, by engine.",
                &["engine"],
            )?,
            model_calls: count("querent_model_calls_total", "Calls to models, by outcome.", &["outcome"])?,
            model_seconds: seconds(
                "querent_model_call_duration_seconds",
                "Seconds that calls to models took, further tries included, by outcome.",
                &["outcome"],
            )?,
            model_tokens: count(
                "querent_model_tokens_total",
                "Tokens sent to models and received from them.",
                &["direction"],
            )?,
            model_cost: kept(
                r,
                CounterVec::new(
                    Opts::new(
                        "querent_model_cost_dollars_total",
                        "US dollars that calls to models cost, by the configured prices.",
                    ),
                    &[],
                )?,
            )?,
            store_seconds: seconds(
                "querent_store_statement_duration_seconds",
                "Seconds that the store took, by backend and whether it was a statement or a whole transaction.",
                &["backend", "kind"],
            )?,
            store_wait: seconds(
                "querent_store_pool_wait_seconds",
                "Seconds waited for a session of the store, by backend.",
                &["backend"],
            )?,
            registry,
        })
    }
}

fn with(note: impl FnOnce(&Metrics)) {
    if let Some(metrics) = METRICS.as_ref() {
        note(metrics);
    }
}

/// Everything in Prometheus' text form, version 0.0.4.
pub fn page() -> Vec<u8> {
    let mut page = Vec::new();
    with(|m| {
        if let Err(error) = TextEncoder::new().encode(&m.registry.gather(), &mut page) {
            tracing::error!(%error, "the metrics cannot be written");
        }
    });
    page
}

/// Something that goes on, counted until this is dropped.
#[must_use]
pub struct Held(Option<IntGauge>);

impl Held {
    fn of(gauge: impl FnOnce(&Metrics) -> IntGauge) -> Held {
        let gauge = METRICS.as_ref().map(gauge);
        if let Some(gauge) = &gauge {
            gauge.inc();
        }
        Held(gauge)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(gauge) = &self.0 {
            gauge.dec();
        }
    }
}

/// A request has come in.
pub fn request_begins() -> Held {
    Held::of(|m| m.requests_running.clone())
}

/// A stream of events begins.
pub fn stream_opens() -> Held {
    Held::of(|m| m.streams.clone())
}

/// A request has its answer. `route` is a pattern of the route table, never a path.
pub fn request_answered(route: &str, method: &'static str, status: u16, took: Duration) {
    let class = match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
    with(|m| {
        m.requests.with_label_values(&[route, method, class]).inc();
        m.request_seconds.with_label_values(&[route, method, class]).observe(took.as_secs_f64());
    });
}

/// An error is told to a client.
pub fn problem(code: &'static str) {
    with(|m| m.problems.with_label_values(&[code]).inc());
}

/// The guard refused a statement for that.
pub fn refusal(code: &str) {
    with(|m| m.refusals.with_label_values(&[code]).inc());
}

/// A question has its answer.
pub fn answered(outcome: &'static str, took: Duration) {
    with(|m| {
        m.answers.with_label_values(&[outcome]).inc();
        m.answer_seconds.with_label_values(&[outcome]).observe(took.as_secs_f64());
    });
}

/// A statement waits for a place.
pub fn execution_waits() -> Held {
    Held::of(|m| m.executions_now.with_label_values(&["waiting"]))
}

/// A statement runs.
pub fn execution_runs() -> Held {
    Held::of(|m| m.executions_now.with_label_values(&["running"]))
}

/// A statement has ended.
pub fn execution_ended(engine: &str, outcome: &str, took: Duration, rows: u64) {
    with(|m| {
        m.executions.with_label_values(&[engine, outcome]).inc();
        m.execution_seconds.with_label_values(&[engine]).observe(took.as_secs_f64());
        m.rows.with_label_values(&[engine]).inc_by(rows);
    });
}

/// A statement took long.
pub fn slow_statement(engine: &str) {
    with(|m| m.slow.with_label_values(&[engine]).inc());
}

/// A job is at work.
pub fn job_begins(kind: &str) -> Held {
    Held::of(|m| m.jobs_running.with_label_values(&[kind]))
}

/// An attempt at a job has ended.
pub fn job_ended(kind: &str, outcome: &'static str) {
    with(|m| m.jobs.with_label_values(&[kind, outcome]).inc());
}

/// A crawl has ended.
pub fn crawl_ended(engine: &str, outcome: &str, took: Duration) {
    with(|m| {
        m.crawls.with_label_values(&[engine, outcome]).inc();
        m.crawl_seconds.with_label_values(&[engine]).observe(took.as_secs_f64());
    });
}

/// A model was asked. `outcome` is `ok`, `length` or a code.
pub fn model_called(outcome: &str, took: Duration, sent: u64, received: u64, dollars: Option<f64>) {
    with(|m| {
        m.model_calls.with_label_values(&[outcome]).inc();
        m.model_seconds.with_label_values(&[outcome]).observe(took.as_secs_f64());
        m.model_tokens.with_label_values(&["sent"]).inc_by(sent);
        m.model_tokens.with_label_values(&["received"]).inc_by(received);
        let none: [&str; 0] = [];
        m.model_cost.with_label_values(&none).inc_by(dollars.unwrap_or_default().max(0.0));
    });
}

/// The store did something: `statement` or `transaction`.
pub fn store_took(backend: &'static str, kind: &'static str, took: Duration) {
    with(|m| m.store_seconds.with_label_values(&[backend, kind]).observe(took.as_secs_f64()));
}

/// The store gave a session.
pub fn store_waited(backend: &'static str, took: Duration) {
    with(|m| m.store_wait.with_label_values(&[backend]).observe(took.as_secs_f64()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_a_name_that_holds() {
        let metrics = Metrics::new().unwrap();
        assert!(!metrics.registry.gather().is_empty());
    }

    #[test]
    fn what_goes_on_is_counted_until_it_ends() {
        let running = |m: &Metrics| m.jobs_running.with_label_values(&["of-a-test"]).get();
        let metrics = METRICS.as_ref().unwrap();
        let held = job_begins("of-a-test");
        assert_eq!(running(metrics), 1);
        drop(held);
        assert_eq!(running(metrics), 0);
    }
}
